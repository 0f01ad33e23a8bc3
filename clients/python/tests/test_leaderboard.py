"""The client over real sockets and HTTP: connecting, tickets, listeners, reads, letting go."""

from __future__ import annotations

import asyncio
import http.server
import json
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import replace
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from clients.python.tests.messages import entry, pong, snapshot, update
from leaderboard_client import (
    Board,
    BoardNotFound,
    Changes,
    Leaderboard,
    Problem,
    Status,
    Timing,
)
from leaderboard_client.loopback import is_loopback

Json = dict[str, Any]

SECONDS = 10.0
HURRIED = Timing(reconnect_base=20, reconnect_cap=50, poll_after=50, poll_interval=50, linger=20)


class Server:
    """A gateway whose answers a test decides."""

    def __init__(self) -> None:
        self.url = ""
        self.paths: list[str] = []
        self.heard: list[Json] = []
        self.connections: list[ServerConnection] = []
        self.answers: dict[str, list[Json]] = {}
        self.refusal: int | None = None
        self.ended = 0

    async def handle(self, connection: ServerConnection) -> None:
        assert connection.request
        self.paths.append(connection.request.path)
        self.connections.append(connection)
        async for text in connection:
            message = json.loads(text)
            self.heard.append(message)
            if message["action"] == "ping":
                await self.send(pong())
            elif message["action"] == "subscribe":
                await self.send(*self.answers.get(message["board"], ()))
        # Nothing raised: it was closed with 1000.
        self.ended += 1

    def refuse(self, connection: ServerConnection, _request: Request) -> Response | None:
        return connection.respond(self.refusal, "No\n") if self.refusal else None

    def has_had(self, connections: int) -> bool:
        return len(self.connections) == connections

    async def send(self, *frames: Json) -> None:
        for frame in frames:
            await self.connections[-1].send(json.dumps(frame))


@asynccontextmanager
async def serving() -> AsyncIterator[Server]:
    server = Server()
    async with serve(
        server.handle, "127.0.0.1", 0, process_request=server.refuse, ping_interval=None
    ) as listening:
        port = next(iter(listening.sockets)).getsockname()[1]
        server.url = f"ws://127.0.0.1:{port}/dev"
        yield server


async def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, "did not come"
        await asyncio.sleep(0.005)


def run(test: Callable[[Server], Awaitable[None]]) -> None:
    async def ran() -> None:
        async with serving() as server:
            server.answers["global"] = [snapshot(1, "ada")]
            before = asyncio.all_tasks()
            await test(server)
            await until(lambda: server.connections == [] or asyncio.all_tasks() <= before)

    asyncio.run(asyncio.wait_for(ran(), SECONDS * 2))


def test_board_is_shown_at_every_change_with_what_changed() -> None:
    async def test(server: Server) -> None:
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
    async def test(server: Server) -> None:
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
    async def test(server: Server) -> None:
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


def test_last_listener_gone_ends_the_subscription_and_the_socket() -> None:
    async def test(server: Server) -> None:
        async with Leaderboard(socket=server.url, timing=HURRIED) as leaderboard:
            off = leaderboard.subscribe("global", lambda *_: None)
            await until(lambda: leaderboard.status.state == "live")
            off()
            off()
            await until(lambda: leaderboard.status.state == "idle")
            await until(lambda: server.ended)

    run(test)


def test_lost_socket_is_replaced_and_the_board_asked_for_with_what_is_held() -> None:
    async def test(server: Server) -> None:
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
    async def test(server: Server) -> None:
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


def test_ticket_that_cannot_be_had_is_reported_once_and_tried_again() -> None:
    async def test(server: Server) -> None:
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
    async def test(server: Server) -> None:
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


def test_status_and_boards_are_the_same_objects_while_nothing_changed() -> None:
    async def test(server: Server) -> None:
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


@pytest.mark.parametrize("url", ["http://127.0.0.1/", "ws://", "ws://[", "nonsense"])
def test_url_that_is_none_of_a_websocket_is_reported(url: str) -> None:
    async def test(_server: Server) -> None:
        problems: list[Problem] = []
        async with Leaderboard(socket=url, timing=HURRIED) as leaderboard:
            leaderboard.on("problem", problems.append)
            leaderboard.subscribe("global", lambda *_: None)
            await until(lambda: problems)
        assert problems[0].code == "socket_failed"

    run(test)


