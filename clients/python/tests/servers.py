"""Servers whose answers a test decides: the gateway of the sockets, and the API."""

from __future__ import annotations

import asyncio
import http.server
import json
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from websockets.asyncio.server import ServerConnection, serve
from websockets.http11 import Request, Response

from clients.python.tests.messages import pong, snapshot
from leaderboard_client import Timing

Json = dict[str, Any]

# How long a test waits for anything.
SECONDS = 10.0
# Durations in milliseconds, short enough for tests.
HURRIED = Timing(reconnect_base=20, reconnect_cap=50, poll_after=50, poll_interval=50, linger=20)


class Gateway:
    """A WebSocket server that answers pings, and subscriptions with `answers` of the board."""

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
        # Nothing was raised, so it was closed with 1000.
        self.ended += 1

    def refuse(self, connection: ServerConnection, _request: Request) -> Response | None:
        return connection.respond(self.refusal, "No\n") if self.refusal else None

    def has_had(self, connections: int) -> bool:
        return len(self.connections) == connections

    async def send(self, *frames: Json) -> None:
        for frame in frames:
            await self.connections[-1].send(json.dumps(frame))


@asynccontextmanager
async def serving() -> AsyncIterator[Gateway]:
    """A gateway on a free port."""
    server = Gateway()
    async with serve(
        server.handle, "127.0.0.1", 0, process_request=server.refuse, ping_interval=None
    ) as listening:
        port = next(iter(listening.sockets)).getsockname()[1]
        server.url = f"ws://127.0.0.1:{port}/dev"
        yield server


async def until(condition: Callable[[], object]) -> None:
    """Waits for a condition."""
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, "did not come"
        await asyncio.sleep(0.005)


def run(test: Callable[[Gateway], Awaitable[None]]) -> None:
    """Runs a test with a gateway that has the board `global`. No task may be left."""

    async def ran() -> None:
        async with serving() as server:
            server.answers["global"] = [snapshot(1, "ada")]
            before = asyncio.all_tasks()
            await test(server)
            await until(lambda: server.connections == [] or asyncio.all_tasks() <= before)

    asyncio.run(asyncio.wait_for(ran(), SECONDS * 2))


class Api(http.server.ThreadingHTTPServer):
    """An HTTP server. `answer` replies to each request."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer: Callable[[Handler], None] = lambda _: None
        self.requests: list[tuple[str, str | None]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(http.server.BaseHTTPRequestHandler):
    """One request to `Api`."""

    server: Api
    body: Any = None
    """What was sent, as JSON or as text."""

    def do_GET(self) -> None:
        self.server.requests.append((self.path, self.headers["If-None-Match"]))
        sent = self.rfile.read(int(self.headers["Content-Length"] or 0)).decode()
        is_json = "json" in (self.headers["Content-Type"] or "")
        self.body = json.loads(sent) if is_json else sent
        self.server.answer(self)

    def do_POST(self) -> None:
        self.do_GET()

    def do_PUT(self) -> None:
        self.do_GET()

    def do_DELETE(self) -> None:
        self.do_GET()

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
    """An API in a thread of its own."""
    with Api() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()
