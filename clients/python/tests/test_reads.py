"""Boards read over real HTTP."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace

import pytest

from clients.python.tests.messages import snapshot
from clients.python.tests.servers import (
    HURRIED,
    SECONDS,
    Api,
    Gateway,
    Handler,
    api,
    run,
    until,
)
from leaderboard_client import Board, BoardNotFound, Leaderboard, Problem, Timing


def test_boards_are_polled_without_a_socket_and_an_unchanged_top_costs_a_304() -> None:
    async def test(server: Api) -> None:
        shown = []
        async with Leaderboard(http=f"{server.url}/", timing=HURRIED) as leaderboard:
            leaderboard.subscribe("global", lambda board, _: shown.append(board.version))
            await until(lambda: len(server.requests) > 2)
            assert leaderboard.status.state == "polling"
            assert leaderboard.status.stale_since is None
            tops.append(snapshot(2, "bob"))
            await until(lambda: shown == [1, 2])

    def answer(request: Handler) -> None:
        etag = f'"{len(tops)}"'
        if request.headers["If-None-Match"] == etag:
            request.reply(304, b"", ETag=etag)
        else:
            request.reply(200, tops[-1], ETag=etag)

    tops = [snapshot(1, "ada")]
    with api() as server:
        server.answer = answer
        asyncio.run(asyncio.wait_for(test(server), SECONDS))
    assert server.requests[:3] == [("/boards/global/top", etag) for etag in (None, '"1"', '"1"')]


def test_total_that_a_poll_finds_changed_is_shown_though_the_version_stays() -> None:
    async def test(server: Api) -> None:
        shown = []
        async with Leaderboard(http=server.url, timing=HURRIED) as leaderboard:
            leaderboard.subscribe("global", lambda *news: shown.append(news))
            await until(lambda: shown)
            await until(lambda: len(server.requests) > 2)
            tops.append(snapshot(1, "ada", total=101))
            await until(lambda: len(shown) == 2)
        assert [(board.version, board.total) for board, _ in shown] == [(1, 1), (1, 101)]
        changes = shown[1][1]
        assert (changes.entered, changes.left, changes.moved, changes.scored) == ((), (), (), ())

    tops = [snapshot(1, "ada")]
    with api() as server:
        server.answer = lambda request: request.reply(200, tops[-1])
        asyncio.run(asyncio.wait_for(test(server), SECONDS))


def test_board_that_does_not_exist_is_reported_over_http() -> None:
    async def test(server: Api) -> None:
        async with Leaderboard(http=server.url, timing=HURRIED) as leaderboard:
            with pytest.raises(BoardNotFound):
                await anext(leaderboard.follow("nowhere"))

    problem = {"code": "board_not_found", "title": "Not found", "status": 404}
    with api() as server:
        server.answer = lambda request: request.reply(404, problem)
        asyncio.run(asyncio.wait_for(test(server), SECONDS))


@pytest.mark.parametrize(
    "answer",
    [
        lambda request: request.reply(200, b"<html>Please sign in to this network"),
        lambda request: request.reply(200, b"[" * 100_000),
        lambda request: request.reply(200, {**snapshot(1), "epoch": None, "version": None}),
        lambda request: request.reply(200, b" " * (2 * 1024 * 1024)),
        lambda request: request.reply(500, {"message": "Internal Gateway Error"}),
        lambda request: request.reply(429, {}, Retry_After="Wed, 21 Oct 2015 07:28:00 GMT"),
        lambda request: request.wfile.write(b"nonsense\r\n\r\n"),
        lambda request: request.connection.close(),
    ],
)
def test_answer_that_cannot_be_used_is_no_board_and_tried_again(
    answer: Callable[[Handler], None],
) -> None:
    async def test(server: Api) -> None:
        shown: list[Board] = []
        async with Leaderboard(http=server.url, timing=HURRIED) as leaderboard:
            leaderboard.subscribe("global", lambda board, _: shown.append(board))
            await until(lambda: len(server.requests) > 1)
            assert shown == []
            assert leaderboard.status.state in ("connecting", "reconnecting")
            server.answer = lambda request: request.reply(200, snapshot(1, "ada"))
            await until(lambda: shown)

    with api() as server:
        server.answer = answer
        asyncio.run(asyncio.wait_for(test(server), SECONDS))


def test_dead_http_without_a_socket_is_one_problem_until_it_answers() -> None:
    async def test(server: Api) -> None:
        problems: list[Problem] = []
        async with Leaderboard(http=server.url, timing=timing) as leaderboard:
            leaderboard.on("problem", problems.append)
            leaderboard.subscribe("global", lambda *_: None)
            await until(lambda: problems)
            reads = len(server.requests)
            await until(lambda: len(server.requests) > reads + 1)
            (problem,) = leaderboard.status.problems
            assert [problem] == problems
            assert problem.code == "http_failed"
            assert f"{server.url}/boards/global/top answered 404" in problem.message
            assert "`http`" in problem.message
            server.answer = lambda request: request.reply(200, snapshot(1, "ada"))
            await until(lambda: leaderboard.status.state == "polling")
            assert leaderboard.status.problems == ()

    timing = replace(HURRIED, poll_cap=100)
    with api() as server:
        server.answer = lambda request: request.reply(404, {"message": "Not Found"})
        asyncio.run(asyncio.wait_for(test(server), SECONDS))


def test_other_site_at_the_address_is_one_problem_beside_a_live_socket() -> None:
    with api() as site:
        site.answer = lambda request: request.reply(404, b"<html>Not found")

        async def test(server: Gateway) -> None:
            problems: list[Problem] = []
            async with Leaderboard(
                http=site.url, socket=server.url, timing=replace(HURRIED, poll_cap=100)
            ) as leaderboard:
                leaderboard.on("problem", problems.append)
                leaderboard.subscribe("global", lambda *_: None)
                await until(lambda: leaderboard.status.state == "live")
                await until(lambda: problems)
                assert [problem.code for problem in problems] == ["http_failed"]
                assert f"{site.url}/boards/global/top" in problems[0].message
                assert leaderboard.status.state == "live"

        run(test)


def test_read_that_drips_or_hangs_is_given_up_and_its_thread_ends() -> None:
    async def test(server: Api) -> None:
        timing = Timing(poll_interval=20, poll_cap=50, fetch_timeout=100, linger=0)
        async with Leaderboard(http=server.url, timing=timing) as leaderboard:
            leaderboard.subscribe("global", lambda *_: None)
            await until(lambda: len(server.requests) > 3)
        await until(lambda: not [it for it in threading.enumerate() if it.name == "top of global"])

    over = threading.Event()

    def answer(request: Handler) -> None:
        if len(server.requests) % 2:
            over.wait(SECONDS)
            return
        request.send_response(200)
        request.end_headers()
        while not over.wait(0.03):
            request.wfile.write(b" ")

    with api() as server:
        server.answer = answer
        asyncio.run(asyncio.wait_for(test(server), SECONDS))
        over.set()
