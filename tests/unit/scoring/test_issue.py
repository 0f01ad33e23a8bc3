"""The tickets that are issued: what they are worth, and from when to when they are good."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, strategies as st

from leaderboard.boards.boards_file import parse
from leaderboard.boards.rules import JudgedPoints, Schedule
from leaderboard.boards.seasons import parse_season, season_at
from leaderboard.clock import from_datetime
from leaderboard.errors import ActionNotFound, BoardNotFound
from leaderboard.scoring import tickets
from leaderboard.scoring.judges import digest
from leaderboard.scoring.scores import Scores
from leaderboard.scoring.tickets import ActionTicket, KeyId, SigningKeys

KEYS = SigningKeys("v1", {"v1": "k" * 64})
ACTIONS = {
    "quiz": {"points": 10, "minSeconds": 2, "expiresSeconds": 300},
    "level": {
        "points": {"max": 500, "judge": "game.plain:told"},
        "minSeconds": 20,
        "expiresSeconds": 3600,
    },
}
CATALOG = parse(
    {
        "boards": {
            "global": {"actions": ACTIONS},
            "weekly": {"schedule": "weekly", "actions": ACTIONS},
            "rating-*": {},
        }
    }
)
NOW = from_datetime(datetime(2026, 11, 23, 8, 15, 30, 123_000, tzinfo=UTC))
WEEKS_END = from_datetime(datetime(2026, 11, 30, tzinfo=UTC))


def keyring(_key_id: KeyId | None = None) -> SigningKeys:
    return KEYS


# No ticket without a challenge is written anywhere.
UNUSED: Any = None


def issued(board: str, action: str, *, now_ms: int = NOW) -> ActionTicket:
    scores = Scores(CATALOG, UNUSED, keyring, lambda: now_ms)
    it = scores.issue(user_id="ada", board=board, action=action)
    assert tickets.read_action(it.token, KEYS) == it.ticket
    return it.ticket


def test_ticket_is_of_the_user_the_board_and_the_action() -> None:
    it = issued("global", "quiz")
    assert (it.user_id, it.board, it.season, it.action) == ("ada", "global", "all", "quiz")


def test_points_come_from_the_boards_rules() -> None:
    scores = Scores(CATALOG, UNUSED, keyring, lambda: NOW)
    for action, points in (("quiz", 10), ("level", JudgedPoints(500, "game.plain:told"))):
        it = scores.issue(user_id="ada", board="global", action=action)
        assert (it.action.points, it.challenge) == (points, None)
        assert it.ticket.rules_digest == digest(it.action, None)


def test_ticket_is_good_between_the_actions_times() -> None:
    it = issued("global", "quiz")
    assert (it.issued_ms, it.not_before_ms, it.expires_ms) == (NOW, NOW + 2_000, NOW + 300_000)


def test_no_two_tickets_have_one_id() -> None:
    assert issued("global", "quiz").ticket != issued("global", "quiz").ticket


def test_ticket_ends_with_its_season() -> None:
    it = issued("weekly", "quiz", now_ms=WEEKS_END - 10_000)
    assert (it.season, it.expires_ms) == ("2026-W48", WEEKS_END)


def test_ticket_that_becomes_good_in_the_next_season_belongs_to_it() -> None:
    for now_ms in (WEEKS_END - 2_000, WEEKS_END - 1):
        it = issued("weekly", "quiz", now_ms=now_ms)
        assert (it.season, it.expires_ms) == ("2026-W49", now_ms + 300_000)
    assert issued("weekly", "quiz", now_ms=WEEKS_END - 2_001).season == "2026-W48"


@given(st.integers(-4_000_000, 4_000_000), st.sampled_from(["quiz", "level"]))
def test_ticket_is_good_in_its_own_season_alone(offset: int, action: str) -> None:
    it = issued("weekly", action, now_ms=WEEKS_END + offset)
    assert it.not_before_ms < it.expires_ms
    assert season_at(Schedule.WEEKLY, it.not_before_ms).season == it.season
    assert season_at(Schedule.WEEKLY, it.expires_ms - 1).season == it.season
    assert parse_season(Schedule.WEEKLY, it.season).season == it.season


def test_unknown_board_is_named() -> None:
    with pytest.raises(BoardNotFound, match="'nope'"):
        issued("nope", "quiz")


def test_unknown_action_is_named_with_those_that_there_are() -> None:
    with pytest.raises(ActionNotFound, match="'dance'; it has: quiz, level"):
        issued("global", "dance")
    with pytest.raises(ActionNotFound, match="it has: none"):
        issued("rating-chess", "quiz")
