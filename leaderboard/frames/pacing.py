"""Pacing: how long a board rests between its frames, so that cost and quota hold.

A post to each viewer is what a frame costs. The stage has a budget of posts a second; each board
asks for as many as its own interval takes, small ones get what they ask for, and the largest share
what is left. A board's interval is its viewers over its share.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

WIDEST_INTERVAL_MS = 240_000
"""An invocation stays for the interval, and has to end well within its function's five minutes."""


@dataclass(frozen=True, slots=True)
class Demand:
    """A board that sends frames: to how many, and how often at most."""

    viewers: int
    frame_interval_ms: int

    @property
    def posts_per_second(self) -> float:
        """What it asks for: posts a second at its own interval."""
        return 1000 * self.viewers / max(self.frame_interval_ms, 1)


def shares(demands: Mapping[str, Demand], budget: float) -> dict[str, float]:
    """The posts a second that each board may have: no more than the budget together.

    The largest share is as small as it can be, so that a board with few viewers keeps its pace
    beside one with many.
    """
    left = budget
    given: dict[str, float] = {}
    waiting = sorted(demands, key=lambda board: (demands[board].posts_per_second, board))
    for number, board in enumerate(waiting):
        fair = left / (len(waiting) - number)
        given[board] = min(demands[board].posts_per_second, fair)
        left -= given[board]
    return given


def interval_ms(demand: Demand, share: float) -> int:
    """How long a board rests after a frame: nothing for nobody, else at least its own interval."""
    if demand.viewers == 0:
        return 0
    if share >= demand.posts_per_second:
        return max(demand.frame_interval_ms, 1)
    return min(math.ceil(1000 * demand.viewers / share), WIDEST_INTERVAL_MS)


def intervals_ms(demands: Mapping[str, Demand], budget: float) -> dict[str, int]:
    """How long each board rests after a frame, while all of these send frames."""
    given = shares(demands, budget)
    return {board: interval_ms(demand, given[board]) for board, demand in demands.items()}
