"""Totals: those that viewers see catch up once nobody scores any more.

A score below the top changes how many players a board has, and nothing else that viewers see. The
next batch records that, ten seconds after the last record. After the last batch nothing would, so
this does, each minute, for the boards that have viewers. Other boards cost nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from random import SystemRandom
from typing import Protocol

from leaderboard.boards.board_season import BoardSeason
from leaderboard.boards.catalog import Catalog
from leaderboard.errors import Unavailable
from leaderboard.ranking.cached_top import COMPLETE, TOTAL_MS, ApplyResult, CachedTop
from leaderboard.ranking.recorder import Recorder
from leaderboard.ranking.score_state import ScoreState

CHANCE = SystemRandom()


class Audiences(Protocol):
    def followed(self) -> Iterable[str]:
        """The boards that somebody followed in the last hours, each once, in any order."""

    def has_viewers(self, board: str) -> bool: ...


class Cache(Protocol):
    def read(self, board_season: BoardSeason) -> CachedTop | None: ...

    def apply(self, board_season: BoardSeason, records: Sequence[ScoreState]) -> ApplyResult:
        """Without records: name a total that is due as a change, as any batch does."""


class Rebuilds(Protocol):
    def ask(self, board_season: BoardSeason) -> bool:
        """Have a cold ranking filled; raises Unavailable."""


@dataclass(frozen=True, slots=True)
class TotalsResult:
    """What a run came to, in board-seasons. The next run tries again what failed."""

    recorded: tuple[str, ...]
    failed: tuple[str, ...]


@dataclass(frozen=True)
class Totals:
    catalog: Catalog
    audiences: Audiences
    cache: Cache
    recorder: Recorder
    rebuilds: Rebuilds
    now_ms: Callable[[], int]

    def run(self, *, seconds: float) -> TotalsResult:
        """Record what is behind on boards with viewers.

        It looks for `seconds` at most, then waits once, for up to ten, until the last record of
        each board is old enough. A ranking that is lost meanwhile, or turns out to be of an order
        that no longer counts, is filled again. Raises Unavailable.
        """
        behind = self._behind(time.monotonic() + seconds)
        ages = [top.age_ms for _, top in behind if top.age_ms is not None]
        if ages and min(ages) < TOTAL_MS:
            self.recorder.sleep((TOTAL_MS - min(ages)) / 1000)
        recorded, failed = [], []
        for board_season, _ in behind:
            key = board_season.key
            try:
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

    def _behind(self, deadline: float) -> list[tuple[BoardSeason, CachedTop]]:
        behind: list[tuple[BoardSeason, CachedTop]] = []
        names = list(self.audiences.followed())
        CHANCE.shuffle(names)  # when there are too many for one run, each gets its turn
        for name in names:
            if time.monotonic() >= deadline:
                break
            if not self.catalog.has(name):  # boards.yml no longer has it
                continue
            board_season = BoardSeason.at(self.catalog.find(name), self.now_ms())
            top = self.cache.read(board_season)
            if top is not None and _is_behind(top) and self.audiences.has_viewers(name):
                behind.append((board_season, top))
        return behind


def _is_behind(top: CachedTop) -> bool:
    """Whether a whole ranking has a total that was not recorded, or a top."""
    if top.completeness != COMPLETE:  # a rebuild records it
        return False
    recorded = 0 if top.hint is None else top.hint.total
    return top.is_unrecorded or recorded != top.total
