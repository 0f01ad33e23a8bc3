"""Reports: stored items that could not be read, told to people once and not without end.

Whoever reads notes them, from any thread; the handler drains them when it has its answer. A poller
that meets the same item again and again counts it each time and queues it once in a while.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, Protocol

AGAIN_SECONDS = 3600.0
"""How long an environment does not queue an item that it has queued."""
NOTED_AT_ONCE = 1000
"""Items that one invocation keeps; past it they are only counted."""
QUEUED_AT_ONCE = 25
"""Items that one invocation queues: somebody waits for its answer."""
REMEMBERED = 10_000
"""Items that an environment remembers; then it forgets all and queues them again."""


@dataclass(frozen=True, slots=True)
class Unread:
    """An item of a table, whole and with its types, and why it could not be read."""

    item: Mapping[str, Any]
    reason: str

    @property
    def key(self) -> str:
        """The item's keys as text, whatever type they have."""
        names = ("userId", "boardSeason", "submission")
        return " ".join(str(value) for name in names for value in self.item.get(name, {}).values())


class Queue(Protocol):
    def put_item(self, item: Mapping[str, Any], reason: str) -> None:
        """Raises Unavailable."""


@dataclass
class Reports:
    """Without a queue it only notes."""

    queue: Callable[[], Queue] | None = None
    _noted: dict[str, Unread] = field(default_factory=dict)
    _passed: int = 0
    _due: dict[str, float] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def note(self, item: Mapping[str, Any], reason: str) -> None:
        unread = Unread(item, reason)
        with self._lock:
            if len(self._noted) < NOTED_AT_ONCE or unread.key in self._noted:
                self._noted.setdefault(unread.key, unread)
            else:
                self._passed += 1

    def drain(self) -> tuple[list[Unread], int]:
        """What was noted since the last call, each item once, and how many items that is in all."""
        with self._lock:
            noted, self._noted = list(self._noted.values()), {}
            number, self._passed = len(noted) + self._passed, 0
        return noted, number

    def enqueue(self, noted: Sequence[Unread]) -> None:
        """Queue those of the items that are due. One that the queue does not take is noted again
        by whoever reads it next. Raises what putting raises."""
        if self.queue is None:
            return
        now = time.monotonic()
        due = [it for it in noted if now >= self._due.get(it.key, now)]
        for unread in due[:QUEUED_AT_ONCE]:
            self.queue().put_item(unread.item, unread.reason)
            if len(self._due) >= REMEMBERED:
                self._due.clear()
            self._due[unread.key] = now + AGAIN_SECONDS