def test_listener_that_raises_harms_no_other_and_is_reported() -> None:
    async def test(server: Server) -> None:
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
    async def test(server: Server) -> None:
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
    async def test(server: Server) -> None:
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
    async def test(server: Server) -> None:
        server.answers["none"] = [
            {"type": "error", "code": "board_not_found", "message": "No", "board": "none"}
        ]
        async with Leaderboard(socket=server.url) as leaderboard:
            for _ in range(2):
                with pytest.raises(BoardNotFound, match="'none'"):
                    await anext(leaderboard.follow("none"))

    run(test)


def test_following_ends_when_the_client_is_closed() -> None:
    async def test(server: Server) -> None:
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


def test_close_waits_for_a_silent_server_no_longer_than_for_a_goodbye() -> None:
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


def test_board_ids_are_checked_and_a_client_needs_some_way_to_the_service() -> None:
    leaderboard = Leaderboard(http="http://127.0.0.1")
    for board in ("", "Global", "a" * 49, "a/b", "global\n"):
        with pytest.raises(ValueError, match="not a board id"):
            leaderboard.subscribe(board, lambda *_: None)
    with pytest.raises(ValueError, match="needs"):
        Leaderboard()
    with pytest.raises(ValueError, match="not an HTTP URL"):
        Leaderboard(http="file:///etc")


# Over HTTP


class Api(http.server.ThreadingHTTPServer):
    """`GET /boards/{board}/top`, answered as a test decides."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer: Callable[[Handler], None] = lambda _: None
        self.requests: list[tuple[str, str | None]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(http.server.BaseHTTPRequestHandler):
    server: Api

    def do_GET(self) -> None:
        self.server.requests.append((self.path, self.headers["If-None-Match"]))
        self.server.answer(self)

    def reply(self, status: int, body: Any, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body if isinstance(body, bytes) else json.dumps(body).encode())

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def api() -> Iterator[Api]:
    with Api() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


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
        lambda request: request.reply(500, {"message": "Internal Server Error"}),
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


DEAD = "http://127.0.0.1:1"


@pytest.fixture(params=["upper", "lower", "socks", "others spared"])
def proxied(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy is set that nobody runs."""
    names = ["http_proxy", "https_proxy", "all_proxy", "ws_proxy", "wss_proxy"]
    proxy = DEAD if request.param != "socks" else "socks5://127.0.0.1:1"
    for name in [*names, "no_proxy"]:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    for name in names:
        monkeypatch.setenv(name if request.param == "lower" else name.upper(), proxy)
    if request.param == "others spared":
        monkeypatch.setenv("no_proxy", "example.com")


@pytest.mark.usefixtures("proxied")
def test_loopback_is_followed_around_a_proxy() -> None:
    async def test(server: Server) -> None:
        async with Leaderboard(socket=server.url, timing=HURRIED) as leaderboard:
            shown: list[int] = []
            leaderboard.subscribe("global", lambda board, _: shown.append(board.version))
            await until(lambda: shown)

    run(test)


@pytest.mark.usefixtures("proxied")
def test_loopback_is_read_around_a_proxy() -> None:
    async def test(server: Api) -> None:
        shown: list[int] = []
        async with Leaderboard(http=server.url, timing=HURRIED) as leaderboard:
            leaderboard.subscribe("global", lambda board, _: shown.append(board.version))
            await until(lambda: shown)

    with api() as server:
        server.answer = lambda request: request.reply(200, snapshot(1, "ada"))
        asyncio.run(asyncio.wait_for(test(server), SECONDS))


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://127.0.0.1:4566", True),
        ("ws://127.1.2.3/dev", True),
        ("ws://[::1]:80", True),
        ("http://localhost:80/", True),
        ("ws://a1.execute-api.localhost:4566/dev", True),
        ("https://example.com", False),
        ("https://localhost.example.com", False),
        ("http://10.0.0.1", False),
        ("nothing", False),
    ],
)
def test_loopback_is_known_by_its_addresses(url: str, here: bool) -> None:
    assert is_loopback(url) == here
