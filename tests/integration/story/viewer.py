"""A viewer that follows the client's rules of the contract, and nothing else."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import handlers.subscriber
from local.poller import Context, Task
from tests.integration.story import oracle
from tests.integration.story.world import World

Json = dict[str, Any]


@dataclass
class Held:
    """What a viewer shows of one board. Nothing yet: `entries` is None."""

    season: str = ""
    epoch: str | None = None
    version: int = 0
    total: int = 0
    entries: list[Json] | None = None
    newest_seen: tuple[str, str | None, int] = ("", None, 0)
    undelivered: tuple[str, int] = ("", 0)
    """The newest frame that did not arrive, by season and version."""
    asking: bool = False


@dataclass
class Viewer:
    connection_id: str
    boards: tuple[oracle.Rules, ...]
    world: World
    user_id: str | None = None
    closed: bool = False
    held: dict[str, Held] = field(default_factory=dict)
    subscriptions: int = 0

    def arrive(self) -> None:
        """Connect, and subscribe to every board."""
        self.world.viewers[self.connection_id] = self
        self.held = {rules.board: Held() for rules in self.boards}
        if self._handled("CONNECT", None)["statusCode"] != 200:
            self.closed = True
            return
        for rules in self.boards:
            self._subscribe(rules.board, after=0)

    def leave(self) -> None:
        """Go without a word, as a laptop that is shut does."""
        self.closed = True

    def missed(self, frame: Json) -> None:
        held = self.held[frame["board"]]
        held.undelivered = max(held.undelivered, (frame["season"], frame["version"]))

    def take(self, message: Json) -> None:
        """One message from the server, whichever way it came."""
        if self.closed or message["type"] == "error":
            return
        board, season = message["board"], message["season"]
        held = self.held[board]
        if season < held.season:
            return
        epoch, version = message["epoch"], message["version"]
        same = held.entries is not None and (held.season, held.epoch) == (season, epoch)
        if epoch is None and held.season == season and held.epoch is not None:
            return  # the empty board of the season's beginning, late
        if held.newest_seen[:2] != (season, epoch) or held.newest_seen[2] < version:
            held.newest_seen = (season, epoch, version)
        if message["type"] == "current":
            return
        if message["type"] == "snapshot":
            if not same or version > held.version:
                self._show(held, message, message["entries"])
        elif same and version <= held.version:
            return
        elif same and held.entries is not None and message["from"] == held.version:
            self._show(held, message, oracle.patched(held.entries, message))
        else:
            self._subscribe(board, after=self.world.chance.choice([0, 0.1, 1]))

    def _show(self, held: Held, message: Json, entries: list[Json]) -> None:
        epoch, version = message["epoch"], message["version"]
        recorded = self.world.recorded(f"{message['board']}#{message['season']}", epoch, version)
        if epoch is None:
            assert entries == []
        else:
            assert recorded is not None, f"never recorded: {message}"
            assert entries == recorded.entries, f"{entries} is not {recorded}"
            assert message["total"] == recorded.total, f"{message} is not {recorded}"
        held.season, held.epoch, held.version = message["season"], epoch, version
        held.entries, held.total = entries, message["total"]
        if held.undelivered <= (held.season, version):
            held.undelivered = ("", 0)

    def _subscribe(self, board: str, *, after: float) -> None:
        held = self.held[board]
        if held.asking or self.closed:
            return
        held.asking = True
        self.subscriptions += 1

        def ask() -> None:
            self.world.clock.sleep(after)
            rules = next(it for it in self.boards if it.board == board)
            key = rules.during(self.world.clock.time()).key
            existed = any(it.epoch for it in self.world.history[key])
            request: Json = {"action": "subscribe", "board": board}
            if held.entries is not None and self.world.chance.random() < 0.5:
                request["have"] = {"epoch": held.epoch, "version": held.version}
            reply = self._call("MESSAGE", request)
            turned = key != rules.during(self.world.clock.time()).key
            if existed and not turned and reply["type"] == "snapshot":
                assert reply["version"] > 0, f"an empty board for a recorded one: {reply}"
            held.asking = False
            self.take(reply)
            if reply["type"] == "error":
                self._subscribe(board, after=1)
            elif self._is_behind(held):
                self._subscribe(board, after=self.world.chance.choice([0.1, 1]))

        def end(task: Task) -> None:
            held.asking = False
            if task.killed is not None:  # no answer came
                self._subscribe(board, after=1)
            elif task.error is not None:
                raise task.error

        number = f"{self.connection_id}-{self.subscriptions}"
        self.world.scheduler.spawn(f"subscribe/{number}", ask, timeout=10 + after, on_end=end)

    def _is_behind(self, held: Held) -> bool:
        season, epoch, version = held.newest_seen
        return (season, epoch) != (held.season, held.epoch) or version > held.version

    def ping(self) -> None:
        """Compare with the recorded versions, and repair what differs."""
        pong = self._call("MESSAGE", {"action": "ping"})
        assert pong["type"] == "pong", pong
        for board, known in pong["boards"].items():
            held = self.held[board]
            shown = (held.season, held.epoch, held.version)
            if (known["season"], known["epoch"], known["version"]) != shown:
                self._subscribe(board, after=0)

    def _call(self, kind: str, body: Json | None) -> Json:
        reply: Json = json.loads(self._handled(kind, body).get("body", "{}"))
        return reply

    def _handled(self, kind: str, body: Json | None) -> Json:
        request: Json = {
            "connectionId": self.connection_id,
            "eventType": kind,
            "requestId": "request",
        }
        if self.user_id is not None:
            request["authorizer"] = {"userId": self.user_id}
        event = {"requestContext": request, "body": None if body is None else json.dumps(body)}
        context = Context(self.world.clock, "id", "subscriber", "arn:aws:lambda", deadline=0)
        answer: Json = handlers.subscriber.handler(event, context)  # type: ignore[arg-type]
        return answer
