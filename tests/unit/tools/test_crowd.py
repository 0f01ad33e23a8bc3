"""The crowd of the benchmark: a viewer whose socket fails comes back as a client does."""

from __future__ import annotations

import asyncio
import json

import pytest
from websockets.asyncio.server import ServerConnection, serve

from bench.crowd import Seat

SNAPSHOT = {
    "type": "snapshot",
    "board": "global",
    "season": "all",
    "epoch": "k3v9",
    "version": 1,
    "total": 0,
    "endsAt": None,
    "entries": [],
    "publishedAt": "2026-11-23T08:00:00.000Z",
}
REFUSAL = {"type": "error", "code": "unavailable", "message": "Later", "board": "global"}


def test_viewer_whose_socket_is_lost_or_refused_is_seated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("random.random", lambda: 0.0)
    visits: list[int] = []

    async def talk(socket: ServerConnection) -> None:
        visits.append(1)
        if len(visits) == 1:
            return
        for answer in (REFUSAL, SNAPSHOT):
            await socket.recv()
            await socket.send(json.dumps(answer))
        await socket.wait_closed()

    async def seat() -> Seat:
        viewer, seated = Seat(), asyncio.Event()
        async with serve(talk, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            task = asyncio.create_task(viewer.follow(f"ws://127.0.0.1:{port}", seated.set))
            await asyncio.wait_for(seated.wait(), 20)
            task.cancel()
        return viewer

    viewer = asyncio.run(seat())
    assert (viewer.losses, viewer.repairs, len(viewer.came)) == (1, 1, 1)
