"""The rate at which posts may start, as a token bucket."""

from __future__ import annotations

from dataclasses import dataclass

BURST_SECONDS = 0.5
"""How many seconds' worth of posts may start at once; the gateway allows as much of its rate."""


@dataclass
class Bucket:
    """How many posts may start: a rate, and a burst of half a second's worth after a rest.

    Times are those of one monotonic clock, rates are posts a second.
    """

    full_at: float = 0.0
    """When a whole burst may start again."""

    def open_at(self, rate: float) -> float:
        """When the next post may start."""
        return self.full_at - max(BURST_SECONDS - 1 / rate, 0.0)

    def count(self, now: float, rate: float) -> None:
        """Count a post that starts now."""
        self.full_at = max(self.full_at, now) + 1 / rate
