"""The last steps of a rebuild's pass: each ranking is completed, swept, and its top recorded.

A ranking that has all of the table is complete: from now on it may be read and recorded. One that
began empty has nothing else. Any other may have entries that the table no longer has, and is swept.
The top is recorded last, even where it seems equal: that record is what repairs a wrong one, and
tells all others that their copies are older. Where a life turns out to be over, the ranking is lost
and another pass fills it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

from leaderboard.boards.catalog import Catalog
from leaderboard.boards.seasons import BoardSeason
from leaderboard.ranking.ports import RankingCache
from leaderboard.ranking.recorder import Recorder
from leaderboard.ranking.tops import COMPLETE
from leaderboard.repair.patience import patiently
from leaderboard.repair.rebuild_heartbeat import RebuildHeartbeat
from leaderboard.repair.rebuild_progress import RebuildProgress
from leaderboard.repair.segments import SIDE_BY_SIDE
from leaderboard.repair.sweep import Sweep

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class CompletionResult:
    """What completing one ranking came to.

    Either it is `recorded`, or its life is `lost`, or time ran out: then `sweep_position` says
    where its sweep goes on, if it has begun.
    """

    key: str
    recorded: bool = False
    lost: bool = False
    moved: bool = False
    removed: int = 0
    sweep_position: Json | None = None


@dataclass(frozen=True)
class RebuildCompletion:
    """Completes, sweeps and records the rankings that were filled."""

    catalog: Catalog
    cache: RankingCache
    recorder: Recorder
    sweep: Sweep
    now_ms: Callable[[], int]

    def run(
        self, progress: RebuildProgress, *, deadline: float, heartbeat: RebuildHeartbeat
    ) -> RebuildProgress:
        """Complete what is left, until the deadline (of the monotonic clock).

        The first one is always begun, so that each invocation gets further. Raises Unavailable.
        """
        begun, keys = progress, list(progress.lives)

        def complete(key: str) -> CompletionResult:
            if key != keys[0] and time.monotonic() >= deadline:
                return CompletionResult(key)
            return self.complete(begun, key, deadline=deadline)

        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            for result in pool.map(complete, keys):
                progress = heartbeat.beat(_with_result(progress, result))
        return progress

    def complete(self, progress: RebuildProgress, key: str, *, deadline: float) -> CompletionResult:
        """Complete, sweep and record one ranking. Raises Unavailable."""
        board_season, life = BoardSeason.parse(key, self.catalog.find), progress.lives[key]
        is_there = patiently(lambda: self.cache.set_completeness(board_season, life, COMPLETE))
        if not is_there:
            return CompletionResult(key, lost=True)
        swept = CompletionResult(key)
        if key not in progress.began_empty:
            swept = self._sweep(progress, board_season, deadline)
            if swept.lost or swept.sweep_position is not None:
                return swept
        top = patiently(lambda: self.cache.read(board_season))
        if top is None or top.life != life:
            return replace(swept, lost=True)
        outcome = patiently(lambda: self.recorder.record(board_season, top))
        if outcome.rebuild:
            return replace(swept, lost=True)
        if not board_season.is_kept(self.now_ms()):  # rebuilt by hand, for its record
            patiently(lambda: self.cache.drop(key))
        return replace(swept, recorded=True, moved=outcome.moved)

    def _sweep(
        self, progress: RebuildProgress, board_season: BoardSeason, deadline: float
    ) -> CompletionResult:
        key = board_season.key
        result = patiently(
            lambda: self.sweep.run(
                board_season,
                life=progress.lives[key],
                resume_after=progress.sweep_positions.get(key),
                deadline=deadline,
            )
        )
        if result.needs_rebuild:
            patiently(lambda: self.cache.drop(key))
        return CompletionResult(
            key,
            lost=result.life_is_over or result.needs_rebuild,
            removed=result.corrected,
            sweep_position=result.resume_after,
        )


def _with_result(progress: RebuildProgress, result: CompletionResult) -> RebuildProgress:
    positions = progress.sweep_positions
    if result.sweep_position is not None:
        positions = {**positions, result.key: result.sweep_position}
    counted = replace(
        progress,
        sweep_positions=positions,
        removed=progress.removed + result.removed,
        boards=progress.boards + result.recorded,
        moved=progress.moved + result.moved,
    )
    if result.recorded or result.lost:
        return counted.without([result.key], lost=result.lost)
    return counted
