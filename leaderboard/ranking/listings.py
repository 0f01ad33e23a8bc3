"""Listings: parts of a ranking with exact ranks, asked of the cache in one round trip each."""

from __future__ import annotations

from dataclasses import dataclass

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
class KnownRank:
    """The version at which a ranking knows a user, and the rank; None for who is not on it."""

    version: int
    rank: int | None
