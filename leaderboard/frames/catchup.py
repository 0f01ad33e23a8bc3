"""Catching up: a board whose changes waited long skips to its newest top.

A wide interval, or an outage, lets more changes of a board pile up in the stream than one batch
holds. The frame then leads to what the board's item says now, and the changes that come after it
up to there are passed over: so viewers are never further behind than one interval.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from leaderboard.errors import CacheUnavailable, Unavailable
from leaderboard.frames.broadcast import Change
from leaderboard.ranking.board_item import BoardItem

LATE_MS = 3000
"""How long ago the newest change of a batch was made, at least, if there are newer ones behind it.
The stream tells whole seconds, and hands over what it has four times in each."""


class BoardReader(Protocol):
    def read(self, key: str) -> BoardItem | None: ...


class Marks(Protocol):
    """How far each board was told ahead of the stream. Raises CacheUnavailable."""

    def remember_told(self, key: str, *, epoch: str, version: int) -> None: ...

    def read_told(self, key: str) -> tuple[str, int] | None: ...


@dataclass(frozen=True)
class CatchUp:
    boards: BoardReader
    marks: Marks
    now_ms: Callable[[], int]
    told: dict[str, tuple[str, int]] = field(default_factory=dict)
    """What this environment told itself; the cache knows it for the others."""

    def is_late(self, made_ms: int) -> bool:
        return self.now_ms() - made_ms >= LATE_MS

    def reached(self, key: str) -> tuple[str, int] | None:
        """The epoch and version that viewers were told ahead of the stream."""
        if key in self.told:
            return self.told[key]
        with contextlib.suppress(CacheUnavailable):
            return self.marks.read_told(key)
        return None  # changes are told anew: viewers pass over what they have

    def latest(self, change: Change) -> Change:
        """The change that leads to the newest top instead, if there is a newer one."""
        held = change.new.snapshot
        try:
            item = self.boards.read(held.key)
        except Unavailable:
            return change
        if (
            item is None
            or not item.is_readable
            or held.epoch is None  # without scores there is nothing to skip
            or item.snapshot.epoch != held.epoch
            or item.revision <= change.new.revision
        ):
            return change
        return replace(change, new=item)

    def note(self, change: Change) -> None:
        """Remember what was told; only once it was, or a crash would leave it untold."""
        snapshot = change.new.snapshot
        assert snapshot.epoch is not None
        self.told[snapshot.key] = (snapshot.epoch, snapshot.version)
        with contextlib.suppress(CacheUnavailable):
            self.marks.remember_told(snapshot.key, epoch=snapshot.epoch, version=snapshot.version)
