"""Calls over real HTTP, by the sync and the async client: to a server whose answers a test decides.
What the service itself answers is in tests/e2e/test_python_api.py."""

from __future__ import annotations

import inspect
import threading
import time
from typing import Any

import pytest

from clients.python.tests.callers import (
    HASTY,
    PROFILE,
    Asker,
    hang_up,
    in_turn,
    rename,
    replying,
    ticket,
)
from clients.python.tests.servers import SECONDS, Api as Server, Handler, api
from leaderboard_client import (
    AnswerUnusable,
    Api,
    AsyncApi,
    BoardNotFound,
    ConnectionFailed,
    Invalid,
    LeaderboardError,
    RateLimited,
    Retrying,
    Unavailable,
    UserPool,
)


def test_both_clients_have_the_same_calls() -> None:
    def calls(kind: type) -> dict[str, tuple[list[str], str | None]]:
        methods = inspect.getmembers(kind, inspect.isfunction)
        return {
            name: (list(inspect.signature(it).parameters), inspect.getdoc(it))
            for name, it in methods
            if not name.startswith("_")
        }

    assert calls(Api) == calls(AsyncApi)
    assert len(calls(Api)) > 20


def test_service_that_is_away_for_a_moment_is_asked_again_after_the_wait_it_named(
    asker: Asker, server: Server
) -> None:
    server.answer = in_turn(
        replying(503, {"code": "unavailable"}, Retry_After="0.3"), replying(200, PROFILE)
    )
    began = time.monotonic()
    assert asker.do(server, rename, token=lambda: "t").user_name == "Ada"
    assert time.monotonic() - began >= 0.3
    assert len(server.requests) == 2


def test_wait_beyond_patience_is_the_callers_to_decide(asker: Asker, server: Server) -> None:
    server.answer = replying(429, {"code": "rate_limited"}, Retry_After="3600")
    with pytest.raises(RateLimited) as raised:
        asker.do(server, ticket, token=lambda: "t")
    assert raised.value.retry_after == 3600
    assert len(server.requests) == 1


def test_trying_again_ends(asker: Asker, server: Server) -> None:
    server.answer = replying(503, {"code": "unavailable", "detail": "Later"})
    with pytest.raises(Unavailable, match="Later"):
        asker.do(server, lambda it: it.boards())
    assert len(server.requests) == HASTY.tries


def test_call_that_may_have_been_done_is_sent_again_only_if_it_counts_once(
    asker: Asker, server: Server
) -> None:
    server.answer = in_turn(hang_up, replying(200, PROFILE))
    asker.do(server, rename, token=lambda: "t")
    assert len(server.requests) == 2
    # A ticket may be the attempt: who asked twice would have lost one.
    server.answer = in_turn(hang_up, replying(201, {}))
    with pytest.raises(ConnectionFailed):
        asker.do(server, ticket, token=lambda: "t")
    assert len(server.requests) == 3


def test_server_that_is_not_there_is_tried_again_whatever_the_call(asker: Asker) -> None:
    with api() as gone:
        pass
    waits = Retrying(tries=3, base=0.2, cap=0.2)
    began = time.monotonic()
    with pytest.raises(ConnectionFailed, match="refused") as raised:
        asker.do(gone, ticket, token=lambda: "t", retrying=waits)
    assert time.monotonic() - began > 0.2
    assert raised.value.status is None


def test_request_that_is_not_answered_in_time_fails(asker: Asker, server: Server) -> None:
    over = threading.Event()

    def hang(_handler: Handler) -> None:
        over.wait(SECONDS)

    server.answer = hang
    with pytest.raises(ConnectionFailed, match="timed out") as raised:
        asker.do(server, ticket, token=lambda: "t", timeout=0.2)
    assert raised.value.code == "timeout"
    assert raised.value.is_temporary
    over.set()


def test_read_follows_a_redirect_and_what_has_a_token_does_not(server: Server) -> None:
    def answer(handler: Handler) -> None:
        if handler.path.startswith("/old"):
            handler.reply(301, b"", Location=handler.path.removeprefix("/old"))
        else:
            handler.reply(200, {"boards": []})

    server.answer = answer
    moved = f"{server.url}/old"
    with Api(moved) as client:
        assert client.boards() == ()
    with Api(moved, token=lambda: "t") as client, pytest.raises(LeaderboardError) as raised:
        client.scores()
    assert raised.value.status == 301
    assert [path for path, _ in server.requests] == ["/old/boards", "/boards", "/old/me/scores"]


