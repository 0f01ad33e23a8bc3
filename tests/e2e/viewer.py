"""A viewer of boards: one connection, that remembers all frames and holds them to their document;
and a screen that shows a board by the rules of the subscriber package."""

from __future__ import annotations

import json
import math
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from websockets.sync.client import ClientConnection, connect

from leaderboard_client.following import Following
from leaderboard_client.frame import Current, Snapshot, Update, parse_frame
from tests.e2e.described_frames import assert_sent, is_taken
from tests.e2e.waiting import SECONDS

Json = dict[str, Any]

ESCAPE = re.compile(r"(?<!\\)(?:\\\\)*\\u")
FRAMES = ("snapshot", "update", "current")


class Screen:
    """What a viewer holds of one board, by the contract's rules for clients."""

    def __init__(self) -> None:
        self._following = Following()

    @property
    def season(self) -> str | None:
        return self._following.held.season if self._following.held else None

    @property
    def epoch(self) -> str | None:
        return self._following.held.epoch if self._following.held else None

    @property
    def version(self) -> int:
        """-1 before the first snapshot."""
        return self._following.held.version if self._following.held else -1

    @property
    def total(self) -> int:
        return self._following.held.total if self._following.held else 0

    @property
    def entries(self) -> list[Json]:
        """As the service writes them."""
        return [
            {
                "rank": it.rank,
                "place": it.place,
                "userId": it.user_id,
                "userName": it.user_name,
                "userScore": it.user_score,
                "scoreUpdatedAt": it.score_updated_at,
                "was": it.was,
            }
            for it in (self._following.held.entries if self._following.held else ())
        ]

    @property
    def have(self) -> Json:
        return {"epoch": self.epoch, "version": self.version}

    @property
    def scores(self) -> dict[str, int]:
        return {it["userId"]: it["userScore"] for it in self.entries}

    def take(self, frame: Json) -> bool:
        """Takes a frame of the board; False if the snapshot must be asked for.

        What comes on one connection comes in order: a snapshot is as of now.
        """
        now = time.monotonic()
        taken = parse_frame(json.dumps(frame))
        match taken:
            case Snapshot():
                self._following.snapshot(taken, now=now, read_after=-math.inf, asked_at=now)
                self._following.answered(taken, now)
            case Update():
                self._following.update(taken, now)
            case Current():
                self._following.name(taken, now)
                self._following.answered(taken, now)
            case _:
                raise AssertionError(f"the subscriber package does not know {frame}")
        return not self._following.behind


class Viewer:
    """One connection. `frames` has everything that came, in order, held to their document unless
    another release sends them."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.described = True
        self.frames: list[Json] = []

    def send(self, message: Json | str | bytes) -> None:
        self.connection.send(json.dumps(message) if isinstance(message, dict) else message)

    def receive(self, seconds: float = SECONDS) -> Json:
        """The next frame; raises TimeoutError."""
        text = self.connection.recv(timeout=seconds)
        assert isinstance(text, str)
        assert not ESCAPE.search(text), "frames are UTF-8 without escapes"
        frame: Json = json.loads(text)
        if self.described:
            assert_sent(frame)
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
        reply = self.receive_until(
            lambda it: it["type"] != "update", what=f"a reply to {message!r}"
        )
        if isinstance(message, dict) and not is_taken(message):
            assert reply["type"] == "error", f"{message} is answered, which is not described"
        return reply

    def ping(self) -> Json:
        pong = self.ask({"action": "ping"})
        assert pong["type"] == "pong", pong
        return pong

    def subscribe(self, board: str, *, have: Json | None = None) -> Json:
        extra = {} if have is None else {"have": have}
        message = {"action": "subscribe", "board": board, **extra}
        assert is_taken(message)
        self.send(message)
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
            if not screen.take(frame):
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
