"""Boards, listeners and the status of the client, over real sockets."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from itertools import pairwise
from typing import Any

import pytest

from clients.python.tests.messages import entry, snapshot, update
from clients.python.tests.servers import HURRIED, SECONDS, Gateway, run, until
from leaderboard_client import Board, BoardNotFound, Changes, Leaderboard, Status

Json = dict[str, Any]


def test_board_is_shown_at_every_change_with_what_changed() -> None:
    async def test(server: Gateway) -> None:
        shown: list[tuple[Board, Changes]] = []
        async with Leaderboard(socket=server.url) as leaderboard:
            leaderboard.subscribe("global", lambda *news: shown.append(news))
            await until(lambda: shown)
            await server.send(update(1, 3, upsert=[entry("ada", 1, 120)]))
            await until(lambda: len(shown) == 2)
            status = leaderboard.status
            assert (status.state, status.stale_since) == ("live", None)
            assert abs(leaderboard.now().timestamp() - 1795421730.2) < SECONDS
        first, second = shown
        assert first[1] == Changes()
        assert [(it.old, it.new) for it in second[1].scored] == [(99, 120)]
        assert server.heard[:2] == [{"action": "ping"}, {"action": "subscribe", "board": "global"}]
        after = leaderboard.status
        assert after.state == "closed"
        assert leaderboard.board("global") is None

    run(test)


def test_update_of_the_total_alone_is_shown_and_changes_no_entry() -> None:
    async def test(server: Gateway) -> None:
        shown: list[tuple[Board, Changes]] = []
        async with Leaderboard(socket=server.url) as leaderboard:
            leaderboard.subscribe("global", lambda *news: shown.append(news))
            await until(lambda: shown)
            await server.send(update(1, 2, total=101, scoredAt=None))
            await until(lambda: len(shown) == 2)
        (before, _), (after, changes) = shown
        assert (after.version, after.total) == (2, 101)
        assert after.entries == before.entries
        assert after.scored_at == before.scored_at
        assert (changes.entered, changes.left, changes.moved, changes.scored) == ((), (), (), ())

    run(test)


def test_boards_and_listeners_share_one_socket_and_a_late_one_gets_what_is_held() -> None:
    async def test(server: Gateway) -> None:
        server.answers["weekly"] = [snapshot(4, "bob", board="weekly")]
        shown: list[tuple[str, int, bool]] = []

        def listen(board: Board, changes: Changes) -> None:
            shown.append((board.board, board.version, changes.since is None))

        async with Leaderboard(socket=server.url) as leaderboard:
            leaderboard.subscribe("global", listen)
            leaderboard.subscribe("weekly", listen)
            await until(lambda: len(shown) == 2)
            leaderboard.subscribe("global", listen)
            assert len(shown) == 2
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            assert shown[2:] == [("global", 1, True)]
        assert len(server.connections) == 1

    run(test)


def test_status_and_boards_are_the_same_objects_while_nothing_changed() -> None:
    async def test(server: Gateway) -> None:
        told: list[Status] = []
        async with Leaderboard(socket=server.url, timing=HURRIED) as leaderboard:
            leaderboard.on("status", told.append)
            assert leaderboard.status is leaderboard.status
            leaderboard.subscribe("global", lambda *_: None)
            await until(lambda: leaderboard.status.state == "live")
            live, held = leaderboard.status, leaderboard.board("global")
            assert live is told[-1]
            await server.send(snapshot(1, "ada"), update(1, 2))
            await until(lambda: leaderboard.board("global") is not held)
            assert leaderboard.status is live
            server.connections[0].transport.abort()
            await until(lambda: leaderboard.status.state != "live")
            assert leaderboard.status is leaderboard.status
        assert all(one is not other for one, other in pairwise(told))

    run(test)


def test_listener_that_raises_harms_no_other_and_is_reported() -> None:
    async def test(server: Gateway) -> None:
        reported: list[Json] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, it: reported.append(it))
        shown = []

        def fail(_board: Board, _changes: Changes) -> None:
            raise ZeroDivisionError

        async with Leaderboard(socket=server.url) as leaderboard:
            leaderboard.subscribe("global", fail)
            leaderboard.subscribe("global", lambda board, _: shown.append(board))
            await until(lambda: shown)
        assert isinstance(reported[0]["exception"], ZeroDivisionError)

    run(test)


def test_listeners_may_subscribe_and_unsubscribe_while_they_are_called() -> None:
    async def test(server: Gateway) -> None:
        server.answers["weekly"] = [snapshot(4, "bob", board="weekly")]
        shown: list[str] = []
        async with Leaderboard(socket=server.url) as leaderboard:

            def first(_board: Board, _changes: Changes) -> None:
                off()
                leaderboard.subscribe("weekly", lambda board, _: shown.append(board.board))

            off = leaderboard.subscribe("global", first)
            await until(lambda: shown)
            await server.send(update(1, 2))
            await asyncio.sleep(0.05)
        assert shown == ["weekly"]

    run(test)


def test_followed_board_comes_at_every_change_and_to_a_slow_reader_as_the_newest() -> None:
    async def test(server: Gateway) -> None:
        async with (
            Leaderboard(socket=server.url) as leaderboard,
            aclosing(leaderboard.follow("global")) as boards,
        ):
            board, changes = await anext(boards)
            assert (board.version, changes.since) == (1, None)
            await server.send(*(update(version, version + 1) for version in range(1, 50)))
            await until(lambda: (it := leaderboard.board("global")) and it.version == 50)
            board, changes = await anext(boards)
            assert changes.since
            assert (board.version, changes.since.version) == (50, 1)

    run(test)


def test_followed_board_that_does_not_exist_raises() -> None:
    async def test(server: Gateway) -> None:
        server.answers["none"] = [
            {"type": "error", "code": "board_not_found", "message": "No", "board": "none"}
        ]
        async with Leaderboard(socket=server.url) as leaderboard:
            for _ in range(2):
                with pytest.raises(BoardNotFound, match="'none'"):
                    await anext(leaderboard.follow("none"))

    run(test)


def test_following_ends_when_the_client_is_closed() -> None:
    async def test(server: Gateway) -> None:
        leaderboard = Leaderboard(socket=server.url)
        versions = []
        async for board, _ in leaderboard.follow("global"):
            versions.append(board.version)
            asyncio.get_running_loop().call_later(
                0.05, lambda: tasks.append(asyncio.ensure_future(leaderboard.close()))
            )
        await asyncio.gather(*tasks)
        assert versions == [1]
        with pytest.raises(RuntimeError, match="closed"):
            leaderboard.subscribe("global", lambda *_: None)

    tasks: list[asyncio.Future[None]] = []
    run(test)


def test_board_ids_are_checked_and_a_client_needs_some_way_to_the_service() -> None:
    leaderboard = Leaderboard(http="http://127.0.0.1")
    for board in ("", "Global", "a" * 49, "a/b", "global\n"):
        with pytest.raises(ValueError, match="not a board id"):
            leaderboard.subscribe(board, lambda *_: None)
    with pytest.raises(ValueError, match="needs"):
        Leaderboard()
    with pytest.raises(ValueError, match="not an HTTP URL"):
        Leaderboard(http="file:///etc")
