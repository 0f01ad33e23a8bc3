"""A viewer that follows the client's rules of the contract, and nothing else."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import handlers.socket
from tests.integration.story import oracle
from tests.integration.story.world import World
from tests.poller import Context, Task

Json = dict[str, Any]


@dataclass
class Held:
    """What a viewer shows of one board. Nothing yet: `entries` is None."""

    epoch: str | None = None
    version: int = 0
    entries: list[Json] | None = None
    newest_seen: tuple[str | None, int] = (None, 0)
    undelivered: int = 0
    asking: bool = False


@dataclass
class Viewer:
    connection_id: str
    boards: tuple[oracle.Rules, ...]
    world: World
    closed: bool = False
    held: dict[str, Held] = field(default_factory=dict)
    subscriptions: int = 0

    def arrive(self) -> None:
        """Connect, and subscribe to every board."""
        self.world.viewers[self.connection_id] = self
        self.held = {rules.board: Held() for rules in self.boards}
        self._call("CONNECT", None)
        for rules in self.boards:
            self._subscribe(rules.board, after=0)

    def leave(self) -> None:
        """Go without a word, as a laptop that is shut does."""
        self.closed = True

    def missed(self, frame: Json) -> None:
        held = self.held[frame["board"]]
        held.undelivered = max(held.undelivered, frame["version"])

    def take(self, message: Json) -> None:
        """One message from the server, whichever way it came."""
        if self.closed or message["type"] == "error":
            return
        board = message["board"]
        held = self.held[board]
        epoch, version = message["epoch"], message["version"]
        same = held.entries is not None and held.epoch == epoch
        if epoch is None and held.epoch is not None:
            return  # the empty board of the season's beginning, late
        if held.newest_seen[0] != epoch or held.newest_seen[1] < version:
            held.newest_seen = (epoch, version)
        if message["type"] == "current":
            return
        if message["type"] == "snapshot":
            if not same or version > held.version:
                self._show(board, held, epoch, version, message["entries"])
        elif same and version <= held.version:
            return
        elif same and held.entries is not None and message["from"] == held.version:
            entries = oracle.patched(held.entries, message)
            self._show(board, held, epoch, version, entries)
        else:
            self._subscribe(board, after=self.world.chance.choice([0, 0.1, 1]))

    def _show(
        self, board: str, held: Held, epoch: str | None, version: int, entries: list[Json]
    ) -> None:
        rules = next(it for it in self.boards if it.board == board)
        recorded = self.world.recorded(rules.key, epoch, version)
        if epoch is None:
            assert entries == []
        else:
            assert recorded is not None, f"{board} version {version} was never recorded"
            assert entries == recorded.entries, f"{entries} is not {recorded}"
        held.epoch, held.version, held.entries = epoch, version, entries
        if held.undelivered <= version:
            held.undelivered = 0

    def _subscribe(self, board: str, *, after: float) -> None:
        held = self.held[board]
        if held.asking or self.closed:
            return
        held.asking = True
        self.subscriptions += 1

        def ask() -> None:
            self.world.clock.sleep(after)
            rules = next(it for it in self.boards if it.board == board)
            existed = bool(self.world.history[rules.key])
            request: Json = {"action": "subscribe", "board": board}
            if held.entries is not None and self.world.chance.random() < 0.5:
                request["have"] = {"epoch": held.epoch, "version": held.version}
            reply = self._call("MESSAGE", request)
            if existed and reply["type"] == "snapshot":
                assert reply["version"] > 0, f"an empty board for a recorded one: {reply}"
            held.asking = False
            self.take(reply)
            if reply["type"] == "error":
                self._subscribe(board, after=1)
            elif held.newest_seen[0] != held.epoch or held.newest_seen[1] > held.version:
                self._subscribe(board, after=self.world.chance.choice([0.1, 1]))

        def end(task: Task) -> None:
            held.asking = False
            if task.killed is not None:  # no answer came
                self._subscribe(board, after=1)
            elif task.error is not None:
                raise task.error

        number = f"{self.connection_id}-{self.subscriptions}"
        self.world.scheduler.spawn(f"subscribe/{number}", ask, timeout=10 + after, on_end=end)

    def ping(self) -> None:
        """Compare with the recorded versions, and repair what differs."""
        pong = self._call("MESSAGE", {"action": "ping"})
        assert pong["type"] == "pong", pong
        for board, known in pong["boards"].items():
            held = self.held[board]
            if (known["epoch"], known["version"]) != (held.epoch, held.version):
                self._subscribe(board, after=0)

    def _call(self, kind: str, body: Json | None) -> Json:
        event = {
            "requestContext": {
                "connectionId": self.connection_id,
                "eventType": kind,
                "requestId": "request",
            },
            "body": None if body is None else json.dumps(body),
        }
        context = Context(self.world.clock, "id", "socket", "arn:aws:lambda", deadline=0)
        answer: Json = handlers.socket.handler(event, context)  # type: ignore[arg-type]
        reply: Json = json.loads(answer.get("body", "{}"))
        return reply
