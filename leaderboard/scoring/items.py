"""What the tables keep of a user, as values: the profile, the scores, the trusted writes.

`Write` is what a request becomes: some of these items, each on condition that the table still has
it as it was read.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from leaderboard.boards.rules import Board
from leaderboard.boards.seasons import key_of
from leaderboard.boards.snapshots import default_name

VISIBLE = "visible"
HIDDEN = "hidden"
BARRED = "barred"
DELETED = "deleted"
UNKNOWN = "unknown"
"""Of a profile whose standing cannot be read; never stored."""
OUT = frozenset({BARRED, DELETED})
"""The standings of users who may not score and keep no sockets."""

DAY_SECONDS = 86_400
UNSCORED_MS = 7 * 86_400_000
"""How long an item without a score stays: as long as a ticket may live, and longer than the stream
keeps a record."""
SUBMISSION_MS = 48 * 3_600_000
"""How long a trusted write is remembered: past the 24 hours that are promised."""


class Cause(StrEnum):
    """What a write of a score was, as the user's history says it."""

    ACTION = "action"
    TRUSTED_WRITE = "trusted_write"
    REMOVAL = "removal"


@dataclass(frozen=True, slots=True)
class LastWrite:
    """The last write of a score, as its item remembers it: what the line of the history is made of.

    `version` is the item's at that write; a rename moves the item's alone. `score_before` is None
    where there was no score. The line is kept for `days`. `before_expires_s` says until when the
    line before it is kept; None: the history begins here.
    """

    version: int
    at_ms: int
    cause: Cause
    score_before: int | None
    days: int
    before_expires_s: int | None = None

    @property
    def expires_s(self) -> int:
        """When its line expires, in seconds."""
        return self.at_ms // 1000 + self.days * DAY_SECONDS


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of a write: the score after it (None: no score yet), and whether it moved."""

    user_score: int | None
    updated_ms: int | None
    changed: bool


@dataclass(frozen=True, slots=True)
class CompletedTicket:
    """A ticket that completed an action, when it did so, and the answer that it got."""

    ticket: str
    completed_ms: int
    answer: Answer


@dataclass(frozen=True, slots=True)
class Profile:
    """A user's name and standing; version 0 stands for a user who has none yet.

    `renamed_ms` says when the player last took new names, the oldest first. Of a deleted user
    `account` is the sign-in to be deleted, and the profile goes at `expires_ms`.
    """

    user_id: str
    user_name: str
    standing: str = VISIBLE
    version: int = 0
    renamed_ms: tuple[int, ...] = ()
    account: str | None = None
    expires_ms: int | None = None


@dataclass(frozen=True, slots=True)
class ScoreItem:
    """A user's score on one board in one season, as the table keeps it.

    `version` 0 stands for an item that does not exist. An item without a score (a tombstone, or the
    item of a player who has only tried) goes at `expires_ms`. `completed` are the newest completed
    tickets of each action, the newest first. `open` is, of each action with a challenge, the one
    ticket that counts. `recovered_us` says when each limit has fully recovered (microseconds).
    `last_write` is None where no line of a history is to be written.
    """

    user_id: str
    board: str
    season: str
    user_name: str
    profile_version: int
    standing: str = VISIBLE
    user_score: int | None = None
    updated_ms: int | None = None
    version: int = 0
    completed: Mapping[str, tuple[CompletedTicket, ...]] = field(default_factory=dict)
    open: Mapping[str, str] = field(default_factory=dict)
    recovered_us: Mapping[str, int] = field(default_factory=dict)
    expires_ms: int | None = None
    last_write: LastWrite | None = None

    @property
    def key(self) -> str:
        """The key of the board-season, `global#all`."""
        return key_of(self.board, self.season)

    @property
    def is_new(self) -> bool:
        """Whether the name and the standing must come from the profile."""
        return self.user_score is None


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
    def items(self) -> tuple[ItemWrite, ...]:
        """Every score item that is written, the ticket's own board first."""
        return (ItemWrite(self.board, self.item, self.read_version), *self.also)


def unnamed(user_id: str) -> Profile:
    """The profile of a user who has none yet."""
    return Profile(user_id, default_name(user_id))


def noted_write(
    before: ScoreItem, *, version: int, cause: Cause, days: int, now_ms: int
) -> LastWrite | None:
    """What an item remembers of a write of its score; None on a board without histories.

    Its time is never before that of the line before: a write that was accepted earlier may be
    decided later.
    """
    if not days:
        return None
    last = before.last_write
    at_ms = max(now_ms, last.at_ms if last else before.updated_ms or 0)
    expires_s = last.expires_s if last else None
    return LastWrite(version, at_ms, cause, before.user_score, days, expires_s)


def next_version(version: int, *, now_ms: int) -> int:
    """One on; a first version is the time, so that none restarts below an old one."""
    return version + 1 if version else now_ms
