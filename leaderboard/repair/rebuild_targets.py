"""The first step of a rebuild's pass: which rankings it fills, and which life of each.

A ranking is filled in one life of the cache. If there is none, a life begins here, as any score
begins one. From then on live scores and the rebuild fill the same life side by side. If that life
ends, everything that was filled is gone with it, so the rebuild has to know which one it was.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from leaderboard.boards.catalog import Catalog
from leaderboard.boards.seasons import BoardSeason, key_of
from leaderboard.ranking.ports import RankingCache
from leaderboard.ranking.recorder import Recorder
from leaderboard.ranking.tops import COMPLETE, BoardRow, CachedTop
from leaderboard.repair.kept_seasons import kept_board_season
from leaderboard.repair.patience import patiently
from leaderboard.repair.ports import BoardDirectory
from leaderboard.repair.rebuild_progress import RebuildProgress, RebuildRequest
from leaderboard.repair.segments import SIDE_BY_SIDE

BOARDS_AT_ONCE = 2000
"""Board-seasons that one pass over the table fills: what fits an asynchronous event."""


@dataclass(frozen=True, slots=True)
class JoinedLife:
    """The top of a ranking as it was joined, and whether a top that was due was recorded."""

    top: CachedTop | None
    moved: bool = False


@dataclass(frozen=True)
class RebuildTargets:
    """Lists what a pass fills, and begins or joins a life of each ranking."""

    catalog: Catalog
    boards: BoardDirectory
    cache: RankingCache
    recorder: Recorder
    now_ms: Callable[[], int]

    def begin_lives(self, progress: RebuildProgress) -> RebuildProgress:
        """The pass with its rankings and segments; raises Unavailable."""
        request = progress.request
        wanted = sorted(key for key in self._keys(request) if key > progress.after)
        until = None
        if len(wanted) > BOARDS_AT_ONCE:
            wanted = wanted[:BOARDS_AT_ONCE]
            until = wanted[-1]
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            joined = list(pool.map(lambda key: self._join(key, request), wanted))
        tops = {key: it.top for key, it in zip(wanted, joined, strict=True) if it.top is not None}
        if request.cold:
            tops = {key: top for key, top in tops.items() if top.completeness != COMPLETE}
        # Without a ranking to fill there is nothing to read, unless boards are to be found.
        reads = bool(tops) or (request.board is None and not request.cold)
        return replace(
            progress,
            is_listed=True,
            lives={key: top.life for key, top in tops.items()},
            began_empty=tuple(key for key, top in tops.items() if top.completeness != COMPLETE),
            unread={str(number): None for number in range(progress.segments if reads else 0)},
            until=until,
            moved=progress.moved + sum(it.moved for it in joined),
        )

    def _keys(self, request: RebuildRequest) -> set[str]:
        keys = set[str]()
        if request.board is not None:
            assert request.season is not None  # `Rebuild.begin` has named it
            keys.add(key_of(request.board, request.season))
        if not request.is_single:
            for page in patiently(lambda: list(self.boards.list_all())):
                keys |= {row.key for row in page if self._is_wanted(row, request)}
        return keys

    def _is_wanted(self, row: BoardRow, request: RebuildRequest) -> bool:
        if request.cold and row.revision == 0:  # its first score begins it, complete
            return False
        if request.unrecorded and row.revision > 0:
            return False
        now = self.now_ms()
        return kept_board_season(row.key, catalog=self.catalog, now_ms=now) is not None

    def _join(self, key: str, request: RebuildRequest) -> JoinedLife:
        board_season = BoardSeason.parse(key, self.catalog.find)
        moved = False
        if request.cold:
            top = patiently(lambda: self.cache.read(board_season))
            if top is not None and top.completeness == COMPLETE:
                # A rebuild may have died before it recorded; perhaps no score comes for days.
                outcome = patiently(lambda: self.recorder.record(board_season, top))
                moved = outcome.moved
                if not outcome.rebuild:  # else its life was wrong, and is over
                    return JoinedLife(top, moved)
        if request.fresh:
            patiently(lambda: self.cache.drop(board_season.key))
        begun = patiently(lambda: self.recorder.begin_life(board_season, []))
        return JoinedLife(begun.top, moved)
