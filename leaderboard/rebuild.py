"""Rebuild: fill a board-season's ranking from the table, beside live records.

The same version check as for live records decides what counts, so order does not matter. A rebuild
is bound to the life of the cache that it fills, and ends by recording.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from leaderboard.catalog import Catalog
from leaderboard.errors import Invalid, Unavailable
from leaderboard.ranking import COMPLETE, RankingCache, Recorder, ScoreRecord
from leaderboard.rules import Board
from leaderboard.seasons import parse_season, season_at

LIVES = 3
"""How many lives of the cache one rebuild may see lost before it gives up."""


class ScoreScan(Protocol):
    def scan(self, board: str, season: str) -> Iterator[list[ScoreRecord]]:
        """Every item of a board-season, tombstones included, read consistently, by page."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild came to: items seen, those that the cache did not know, and the record."""

    board: str
    season: str
    items: int
    taken: int
    moved: bool


@dataclass(frozen=True)
class Rebuild:
    catalog: Catalog
    scores: ScoreScan
    cache: RankingCache
    recorder: Recorder
    now_ms: Callable[[], int]

    def run(self, board: str, season: str | None) -> Rebuilt:
        """Fill one board-season (the current one unless named).

        Raises BoardNotFound, Invalid for a season that is none, and Unavailable when the tables
        or the cache do not answer or the cache was lost again and again.
        """
        rules = self.catalog.find(board)
        try:
            named = (
                parse_season(rules.schedule, season)
                if season
                else season_at(rules.schedule, self.now_ms())
            )
        except ValueError as error:
            raise Invalid(str(error), path="season") from error
        for _ in range(LIVES):
            begun = self.recorder.begin(rules, named.season, [])
            if begun.top is None:
                continue
            done = self._fill(rules, named.season, begun.top.life)
            if done is not None:
                return done
        raise Unavailable(f"The cache was lost {LIVES} times while {board} was rebuilt.")

    def _fill(self, board: Board, season: str, life: str) -> Rebuilt | None:
        items = taken = 0
        for page in self.scores.scan(board.board, season):
            newer = self.cache.fill(board, season, page, life=life)
            if newer is None:
                return None
            items += len(page)
            taken += newer
        if not self.cache.settle(board, season, life, COMPLETE):
            return None
        top = self.cache.read(board, season)
        if top is None:
            return None
        recorded = self.recorder.record(board, season, top)
        return Rebuilt(board.board, season, items, taken, recorded.moved)
