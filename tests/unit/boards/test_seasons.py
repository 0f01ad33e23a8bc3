"""Seasons: names, bounds, and what is none."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, strategies as st

from leaderboard.boards.rules import Board, Schedule
from leaderboard.boards.seasons import ALL, BoardSeason, Season, before, parse_season, season_at
from leaderboard.clock import from_datetime
from tests.unit import strategies

periodic = st.sampled_from([it for it in Schedule if it is not Schedule.NEVER])


def ms(*moment: int) -> int:
    return from_datetime(datetime(*moment, tzinfo=UTC))  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("schedule", "moment", "season"),
    [
        (Schedule.NEVER, (2026, 11, 23), "all"),
        (Schedule.DAILY, (2026, 11, 23), "2026-11-23"),
        (Schedule.DAILY, (2024, 2, 29), "2024-02-29"),
        (Schedule.DAILY, (2026, 12, 31, 23, 59, 59, 999_000), "2026-12-31"),
        (Schedule.WEEKLY, (2026, 11, 23), "2026-W48"),
        # The year of an ISO week is that of its Thursday.
        (Schedule.WEEKLY, (2024, 12, 29), "2024-W52"),
        (Schedule.WEEKLY, (2024, 12, 30), "2025-W01"),
        (Schedule.WEEKLY, (2027, 1, 3), "2026-W53"),
        (Schedule.WEEKLY, (2027, 1, 4), "2027-W01"),
        (Schedule.WEEKLY, (2020, 12, 31), "2020-W53"),
        (Schedule.WEEKLY, (2021, 1, 3, 23, 59), "2020-W53"),
        (Schedule.MONTHLY, (2026, 11, 23), "2026-11"),
        (Schedule.MONTHLY, (2024, 2, 29, 23, 59), "2024-02"),
        (Schedule.MONTHLY, (2026, 12, 31), "2026-12"),
    ],
)
def test_instant_falls_in_the_season(
    schedule: Schedule, moment: tuple[int, ...], season: str
) -> None:
    assert season_at(schedule, ms(*moment)).season == season


@pytest.mark.parametrize(
    ("schedule", "season", "starts", "ends"),
    [
        (Schedule.DAILY, "2026-11-23", (2026, 11, 23), (2026, 11, 24)),
        (Schedule.DAILY, "2023-02-28", (2023, 2, 28), (2023, 3, 1)),
        (Schedule.DAILY, "2024-02-28", (2024, 2, 28), (2024, 2, 29)),
        (Schedule.DAILY, "2026-12-31", (2026, 12, 31), (2027, 1, 1)),
        (Schedule.WEEKLY, "2026-W48", (2026, 11, 23), (2026, 11, 30)),
        (Schedule.WEEKLY, "2026-W53", (2026, 12, 28), (2027, 1, 4)),
        (Schedule.WEEKLY, "2025-W01", (2024, 12, 30), (2025, 1, 6)),
        (Schedule.MONTHLY, "2026-11", (2026, 11, 1), (2026, 12, 1)),
        (Schedule.MONTHLY, "2026-12", (2026, 12, 1), (2027, 1, 1)),
        (Schedule.MONTHLY, "2024-02", (2024, 2, 1), (2024, 3, 1)),
        (Schedule.MONTHLY, "2100-02", (2100, 2, 1), (2100, 3, 1)),
    ],
)
def test_season_has_its_bounds(
    schedule: Schedule, season: str, starts: tuple[int, ...], ends: tuple[int, ...]
) -> None:
    assert parse_season(schedule, season) == Season(season, ms(*starts), ms(*ends))


def test_board_without_a_schedule_has_one_season_without_bounds() -> None:
    assert season_at(Schedule.NEVER, 0) == Season(ALL, None, None)
    assert parse_season(Schedule.NEVER, "all") == Season("all", None, None)


@given(periodic, strategies.instants)
def test_instant_is_within_its_season(schedule: Schedule, instant: int) -> None:
    season = season_at(schedule, instant)
    assert season.starts_ms is not None
    assert season.ends_ms is not None
    assert season.starts_ms <= instant < season.ends_ms


@given(periodic, strategies.instants)
def test_season_begins_at_its_start_and_gives_way_at_its_end(
    schedule: Schedule, instant: int
) -> None:
    season = season_at(schedule, instant)
    assert season.starts_ms is not None
    assert season.ends_ms is not None
    assert season_at(schedule, season.starts_ms) == season
    assert season_at(schedule, season.ends_ms - 1) == season
    following = season_at(schedule, season.ends_ms)
    assert following.starts_ms == season.ends_ms
    assert following.season > season.season


@given(strategies.schedules, strategies.instants)
def test_name_of_a_season_leads_back_to_it(schedule: Schedule, instant: int) -> None:
    season = season_at(schedule, instant)
    assert parse_season(schedule, season.season) == season


@given(strategies.schedules, st.from_regex(r"\d{1,4}-W?\d\d(-\d\d)?", fullmatch=True))
def test_what_is_taken_for_a_season_is_named_so(schedule: Schedule, text: str) -> None:
    try:
        season = parse_season(schedule, text)
    except ValueError:
        return
    assert season.season == text


@pytest.mark.parametrize(
    ("schedule", "text"),
    [
        (Schedule.NEVER, "2026-11"),
        (Schedule.NEVER, ""),
        (Schedule.NEVER, "ALL"),
        (Schedule.DAILY, "all"),
        (Schedule.DAILY, "2026-11"),
        (Schedule.DAILY, "2026-11-31"),
        (Schedule.DAILY, "2023-02-29"),
        (Schedule.DAILY, "2026-00-01"),
        (Schedule.DAILY, "0000-01-01"),
        (Schedule.DAILY, "2026-11-23 "),
        (Schedule.DAILY, "2026-11-23\n"),
        (Schedule.DAILY, "2026-11-23T00:00:00Z"),
        (Schedule.DAILY, "\uff12\uff10\uff12\uff16-01-01"),
        (Schedule.DAILY, "9999-12-31"),
        (Schedule.WEEKLY, "2026-W54"),
        (Schedule.WEEKLY, "2025-W53"),
        (Schedule.WEEKLY, "2026-W00"),
        (Schedule.WEEKLY, "2026-w48"),
        (Schedule.WEEKLY, "2026-48"),
        (Schedule.WEEKLY, "2026-W4"),
        (Schedule.MONTHLY, "2026-13"),
        (Schedule.MONTHLY, "2026-1"),
        (Schedule.MONTHLY, "-2026-11"),
        (Schedule.MONTHLY, "2026-W48"),
        (Schedule.MONTHLY, "2026-¹¹"),
    ],
)
def test_what_is_no_season_is_refused(schedule: Schedule, text: str) -> None:
    with pytest.raises(ValueError, match="season"):
        parse_season(schedule, text)


@pytest.mark.parametrize(
    ("schedule", "example"),
    [
        (Schedule.NEVER, "'all'"),
        (Schedule.DAILY, "'2026-11-23'"),
        (Schedule.WEEKLY, "'2026-W48'"),
        (Schedule.MONTHLY, "'2026-11'"),
    ],
)
def test_refusal_says_what_to_write(schedule: Schedule, example: str) -> None:
    with pytest.raises(ValueError, match=example):
        parse_season(schedule, "soon")


@given(periodic, strategies.instants)
def test_season_before_ends_where_this_one_starts(schedule: Schedule, moment: int) -> None:
    season = season_at(schedule, max(moment, ms(1971, 1, 1)))
    assert before(schedule, season).ends_ms == season.starts_ms
    assert before(schedule, season, 0) == season


@given(periodic, strategies.instants, st.integers(1, 100))
def test_seasons_before_are_counted_one_by_one(schedule: Schedule, moment: int, count: int) -> None:
    season = expected = season_at(schedule, max(moment, ms(2090, 1, 1)))
    for _ in range(count):
        expected = before(schedule, expected)
    assert before(schedule, season, count) == expected


def test_board_without_a_schedule_has_no_season_before() -> None:
    assert before(Schedule.NEVER, season_at(Schedule.NEVER, 0), 3).season == ALL
    board = Board("b", "B", keep_seasons=0)
    assert BoardSeason.stored(board, ALL).is_kept(ms(2026, 11, 23))


@pytest.mark.parametrize(
    ("schedule", "keep", "season", "kept"),
    [
        (Schedule.WEEKLY, 0, "2026-W48", True),
        (Schedule.WEEKLY, 0, "2026-W47", False),
        (Schedule.WEEKLY, 1, "2026-W47", True),
        (Schedule.WEEKLY, 1, "2026-W46", False),
        (Schedule.WEEKLY, 1, "2026-W49", True),
        (Schedule.DAILY, 2, "2026-11-21", True),
        (Schedule.DAILY, 2, "2026-11-20", False),
        (Schedule.MONTHLY, 11, "2025-12", True),
        (Schedule.MONTHLY, 11, "2025-11", False),
    ],
)
def test_past_seasons_are_kept_as_the_board_says(
    schedule: Schedule, keep: int, season: str, kept: bool
) -> None:
    board = Board("b", "B", schedule=schedule, keep_seasons=keep)
    assert BoardSeason.stored(board, season).is_kept(ms(2026, 11, 23)) is kept