def test_error_says_all_that_the_service_said(asker: Asker, server: Server) -> None:
    problem = {
        "type": "urn:leaderboard:problem:invalid",
        "title": "The request does not validate",
        "detail": "Change the name.",
        "status": 422,
        "code": "invalid",
        "requestId": "r-1",
        "errors": [{"path": "body.userName", "message": "is empty"}],
    }
    server.answer = replying(422, problem)
    with pytest.raises(Invalid, match="Change the name") as raised:
        asker.do(server, rename, token=lambda: "t")
    error = raised.value
    assert (error.code, error.status, error.request_id) == ("invalid", 422, "r-1")
    assert [(it.path, it.message) for it in error.errors] == [("body.userName", "is empty")]
    assert isinstance(error, LeaderboardError)


def test_gateways_own_answer_and_a_foreign_page_are_errors_too(
    asker: Asker, server: Server
) -> None:
    server.answer = replying(403, {"message": "Forbidden"}, apigw_requestid="g-1")
    with pytest.raises(LeaderboardError, match="Forbidden") as raised:
        asker.do(server, lambda it: it.boards())
    assert (raised.value.code, raised.value.request_id) == ("forbidden", "g-1")
    assert not raised.value.is_temporary
    for page in (b"<html>", b"[" * 100_000, b"{}", b'{"boards": [1]}'):
        server.answer = replying(200, page)
        with pytest.raises(AnswerUnusable, match="proxy"):
            asker.do(server, lambda it: it.boards())
    server.answer = replying(404, {"code": "board_not_found"})
    with pytest.raises(BoardNotFound):
        asker.do(server, lambda it: it.top("nowhere"))


def test_pages_follow_each_other_in_the_season_that_they_began_in(
    asker: Asker, server: Server
) -> None:
    def page(first: int, cursor: str | None) -> dict[str, Any]:
        entries = [
            {
                "rank": rank,
                "place": rank,
                "userId": f"user-{rank}",
                "userName": "x",
                "userScore": -rank,
                "scoreUpdatedAt": "2026-11-23T08:15:30.123Z",
            }
            for rank in (first, first + 1)
        ]
        place = {"board": "weekly", "season": "2026-W48", "total": 4}
        return {**place, "entries": entries, "nextCursor": cursor}

    server.answer = in_turn(replying(200, page(1, "c/1")), replying(200, page(3, None)))
    entries = asker.do(server, lambda it: it.entries("weekly", page_size=2))
    assert [it.rank for it in entries] == [1, 2, 3, 4]
    assert [path for path, _ in server.requests] == [
        "/boards/weekly/entries?limit=2",
        "/boards/weekly/entries?cursor=c%2F1&limit=2&season=2026-W48",
    ]


def test_lines_of_a_history_follow_each_other_newest_first(asker: Asker, server: Server) -> None:
    def page(scores: list[int | None], cursor: str | None) -> dict[str, Any]:
        line = {"at": "2026-11-23T08:15:30.123Z", "delta": 2, "rank": None, "cause": "later"}
        lines = [{**line, "userScore": it} for it in scores]
        return {"board": "weekly", "season": "2026-W48", "lines": lines, "nextCursor": cursor}

    server.answer = in_turn(replying(200, page([3, None], "c/1")), replying(200, page([1], None)))
    lines = asker.do(server, lambda it: it.history("weekly", "a:b", page_size=2))
    assert [it.user_score for it in lines] == [3, None, 1]
    assert {it.cause for it in lines} == {"later"}, "a newer service may have more causes"
    assert [path for path, _ in server.requests] == [
        "/boards/weekly/users/a%3Ab/history?limit=2",
        "/boards/weekly/users/a%3Ab/history?cursor=c%2F1&limit=2&season=2026-W48",
    ]


def test_client_says_at_once_what_it_cannot_work_with(server: Server) -> None:
    for wrong in ("leaderboard.example.com", "wss://example.com", "http://"):
        with pytest.raises(ValueError, match="not an HTTP URL"):
            Api(wrong)
    pool = UserPool(url="https://cognito.example/", client_id="web")
    with pytest.raises(ValueError, match="one of"):
        Api(server.url, user_pool=pool, token=lambda: "t")
    with pytest.raises(ValueError, match="user_pool"):
        Api(server.url).sign_in("a@b.c", "x")
