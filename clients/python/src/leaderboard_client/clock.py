"""A clock for deadlines. It counts the time that the machine sleeps, which a monotonic clock may
not do, and it never goes back when somebody sets the wall clock."""

from __future__ import annotations

from collections.abc import Callable


class SteadyClock:
    """Counts milliseconds, from the wall clock's time on."""

    def __init__(self, wall_clock: Callable[[], float]) -> None:
        self._wall_clock = wall_clock
        self._wall = self._steady = wall_clock()

    def now(self) -> float:
        """Milliseconds, never less than before."""
        before, self._wall = self._wall, self._wall_clock()
        self._steady += max(0.0, self._wall - before)
        return self._steady
