"""Connecting, tickets, refusals and closing, over real sockets."""

from __future__ import annotations

import asyncio
import time
from functools import partial

import pytest

from clients.python.tests.servers import HURRIED, Gateway, run, until
from leaderboard_client import Leaderboard, Problem


def test_last_listener_gone_ends_the_subscription_and_the_socket() -> None:
    async def test(server: Gateway) -> None:
        async with Leaderboard(socket=server.url, timing=HURRIED) as leaderboard:
            off = leaderboard.subscribe("global", lambda *_: None)
            await until(lambda: leaderboard.status.state == "live")
            off()
            off()
            await until(lambda: leaderboard.status.state == "idle")
            await until(lambda: server.ended)

    run(test)


def test_lost_socket_is_replaced_and_the_board_asked_for_with_what_is_held() -> None:
    async def test(server: Gateway) -> None:
        states = []
        async with Leaderboard(socket=server.url, timing=HURRIED) as leaderboard:
            leaderboard.on("status", lambda status: states.append(status.state))
            leaderboard.subscribe("global", lambda *_: None)
            await until(lambda: leaderboard.status.state == "live")
            server.connections[0].transport.abort()
            await until(lambda: len(server.connections) == 2)
            await until(lambda: leaderboard.status.state == "live")
        assert server.heard[-1]["have"] == {"epoch": "e1", "version": 1}
        assert "reconnecting" in states

    run(test)


def test_every_connection_asks_for_its_own_ticket() -> None:
    async def test(server: Gateway) -> None:
        tickets = iter(("a+b.1", None, ""))

        async def fetch_ticket() -> str | None:
            return next(tickets)

        async with Leaderboard(
            socket=f"{server.url}?x=1", fetch_ticket=fetch_ticket, timing=HURRIED
        ) as leaderboard:
            leaderboard.subscribe("global", lambda *_: None)
            for count in (1, 2):
                await until(partial(server.has_had, count))
                await until(lambda: leaderboard.status.state == "live")
                server.connections[-1].transport.abort()
            await until(lambda: len(server.connections) == 3)
        assert server.paths == ["/dev?x=1&ticket=a%2Bb.1", "/dev?x=1", "/dev?x=1"]

    run(test)


def test_failing_fetch_ticket_is_reported_once_and_tried_again() -> None:
    async def test(server: Gateway) -> None:
        problems: list[Problem] = []
        tries: list[int] = []
        signed_in = False

        async def fetch_ticket() -> str | None:
            tries.append(1)
            if not signed_in:
                raise LookupError("signed out")
            return None

        async with Leaderboard(
            socket=server.url, fetch_ticket=fetch_ticket, timing=HURRIED
        ) as leaderboard:
            leaderboard.on("problem", problems.append)
            leaderboard.subscribe("global", lambda *_: None)
            await until(lambda: len(tries) > 4)
            assert [problem.code for problem in problems] == ["ticket_failed"]
            assert isinstance(problems[0].cause, LookupError)
            assert server.paths == []
            assert leaderboard.status.problems == (problems[0],)
            signed_in = True
            await until(lambda: leaderboard.status.state == "live")
            assert not leaderboard.status.problems

    run(test)


def test_refused_connection_is_reported_unless_it_is_the_services_trouble() -> None:
    async def test(server: Gateway) -> None:
        problems: list[Problem] = []
        async with Leaderboard(socket=server.url, timing=HURRIED) as leaderboard:
            leaderboard.on("problem", problems.append)
            server.refusal = 503
            leaderboard.subscribe("global", lambda *_: None)
            await until(lambda: leaderboard.status.attempt > 2)
            # On a slow machine it may have said by now that no socket opens at all.
            assert "socket_failed" not in [it.code for it in problems]
            server.refusal = 403
            await until(lambda: leaderboard.status.attempt > 8)
            server.refusal = None
            await until(lambda: leaderboard.status.state == "live")
            assert leaderboard.status.problems == ()
        (problem,) = (it for it in problems if it.code != "socket_blocked")
        assert problem.code == "socket_failed"
        assert "403" in problem.message
        assert "ticket" in problem.message

    run(test)


@pytest.mark.parametrize("url", ["http://127.0.0.1/", "ws://", "ws://[", "nonsense"])
def test_url_that_is_not_a_websocket_is_reported(url: str) -> None:
    async def test(_server: Gateway) -> None:
        problems: list[Problem] = []
        async with Leaderboard(socket=url, timing=HURRIED) as leaderboard:
            leaderboard.on("problem", problems.append)
            leaderboard.subscribe("global", lambda *_: None)
            await until(lambda: problems)
        assert problems[0].code == "socket_failed"

    run(test)


def test_close_waits_for_a_silent_server_no_longer_than_the_closing_handshake() -> None:
    gone = asyncio.Event()

    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        await writer.wait_closed()
        gone.set()

    async def test() -> None:
        server = await asyncio.start_server(mute, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        leaderboard = Leaderboard(socket=f"ws://127.0.0.1:{port}")
        leaderboard.subscribe("global", lambda *_: None)
        await asyncio.sleep(0.1)
        started = time.monotonic()
        await leaderboard.close()
        assert time.monotonic() - started < 2
        await gone.wait()
        server.close()

    asyncio.run(test())
