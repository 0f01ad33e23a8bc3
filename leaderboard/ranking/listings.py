"""Listings: parts of a ranking with exact ranks, asked of the cache in one round trip each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from leaderboard.boards.board_season import BoardSeason
from leaderboard.boards.snapshots import Entry


@dataclass(frozen=True, slots=True)
class Position:
    """A place in the order of a board, whether or not somebody stands there."""

    user_score: int
    updated_ms: int
    user_id: str


@dataclass(frozen=True, slots=True)
class Listing:
    """Entries in board order with their rank and place, and how many the ranking holds."""

    entries: tuple[Entry, ...]
    total: int


@dataclass(frozen=True, slots=True)
class TopCopy:
    """What the cache keeps of the recorded top, and how many the ranking holds now.

    No body: it is not kept. No total: the ranking cannot tell, because it is not whole.
    """

    body: str | None
    total: int | None


class RankingReader(Protocol):
    """Reads of the rankings. None: the ranking cannot answer (there is none, or it is not whole).

    Each call is one round trip, sees one instant, and raises CacheUnavailable.
    """

    def list(
        self, board_season: BoardSeason, *, after: Position | None, limit: int
    ) -> Listing | None:
        """Up to `limit` entries from the beginning, or from the first one behind a position."""

    def around(self, board_season: BoardSeason, user_id: str, *, reach: int) -> Listing | None:
        """A user's entry with up to `reach` on each side; no entries if the user is not ranked."""

    def find(self, board_season: BoardSeason, user_ids: Sequence[str]) -> Listing | None:
        """The entries of those users that are ranked, each once."""
