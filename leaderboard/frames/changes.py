"""Changes: a batch of the boards' stream becomes one change for each board-season.

A change leads from the first old image in the batch to the last new one. A wide interval, or an
outage, lets more records of a board pile up in the stream than one batch holds. A change that
waited long leads to what the board's item says now, and the records behind it are skipped up to
there: so viewers are never further behind than one interval.
"""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from leaderboard.errors import CacheUnavailable, Unavailable
from leaderboard.frames.ports import BoardImages, FrameCache, Image
from leaderboard.ranking.ports import BoardReader
from leaderboard.ranking.tops import BoardItem

LATE_MS = 3000
"""How long ago the newest change of a batch was made, at least, if there are newer ones behind it.
The stream tells whole seconds, and hands over what it has four times in each."""
NOT_UNDERSTOOD = (AssertionError, KeyError, TypeError, ValueError)


@dataclass(frozen=True, slots=True)
class Change:
    """What happened to a board's item: its first old image, if it had one, and its last new one.

    `is_ahead`: the new one was read from the table, and is newer than the stream's.
    """

    old: BoardItem | None
    new: BoardItem
    is_ahead: bool = False


@dataclass(frozen=True, slots=True)
class BoardRecord:
    """A record of the boards' stream: one write of one item. No new image: it was deleted.

    `source` is the record as it came, for the failure queue.
    """

    key: str
    made_ms: int
    old: Image | None
    new: Image | None
    source: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class BatchChanges:
    """The changes in a batch, and the records that cannot be read, each with the reason."""

    changes: tuple[Change, ...]
    unreadable: tuple[tuple[BoardRecord, str], ...]


@dataclass(frozen=True)
class BatchReader:
    """Reads batches of the boards' stream."""

    images: BoardImages
    boards: BoardReader
    cache: FrameCache
    now_ms: Callable[[], int]
    told: dict[str, tuple[str, int]] = field(default_factory=dict)
    """How far this environment told each board itself; the cache knows it for the others."""

    def read(self, records: Iterable[BoardRecord]) -> BatchChanges:
        """The change of each board-season in a batch, as far as it can be understood."""
        by_board: dict[str, list[BoardRecord]] = defaultdict(list)
        for record in records:
            if not self.images.is_board(record.key):
                continue
            if record.new is None:  # deleted by hand: the counter is lost, a new epoch follows
                by_board[record.key].clear()
            else:
                by_board[record.key].append(record)
        changes, unreadable = [], []
        for of_board in by_board.values():
            if not of_board:
                continue
            try:
                change = self._change(of_board)
            except NOT_UNDERSTOOD as error:
                unreadable.append((of_board[-1], f"{type(error).__name__}: {error}"))
                continue
            if change is not None:
                changes.append(change)
        return BatchChanges(tuple(changes), tuple(unreadable))

    def remember(self, changes: Iterable[Change]) -> None:
        """Remember what was told ahead; only once it was, or a crash would leave it untold."""
        for change in changes:
            top = change.new.snapshot
            if not change.is_ahead or top.epoch is None:
                continue
            self.told[top.key] = (top.epoch, top.version)
            with contextlib.suppress(CacheUnavailable):
                self.cache.remember_told(top.key, epoch=top.epoch, version=top.version)

    def _change(self, records: list[BoardRecord]) -> Change | None:
        """A board's change; None if its viewers were told of all of it."""
        if self._is_late(records[0]):
            ahead = self._told_ahead(records[0].key)
            records = [it for it in records if not self._is_told(it, ahead)]
        if not records:
            return None
        last = records[-1]
        assert last.new is not None
        old = records[0].old
        change = Change(self.images.shown(old) if old else None, self.images.item(last.new))
        return self._to_newest(change) if self._is_late(last) else change

    def _is_late(self, record: BoardRecord) -> bool:
        return self.now_ms() - record.made_ms >= LATE_MS

    def _told_ahead(self, key: str) -> tuple[str, int] | None:
        """The epoch and version that viewers were told ahead of the stream."""
        if key in self.told:
            return self.told[key]
        with contextlib.suppress(CacheUnavailable):
            return self.cache.read_told(key)
        return None  # changes are told again: viewers skip what they have

    def _is_told(self, record: BoardRecord, ahead: tuple[str, int] | None) -> bool:
        if ahead is None:
            return False
        assert record.new is not None
        epoch, version = self.images.version(record.new)
        return epoch == ahead[0] and version <= ahead[1]

    def _to_newest(self, change: Change) -> Change:
        """The change that leads to the newest top instead, if there is a newer one."""
        top = change.new.snapshot
        try:
            item = self.boards.read(top.key)
        except Unavailable:
            return change
        if (
            item is None
            or not item.is_readable
            or top.epoch is None  # without scores there is nothing to skip
            or item.snapshot.epoch != top.epoch
            or item.revision <= change.new.revision
        ):
            return change
        return replace(change, new=item, is_ahead=True)
