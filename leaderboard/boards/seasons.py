"""Seasons: the window of time (UTC) that an instant falls in, and its bounds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from leaderboard.boards.rules import Schedule
from leaderboard.instants import from_datetime, to_datetime

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
