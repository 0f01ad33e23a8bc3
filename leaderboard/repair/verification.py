"""Verification: whether recorded tops are those of the table's index, and rankings those of the
table.

The index is the second, independent derivation of a board's order. What differs twice in a row gets
its ranking rebuilt; a ranking that is cold, or whose rebuild died, is filled.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from threading import Lock
from typing import Any, Protocol

from leaderboard import instants
from leaderboard.boards import order
from leaderboard.boards.board_season import BoardSeason
from leaderboard.boards.boards_file import parse
from leaderboard.boards.catalog import Catalog, lost_by_schedule
from leaderboard.boards.rules import Board
from leaderboard.boards.seasons import before
from leaderboard.boards.snapshots import Entry, Score, Snapshot
from leaderboard.errors import BoardNotFound, Unavailable
from leaderboard.ranking.board_item import BoardItem, BoardRow, with_item_order
from leaderboard.ranking.cached_top import COMPLETE, CachedTop, RankingPage
from leaderboard.ranking.listings import Listing
from leaderboard.ranking.score_state import ScoreState
from leaderboard.repair.rebuild import SIDE_BY_SIDE, ScanPage, patiently

Json = dict[str, Any]

LAG_SECONDS = 3.0
"""What is on its way, to the index or to the record, has arrived after that."""
AGAIN_MS = 15 * 60_000
"""A board that was rebuilt is not rebuilt again for so long: a stream that lags is no wrong top."""
PAGE = 200
"""Board-seasons that a run takes in turn, beside those that somebody watches: what it does in a
minute does not grow with the boards that nobody watches."""
SHOWN = 100
"""Differences that are named; all of them are counted."""
CONFIRMED = 100_000
"""Differences that are looked at twice."""
AT_A_TIME = 100


class Boards(Protocol):
    def read(self, key: str) -> BoardItem | None: ...

    def list_some(self, after: str | None, limit: int) -> tuple[list[BoardRow], str | None]:
        """Up to so many board-seasons behind one, and the last of them if there may be more."""

    def list(self) -> Iterator[list[BoardRow]]: ...


class Index(Protocol):
    def best(self, board_season: BoardSeason, limit: int) -> list[Score]: ...


class Scores(Protocol):
    def read_page(
        self, segment: int, segments: int, *, after: Json | None, only: str | None
    ) -> ScanPage: ...

    def read_records(self, key: str, user_ids: Sequence[str]) -> list[ScoreState]: ...


class Cache(Protocol):
    def read(self, board_season: BoardSeason) -> CachedTop | None: ...

    def find(self, board_season: BoardSeason, user_ids: Sequence[str]) -> Listing | None: ...

    def dump(
        self, board_season: BoardSeason, *, life: str, cursor: str | None = None
    ) -> RankingPage | None: ...


class Memory(Protocol):
    """What one run tells the next. Every call raises CacheUnavailable."""

    def read_misses(self) -> Mapping[str, str]: ...

    def keep_miss(self, key: str, text: str | None) -> None:
        """Remember what was missed on a board-season; None: nothing is."""

    def read_place(self) -> str | None:
        """The board-season that the last run's turn came to; None: it begins anew."""

    def keep_place(self, key: str | None) -> None: ...


class Audiences(Protocol):
    def followed(self) -> Iterable[str]:
        """The boards that somebody followed in the last hours."""


class Requests(Protocol):
    def ask(self, board_season: BoardSeason) -> bool: ...


class Rebuilds(Protocol):
    def start_again(self, board_season: BoardSeason) -> None:
        """Start a rebuild of a ranking that is whole; raises Unavailable."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What a run came to, in board-seasons: looked at, missed once, found wrong, found cold."""

    checked: int
    missed: tuple[str, ...]
    wrong: tuple[str, ...]
    cold: tuple[str, ...]
    rebuilds: int
    finished: bool


@dataclass
class _Found:
    """What one look found: where the recorded top and the index differ, and what is cold."""

    differences: dict[str, frozenset[str]] = field(default_factory=dict)
    cold: list[str] = field(default_factory=list)
    checked: int = 0
    skipped: int = 0


