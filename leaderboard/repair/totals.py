"""Totals: viewers get the last number of players once nobody scores any more.

A score below the top changes how many players a board has, and nothing else that viewers see. The
next batch records that, ten seconds after the last record. After the last batch nothing would, so
this does, each minute, for the boards that have viewers. Other boards cost nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from random import SystemRandom

from leaderboard.boards.catalog import Catalog
from leaderboard.boards.seasons import BoardSeason
from leaderboard.errors import Unavailable
from leaderboard.ranking.ports import RankingCache, Rebuilds
from leaderboard.ranking.recorder import Recorder
from leaderboard.ranking.tops import COMPLETE, TOTAL_MS, CachedTop
from leaderboard.repair.ports import FollowedBoards

CHANCE = SystemRandom()


@dataclass(frozen=True, slots=True)
class TotalsResult:
    """What a run came to, in board-seasons. The next run tries again what failed."""

    recorded: tuple[str, ...]
    failed: tuple[str, ...]


@dataclass(frozen=True)
class Totals:
    """Records the totals that boards with viewers lack."""

    catalog: Catalog
    audiences: FollowedBoards
    cache: RankingCache
    recorder: Recorder
    rebuilds: Rebuilds
    now_ms: Callable[[], int]

    def run(self, *, seconds: float) -> TotalsResult:
        """Record what was not recorded yet on boards with viewers.

        It looks for `seconds` at most, then waits once, for up to ten, until the last record of
        each board is old enough. A ranking that is lost meanwhile, or turns out to be of an order
        that no longer counts, is filled again. Raises Unavailable.
        """
        unrecorded = self._unrecorded(time.monotonic() + seconds)
        ages = [top.age_ms for _, top in unrecorded if top.age_ms is not None]
        if ages and min(ages) < TOTAL_MS:
            self.recorder.sleep((TOTAL_MS - min(ages)) / 1000)
        recorded, failed = [], []
        for board_season, _ in unrecorded:
            key = board_season.key
            try:
                # Without records it only names a total that is due as a change, as any batch does.
                applied = self.cache.apply(board_season, [])
                outcome = self.recorder.record(board_season, applied.top)
                if outcome.recorded:
                    recorded.append(key)
                # It was whole when this run looked: no top means that it was lost since.
                if applied.top is None or applied.rebuild_due or outcome.rebuild:
                    self.rebuilds.ask(board_season)
            except Unavailable:
                failed.append(key)
        return TotalsResult(tuple(recorded), tuple(failed))

    def _unrecorded(self, deadline: float) -> list[tuple[BoardSeason, CachedTop]]:
        found: list[tuple[BoardSeason, CachedTop]] = []
        names = list(self.audiences.followed())
        CHANCE.shuffle(names)  # when there are too many for one run, none is always left out
        for name in names:
            if time.monotonic() >= deadline:
                break
            if not self.catalog.has(name):  # boards.yml no longer has it
                continue
            board_season = BoardSeason.at(self.catalog.find(name), self.now_ms())
            top = self.cache.read(board_season)
            if top is not None and _is_unrecorded(top) and self.audiences.has_viewers(name):
                found.append((board_season, top))
        return found


def _is_unrecorded(top: CachedTop) -> bool:
    """Whether a whole ranking has a total that was not recorded, or a top."""
    if top.completeness != COMPLETE:  # a rebuild records it
        return False
    recorded = 0 if top.hint is None else top.hint.total
    return top.is_unrecorded or recorded != top.total
