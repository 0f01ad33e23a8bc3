"""Board-seasons: which one is meant, what its key is, and what a key names."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given

from leaderboard.boards.rules import Board, Schedule
from leaderboard.boards.seasons import ALL, BoardSeason, Season, key_of, season_at, split_key
from leaderboard.clock import from_datetime
from leaderboard.errors import BoardNotFound, Invalid
from tests.unit import strategies

GLOBAL = Board("global", "All-time")
WEEKLY = Board("weekly", "This week", schedule=Schedule.WEEKLY, keep_seasons=1)
NOW = from_datetime(datetime(2026, 11, 25, tzinfo=UTC))
WEEK = season_at(Schedule.WEEKLY, NOW)


def find(board: str) -> Board:
    for rules in (GLOBAL, WEEKLY):
        if rules.board == board:
            return rules
    raise BoardNotFound(board)


def asked(season: str | None, *, future: bool = False) -> BoardSeason:
    return BoardSeason.asked(WEEKLY, season, now_ms=NOW, future=future)


def test_key_names_the_board_and_the_season() -> None:
    assert BoardSeason.at(WEEKLY, NOW).key == "weekly#2026-W48"
    assert BoardSeason.at(GLOBAL, NOW).key == key_of("global", ALL) == "global#all"
    assert split_key("weekly#2026-W48") == ("weekly", "2026-W48")


@pytest.mark.parametrize("text", ["profile", "global#"])
def test_text_that_is_no_key_has_no_season(text: str) -> None:
    assert split_key(text)[1] == ""


@given(strategies.schedules, strategies.instants)
def test_parse_reads_the_key_of_every_board_season(schedule: Schedule, moment: int) -> None:
    rules = Board("b", "B", schedule=schedule)
    board_season = BoardSeason.at(rules, moment)
    assert BoardSeason.parse(board_season.key, {"b": rules}.__getitem__) == board_season


def test_parse_refuses_a_board_that_is_no_more() -> None:
    with pytest.raises(BoardNotFound):
        BoardSeason.parse("gone#all", find)


def test_request_without_a_season_means_the_current_one() -> None:
    assert asked(None) == BoardSeason(WEEKLY, WEEK)
    assert asked(None).is_current(NOW)


def test_request_means_the_season_that_it_names() -> None:
    past = asked("2026-W47")
    assert past.key == "weekly#2026-W47"
    assert past.season.ends_ms == WEEK.starts_ms
    assert not past.is_current(NOW)


@pytest.mark.parametrize("season", ["2026-11", "all", "", "2026-W00"])
def test_request_for_a_season_that_the_board_cannot_have_is_refused(season: str) -> None:
    for future in (False, True):
        with pytest.raises(Invalid, match="not a weekly season") as refused:
            asked(season, future=future)
        assert refused.value.path == "season"


def test_request_for_a_season_of_the_future_is_refused_unless_allowed() -> None:
    with pytest.raises(Invalid, match="has not begun") as refused:
        asked("2026-W49")
    assert refused.value.path == "season"
    assert asked("2026-W49", future=True).season.starts_ms == WEEK.ends_ms


def test_stored_season_may_be_one_of_the_future() -> None:
    ahead = BoardSeason.parse("weekly#2026-W49", find)
    assert ahead.season.starts_ms == WEEK.ends_ms
    assert ahead.is_of_schedule
    assert ahead.is_kept(NOW)
    assert not ahead.is_current(NOW)


@pytest.mark.parametrize("key", ["weekly#2026-11", "weekly#all", "weekly#", "global#2026-W48"])
def test_stored_season_of_another_schedule_is_neither_current_nor_kept(key: str) -> None:
    board_season = BoardSeason.parse(key, find)
    assert board_season.key == key
    assert board_season.season == Season(split_key(key)[1], None, None)
    assert not board_season.is_of_schedule
    assert not board_season.is_current(NOW)
    assert not board_season.is_kept(NOW)