@dataclass(frozen=True)
class Verification:
    catalog: Catalog
    boards: Boards
    index: Index
    scores: Scores
    cache: Cache
    memory: Memory
    audiences: Audiences
    requests: Requests
    rebuilds: Rebuilds
    segments: int
    now_ms: Callable[[], int]

    def run(self, *, seconds: float) -> Verified:
        """Look at live board-seasons, for that long at most; raises Unavailable.

        Those of boards.yml, those that somebody watches and those that were missed are looked at
        each time, a page of the others in turn.

        A difference counts if it is there twice, some seconds apart, and then once more in the
        next run: what is on its way to the index or to the record is none, however busy a board.
        """
        deadline = time.monotonic() + seconds
        misses = self.memory.read_misses()
        live = {it.key: it for it in self._live(misses)}
        first = self._look(live, deadline)
        again = {key: live[key] for key in first.differences}
        if again:
            time.sleep(LAG_SECONDS)
        second = self._look(again, deadline + LAG_SECONDS) if again else _Found()
        missed, wrong, rebuilds = [], [], 0
        for key, board_season in live.items():
            lasting = first.differences.get(key, frozenset()) & second.differences.get(
                key, frozenset()
            )
            if lasting:
                item = self.boards.read(key)
                snapshot = item.snapshot if item else None
                there = self._top(with_item_order(board_season, item), snapshot)
                lasting &= _differences(snapshot, there)
            before_it = json.loads(misses[key]) if key in misses else None
            if not lasting:
                if before_it and self._is_over(before_it):
                    self.memory.keep_miss(key, None)
                continue
            if not before_it or not lasting & set(before_it["differences"]):
                missed.append(key)
                self._remember(key, lasting, before_it and before_it["rebuiltAt"])
                continue
            wrong.append(key)
            if self._is_over(before_it):
                self.rebuilds.start_again(board_season)
                self._remember(key, lasting, self.now_ms())
                rebuilds += 1
        # One rebuild fills whatever is cold.
        if first.cold:
            rebuilds += self.requests.ask(live[first.cold[0]])
        return Verified(
            checked=first.checked,
            missed=tuple(missed),
            wrong=tuple(wrong),
            cold=tuple(first.cold),
            rebuilds=rebuilds,
            finished=not first.skipped and not second.skipped,
        )

    def _remember(self, key: str, differences: frozenset[str], rebuilt_ms: int | None) -> None:
        text = json.dumps({"differences": sorted(differences), "rebuiltAt": rebuilt_ms or 0})
        self.memory.keep_miss(key, text)

    def _is_over(self, miss: Json) -> bool:
        """Whether a board that was missed may be rebuilt, or forgotten."""
        return self.now_ms() - int(miss["rebuiltAt"]) >= AGAIN_MS

    def _live(self, misses: Iterable[str]) -> Iterator[BoardSeason]:
        """The boards of boards.yml, each with its kept seasons, then those of its patterns."""
        now = self.now_ms()
        for name, rules in self.catalog.rules.items():
            if "*" in name:
                continue
            current = BoardSeason.at(rules, now)
            yield current
            is_only = current.season.starts_ms is None
            for count in range(1, 1 if is_only else rules.keep_seasons + 1):
                yield BoardSeason(rules, before(rules.schedule, current.season, count))
        if any("*" in name for name in self.catalog.rules):
            for key in [*self._watched(now), *misses, *self._in_turn()]:
                board_season = self._of_pattern(key, now)
                if board_season is not None:
                    yield board_season

    def _watched(self, now_ms: int) -> Iterator[str]:
        for board in self.audiences.followed():
            if self.catalog.has(board):
                yield BoardSeason.at(self.catalog.find(board), now_ms).key

    def _in_turn(self) -> list[str]:
        """A page of all board-seasons, behind that of the last run."""
        found, place = self.boards.list_some(self.memory.read_place(), PAGE)
        self.memory.keep_place(place)
        return [it.key for it in found]

    def _of_pattern(self, key: str, now_ms: int) -> BoardSeason | None:
        """A kept season of a board that a pattern of boards.yml describes."""
        try:
            board_season = BoardSeason.parse(key, self.catalog.find)
        except BoardNotFound:
            return None
        if board_season.board in self.catalog.rules or not board_season.is_kept(now_ms):
            return None
        return board_season

    def _look(self, live: Mapping[str, BoardSeason], deadline: float) -> _Found:
        found, lock = _Found(), Lock()

        def look(key: str) -> None:
            if time.monotonic() >= deadline:
                with lock:
                    found.skipped += 1
                return
            board_season = live[key]
            item = self.boards.read(key)
            recorded = item is not None and item.is_recorded
            top = self.cache.read(board_season) if recorded else None
            size = board_season.rules.top_size
            best = self.index.best(with_item_order(board_season, item), size)
            with lock:
                found.checked += 1
                if recorded and (top is None or top.completeness != COMPLETE):
                    found.cold.append(key)
                elif differences := _differences(item.snapshot if item else None, best):
                    found.differences[key] = differences

        keys = list(live)
        if keys:
            look(keys[0])  # makes the clients, which threads must not do at once
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            list(pool.map(look, keys[1:]))
        return found

    def _top(self, board_season: BoardSeason, recorded: Snapshot | None) -> list[Score]:
        """The top as the table has it, of those who are in the index's or in the recorded one.

        What an import wrote may be missing in the index, or stand there in a wrong place; and it
        may be in no ranking, because it cannot be read.
        """
        shown = [it.user_id for it in recorded.entries] if recorded else []
        limit = size = board_season.rules.top_size
        while True:
            best = [it.user_id for it in self.index.best(board_season, limit)]
            users = list(dict.fromkeys([*shown, *best]))
            there: dict[str, Score] = {}
            for start in range(0, len(users), AT_A_TIME):
                some = users[start : start + AT_A_TIME]
                records = self.scores.read_records(board_season.key, some)
                there |= {it.user_id: it.score for it in records if it.score is not None}
            confirmed = sum(it in there for it in best)
            if confirmed >= size or len(best) < limit:
                ordered = sorted(there.values(), key=partial(_place, board_season.rules))
                return ordered[:size]
            limit += len(best) - confirmed

    def stranded(self, schedules: Mapping[str, str]) -> list[str]:
        """What boards with other schedules (by name or pattern) would hide, a line each."""
        known = parse({"boards": {name: {"schedule": it} for name, it in schedules.items()}})
        # At revision 0 one was opened with its season, and has no scores.
        scored = (it.key for page in self.boards.list() for it in page if it.revision > 0)
        return lost_by_schedule(known, scored)[:SHOWN]

    # The whole ranking.

    def compare(self, board_season: BoardSeason, *, seconds: float) -> Json:
        """Every difference between a ranking and the table, each looked at twice.

        Raises Unavailable, also when the ranking is cold or is lost meanwhile.
        """
        return _Comparison(self, board_season, time.monotonic() + seconds).run()


