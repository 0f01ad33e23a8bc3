"""Turns of seasons: the boards of those that have begun are opened, of those long past dropped.

Nothing waits for it: scores go to the season of their time, and a season's first record opens its
board as well. It only makes an empty board known to those who watch the old one.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Protocol

from leaderboard.boards.board_season import key_of, split_key
from leaderboard.boards.catalog import Catalog
from leaderboard.boards.rules import Board, Schedule
from leaderboard.boards.seasons import before, season_at
from leaderboard.errors import BoardNotFound, CacheUnavailable
from leaderboard.ranking.board_item import BoardItem, BoardRow

GRACE_MS = 3_600_000
"""How long a season that is no longer kept stays in the cache: scores may still be on their way."""
MISSED = 4
"""Seasons past the kept ones that are dropped with each turn, so that a missed turn is made up."""
AT_ONCE = 8
SLICE = 100
"""Boards that are opened between two looks at the clock."""
PAGE = 1000
"""Board-seasons that a run takes in turn, beside those that somebody watches: what it does in a
minute does not grow with the boards that nobody watches."""


class Boards(Protocol):
    def read(self, key: str) -> BoardItem | None: ...

    def open(self, key: str) -> bool:
        """Write the empty board of a season that has no item; False if it has one."""

    def list_some(self, after: str | None, limit: int) -> tuple[list[BoardRow], str | None]:
        """Up to so many board-seasons behind one, and the last of them if there may be more."""


class Audiences(Protocol):
    def followed(self) -> Iterable[str]:
        """The boards that somebody followed in the last hours."""


class PastSeasons(Protocol):
    """What the cache has of seasons. Every call raises CacheUnavailable."""

    def drop(self, key: str) -> bool:
        """Forget a ranking; False if it is partial and stays."""

    def read_turns(self) -> str | None: ...

    def keep_turns(self, text: str) -> None:
        """Remember which turns have been seen, and how far they are done with."""


@dataclass(frozen=True, slots=True)
class RolloverResult:
    """What a run came to; `finished`: no turn is left to be done with."""

    opened: tuple[str, ...]
    dropped: int
    finished: bool


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the turns of an instant are done with: the passes over the table of boards that are
    left, and the board-season that the one under way came to (None: its beginning)."""

    turns: str = ""
    passes: int = 0
    place: str | None = None

    @classmethod
    def of(cls, text: str | None) -> Progress:
        """From what was kept; a release that made one pass a turn kept other text, which is none
        of today's turns."""
        return cls(**json.loads(text)) if text and text.startswith("{") else cls(turns=text or "")

    def seeing(self, turns: str) -> Progress:
        """With new turns: a pass that is under way goes on, and a whole one follows it."""
        return Progress(turns, 2 if self.place else 1, self.place)

    def at(self, place: str | None) -> Progress:
        return Progress(self.turns, self.passes - (place is None), place)


@dataclass(frozen=True)
class Window:
    """The seasons of one schedule and retention, as they are at one instant."""

    schedule: Schedule
    keep: int
    now_ms: int

    @cached_property
    def current(self) -> str:
        return season_at(self.schedule, self.now_ms).season

    @cached_property
    def last(self) -> str:
        return before(self.schedule, season_at(self.schedule, self.now_ms)).season

    def is_long_past(self, season: str) -> bool:
        """Whether a season of this schedule is no longer kept: their names sort by time."""
        return season <= max(self.dropped)

    @cached_property
    def dropped(self) -> frozenset[str]:
        """The newest seasons that are no longer kept."""
        newest = season_at(self.schedule, self.now_ms - GRACE_MS)
        back = range(self.keep + 1, self.keep + 1 + MISSED)
        return frozenset(before(self.schedule, newest, count).season for count in back)


@dataclass
class _Work:
    """A run's instant, when its time is over, and what it has come to so far."""

    now_ms: int
    deadline: float
    opened: list[str]
    dropped: int = 0

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self.deadline


