"""Reports: stored items that could not be read, for the people who run the service.

Whoever reads an item notes it, from any thread; the handler drains the notes when it has its
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
MAX_NOTED = 1000
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
        names = ("userId", "boardSeason", "submission")
        return " ".join(str(value) for name in names for value in self.item.get(name, {}).values())


@dataclass
class Reports:
    """The notes of one environment. Without a queue it only notes."""

    queue: Callable[[], FailureQueue] | None = None
    _noted: dict[str, UnreadableItem] = field(default_factory=dict)
    _only_counted: int = 0
    _queue_again_at: dict[str, float] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def add(self, item: Mapping[str, Any], reason: str) -> None:
        """Note an item, with its types; one that is noted already stays as it is."""
        unreadable = UnreadableItem(item, reason)
        with self._lock:
            if len(self._noted) < MAX_NOTED or unreadable.key in self._noted:
                self._noted.setdefault(unreadable.key, unreadable)
            else:
                self._only_counted += 1

    def drain(self) -> tuple[list[UnreadableItem], int]:
        """What was noted since the last call, each item once, and how many items that is in all."""
        with self._lock:
            noted, self._noted = list(self._noted.values()), {}
            number, self._only_counted = len(noted) + self._only_counted, 0
        return noted, number

    def enqueue(self, noted: Sequence[UnreadableItem]) -> None:
        """Queue those of the items that were not queued lately.

        Where the queue refuses one, whoever reads it next notes it again. Raises Unavailable.
        """
        if self.queue is None:
            return
        now = time.monotonic()
        due = [it for it in noted if now >= self._queue_again_at.get(it.key, now)]
        for unreadable in due[:MAX_QUEUED]:
            self.queue().put_item(unreadable.item, unreadable.reason)
            if len(self._queue_again_at) >= MAX_REMEMBERED:
                self._queue_again_at.clear()
            self._queue_again_at[unreadable.key] = now + QUEUE_AGAIN_SECONDS
