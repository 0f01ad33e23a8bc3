"""Seasons: windows of time (UTC), and the BoardSeason, which is one board in one of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from leaderboard.boards.rules import Board, Schedule
from leaderboard.clock import from_datetime, to_datetime
from leaderboard.errors import Invalid

ALL = "all"


@dataclass(frozen=True, slots=True)
class Season:
    """A season's name and bounds: `starts_ms` ≤ instant < `ends_ms`. None: it has no bound."""

    season: str
    starts_ms: int | None
    ends_ms: int | None


FORMS = {
    Schedule.DAILY: re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII),
    Schedule.WEEKLY: re.compile(r"(\d{4})-W(\d{2})", re.ASCII),
    Schedule.MONTHLY: re.compile(r"(\d{4})-(\d{2})", re.ASCII),
}


def season_at(schedule: Schedule, ms: int) -> Season:
    """The season that the instant falls in."""
    if schedule is Schedule.NEVER:
        return Season(ALL, None, None)
    day = to_datetime(ms).replace(hour=0, minute=0, second=0, microsecond=0)
    if schedule is Schedule.DAILY:
        return _season(day.date().isoformat(), day, day + timedelta(days=1))
    if schedule is Schedule.WEEKLY:
        year, week, weekday = day.isocalendar()
        monday = day - timedelta(days=weekday - 1)
        return _season(f"{year:04d}-W{week:02d}", monday, monday + timedelta(days=7))
    first = day.replace(day=1)
    following = (first + timedelta(days=32)).replace(day=1)
    return _season(first.date().isoformat()[:7], first, following)


def before(schedule: Schedule, season: Season, count: int = 1) -> Season:
    """The season so many before this one. A board without a schedule has only one."""
    if season.starts_ms is None:
        return season
    start = to_datetime(season.starts_ms)
    if schedule is Schedule.MONTHLY:
        year, month = divmod(start.year * 12 + start.month - 1 - count, 12)
        start = start.replace(year=year, month=month + 1)
    else:
        start -= timedelta(days=count * (1 if schedule is Schedule.DAILY else 7))
    return season_at(schedule, from_datetime(start))


def kept(schedule: Schedule, season: Season, count: int) -> list[str]:
    """The names of a season and of so many before it, newest first; just one without a schedule."""
    if season.starts_ms is None:
        return [season.season]
    return [season.season, *(before(schedule, season, back + 1).season for back in range(count))]


def parse_season(schedule: Schedule, text: str) -> Season:
    """The season of that name. Raises ValueError, which says what a name looks like."""
    if schedule is Schedule.NEVER:
        if text != ALL:
            raise ValueError("this board has no schedule: its one season is 'all'")
        return Season(ALL, None, None)
    found = FORMS[schedule].fullmatch(text)
    try:
        if found is None:
            raise ValueError
        numbers = [int(group) for group in found.groups()]
        if schedule is Schedule.WEEKLY:
            start = datetime.fromisocalendar(numbers[0], numbers[1], 1).replace(tzinfo=UTC)
        else:
            year, month, day = [*numbers, 1][:3]
            start = datetime(year, month, day, tzinfo=UTC)
        return season_at(schedule, from_datetime(start))
    except (ValueError, OverflowError):
        example = season_at(schedule, 1_795_421_730_000).season
        raise ValueError(f"not a {schedule} season: write it like '{example}'") from None


def _season(name: str, start: datetime, end: datetime) -> Season:
    return Season(name, from_datetime(start), from_datetime(end))


SEPARATOR = "#"
"""Neither a board's id nor a season's name contains it."""


def key_of(board: str, season: str) -> str:
    """The key of a board-season, `global#all`: in the tables, in the cache and in reports."""
    return f"{board}{SEPARATOR}{season}"


def split_key(key: str) -> tuple[str, str]:
    """The board and the season of a key. The season is empty if the text is not such a key.

    For items that must be readable although `boards.yml` no longer has their board. Everything
    else takes `BoardSeason.parse`.
    """
    board, _, season = key.partition(SEPARATOR)
    return board, season


@dataclass(frozen=True, slots=True)
class BoardSeason:
    """A board's rules, and one of its seasons with its bounds."""

    rules: Board
    season: Season

    @classmethod
    def at(cls, rules: Board, ms: int) -> BoardSeason:
        """The board in the season that an instant falls in."""
        return cls(rules, season_at(rules.schedule, ms))

    @classmethod
    def asked(
        cls, rules: Board, season: str | None, *, now_ms: int, future: bool = False
    ) -> BoardSeason:
        """The season that a request means: the one it names, the current one if it names none.

        Raises Invalid for a season that the board cannot have, and for one that has not begun. With
        `future` the latter is allowed: the functions that operators call look at whatever is
        stored, and a score may be stored by a clock that is ahead.
        """
        if season is None:
            return cls.at(rules, now_ms)
        try:
            named = parse_season(rules.schedule, season)
        except ValueError as error:
            raise Invalid(str(error), path="season") from error
        if not future and named.starts_ms is not None and named.starts_ms > now_ms:
            raise Invalid("This season has not begun.", path="season")
        return cls(rules, named)

    @classmethod
    def stored(cls, rules: Board, season: str) -> BoardSeason:
        """The season that a stored item names, in the past or in the future.

        It may be one of a schedule that the board had once. That has no bounds here, and
        `is_of_schedule` is false.
        """
        try:
            return cls(rules, parse_season(rules.schedule, season))
        except ValueError:
            return cls(rules, Season(season, None, None))

    @classmethod
    def parse(cls, key: str, find: Callable[[str], Board]) -> BoardSeason:
        """What a stored key names. `find` gives a board's rules, and raises BoardNotFound."""
        board, season = split_key(key)
        return cls.stored(find(board), season)

    @property
    def board(self) -> str:
        """The board's id."""
        return self.rules.board

    @property
    def key(self) -> str:
        """The key in the tables and the cache, e.g. `weekly#2026-W48`."""
        return key_of(self.rules.board, self.season.season)

    @property
    def is_of_schedule(self) -> bool:
        """Whether the board's schedule of today has this season."""
        if self.rules.schedule is Schedule.NEVER:
            return self.season.season == ALL
        return self.season.starts_ms is not None

    def is_current(self, now_ms: int) -> bool:
        """Whether it is the season of that instant."""
        return self.season.season == season_at(self.rules.schedule, now_ms).season

    def is_kept(self, now_ms: int) -> bool:
        """Whether the cache keeps its ranking: of the current season, of the last `keep_seasons`
        past ones, and of those to come."""
        if not self.is_of_schedule:
            return False
        current = season_at(self.rules.schedule, now_ms)
        oldest = before(self.rules.schedule, current, self.rules.keep_seasons)
        return (
            self.season.starts_ms is None
            or oldest.starts_ms is None
            or self.season.starts_ms >= oldest.starts_ms
        )