@dataclass(frozen=True)
class SeasonRollover:
    catalog: Catalog
    boards: Boards
    past: PastSeasons
    audiences: Audiences
    now_ms: Callable[[], int]

    def run(self, *, seconds: float) -> RolloverResult:
        """Open and drop what is due, for that long at most; what is left is for the next run.

        The boards of boards.yml are looked at each time. Those of a pattern are known from the
        last season alone; one that nobody scored on then is not opened. With a turn those that
        somebody watches come first. The others are found by a pass over the table of boards, a page
        a run. Raises Unavailable.
        """
        deadline = time.monotonic() + seconds
        now = self.now_ms()
        windows: dict[str, Window] = {}
        for name, rules in self.catalog.rules.items():
            if rules.schedule is not Schedule.NEVER:
                windows[name] = Window(rules.schedule, rules.keep_seasons, now)
        concrete = {name: window for name, window in windows.items() if "*" not in name}
        current = [key_of(name, window.current) for name, window in concrete.items()]
        opened = self._open([it for it in current if self.boards.read(it) is None], deadline)
        work = _Work(now, deadline, opened)
        try:
            finished = self._go_on(work, windows)
        except CacheUnavailable:  # the next minute
            finished = False
        return RolloverResult(tuple(work.opened), work.dropped, finished)

    def _go_on(self, work: _Work, windows: Mapping[str, Window]) -> bool:
        """Do what the turns ask for that are not done with; whether that was all."""
        turns = _text_of(windows)
        concrete = [(name, window) for name, window in windows.items() if "*" not in name]
        has_patterns = len(concrete) < len(windows)
        progress = Progress.of(self.past.read_turns())
        if progress.turns != turns:
            if has_patterns:
                work.opened += self._open(self._watched(work.now_ms), work.deadline)
            self._drop(
                work, [key_of(name, season) for name, it in concrete for season in it.dropped]
            )
            if work.is_over:
                return False
            progress = progress.seeing(turns) if has_patterns else Progress(turns)
            self._keep(progress)
        if progress.passes:
            unopened, old, place = self._page(progress.place, work.now_ms)
            work.opened += self._open(unopened, work.deadline)
            self._drop(work, old)
            if work.is_over:
                return False
            progress = progress.at(place)
            self._keep(progress)
        return not progress.passes

    def _drop(self, work: _Work, old: Sequence[str]) -> None:
        for key in old:
            self.past.drop(key)
            work.dropped += 1

    def _keep(self, progress: Progress) -> None:
        self.past.keep_turns(json.dumps(asdict(progress)))

    def _open(self, unopened: Sequence[str], deadline: float) -> list[str]:
        """The board-seasons that were opened, of those that had no item, until time is up."""
        opened: list[str] = []
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for start in range(0, len(unopened), SLICE):
                if time.monotonic() > deadline:
                    break
                some = unopened[start : start + SLICE]
                done = pool.map(self.boards.open, some)
                opened += [key for key, new in zip(some, done, strict=True) if new]
        return opened

    def _watched(self, now_ms: int) -> list[str]:
        """The boards of patterns that somebody watches, and somebody scored on last season."""
        windows: dict[str, Window] = {}
        for board in self.audiences.followed():
            rules = self._of_pattern(board)
            if rules is not None:
                windows[board] = Window(rules.schedule, rules.keep_seasons, now_ms)
        last = self._read([key_of(board, window.last) for board, window in windows.items()])
        return self._unopened(
            key_of(board, window.current)
            for (board, window), item in zip(windows.items(), last, strict=True)
            if item is not None and item.snapshot.version > 0
        )

    def _unopened(self, keys: Iterable[str]) -> list[str]:
        """Those that have no item: a run whose time is short is not to spend it on others."""
        wanted = list(keys)
        found = zip(wanted, self._read(wanted), strict=True)
        return [key for key, item in found if item is None]

    def _read(self, keys: Sequence[str]) -> list[BoardItem | None]:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(self.boards.read, keys))

    def _page(self, place: str | None, now_ms: int) -> tuple[list[str], list[str], str | None]:
        """Of a page of the table: what is to be opened and what to be dropped of patterns; and
        where the next page begins, if there is one."""
        windows: dict[tuple[Schedule, int], Window] = {}
        wanted: list[str] = []
        old: list[str] = []
        found, following = self.boards.list_some(place, PAGE)
        for it in found:
            board, season = split_key(it.key)
            rules = self._of_pattern(board)
            if rules is None:
                continue
            kind = (rules.schedule, rules.keep_seasons)
            window = windows.setdefault(kind, Window(*kind, now_ms))
            if season == window.last and it.version > 0:
                wanted.append(key_of(board, window.current))
            if window.is_long_past(season):
                old.append(it.key)
        return self._unopened(wanted), old, following

    def _of_pattern(self, board: str) -> Board | None:
        if board in self.catalog.rules:
            return None
        try:
            rules = self.catalog.find(board)
        except BoardNotFound:  # boards.yml no longer has it
            return None
        return None if rules.schedule is Schedule.NEVER else rules


def _text_of(windows: Mapping[str, Window]) -> str:
    """Names what is due at an instant: another text, other things to do."""
    seasons = (f"{name} {window.current} {min(window.dropped)}" for name, window in windows.items())
    return ", ".join(sorted(seasons))
