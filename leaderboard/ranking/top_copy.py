"""The copy of a recorded top that the cache keeps for readers."""

from __future__ import annotations

from dataclasses import dataclass

from leaderboard.boards.entries import encode, entries_json
from leaderboard.ranking.board_item import BoardItem


@dataclass(frozen=True, slots=True)
class TopCopy:
    """What the cache keeps of the recorded top, and how many the ranking holds now.

    No body: it is not kept. No total: the ranking cannot tell, because it is not whole.
    """

    body: str | None
    total: int | None


def copy_of(item: BoardItem) -> str:
    """What the cache keeps of a board's item, as JSON."""
    snapshot = item.snapshot
    return encode(
        {
            "epoch": snapshot.epoch,
            "version": snapshot.version,
            "total": snapshot.total,
            "entries": entries_json(snapshot.entries),
        }
    )
