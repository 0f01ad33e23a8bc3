"""Turns of seasons: the boards of those that have begun are opened, of those long past dropped.

Nothing waits for it: scores go to the season of their time, and a season's first record opens its
board as well. It only makes an empty board known to those who watch the old one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from leaderboard.catalog import Catalog
from leaderboard.errors import BoardNotFound, CacheUnavailable
from leaderboard.ranking import BoardItem, Listed
from leaderboard.rules import Board, Schedule
from leaderboard.seasons import before, season_at

GRACE_MS = 3_600_000
"""How long a season that is no longer kept stays in the cache: scores may still be on their way."""
MISSED = 4
"""Seasons past the kept ones that are dropped with each turn, so that a missed turn is made up."""
AT_ONCE = 8
SLICE = 100
"""Boards that are opened between two looks at the clock."""

BoardSeason = tuple[str, str]


class BoardSeasons(Protocol):
    def read(self, board: str, season: str) -> BoardItem | None: ...

    def open(self, board: str, season: str) -> bool:
        """Write the empty board of a season that has no item; False if it has one."""

    def list(self) -> Iterator[list[Listed]]:
        """Every board-season that has an item, by page."""


class PastSeasons(Protocol):
    """What the cache has of seasons. Every call raises CacheUnavailable."""

    def drop(self, board: str, season: str) -> bool:
        """Forget a ranking; False if it is partial and stays."""

    def read_turns(self) -> str | None: ...

    def keep_turns(self, text: str) -> None:
        """Remember which turns have been done with."""


@dataclass(frozen=True, slots=True)
class Turned:
    """What a run came to; `finished`: no turn is left to be done with."""

    opened: tuple[str, ...]
    dropped: int
    finished: bool


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

    @cached_property
    def dropped(self) -> frozenset[str]:
        """The newest seasons that are no longer kept."""
        newest = season_at(self.schedule, self.now_ms - GRACE_MS)
        back = range(self.keep + 1, self.keep + 1 + MISSED)
        return frozenset(before(self.schedule, newest, count).season for count in back)


@dataclass(frozen=True)
class Turns:
    catalog: Catalog
    boards: BoardSeasons
    past: PastSeasons
    now_ms: Callable[[], int]

    def run(self, *, seconds: float) -> Turned:
        """Open and drop what is due, for that long at most; what is left is for the next run.

        The boards of boards.yml are looked at each time. Those of a pattern are known from the
        last season alone, so the table of boards is listed for them, once a turn; one that nobody
        scored on last season is not opened. Raises Unavailable.
        """
        deadline = time.monotonic() + seconds
        now = self.now_ms()
        windows: dict[str, Window] = {}
        for name, rules in self.catalog.rules.items():
            if rules.schedule is not Schedule.NEVER:
                windows[name] = Window(rules.schedule, rules.keep_seasons, now)
        concrete = {name: window for name, window in windows.items() if "*" not in name}
        current = [(name, window.current) for name, window in concrete.items()]
        opened = self._open([it for it in current if self.boards.read(*it) is None], deadline)
        turns = _text_of(windows)
        try:
            if self.past.read_turns() == turns:
                return Turned(tuple(opened), 0, finished=True)
            old = {(name, season) for name, window in concrete.items() for season in window.dropped}
            unopened: set[BoardSeason] = set()
            if len(concrete) < len(windows):
                unopened, of_patterns = self._of_patterns(now)
                old |= of_patterns
            opened += self._open(sorted(unopened), deadline)
            for board, season in old:
                self.past.drop(board, season)
            finished = time.monotonic() < deadline
            if finished:
                self.past.keep_turns(turns)
        except CacheUnavailable:  # the next minute
            return Turned(tuple(opened), 0, finished=False)
        return Turned(tuple(opened), len(old), finished)

    def _open(self, unopened: Sequence[BoardSeason], deadline: float) -> list[str]:
        """The board-seasons that were opened, of those that had no item, until time is up."""
        opened: list[str] = []
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for start in range(0, len(unopened), SLICE):
                if time.monotonic() > deadline:
                    break
                some = unopened[start : start + SLICE]
                done = pool.map(lambda it: self.boards.open(*it), some)
                opened += ["#".join(it) for it, new in zip(some, done, strict=True) if new]
        return opened

    def _of_patterns(self, now_ms: int) -> tuple[set[BoardSeason], set[BoardSeason]]:
        """The board-seasons of patterns that are to be opened, and those to be dropped."""
        windows: dict[tuple[Schedule, int], Window] = {}
        wanted: set[BoardSeason] = set()
        there: set[BoardSeason] = set()
        old: set[BoardSeason] = set()
        for page in self.boards.list():
            for it in page:
                rules = self._of_pattern(it.board)
                if rules is None:
                    continue
                kind = (rules.schedule, rules.keep_seasons)
                window = windows.setdefault(kind, Window(*kind, now_ms))
                if it.season == window.current:
                    there.add((it.board, it.season))
                elif it.season == window.last and it.version > 0:
                    wanted.add((it.board, window.current))
                if it.season in window.dropped:
                    old.add((it.board, it.season))
        return wanted - there, old

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
