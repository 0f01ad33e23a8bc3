"""Season rollover: boards of seasons that have begun are opened, those of long ago are dropped.

Nothing waits for it: scores go to the season of their time, and a season's first record opens its
board as well. It only makes an empty board known to those who watch the old one.

As a ranking leaves the cache, upkeep records its season's top once more, from the table. No audit
looks at that season from then on: what a failover made of its ranking would stay on record.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from leaderboard.boards.catalog import Catalog
from leaderboard.boards.rules import Board, Schedule
from leaderboard.boards.seasons import key_of, split_key
from leaderboard.errors import BoardNotFound, CacheUnavailable
from leaderboard.ranking.ports import UpkeepStarter
from leaderboard.ranking.tops import BoardItem
from leaderboard.ranking.upkeep_tasks import UpkeepTasks
from leaderboard.repair.ports import BoardDirectory, FollowedBoards, RunMemory
from leaderboard.repair.rollover_progress import RolloverProgress
from leaderboard.repair.season_window import SeasonWindow
from leaderboard.repair.segments import SIDE_BY_SIDE

OPENED_AT_ONCE = 100
"""Boards that are opened between two looks at the clock."""
PAGE = 1000
"""Board-seasons of patterns that a run looks at besides those that somebody watches. So what it
does in a minute does not grow with the boards that nobody watches."""


@dataclass(frozen=True, slots=True)
class RolloverResult:
    """What a run came to; `finished`: nothing is left to be opened or dropped."""

    opened: tuple[str, ...]
    dropped: int
    finished: bool


@dataclass(frozen=True, slots=True)
class RolloverPage:
    """Of a page of the table: what is to be opened, what to be dropped, which of that has a top
    that came from a ranking, and the last key of the page if there may be more."""

    unopened: list[str]
    outdated: list[str]
    unarchived: list[str]
    resume_after: str | None


@dataclass
class RolloverRun:
    """One run: its instant, when its time is over, and what it has come to so far.

    It counts as it goes, because what was opened is opened even if the cache fails then.
    """

    now_ms: int
    deadline: float
    opened: list[str] = field(default_factory=list)
    dropped: int = 0

    @property
    def is_over(self) -> bool:
        """Whether the time of this run is up."""
        return time.monotonic() >= self.deadline


@dataclass(frozen=True)
class SeasonRollover:
    """Opens the boards of new seasons, and drops the rankings of those long past."""

    catalog: Catalog
    boards: BoardDirectory
    memory: RunMemory
    audiences: FollowedBoards
    upkeep: UpkeepStarter
    now_ms: Callable[[], int]

    def run(self, *, seconds: float) -> RolloverResult:
        """Open and drop what is due, for that long at most; what is left is for the next run.

        The boards of boards.yml are looked at each time. Those of a pattern are known from the
        last season alone; one that nobody scored on then is not opened. When seasons begin, those
        that somebody watches come first. The others are found by a pass over the table of boards, a
        page a run. Raises Unavailable.
        """
        run = RolloverRun(self.now_ms(), time.monotonic() + seconds)
        windows = {
            name: SeasonWindow(rules.schedule, rules.keep_seasons, run.now_ms)
            for name, rules in self.catalog.rules.items()
            if rules.schedule is not Schedule.NEVER
        }
        current = [key_of(name, it.current) for name, it in windows.items() if "*" not in name]
        self._open(run, [key for key in current if self.boards.read(key) is None])
        try:
            finished = self._roll_over(run, windows)
        except CacheUnavailable:  # the next minute
            finished = False
        return RolloverResult(tuple(run.opened), run.dropped, finished)

    def _roll_over(self, run: RolloverRun, windows: Mapping[str, SeasonWindow]) -> bool:
        """Do what the seasons of this instant ask for and was not done yet; whether that was all.

        What is dropped is known from the rules for the boards of boards.yml; for those of patterns
        the table has to be read.
        """
        seasons = _text_of(windows)
        has_patterns = any("*" in name for name in windows)
        progress = RolloverProgress.from_text(self.memory.read_rollover())
        if progress.seasons != seasons:
            if has_patterns:
                self._open(run, self._followed(run.now_ms))
            outdated = _outdated(windows)
            self._drop(run, outdated)
            self._archive(self._unarchived(outdated))
            if run.is_over:
                return False
            progress = progress.begin(seasons, needs_pass=has_patterns)
            self.memory.keep_rollover(progress.to_text())
        if progress.passes:
            page = self._read_page(progress.resume_after, run.now_ms)
            self._open(run, page.unopened)
            self._drop(run, page.outdated)
            self._archive(page.unarchived)
            if run.is_over:
                return False
            progress = progress.after_page(page.resume_after)
            self.memory.keep_rollover(progress.to_text())
        return not progress.passes

    def _drop(self, run: RolloverRun, keys: Iterable[str]) -> None:
        for key in keys:
            self.memory.drop(key)
            run.dropped += 1

    def _archive(self, keys: Sequence[str]) -> None:
        """Have tops recorded from the table, after their rankings can no longer be recorded."""
        if keys:
            self.upkeep.ask(UpkeepTasks(archived=dict.fromkeys(keys, ())))

    def _unarchived(self, keys: Sequence[str]) -> list[str]:
        """Those whose top came from a ranking of the cache."""
        found = zip(keys, self._read(keys), strict=True)
        return [key for key, item in found if item is not None and item.life]

    def _open(self, run: RolloverRun, keys: Sequence[str]) -> None:
        """Open board-seasons that had no item, until time is up."""
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            for start in range(0, len(keys), OPENED_AT_ONCE):
                if time.monotonic() > run.deadline:
                    break
                some = keys[start : start + OPENED_AT_ONCE]
                is_new = pool.map(self.boards.open, some)
                run.opened += [key for key, new in zip(some, is_new, strict=True) if new]

    def _followed(self, now_ms: int) -> list[str]:
        """The boards of patterns that somebody follows, and somebody scored on last season.

        Of these, the current seasons that have no item.
        """
        windows: dict[str, SeasonWindow] = {}
        for board in self.audiences.followed():
            rules = self._rules_by_pattern(board)
            if rules is not None:
                windows[board] = SeasonWindow(rules.schedule, rules.keep_seasons, now_ms)
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
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            return list(pool.map(self.boards.read, keys))

    def _read_page(self, resume_after: str | None, now_ms: int) -> RolloverPage:
        """What a page of the table asks for, of the boards of patterns."""
        windows: dict[tuple[Schedule, int], SeasonWindow] = {}
        wanted: list[str] = []
        outdated: list[str] = []
        unarchived: list[str] = []
        rows, last_key = self.boards.list_some(resume_after, PAGE)
        for row in rows:
            board, season = split_key(row.key)
            rules = self._rules_by_pattern(board)
            if rules is None:
                continue
            kind = (rules.schedule, rules.keep_seasons)
            window = windows.setdefault(kind, SeasonWindow(*kind, now_ms))
            if season == window.last and row.version > 0:
                wanted.append(key_of(board, window.current))
            if window.is_long_past(season):
                outdated.append(row.key)
                unarchived += [row.key] if row.life else []
        return RolloverPage(self._unopened(wanted), outdated, unarchived, last_key)

    def _rules_by_pattern(self, board: str) -> Board | None:
        """The rules of a board that a pattern describes, if it has seasons."""
        if board in self.catalog.rules:
            return None
        try:
            rules = self.catalog.find(board)
        except BoardNotFound:  # boards.yml no longer has it
            return None
        return None if rules.schedule is Schedule.NEVER else rules


def _outdated(windows: Mapping[str, SeasonWindow]) -> list[str]:
    """What is no longer kept, of the boards of boards.yml."""
    concrete = [(name, window) for name, window in windows.items() if "*" not in name]
    return [key_of(name, season) for name, window in concrete for season in window.dropped]


def _text_of(windows: Mapping[str, SeasonWindow]) -> str:
    """Names what is due at an instant: another text, other things to do."""
    seasons = (f"{name} {window.current} {min(window.dropped)}" for name, window in windows.items())
    return ", ".join(sorted(seasons))
