"""Follows a board over the socket by the contract's rules for clients: a pure core, and the
connection around it."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import Any, cast

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

Message = Mapping[str, Any]
# Season, epoch, version.
State = tuple[str, str | None, int]

# The connection would be closed after 10 idle minutes.
PING_SECONDS = 240.0
# Between two questions for the snapshot, doubled each time up to the second.
BACKOFF_SECONDS = (0.25, 10.0)


class BoardNotFound(Exception):
    """The service has no such board."""


@dataclass(frozen=True, slots=True)
class Top:
    """What a viewer holds of a board: its entries at one season, epoch and version."""

    board: str
    season: str
    epoch: str | None
    version: int
    total: int
    ends_at: str | None
    entries: tuple[Message, ...]
    scored_at: str | None
    published_at: str | None


class Follower:
    """Takes the messages about one board, in any order and number, and keeps its top."""

    def __init__(self, board: str) -> None:
        self.board = board
        self.top: Top | None = None
        # The newest that was heard of.
        self._newest: State | None = None

    @property
    def is_behind(self) -> bool:
        """Whether the snapshot has to be asked for."""
        return self._held() is None or self._held() != self._newest

    def question(self) -> Message:
        """The message that asks for the snapshot, or for word that there is none newer."""
        question: dict[str, Any] = {"action": "subscribe", "board": self.board}
        if self.top and self.top.epoch:
            question["have"] = {"epoch": self.top.epoch, "version": self.top.version}
        return question

    def take(self, message: Message) -> bool:
        """Takes a message; true if the top changed by it."""
        kind = message.get("type")
        if kind == "pong":
            # A board that the service does not name is one that it no longer sends.
            known = message["boards"].get(self.board)
            if known:
                self._hear_of(_state(known))
            else:
                self._newest = None
            return False
        if message.get("board") != self.board or kind not in ("snapshot", "update", "current"):
            return False
        state, held = _state(message), self._held()
        if held and state[0] < held[0]:
            return False
        if held and state[0] == held[0] and held[1] is not None and state[1] is None:
            return False  # the empty board of the season's beginning, late
        self._hear_of(state)
        if kind == "current" or (held and held[:2] == state[:2] and held[2] >= state[2]):
            return False
        if kind == "snapshot":
            self._show(message, message["entries"])
            return True
        if held and held[:2] == state[:2] and held[2] == message["from"]:
            self._show(message, _applied(self.top, message))
            return True
        return False

    def _show(self, message: Message, entries: list[Message]) -> None:
        self.top = Top(
            board=self.board,
            season=message["season"],
            epoch=message["epoch"],
            version=message["version"],
            total=message["total"],
            ends_at=message.get("endsAt", self.top.ends_at if self.top else None),
            entries=tuple(entries),
            scored_at=message.get("scoredAt"),
            published_at=message.get("publishedAt"),
        )

    def _hear_of(self, state: State) -> None:
        """Takes a state for the newest, unless a newer one of its counter is known."""
        known = self._newest
        if not known or known[:2] != state[:2] or known[2] < state[2]:
            self._newest = state

    def _held(self) -> State | None:
        return (self.top.season, self.top.epoch, self.top.version) if self.top else None


def _state(message: Message) -> State:
    return message["season"], message["epoch"], message["version"]


def _applied(top: Top | None, update: Message) -> list[Message]:
    entries = {entry["userId"]: entry for entry in top.entries} if top else {}
    for user_id in update["remove"]:
        entries.pop(user_id, None)
    entries |= {entry["userId"]: entry for entry in update["upsert"]}
    return sorted(entries.values(), key=lambda entry: entry["rank"])


async def follow(url: str, board: str) -> AsyncGenerator[Top, None]:
    """The board's top, each time that it changed; connects anew for as long as it is read.

    Raises BoardNotFound, and InvalidStatus where the connection is refused for good.
    """
    follower = Follower(board)
    # A generator, which its type does not say: closed, it closes its connection.
    attempts = cast("AsyncGenerator[ClientConnection, None]", aiter(connect(url)))
    async with aclosing(attempts) as connections:
        async for connection in connections:
            with suppress(ConnectionClosed):
                async with aclosing(_listen(connection, follower)) as tops:
                    async for top in tops:
                        yield top


async def _listen(connection: ClientConnection, follower: Follower) -> AsyncGenerator[Top, None]:
    shortest, longest = BACKOFF_SECONDS
    # A new connection is subscribed to nothing, whatever it holds.
    ask_at: float | None = time.monotonic()
    backoff = shortest
    ping_at = time.monotonic() + PING_SECONDS
    while True:
        now = time.monotonic()
        if ask_at is not None and now >= ask_at:
            await connection.send(json.dumps(follower.question()))
            ask_at = now + backoff * random.uniform(1, 2)
            backoff = min(backoff * 2, longest)
        if now >= ping_at:
            await connection.send('{"action":"ping"}')
            ping_at = now + PING_SECONDS
        wake_at = ping_at if ask_at is None else min(ask_at, ping_at)
        try:
            async with asyncio.timeout_at(asyncio.get_running_loop().time() + wake_at - now):
                message: Message = json.loads(await connection.recv())
        except TimeoutError:
            continue
        if message.get("code") == "board_not_found" and message.get("board") == follower.board:
            raise BoardNotFound(f"There is no board {follower.board!r}.")
        changed = follower.take(message)
        if not follower.is_behind:
            ask_at, backoff = None, shortest
        elif ask_at is None:
            ask_at = time.monotonic()
        if changed and follower.top:
            yield follower.top
