"""Entries and snapshots: a user's line on a board, and the whole top as recorded at one version."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Score:
    """What a user has on one board in one season; where it stands is the order's business."""

    user_id: str
    user_name: str
    user_score: int
    updated_ms: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A user's line: `rank` is the position (null where unknown), `place` the competition rank."""

    rank: int | None
    place: int | None
    user_id: str
    user_name: str
    user_score: int
    updated_ms: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The recorded top of one board and season. Version 0 has no epoch and no entries."""

    board: str
    season: str
    epoch: str | None
    version: int
    total: int
    entries: tuple[Entry, ...]


def ranked(scores: Iterable[Score]) -> tuple[Entry, ...]:
    """Number the best of a board, given in board order: ranks 1, 2, 3, 4 and places 1, 2, 2, 4."""
    entries: list[Entry] = []
    for rank, it in enumerate(scores, start=1):
        tied = entries[-1] if entries and entries[-1].user_score == it.user_score else None
        place = tied.place if tied else rank
        entries.append(Entry(rank, place, it.user_id, it.user_name, it.user_score, it.updated_ms))
    return tuple(entries)