class _Comparison:
    """One comparison of a whole ranking with the table."""

    def __init__(self, parts: Verification, board_season: BoardSeason, deadline: float) -> None:
        self.parts, self.board_season, self.deadline = parts, board_season, deadline
        self.lock = Lock()
        self.doubted: set[str] = set()
        self.unconfirmed = 0
        self.items = self.ranked = 0
        self.finished = True

    def run(self) -> Json:
        top = self.parts.cache.read(self.board_season)
        if top is None or top.completeness != COMPLETE:
            raise Unavailable("The ranking is cold, or is being filled: look again when it is not.")
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            list(pool.map(self._read_segment, range(self.parts.segments)))
        self._dump(top.life)
        after = self.parts.cache.read(self.board_season)
        strays = after.total - self.ranked if after and after.total == top.total else 0
        count, shown = self._confirm()
        return {
            "board": self.board_season.board,
            "season": self.board_season.season.season,
            "items": self.items,
            "ranked": self.ranked,
            "differences": count + self.unconfirmed,
            "strayMembers": max(strays, 0) if self.finished else None,
            "shown": shown,
            "finished": self.finished,
        }

    def _read_segment(self, segment: int) -> None:
        """The table's way: everybody whom it has."""
        position: Json | None = None
        only = self.board_season.key
        while True:
            if self._is_late():
                return
            read = partial(self.parts.scores.read_page, segment, self.parts.segments)
            page = patiently(partial(read, after=position, only=only))
            records = [record for _, record in page.records]
            for start in range(0, len(records), AT_A_TIME):
                self._hold(records[start : start + AT_A_TIME])
            position = page.position
            if position is None:
                return

    def _hold(self, records: Sequence[ScoreState]) -> None:
        entries = self._entries([it.user_id for it in records])
        wrong = [it.user_id for it in records if not _same(it.score, entries.get(it.user_id))]
        with self.lock:
            self.items += len(records)
            self._doubt(wrong)

    def _dump(self, life: str) -> None:
        """The ranking's way: everybody whom it has."""
        cursor: str | None = None
        seen = 0
        while not self._is_late():
            dump = partial(self.parts.cache.dump, self.board_season, life=life)
            page = patiently(partial(dump, cursor=cursor))
            if page is None:
                raise Unavailable("The ranking was lost while it was compared.")
            records = {it.user_id: it for it in page.records}
            users = list(records)
            for start in range(0, len(users), AT_A_TIME):
                some = users[start : start + AT_A_TIME]
                there = {it.user_id: it.score for it in self._records(some)}
                wrong = [it for it in some if records[it].score != there.get(it)]
                self._doubt(wrong)
            seen += sum(it.score is not None for it in records.values())
            cursor = page.cursor
            if cursor is None:
                break
        self.ranked = seen

    def _confirm(self) -> tuple[int, list[Json]]:
        """Who still differs: what was on its way has arrived."""
        if self.doubted:
            time.sleep(LAG_SECONDS)
        count, shown = 0, list[Json]()
        doubted = sorted(self.doubted)
        for start in range(0, len(doubted), AT_A_TIME):
            some = doubted[start : start + AT_A_TIME]
            entries = self._entries(some)
            there = {it.user_id: it.score for it in self._records(some)}
            for user_id in some:
                score, entry = there.get(user_id), entries.get(user_id)
                if not _same(score, entry):
                    count += 1
                    if len(shown) < SHOWN:
                        shown.append(_difference(user_id, score, entry))
        return count, shown

    def _doubt(self, users: Sequence[str]) -> None:
        for user_id in users:
            if len(self.doubted) < CONFIRMED:
                self.doubted.add(user_id)
            elif user_id not in self.doubted:
                self.unconfirmed += 1

    def _entries(self, users: Sequence[str]) -> dict[str, Entry]:
        listing = patiently(lambda: self.parts.cache.find(self.board_season, users))
        if listing is None:
            raise Unavailable("The ranking was lost while it was compared.")
        return {it.user_id: it for it in listing.entries}

    def _records(self, users: Sequence[str]) -> list[ScoreState]:
        key = self.board_season.key
        return patiently(lambda: self.parts.scores.read_records(key, users))

    def _is_late(self) -> bool:
        if time.monotonic() >= self.deadline:
            self.finished = False
        return not self.finished


