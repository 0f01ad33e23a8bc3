"""A viewer of boards: a WebSocket client that follows the contract's rules, and remembers all."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from websockets.sync.client import ClientConnection, connect

from tests.e2e.waiting import SECONDS

Json = dict[str, Any]

ESCAPE = re.compile(r"(?<!\\)(?:\\\\)*\\u")
FRAMES = ("snapshot", "update", "current")


class Screen:
    """What a viewer holds of one board, by the contract's rules for clients."""

    def __init__(self) -> None:
        self.season: str | None = None
        self.epoch: str | None = None
        self.version = -1
        self.total = 0
        self.entries: list[Json] = []

    @property
    def have(self) -> Json:
        return {"epoch": self.epoch, "version": self.version}

    @property
    def scores(self) -> dict[str, int]:
        return {it["userId"]: it["userScore"] for it in self.entries}

    def take(self, frame: Json) -> bool:
        """Takes a snapshot or an update; False if the snapshot must be asked for."""
        same = frame["epoch"] == self.epoch and frame["season"] == self.season
        if same and frame["version"] <= self.version:
            return True
        if frame["season"] == self.season and frame["epoch"] is None:
            return True  # the empty board of the season's beginning, late
        if frame["type"] == "snapshot":
            self.entries = frame["entries"]
        elif not same or frame["from"] != self.version:
            return False
        else:
            kept = {it["userId"]: it for it in self.entries if it["userId"] not in frame["remove"]}
            kept |= {it["userId"]: it for it in frame["upsert"]}
            self.entries = sorted(kept.values(), key=lambda it: it["rank"])
        self.season, self.epoch = frame["season"], frame["epoch"]
        self.version, self.total = frame["version"], frame["total"]
        return True


class Viewer:
    """One connection. `frames` has everything that came, in order."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.frames: list[Json] = []

    def send(self, message: Json | str | bytes) -> None:
        self.connection.send(json.dumps(message) if isinstance(message, dict) else message)

    def receive(self, seconds: float = SECONDS) -> Json:
        """The next frame; raises TimeoutError."""
        text = self.connection.recv(timeout=seconds)
        assert isinstance(text, str)
        assert not ESCAPE.search(text), "frames are UTF-8 without escapes"
        frame: Json = json.loads(text)
        self.frames.append(frame)
        return frame

    def receive_until(self, wanted: Callable[[Json], bool], *, what: str) -> Json:
        deadline = time.monotonic() + SECONDS
        while True:
            left = deadline - time.monotonic()
            assert left > 0, f"did not come: {what}; came: {self.frames}"
            frame = self.receive(left)
            if wanted(frame):
                return frame

    def ask(self, message: Json | str | bytes) -> Json:
        """The reply to a message; updates may come before it."""
        self.send(message)
        return self.receive_until(lambda it: it["type"] != "update", what=f"a reply to {message!r}")

    def ping(self) -> Json:
        pong = self.ask({"action": "ping"})
        assert pong["type"] == "pong", pong
        return pong

    def subscribe(self, board: str, *, have: Json | None = None) -> Json:
        extra = {} if have is None else {"have": have}
        self.send({"action": "subscribe", "board": board, **extra})
        return self.receive_until(
            lambda it: it["type"] != "update" and it.get("board") == board,
            what=f"a snapshot of {board}",
        )

    def follow(self, board: str, screen: Screen, until: Callable[[Screen], bool]) -> None:
        """Keeps a screen of a board, as a client would, until it shows what is wanted."""
        if screen.version < 0:
            screen.take(self.subscribe(board))
        while not until(screen):
            frame = self.receive_until(
                lambda it: it.get("board") == board and it["type"] in FRAMES,
                what=f"the next of {board} after {screen.version} {screen.scores}",
            )
            if frame["type"] != "current" and not screen.take(frame):
                self.send({"action": "subscribe", "board": board})

    def frames_of(self, board: str, kind: str) -> list[Json]:
        return [it for it in self.frames if it["type"] == kind and it.get("board") == board]


@contextmanager
def viewing(
    addresses: Mapping[str, str], query: str = "", *, origin: str | None = None
) -> Iterator[Viewer]:
    """A connection, closed at the end."""
    headers = {} if origin is None else {"Origin": origin}
    with connect(
        f"{addresses['socket']}{query}", additional_headers=headers, open_timeout=SECONDS
    ) as connection:
        yield Viewer(connection)
