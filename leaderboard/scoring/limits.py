"""Rate limits: how often, and by how many points, a player's actions may count on a board.

The generic cell rate algorithm: an item remembers one number per limit, the moment (microseconds)
at which the limit has fully recovered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from leaderboard.boards.rules import Board
from leaderboard.errors import RateLimited

MINUTE_US = 60_000_000
HOUR_US = 60 * MINUTE_US


@dataclass(frozen=True, slots=True)
class Usage:
    """What a user has used of a board's limits; `action` says whether one more counts now."""

    board: Board
    recovered_us: Mapping[str, int]
    action: bool = True


def charge(usages: Sequence[Usage], points: int | None, *, now_ms: int) -> list[Mapping[str, int]]:
    """What is used after the action and those points (None: not known yet), board by board.

    Raises RateLimited with the longest wait, if any limit refuses.
    """
    charged: list[Mapping[str, int]] = []
    refusals: list[RateLimited] = []
    for usage in usages:
        limits = usage.board.limits
        costs = [
            ("actions", limits.actions_per_minute, 1 if usage.action else None, MINUTE_US),
            ("points", limits.points_per_hour, points, HOUR_US),
        ]
        recovered_us = dict(usage.recovered_us)
        for name, limit, cost, window in costs:
            if limit is None or cost is None:
                continue
            now = now_ms * 1000
            recovered = max(recovered_us.get(name, 0), now) + max(cost, 0) * window // limit
            over = recovered - now - window
            if over > 0:
                detail = f"Too many {name} on {usage.board.board!r}; wait before the next one."
                refusals.append(RateLimited(detail, retry_after_ms=-(-over // 1000)))
            recovered_us[name] = recovered
        charged.append(recovered_us)
    if refusals:
        raise max(refusals, key=lambda it: it.retry_after_ms)
    return charged