def _same(score: Score | None, entry: Entry | None) -> bool:
    if score is None or entry is None:
        return score is None and entry is None
    return (score.user_name, score.user_score, score.updated_ms) == (
        entry.user_name,
        entry.user_score,
        entry.updated_ms,
    )


def _difference(user_id: str, score: Score | None, entry: Entry | None) -> Json:
    return {
        "userId": user_id,
        "table": None if score is None else _shown(score),
        "ranking": None if entry is None else _shown(entry),
    }


def _shown(it: Score | Entry) -> Json:
    return {
        "userName": it.user_name,
        "userScore": it.user_score,
        "scoreUpdatedAt": instants.text_of(it.updated_ms),
    }


def _place(board: Board, it: Score) -> tuple[int, int, str]:
    return order.sort_key(board.order, it.user_score, it.updated_ms, it.user_id)


def _differences(recorded: Snapshot | None, best: Sequence[Score]) -> frozenset[str]:
    """Names for each line that only one of the two has."""
    entries = recorded.entries if recorded else ()
    shown = {(it.user_id, it.user_name, it.user_score, it.updated_ms) for it in entries}
    there = {(it.user_id, it.user_name, it.user_score, it.updated_ms) for it in best}
    found = {("recorded", *it) for it in shown - there} | {("index", *it) for it in there - shown}
    return frozenset(hashlib.sha256(repr(it).encode()).hexdigest()[:16] for it in found)
