"""Reports: stored items that could not be read, for the people who run the service.

The reader of such an item adds it, from any thread; the handler drains them when it has its
answer. A reader that meets the same item again and again counts it each time, and queues it once an
hour.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from leaderboard.adapters.aws.failure_queue import FailureQueue

QUEUE_AGAIN_SECONDS = 3600.0
"""How long an environment does not queue an item that it has queued."""
MAX_KEPT = 1000
"""Items that one invocation keeps; past it they are only counted."""
MAX_QUEUED = 25
"""Items that one invocation queues: somebody waits for its answer."""
MAX_REMEMBERED = 10_000
"""Queued items that an environment remembers; then it forgets all and queues them again."""


@dataclass(frozen=True, slots=True)
class UnreadableItem:
    """An item of a table, whole and with its types, and why it could not be read."""

    item: Mapping[str, Any]
    reason: str

    @property
    def key(self) -> str:
        """The item's keys as text, whatever type they have."""
        names = ("userId", "boardSeason", "boardSeasonVersion", "submission")
        return " ".join(str(value) for name in names for value in self.item.get(name, {}).values())


@dataclass
class Reports:
    """The reports of one environment. Without a queue they are only logged."""

    queue: Callable[[], FailureQueue] | None = None
    _kept: dict[str, UnreadableItem] = field(default_factory=dict)
    _only_counted: int = 0
    _queue_again_at: dict[str, float] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def add(self, item: Mapping[str, Any], reason: str) -> None:
        """Add an item, with its types; one that is there already stays as it is."""
        unreadable = UnreadableItem(item, reason)
        with self._lock:
            if len(self._kept) < MAX_KEPT or unreadable.key in self._kept:
                self._kept.setdefault(unreadable.key, unreadable)
            else:
                self._only_counted += 1

    def drain(self) -> tuple[list[UnreadableItem], int]:
        """What was added since the last call, each item once, and how many items that is in all."""
        with self._lock:
            kept, self._kept = list(self._kept.values()), {}
            number, self._only_counted = len(kept) + self._only_counted, 0
        return kept, number

    def enqueue(self, kept: Sequence[UnreadableItem]) -> None:
        """Queue those of the items that were not queued lately.

        Where the queue refuses one, its next reader adds it again. Raises Unavailable.
        """
        if self.queue is None:
            return
        now = time.monotonic()
        due = [it for it in kept if now >= self._queue_again_at.get(it.key, now)]
        for unreadable in due[:MAX_QUEUED]:
            self.queue().put_item(unreadable.item, unreadable.reason)
            if len(self._queue_again_at) >= MAX_REMEMBERED:
                self._queue_again_at.clear()
            self._queue_again_at[unreadable.key] = now + QUEUE_AGAIN_SECONDS
