"""When to read one board over HTTP: at an interval, with longer waits after failures, and never
twice at once."""

from __future__ import annotations

import math
from collections.abc import Callable

from leaderboard_client.backoff import MOST_DOUBLINGS
from leaderboard_client.timing import Timing


class Poll:
    """The reads of one board. All times are milliseconds."""

    def __init__(self, *, timing: Timing, random: Callable[[], float]) -> None:
        self.failures = 0
        """Reads in a row that brought nothing."""
        self.sent_at: float | None = None
        """When the read that is under way was sent; None if none is."""
        self._next_at = -math.inf
        self._timing = timing
        self._random = random

    def start(self, now: float) -> None:
        """A read is sent."""
        self.sent_at = now

    def stop(self) -> None:
        """The read under way is given up, and counts neither as a success nor as a failure."""
        self.sent_at = None

    def succeed(self, now: float) -> None:
        """The read brought a top: the next one follows after an interval."""
        self.failures = 0
        self._plan(now, self._timing.poll_interval)

    def fail(self, now: float, retry_after: float) -> None:
        """The read brought nothing: the wait doubles. `retry_after`: what the service asked for."""
        self.failures += 1
        doubled = self._timing.poll_interval * 2.0 ** min(self.failures, MOST_DOUBLINGS)
        self._plan(now, max(retry_after, min(self._timing.poll_cap, doubled)))

    def hurry(self, at: float) -> None:
        """The next read does not wait longer than this."""
        self._next_at = min(self._next_at, at)

    def is_overdue(self, now: float) -> bool:
        """Whether the read under way has taken too long."""
        return self.sent_at is not None and now >= self.sent_at + self._timing.fetch_timeout

    def due(self, start: float) -> float:
        """When to start the next read, or to give up the one that is under way.

        `start`: polling is not wanted before.
        """
        if self.sent_at is None:
            return max(start, self._next_at)
        return self.sent_at + self._timing.fetch_timeout

    def _plan(self, now: float, wait: float) -> None:
        self.sent_at = None
        self._next_at = now + wait * (0.8 + 0.4 * self._random())
