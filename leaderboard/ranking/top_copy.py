"""The copy of a recorded top that the cache keeps for readers."""

from __future__ import annotations

from leaderboard.boards.entries import encode, entries_json
from leaderboard.ranking.board_item import BoardItem


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
