"""The recorded conversations of clients/conformance, over real sockets and real HTTP. The README
there describes the lines."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve

from clients.python.tests.servers import HURRIED, SECONDS, api, until
from clients.python.tests.smallest import SmallestClient
from clients.python.tests.witness import line
from leaderboard_client import Board, Leaderboard

FOLDER = Path(__file__).parent.parent.parent / "conformance"
TIMING = replace(HURRIED, roll_jitter=20, ask_base=10, ask_cap=50, poll_after=60_000)
Json = dict[str, Any]


class Service:
    """Says what the lines say, and hears the client."""

    def __init__(self) -> None:
        self.connection: ServerConnection | None = None
        self.asked: list[Json] = []
        self.answered = 0

    async def handle(self, connection: ServerConnection) -> None:
        self.connection = connection
        async for text in connection:
            message = json.loads(text)
            if message["action"] == "subscribe":
                self.asked.append(message)

    async def expect(self, wanted: Json, is_waived: Callable[[], bool]) -> None:
        """A message that the client has sent since the last one, or sends now; unless it does not
        need to ask any more."""
        await until(lambda: len(self.asked) > self.answered or is_waived())
        self.answered = len(self.asked)
        assert self.asked
        assert wanted.items() <= self.asked[-1].items()

    async def say(self, frame: Any) -> None:
        assert self.connection is not None
        if frame == "closes":
            self.answered = len(self.asked)
            await self.connection.close()
        else:
            await self.connection.send(json.dumps(frame))


def shown(board: Board) -> Json:
    """A board as the lines have it."""
    return {
        "season": board.season,
        "epoch": board.epoch,
        "version": board.version,
        "total": board.total,
        "endsAt": board.ends_at,
        "since": board.since,
        "entries": [line(it) for it in board.entries],
    }


class Screen:
    """What the client showed, held to the boards that it may show, in their order."""

    def __init__(self, expected: list[Json]) -> None:
        self._expected = expected
        self.due = 0
        """The number of the board that is to be shown next."""
        self.reached = -1
        self.wrong: Json | None = None

    def show(self, board: Json) -> None:
        """Looks for the board among those that were not reached yet."""
        for number in range(self.reached + 1, len(self._expected)):
            if self._expected[number] == board:
                self.reached = number
                return
        self.wrong = self.wrong or board

    def is_ready(self) -> bool:
        """Whether the client shows the board that is due, or a later one, or a wrong one."""
        return self.reached >= self.due or self.wrong is not None


async def converse(lines: list[Json], http: str | None) -> None:
    header, *steps = lines
    began = time.monotonic()
    start = datetime.fromisoformat(header["now"]).timestamp()
    service = Service()
    screen = Screen([it["shows"] for it in steps if "shows" in it])
    async with serve(service.handle, "127.0.0.1", 0, ping_interval=None) as listening:
        port = next(iter(listening.sockets)).getsockname()[1]
        async with Leaderboard(
            socket=f"ws://127.0.0.1:{port}",
            http=http,
            timing=TIMING,
            now=lambda: (start + time.monotonic() - began) * 1000,
        ) as leaderboard:
            leaderboard.subscribe(header["board"], lambda board, _: screen.show(shown(board)))
            for step in steps:
                if "client" in step:
                    await service.expect(step["client"], screen.is_ready)
                elif "service" in step:
                    await service.say(step["service"])
                elif "shows" in step:
                    await until(screen.is_ready)
                    assert screen.wrong is None
                    screen.due += 1
            assert screen.reached == screen.due - 1
            assert leaderboard.status.problems == ()


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.jsonl")), ids=lambda path: path.stem)
def test_client_shows_the_boards_of_a_recorded_conversation(path: Path) -> None:
    lines = [json.loads(it) for it in path.read_text(encoding="utf-8").splitlines()]
    assert "shows" in lines[-1]
    bodies = [it["http"] for it in lines if "http" in it]
    with api() as server:
        server.answer = lambda request: request.reply(200, bodies[0])
        http = server.url if bodies else None
        asyncio.run(asyncio.wait_for(converse(lines, http), 2 * SECONDS))


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.jsonl")), ids=lambda path: path.stem)
def test_smallest_client_passes_step_by_step(path: Path) -> None:
    header, *steps = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    client = SmallestClient(header["board"])
    client.subscribe()
    answered, expected = 0, []
    for step in steps:
        if "http" in step:
            client.snapshot(step["http"])
        elif "shows" in step:
            expected.append(step["shows"])
            assert client.shown == expected
        elif step.get("service") == "closes":
            answered = client.asks
            client.subscribe()
        elif "service" in step:
            client.receive(step["service"])
        else:
            # The season has ended: whoever has no clock is told so here.
            if header["conversation"] == "season-asked" and client.asks == answered:
                client.subscribe()
            assert client.asks > answered
            answered = client.asks
    assert client.shown == expected
