"""Histories over HTTP: what a page holds, how pages go on, who has a history, what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

import handlers.boards
from leaderboard import wiring
from leaderboard.adapters.aws.clients import client
from leaderboard.boards.seasons import before
from tests.integration import aws
from tests.integration.conftest import Dependencies
from tests.integration.events import CONTEXT, Answer, answered, request
from tests.integration.history.test_history_stream import (
    deliver,
    queued,
    rank,
    record_of,
    score,
    stored,
)

Json = dict[str, Any]
ROUTE = "GET /boards/{board}/users/{userId}/history"


@pytest.fixture(autouse=True)
def switches(dependencies: Dependencies) -> Dependencies:
    return dependencies


def ask(user: str = "ann", board: str = "global", **query: Any) -> Answer:
    event = request(ROUTE, path={"board": board, "userId": user}, query=query)
    return answered(handlers.boards.handler(event, CONTEXT))


def pages(limit: int, user: str = "ann") -> Iterator[Json]:
    cursor: Json = {}
    while True:
        page = ask(user, limit=limit, **cursor).json
        yield page
        if page["nextCursor"] is None:
            return
        cursor = {"cursor": page["nextCursor"]}


def play(*amounts: int, user: str = "ann") -> None:
    records = [score(user, amount) for amount in amounts]
    rank(*records)
    deliver(*records)


def test_lines_explain_the_score_newest_first() -> None:
    play(10, 5)
    play(20)
    answer = ask()
    assert answer.status == 200
    assert answer.headers["cache-control"] == "public, max-age=1"
    page = answer.json
    assert list(page) == ["board", "season", "lines", "nextCursor"]
    assert (page["board"], page["season"], page["nextCursor"]) == ("global", "all", None)
    told = [(it["userScore"], it["delta"], it["rank"], it["cause"]) for it in page["lines"]]
    assert told == [
        (35, 20, 1, "trusted_write"),
        (15, 5, 1, "trusted_write"),
        (10, 10, None, "trusted_write"),
    ]
    times = [it["at"] for it in page["lines"]]
    assert times == sorted(times, reverse=True)


def test_removed_score_is_told_once_the_user_is_back() -> None:
    play(10)
    wiring.moderation().remove("ann", wiring.board_season("global"), by="me", reason="a bot")
    deliver(record_of("ann"))
    assert ask().json["code"] == "user_not_ranked"
    play(3)
    told = [(it["userScore"], it["delta"], it["cause"]) for it in ask().json["lines"]]
    assert told == [(3, 3, "trusted_write"), (None, -10, "removal"), (10, 10, "trusted_write")]


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8, 100])
def test_pages_have_each_line_once(limit: int) -> None:
    play(*range(1, 8))
    found = [it for page in pages(limit) for it in page["lines"]]
    assert [it["delta"] for it in found] == [7, 6, 5, 4, 3, 2, 1]
    assert all(len(it["lines"]) == limit for it in list(pages(limit))[:-1])
    for later, earlier in pairwise(found):
        assert later["userScore"] - later["delta"] == earlier["userScore"]


def test_new_lines_do_not_move_what_follows_a_cursor() -> None:
    play(1, 2, 3, 4)
    first = ask(limit=2).json
    play(5, 6)
    second = ask(limit=9, cursor=first["nextCursor"]).json
    assert [it["delta"] for it in second["lines"]] == [2, 1]


def test_user_whose_lines_are_on_their_way_has_an_empty_history() -> None:
    score("ann", 10)
    assert ask().json["lines"] == []


def test_history_is_read_while_the_cache_is_down(switches: Dependencies) -> None:
    play(10)
    switches.down.add("cache")
    assert [it["delta"] for it in ask().json["lines"]] == [10]


def test_histories_of_boards_and_seasons_are_apart() -> None:
    play(10)
    deliver(score("ann", 9000, board="fastest-lap"))
    assert [it["delta"] for it in ask().json["lines"]] == [10]
    assert [it["delta"] for it in ask(board="fastest-lap").json["lines"]] == [9000]
    (seasonal,) = [it for it in wiring.catalog().rules if it == "weekly"]
    now = wiring.board_season(seasonal)
    deliver(score("ann", 7, board=seasonal))
    past = before(now.rules.schedule, now.season, 1).season
    assert [it["delta"] for it in ask(board=seasonal).json["lines"]] == [7]
    assert ask(board=seasonal, season=past).json["code"] == "user_not_ranked"


@pytest.mark.parametrize("standing", ["hidden", "barred"])
def test_who_may_not_be_seen_has_no_history(standing: str, switches: Dependencies) -> None:
    play(10)
    switches.down.add("cognito-idp")
    wiring.moderation().set_standing("ann", standing, reason="test", by="me")
    assert (ask().status, ask().json["code"]) == (404, "user_not_ranked")
    wiring.moderation().set_standing("ann", "visible", reason="test", by="me")
    assert [it["delta"] for it in ask().json["lines"]] == [10]


def test_who_is_not_on_the_board_is_not_found() -> None:
    assert (ask().status, ask().json["code"]) == (404, "user_not_ranked")
    assert (ask(board="nope").status, ask(board="nope").json["code"]) == (404, "board_not_found")


def test_cursor_of_another_history_is_refused() -> None:
    play(1, 2, 3)
    play(1, 2, 3, user="bob")
    deliver(score("ann", 9000, board="fastest-lap"))
    cursor = ask(limit=1).json["nextCursor"]
    entries = request("GET /boards/{board}/entries", path={"board": "global"}, query={"limit": 1})
    other = answered(handlers.boards.handler(entries, CONTEXT)).json["nextCursor"]
    assert ask(cursor=cursor).status == 200
    for refused in (
        ask("bob", cursor=cursor),
        ask(board="fastest-lap", cursor=cursor),
        ask(cursor=cursor[:-1]),
        ask(cursor=f"{cursor}A"),
        ask(cursor=other),
        ask(cursor=""),
        ask(cursor="1é"),
        ask(cursor="9" * 500),
    ):
        assert (refused.status, refused.json["code"]) == (422, "invalid")
        assert refused.json["errors"][0]["path"] == "query.cursor"


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 101}, {"limit": "x"}, {"offset": 3}])
def test_what_does_not_validate_is_refused(query: Json) -> None:
    assert ask(**query).status == 422


def test_line_that_cannot_be_read_is_left_out_and_reported() -> None:
    play(1, 2, 3)
    broken = sorted(stored(), key=lambda it: str(it["boardSeasonVersion"]))[1]
    client("dynamodb").put_item(TableName=aws.HISTORY, Item={**broken, "by": {"S": "?"}})
    assert [it["delta"] for it in ask().json["lines"]] == [3, 1]
    assert [it["item"]["by"] for it in queued()] == [{"S": "?"}]
