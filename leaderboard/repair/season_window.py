"""Which seasons of a schedule are current, last, and no longer kept, at one instant."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from leaderboard.boards.rules import Schedule
from leaderboard.boards.seasons import before, season_at

GRACE_MS = 3_600_000
"""How long a season that is no longer kept stays in the cache: scores may still be on their way."""
MISSED = 4
"""Seasons past the kept ones that are dropped each time, so that a missed time is made up for."""


@dataclass(frozen=True)
class SeasonWindow:
    """The seasons of one schedule, of which the last `keep` past ones are kept."""

    schedule: Schedule
    keep: int
    now_ms: int

    @cached_property
    def current(self) -> str:
        """The season of this instant."""
        return season_at(self.schedule, self.now_ms).season

    @cached_property
    def last(self) -> str:
        """The season before the current one."""
        return before(self.schedule, season_at(self.schedule, self.now_ms)).season

    @cached_property
    def dropped(self) -> frozenset[str]:
        """The newest seasons that are no longer kept."""
        newest = season_at(self.schedule, self.now_ms - GRACE_MS)
        back = range(self.keep + 1, self.keep + 1 + MISSED)
        return frozenset(before(self.schedule, newest, count).season for count in back)

    def is_long_past(self, season: str) -> bool:
        """Whether a season of this schedule is no longer kept: their names sort by time."""
        return season <= max(self.dropped)
