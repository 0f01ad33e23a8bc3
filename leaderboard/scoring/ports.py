"""What the scoring stage asks of the tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from leaderboard.boards.rules import Board
from leaderboard.scoring.decisions import Answer, Profile, ScoreItem

SUBMISSION_MS = 48 * 3_600_000
"""How long a trusted write is remembered: past the 24 hours that are promised."""


@dataclass(frozen=True, slots=True)
class Submission:
    """A trusted write as it is remembered: what was asked (a digest) and what was answered."""

    user_id: str
    board: str
    submission_id: str
    digest: str
    season: str
    answer: Answer
    expires_ms: int


@dataclass(frozen=True, slots=True)
class ItemWrite:
    """A score item to write if it is still at `read_version`."""

    board: Board
    item: ScoreItem
    read_version: int


@dataclass(frozen=True, slots=True)
class BoardOpening:
    """A board that a player opens, if with it there are `most` of its pattern or fewer."""

    pattern: str
    board: str
    most: int


@dataclass(frozen=True, slots=True)
class Write:
    """One atomic write: the score item if it is still at `read_version`, and what goes with it.

    `profile` must still be the one that was read; `renamed` is written in its place. `submission`
    must not be there yet. `also` are the user's scores on other boards.
    """

    board: Board
    item: ScoreItem
    read_version: int
    profile: Profile | None = None
    renamed: Profile | None = None
    submission: Submission | None = None
    also: tuple[ItemWrite, ...] = ()
    opening: BoardOpening | None = None

    @property
    def parts(self) -> tuple[ItemWrite, ...]:
        return (ItemWrite(self.board, self.item, self.read_version), *self.also)


class ScoreStore(Protocol):
    """The tables of scores and submissions. Reads are consistent."""

    def read(self, user_id: str, key: str) -> ScoreItem | None: ...

    def read_profile(self, user_id: str) -> Profile | None: ...

    def read_several(
        self, user_id: str, keys: Sequence[str]
    ) -> tuple[Profile | None, list[ScoreItem | None]]:
        """The profile and the items of those board-seasons, in one trip."""

    def read_submission(
        self, user_id: str, board: str, submission_id: str
    ) -> Submission | None: ...

    def read_opened(self, user_id: str, pattern: str) -> frozenset[str]:
        """The boards of a pattern that a player opened."""

    def write(self, write: Write) -> None:
        """Raises Raced, with nothing written, if something is not as it was read."""

    def read_user(self, user_id: str) -> tuple[Profile | None, list[ScoreItem]]:
        """The profile and every item with a score."""
