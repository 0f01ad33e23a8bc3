"""A pattern with actions is as many boards as a player names: each player may open so many."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier, local
from typing import Any

import pytest

import handlers.scores
from leaderboard import clock, wiring
from leaderboard.adapters.aws.clients import client
from leaderboard.adapters.dynamodb.moderation import ModerationTable
from leaderboard.adapters.dynamodb.profiles import ProfileTable
from leaderboard.adapters.dynamodb.scores import ScoreTable
from leaderboard.errors import Barred, BoardLimit
from leaderboard.scoring.acts import ActLog
from leaderboard.scoring.items import Profile, Write
from leaderboard.scoring.tombstones import deleted
from tests.integration import aws
from tests.integration.events import CONTEXT, answered, request

RULES = """
boards:
  global:
    actions: {visit: {points: 1, minSeconds: 0, expiresSeconds: 300}}
  "level-*":
    boardsPerPlayer: 3
    schedule: daily
    actions:
      visit: {points: 1, minSeconds: 0, expiresSeconds: 300}
      quiz:
        points: {max: 10, judge: 'game.quiz:points'}
        challenge: 'game.quiz:question'
        minSeconds: 0
        expiresSeconds: 300
  "arena-*":
    boardsPerPlayer: 1
    actions: {visit: {points: 1, minSeconds: 0, expiresSeconds: 300}}
"""
DAY_MS = 86_400_000
NOW = 1_795_420_800_000


@pytest.fixture(autouse=True)
def now(stage: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:  # noqa: ARG001
    file = tmp_path / "boards.yml"
    file.write_text(RULES)
    monkeypatch.setenv("BOARDS_FILE", str(file))
    at = [NOW]
    monkeypatch.setattr(clock, "machine_ms", lambda: at[0])
    aws.forget()
    yield at
    aws.forget()


def visit(board: str, user: str = "ann") -> None:
    ticket = wiring.scores().issue(user_id=user, board=board, action="visit").token
    wiring.scores().complete(user_id=user, board=board, token=ticket)


def attempt(board: str, user: str = "ann") -> None:
    wiring.scores().issue(user_id=user, board=board, action="quiz")


def boards_of(user: str) -> set[str]:
    """The boards on which the table has an item of the user's."""
    items = client("dynamodb").scan(TableName=aws.SCORES)["Items"]
    keys = [it["boardSeason"]["S"] for it in items if it["userId"]["S"] == user]
    return {key.partition("#")[0] for key in keys if "#" in key}


def test_player_opens_as_many_boards_as_the_pattern_says() -> None:
    for number in range(3):
        visit(f"level-{number}")
    with pytest.raises(BoardLimit, match="3"):
        visit("level-3")
    assert boards_of("ann") == {"level-0", "level-1", "level-2"}
    # The boards that are open go on, and so do other players, patterns and boards.
    visit("level-1")
    visit("level-3", "bob")
    visit("arena-1")
    visit("global")
    assert boards_of("ann") == {"level-0", "level-1", "level-2", "arena-1", "global"}


def test_attempt_opens_a_board(now: list[int]) -> None:
    for number in range(3):
        attempt(f"level-{number}")
        now[0] += 1
    attempt("level-0")
    for tried in (attempt, visit):
        with pytest.raises(BoardLimit):
            tried("level-3")
    visit("level-2")


def test_board_counts_once_whatever_its_seasons(now: list[int]) -> None:
    for number in range(2):
        visit(f"level-{number}")
    for _ in range(3):
        now[0] += DAY_MS
        visit("level-0")
        visit("level-1")
    visit("level-2")
    now[0] += DAY_MS
    with pytest.raises(BoardLimit):
        visit("level-3")
    visit("level-2")


def test_boards_opened_at_once_are_no_more_than_the_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each request has found that there is room before any of them writes."""
    gate, thread, real = Barrier(12, timeout=30), local(), ScoreTable.write

    def write(table: ScoreTable, write: Write) -> None:
        if not hasattr(thread, "waited"):
            thread.waited = True
            gate.wait()
        real(table, write)

    def opened(number: int) -> str:
        board = f"level-{number}"
        try:
            (visit if number % 2 else attempt)(board)
        except BoardLimit:
            return "refused"
        return board

    wiring.scores()  # made once, as in an environment
    visit("global", "bob")
    with monkeypatch.context() as patch, ThreadPoolExecutor(12) as pool:
        patch.setattr(ScoreTable, "write", write)
        done = list(pool.map(opened, range(12)))
    open_ones = set(done) - {"refused"}
    assert len(open_ones) == 3
    assert done.count("refused") == 9
    assert boards_of("ann") == open_ones
    for board in open_ones:
        visit(board)


def test_first_score_that_is_refused_opens_nothing() -> None:
    profile = Profile("ann", "Ann", "barred", NOW)
    ProfileTable(wiring.score_table()).write_profile(profile, read_version=0)
    for number in range(4):
        for tried in (attempt, visit):
            with pytest.raises(Barred):
                tried(f"level-{number}")
    assert boards_of("ann") == set()
    assert len(rest_of("ann")) == 1
    ProfileTable(wiring.score_table()).write_profile(
        replace(profile, standing="visible", version=NOW + 1), read_version=NOW
    )
    for number in range(3):
        visit(f"level-{number}")


def test_trusted_writes_are_not_counted() -> None:
    for number in range(5):
        wiring.submissions().submit(
            user_id="ann", board=f"level-{number}", submission_id="s", delta=number
        )
    visit("level-4")
    for number in range(5, 8):
        visit(f"level-{number}")
    with pytest.raises(BoardLimit):
        visit("level-8")


def test_refusal_is_a_409_that_says_what_to_do() -> None:
    visit("arena-1")
    ticket = wiring.scores().issue(user_id="ann", board="arena-2", action="visit").token
    event = request(
        "POST /boards/{board}/scores",
        path={"board": "arena-2"},
        body={"ticket": ticket},
        user="ann",
    )
    answer = answered(handlers.scores.handler(event, CONTEXT))
    assert (answer.status, answer.json["code"]) == (409, "board_limit")
    assert "arena-*" in answer.json["detail"]


def test_deleted_player_leaves_no_list_of_boards() -> None:
    visit("level-1")
    assert "level-1" in str(rest_of("ann"))
    ModerationTable(wiring.score_table()).write_deletion(
        deleted(Profile("ann", "Ann"), account="ann", now_ms=NOW),
        read_version=0,
        history=ActLog("ann"),
    )
    assert "level-1" not in str(rest_of("ann"))


def rest_of(user: str) -> list[Any]:
    """What the table has of a user beside scores."""
    items = client("dynamodb").scan(TableName=aws.SCORES)["Items"]
    return [it for it in items if it["userId"]["S"] == user and "#" not in it["boardSeason"]["S"]]


def test_rebuilds_streams_and_own_scores_pass_over_the_list() -> None:
    visit("level-1")
    (listed,) = [it for it in rest_of("ann") if it["boardSeason"]["S"] == "boards"]
    assert wiring.score_image_reader()(listed) is None
    page = wiring.score_scanner().read_page(0, 1, after=None, only=None)
    assert [key for key, _ in page.states] == ["level-1#2026-11-23"]
    _, items = wiring.scores().of("ann")
    assert [it.board for it in items] == ["level-1"]
