"""Verification: each minute the recorded tops are held to the table's index.

The index is the second, independent derivation of a board's order. What differs twice in a row gets
its ranking rebuilt. A ranking that is cold, or whose rebuild died, is filled. `comparison` holds a
whole ranking to the table; that is done by hand.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from leaderboard.boards import order
from leaderboard.boards.catalog import Catalog
from leaderboard.boards.seasons import BoardSeason, before
from leaderboard.boards.snapshots import Score, Snapshot
from leaderboard.ranking.ports import Rebuilds, TopReader
from leaderboard.ranking.tops import COMPLETE, with_item_order
from leaderboard.repair.kept_seasons import kept_board_season
from leaderboard.repair.ports import (
    USERS_AT_ONCE,
    BoardDirectory,
    FollowedBoards,
    OrderIndex,
    RebuildLauncher,
    RunMemory,
    ScoreReader,
)
from leaderboard.repair.segments import SIDE_BY_SIDE

LAG_SECONDS = 3.0
"""What is on its way, to the index or to the record, has arrived after that."""
REBUILD_AGAIN_MS = 15 * 60_000
"""A board that was rebuilt is not rebuilt again for so long: a stream may only lag behind."""
PAGE = 200
"""Board-seasons of patterns that a run looks at besides those that somebody watches. So what it
does in a minute does not grow with the boards that nobody watches."""


@dataclass(frozen=True, slots=True)
class VerificationResult:
    """What a run came to, in board-seasons: looked at, missed once, found wrong, found cold.

    `finished`: there was time for all of them.
    """

    checked: int
    missed: tuple[str, ...]
    wrong: tuple[str, ...]
    cold: tuple[str, ...]
    rebuilds: int
    finished: bool


@dataclass(frozen=True, slots=True)
class Look:
    """What one look at a board-season found: where the recorded top and the index differ."""

    key: str
    differences: frozenset[str] = frozenset()
    is_cold: bool = False
    is_skipped: bool = False


@dataclass(frozen=True, slots=True)
class Miss:
    """What one run leaves for the next: what differs, and when a rebuild was started (0: never)."""

    differences: frozenset[str]
    rebuilt_ms: int

    @classmethod
    def from_text(cls, text: str) -> Miss:
        """The miss in what `to_text` made."""
        image = json.loads(text)
        return cls(frozenset(image["differences"]), int(image["rebuiltAt"]))

    def to_text(self) -> str:
        """The miss as the cache keeps it, in JSON."""
        return json.dumps(
            {"differences": sorted(self.differences), "rebuiltAt": self.rebuilt_ms},
        )


@dataclass(frozen=True)
class Verification:
    """Finds recorded tops that are not the table's, and rankings that are cold."""

    catalog: Catalog
    boards: BoardDirectory
    index: OrderIndex
    scores: ScoreReader
    cache: TopReader
    memory: RunMemory
    audiences: FollowedBoards
    rebuilds: Rebuilds
    function: RebuildLauncher
    now_ms: Callable[[], int]

    def run(self, *, seconds: float) -> VerificationResult:
        """Look at board-seasons, for that long at most; raises Unavailable.

        Those of boards.yml, those that somebody watches and those that were missed are looked at
        each time, and the others page by page, a page each time.

        A difference counts if it is there twice, some seconds apart, and then again in the
        next run: so nothing counts that is only on its way, however busy a board is.
        """
        deadline = time.monotonic() + seconds
        misses = {key: Miss.from_text(text) for key, text in self.memory.read_misses().items()}
        wanted = {it.key: it for it in self._board_seasons(misses)}
        first = self._look_at(wanted, deadline)
        differing = {it.key: wanted[it.key] for it in first if it.differences}
        if differing:
            time.sleep(LAG_SECONDS)
        second = self._look_at(differing, deadline + LAG_SECONDS)
        lasting = self._lasting(first, second, wanted)
        missed, wrong, rebuilds = [], [], 0
        for key, board_season in wanted.items():
            differences, miss = lasting.get(key), misses.get(key)
            if not differences:
                if miss and self._may_rebuild(miss):
                    self.memory.keep_miss(key, None)
            elif not miss or not differences & miss.differences:
                missed.append(key)
                self._remember(key, differences, miss.rebuilt_ms if miss else 0)
            else:
                wrong.append(key)
                if self._may_rebuild(miss):
                    self.function.start_again(board_season)
                    self._remember(key, differences, self.now_ms())
                    rebuilds += 1
        cold = [it.key for it in first if it.is_cold]
        if cold:  # one rebuild fills whatever is cold
            rebuilds += self.rebuilds.ask(wanted[cold[0]])
        return VerificationResult(
            checked=sum(not it.is_skipped for it in first),
            missed=tuple(missed),
            wrong=tuple(wrong),
            cold=tuple(cold),
            rebuilds=rebuilds,
            finished=not any(it.is_skipped for it in [*first, *second]),
        )

    def _remember(self, key: str, differences: frozenset[str], rebuilt_ms: int) -> None:
        self.memory.keep_miss(key, Miss(differences, rebuilt_ms).to_text())

    def _may_rebuild(self, miss: Miss) -> bool:
        """Whether a rebuild that was started for it has had its time. Then it may be forgotten."""
        return self.now_ms() - miss.rebuilt_ms >= REBUILD_AGAIN_MS

    # Which board-seasons are looked at.

    def _board_seasons(self, misses: Iterable[str]) -> Iterator[BoardSeason]:
        """The boards of boards.yml, each with its kept seasons, then those of its patterns."""
        now = self.now_ms()
        for name, rules in self.catalog.rules.items():
            if "*" in name:
                continue
            current = BoardSeason.at(rules, now)
            yield current
            has_seasons = current.season.starts_ms is not None
            for count in range(1, rules.keep_seasons + 1 if has_seasons else 1):
                yield BoardSeason(rules, before(rules.schedule, current.season, count))
        if any("*" in name for name in self.catalog.rules):
            for key in [*self._followed(now), *misses, *self._next_page()]:
                board_season = kept_board_season(key, catalog=self.catalog, now_ms=now)
                if board_season is not None and board_season.board not in self.catalog.rules:
                    yield board_season

    def _followed(self, now_ms: int) -> Iterator[str]:
        for board in self.audiences.followed():
            if self.catalog.has(board):
                yield BoardSeason.at(self.catalog.find(board), now_ms).key

    def _next_page(self) -> list[str]:
        """A page of all board-seasons, behind that of the last run."""
        rows, resume_after = self.boards.list_some(self.memory.read_resume_after(), PAGE)
        self.memory.keep_resume_after(resume_after)
        return [row.key for row in rows]

    # Looking at them.

    def _look_at(self, wanted: Mapping[str, BoardSeason], deadline: float) -> list[Look]:
        def look(key: str) -> Look:
            if time.monotonic() >= deadline:
                return Look(key, is_skipped=True)
            return self._look(wanted[key])

        keys = list(wanted)
        first = [look(key) for key in keys[:1]]  # makes the clients, which threads must not do
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            return [*first, *pool.map(look, keys[1:])]

    def _look(self, board_season: BoardSeason) -> Look:
        key = board_season.key
        item = self.boards.read(key)
        recorded = item is not None and item.is_recorded
        top = self.cache.read(board_season) if recorded else None
        size = board_season.rules.top_size
        best = self.index.best(with_item_order(board_season, item), size)
        if recorded and (top is None or top.completeness != COMPLETE):
            return Look(key, is_cold=True)
        return Look(key, _differences(item.snapshot if item else None, best))

    def _lasting(
        self, first: Iterable[Look], second: Iterable[Look], wanted: Mapping[str, BoardSeason]
    ) -> dict[str, frozenset[str]]:
        """What differed both times, and differs from the table itself as well."""
        known = {it.key: it.differences for it in first}
        lasting = {}
        for look in second:
            if differences := known[look.key] & look.differences:
                item = self.boards.read(look.key)
                snapshot = item.snapshot if item else None
                top = self._read_top(with_item_order(wanted[look.key], item), snapshot)
                lasting[look.key] = differences & _differences(snapshot, top)
        return lasting

    def _read_top(self, board_season: BoardSeason, recorded: Snapshot | None) -> list[Score]:
        """The top by the table, of those who are in the index's top or in the recorded one.

        What an import wrote may be missing in the index, or stand there in a wrong position; and it
        may be in no ranking, because it cannot be read.
        """
        shown = [it.user_id for it in recorded.entries] if recorded else []
        limit = size = board_season.rules.top_size
        while True:
            best = [it.user_id for it in self.index.best(board_season, limit)]
            users = list(dict.fromkeys([*shown, *best]))
            scores: dict[str, Score] = {}
            for start in range(0, len(users), USERS_AT_ONCE):
                some = users[start : start + USERS_AT_ONCE]
                states = self.scores.read_states(board_season.key, some)
                scores |= {it.user_id: it.score for it in states if it.score is not None}
            confirmed = sum(it in scores for it in best)
            if confirmed >= size or len(best) < limit:
                return sorted(scores.values(), key=lambda it: _sort_key(board_season, it))[:size]
            limit += len(best) - confirmed


def _sort_key(board_season: BoardSeason, it: Score) -> tuple[int, int, str]:
    board_order = board_season.rules.order
    return order.sort_key(board_order, it.user_score, it.updated_ms, it.user_id)


def _differences(recorded: Snapshot | None, best: Sequence[Score]) -> frozenset[str]:
    """A name for each line that only one of the two has."""
    entries = recorded.entries if recorded else ()
    shown = {(it.user_id, it.user_name, it.user_score, it.updated_ms) for it in entries}
    there = {(it.user_id, it.user_name, it.user_score, it.updated_ms) for it in best}
    lines: set[tuple[Any, ...]] = {("recorded", *it) for it in shown - there}
    lines |= {("index", *it) for it in there - shown}
    return frozenset(hashlib.sha256(repr(it).encode()).hexdigest()[:16] for it in lines)
