"""The signs of life of a rebuild, so that nobody starts the same one beside it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from leaderboard.boards.catalog import Catalog
from leaderboard.boards.seasons import BoardSeason
from leaderboard.ranking.ports import RankingCache
from leaderboard.repair.patience import patiently
from leaderboard.repair.ports import RebuildClaims
from leaderboard.repair.rebuild_progress import RebuildProgress

BEAT_SECONDS = 5.0
"""How long a rebuild may be silent: far less than what others wait for."""
REPORT_SECONDS = 10.0
"""Between two reports of how far it is."""

Report = Callable[[RebuildProgress], None]


@dataclass
class RebuildHeartbeat:
    """Holds the claim of a rebuild, and keeps alive what it fills. One thread uses it.

    A ranking that is being filled counts as abandoned when nobody has filled it for half a minute.
    So one whose records are far apart in the table is filled with nothing now and then.
    """

    catalog: Catalog
    cache: RankingCache
    claims: RebuildClaims
    report: Report
    beat_at: float
    reported_at: float
    filled_at: dict[str, float] = field(default_factory=dict)

    def beat(self, progress: RebuildProgress, *, filled: Iterable[str] = ()) -> RebuildProgress:
        """Give a sign of life, if the last one is some seconds old; raises Unavailable.

        `filled` are the rankings that were filled just now. Lives that turn out to be over are
        lost in the answer.
        """
        now = time.monotonic()
        self.filled_at.update(dict.fromkeys(filled, now))
        if progress.is_listed and now - self.beat_at < BEAT_SECONDS:
            return progress
        self.beat_at = now
        if not progress.request.is_single:
            patiently(lambda: self.claims.hold(progress.run))
        over = [key for key in self._silent(progress, now) if not self._touch(progress, key)]
        progress = progress.without(over, lost=True)
        if now - self.reported_at >= REPORT_SECONDS:
            self.reported_at = now
            self.report(progress)
        return progress

    def _silent(self, progress: RebuildProgress, now: float) -> list[str]:
        since = now - BEAT_SECONDS
        return [it for it in progress.began_empty if self.filled_at.get(it, -math.inf) <= since]

    def _touch(self, progress: RebuildProgress, key: str) -> bool:
        board_season = BoardSeason.parse(key, self.catalog.find)
        life = progress.lives[key]
        self.filled_at[key] = time.monotonic()
        return patiently(lambda: self.cache.fill(board_season, [], life=life)) is not None
