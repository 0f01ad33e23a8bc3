"""When to read one board over HTTP: at an interval, with backoff after failures, never twice at
once."""

from __future__ import annotations

import math
from collections.abc import Callable

from leaderboard_client.backoff import MOST_DOUBLINGS
from leaderboard_client.timing import Timing


class Poll:
    def __init__(self, *, timing: Timing, random: Callable[[], float]) -> None:
        self.failures = 0
        """Reads in a row that brought nothing."""
        self.sent_at: float | None = None
        """When the read that is under way was sent; None if none is."""
        self._next_at = -math.inf
        self._timing = timing
        self._random = random

    def start(self, now: float) -> None:
        self.sent_at = now

    def stop(self) -> None:
        self.sent_at = None

    def succeed(self, now: float) -> None:
        self.failures = 0
        self._plan(now, self._timing.poll_interval)

    def fail(self, now: float, retry_after: float) -> None:
        """`retry_after`: what the service asked for, in milliseconds."""
        self.failures += 1
        doubled = self._timing.poll_interval * 2.0 ** min(self.failures, MOST_DOUBLINGS)
        self._plan(now, max(retry_after, min(self._timing.poll_cap, doubled)))

    def is_overdue(self, now: float) -> bool:
        return self.sent_at is not None and now >= self.sent_at + self._timing.fetch_timeout

    def due(self, start: float) -> float:
        """When to start the next read, or to give up the one that is under way; polling is not
        wanted before `start`."""
        if self.sent_at is None:
            return max(start, self._next_at)
        return self.sent_at + self._timing.fetch_timeout

    def _plan(self, now: float, wait: float) -> None:
        self.sent_at = None
        self._next_at = now + wait * (0.8 + 0.4 * self._random())
