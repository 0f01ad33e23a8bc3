"""Strangers: who is in a ranking and not, or not so, in the table.

Filling brings a ranking all that the table has; it cannot tell what the table no longer has. A
failover may revive somebody whose tombstone has expired meanwhile, and a restored table is behind
the ranking. So the ranking is read in its order beside the index, which has the same order: whoever
stands only in the one is looked up in the table.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from leaderboard.boards import order
from leaderboard.boards.board_season import BoardSeason
from leaderboard.boards.snapshots import Entry, Score
from leaderboard.ranking.listings import Listing, Position
from leaderboard.ranking.score_state import ScoreState

Json = dict[str, Any]

PAGE = 1000
AT_A_TIME = 100
RECENT_MS = 60_000
"""Who has no item is removed by a version this much older than now: a first score that is written
in this moment, by a clock that is behind, is newer than that."""

Placed = tuple[int, int, str]


class SweptCache(Protocol):
    def list(
        self, board_season: BoardSeason, *, after: Position | None, limit: int
    ) -> Listing | None: ...

    def fill(
        self, board_season: BoardSeason, records: Iterable[ScoreState], *, life: str
    ) -> int | None: ...


class Index(Protocol):
    def best(self, board_season: BoardSeason, limit: int) -> list[Score]: ...

    def after(self, board_season: BoardSeason, position: Position, limit: int) -> list[Score]: ...


class ScoreReader(Protocol):
    def read_records(self, key: str, user_ids: Sequence[str]) -> list[ScoreState]:
        """What the table has of these users (100 at most), read consistently."""


@dataclass(frozen=True, slots=True)
class SweepResult:
    """What a sweep came to: how many it removed, and where it goes on if time ran out.

    `is_broken`: the ranking shows what it cannot be rid of; it has to be filled anew.
    """

    removed: int = 0
    position: Json | None = None
    life_is_over: bool = False
    is_broken: bool = False


@dataclass(frozen=True)
class Sweep:
    cache: SweptCache
    index: Index
    scores: ScoreReader
    now_ms: Callable[[], int]

    def mend(
        self, board_season: BoardSeason, life: str, *, begin: Json | None, until: float
    ) -> SweepResult:
        """Take what the table has for everybody whom the index does not have so.

        From a position on, until that time (of the monotonic clock). Raises Unavailable.
        """
        after = None if begin is None else Position(**begin)
        removed = 0
        while True:
            entries = self._ranked(board_season, after)
            if entries is None:
                return SweepResult(removed, life_is_over=True)
            if not entries:
                return SweepResult(removed)
            strange = {_placed(it) for it in entries} - self._indexed(board_season, after, entries)
            if strange:
                newer, still = self._mend(board_season, life, after, strange)
                if newer is None:
                    return SweepResult(removed, life_is_over=True)
                removed += newer
                if still:
                    return SweepResult(removed, is_broken=True)
            last = entries[-1]
            after = Position(last.user_score, last.updated_ms, last.user_id)
            if time.monotonic() >= until:
                return SweepResult(removed, position=asdict(after))

    def _ranked(
        self, board_season: BoardSeason, after: Position | None
    ) -> tuple[Entry, ...] | None:
        listing = self.cache.list(board_season, after=after, limit=PAGE)
        return None if listing is None else listing.entries

    def _indexed(
        self, board_season: BoardSeason, after: Position | None, entries: Sequence[Entry]
    ) -> set[Placed]:
        """What the index has from a position on, as far as these entries reach."""
        found: set[Placed] = set()
        wanted = _key(board_season, _placed(entries[-1]))
        while True:
            scores = (
                self.index.best(board_season, PAGE)
                if after is None
                else self.index.after(board_season, after, PAGE)
            )
            found |= {(it.user_score, it.updated_ms, it.user_id) for it in scores}
            if len(scores) < PAGE:
                return found
            last = scores[-1]
            after = Position(last.user_score, last.updated_ms, last.user_id)
            if _key(board_season, (last.user_score, last.updated_ms, last.user_id)) >= wanted:
                return found

    def _mend(
        self,
        board_season: BoardSeason,
        life: str,
        after: Position | None,
        strange: set[Placed],
    ) -> tuple[int | None, bool]:
        """How many were mended (None: the life is over), and whether some cannot be."""
        before = self.now_ms() - RECENT_MS
        users = sorted({user_id for _, _, user_id in strange})
        known = {it.user_id: it for it in self._read(board_season, users)}
        records = [known.get(it) or ScoreState(it, before, None) for it in users]
        newer = self.cache.fill(board_season, records, life=life)
        if newer is None:
            return None, False
        wrong = strange - {_of(it.score) for it in records if it.score is not None}
        if not wrong:
            return newer, False
        # Who moves meanwhile stands elsewhere now; who stands there still is not to be moved.
        entries = self._ranked(board_season, after)
        return newer, entries is not None and bool(wrong & {_placed(it) for it in entries})

    def _read(self, board_season: BoardSeason, users: Sequence[str]) -> list[ScoreState]:
        found: list[ScoreState] = []
        for start in range(0, len(users), AT_A_TIME):
            some = users[start : start + AT_A_TIME]
            found += self.scores.read_records(board_season.key, some)
        return found


def _placed(entry: Entry) -> Placed:
    return entry.user_score, entry.updated_ms, entry.user_id


def _of(score: Score) -> Placed:
    return score.user_score, score.updated_ms, score.user_id


def _key(board_season: BoardSeason, placed: Placed) -> tuple[int, int, str]:
    score, updated_ms, user_id = placed
    return order.sort_key(board_season.rules.order, score, updated_ms, user_id)
