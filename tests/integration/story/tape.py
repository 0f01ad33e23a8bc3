"""One run of the service, with a viewer who hears every frame of a board, and the service's own
snapshot of the board after each. Time and chance are the story's, so each run is the same."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import handlers.boards
import handlers.subscriber
from leaderboard import wiring
from local.poller import Context
from tests.integration.events import answered, request
from tests.integration.story import oracle
from tests.integration.story.edges import Rig
from tests.integration.story.service import Service
from tests.integration.story.world import Mishaps, World

Json = dict[str, Any]
Place = tuple[str, str | None, int]
SHOWN = ("season", "epoch", "version", "total", "endsAt", "since", "entries")
QUIET_SECONDS = 20
"""The next change goes out at once, and a total that changes is recorded."""


def place_of(frame: Json) -> Place:
    return frame["season"], frame["epoch"], frame["version"]


def is_first(_options: object) -> int:
    """Everybody goes on until they wait."""
    return 0


@dataclass
class Witness:
    """A connection that hears frames, as the world's gateway delivers them."""

    world: World
    connection_id: str
    closed: bool = False
    heard: list[Json] = field(default_factory=list)

    def take(self, frame: Json) -> None:
        self.heard.append(frame)

    def say(self, kind: str, body: Json | None = None) -> Json:
        event = {
            "requestContext": {
                "connectionId": self.connection_id,
                "eventType": kind,
                "requestId": "request",
            },
            "body": None if body is None else json.dumps(body),
        }
        context = Context(self.world.clock, "id", "subscriber", "arn:aws:lambda", deadline=0)
        answer: Json = handlers.subscriber.handler(event, context)  # type: ignore[arg-type]
        reply: Json = json.loads(answer.get("body") or "{}")
        return reply


class Tape:
    """What the service said of one board, in one run."""

    def __init__(self, world: World, service: Service, board: str) -> None:
        self._world = world
        self._service = service
        self._rules = oracle.BY_NAME[board]
        self._number = 0
        self.board = board
        self.began = world.clock.time()
        self.snapshots: dict[Place, Json] = {}
        """The service's own snapshot at each place."""
        self.boards: dict[Place, Json] = {}
        """What a client shows there."""
        self._viewer = self._connect("viewer")
        self.subscribe()

    def write(self, user: str, amount: int, *, name: str | None = None, rest: bool = True) -> None:
        """One trusted write; and then, unless more is to come into the same frame, its frame."""
        self._number += 1
        submission = f"submission-{self._number}"
        if name is not None:
            self._world.people.asked[user].add(name)
        self._world.scores.attempts[submission] = oracle.Attempt(
            user, (self.board,), amount, self._world.clock.time()
        )
        value = {"delta" if self._rules.operator == "increment" else "score": amount}
        self._do(
            f"write/{submission}",
            lambda: wiring.submissions().submit(
                user_id=user, board=self.board, submission_id=submission, user_name=name, **value
            ),
        )
        if rest:
            self.rest()

    def rename(self, user: str, name: str, *, rest: bool = True) -> None:
        """A player's other name."""
        self._number += 1
        self._world.people.asked[user].add(name)
        self._do(f"rename/{self._number}", lambda: wiring.profiles().rename(user, name))
        if rest:
            self.rest()

    def wait(self, seconds: float) -> None:
        self._do("time", lambda: self._world.clock.sleep(seconds))

    def minute(self) -> None:
        """The schedules' minute."""
        self._service.start("seasons", {})
        self._service.start("verify", {})
        self.rest()

    def rest(self) -> None:
        """Until all is told; then the service's own snapshot of it."""
        self._service.drain("all is told")
        self.snapshot()
        self.wait(QUIET_SECONDS)
        self._service.drain("it is quiet")

    def snapshot(self) -> Json:
        """What a viewer gets who comes now."""
        self._number += 1
        reply = self._ask(self._connect(f"witness-{self._number}"))
        assert reply["type"] == "snapshot"
        self.snapshots.setdefault(place_of(reply), reply)
        self.boards[place_of(reply)] = {name: reply[name] for name in SHOWN}
        return reply

    def subscribe(self, have: Json | None = None) -> Json:
        """What the viewer gets who asks now."""
        return self._ask(self._viewer, have)

    def ping(self) -> Json:
        """The pong."""
        pong: Json = self._asked(lambda: self._viewer.say("MESSAGE", {"action": "ping"}))
        return pong

    def top(self) -> Json:
        """What `GET /boards/{board}/top` answers now."""
        route = request("GET /boards/{board}/top", path={"board": self.board})
        context = Context(self._world.clock, "id", "boards", "arn:aws:lambda", deadline=0)
        found = self._asked(lambda: handlers.boards.handler(route, context))  # type: ignore[arg-type]
        body: Json = answered(found).json
        return body

    def degraded_top(self) -> Json:
        """What it answers while the cache is down."""
        self._world.down.add("cache")
        try:
            return self.top()
        finally:
            self._world.down.clear()

    def heard(self) -> list[Json]:
        """The frames that came since this was last asked."""
        found, self._viewer.heard = self._viewer.heard, []
        return found

    def _connect(self, name: str) -> Witness:
        witness = Witness(self._world, f"{name}=")
        self._world.viewers[witness.connection_id] = witness  # type: ignore[assignment]
        self._asked(lambda: witness.say("CONNECT"))
        return witness

    def _ask(self, witness: Witness, have: Json | None = None) -> Json:
        asked: Json = {"action": "subscribe", "board": self.board}
        if have is not None:
            asked["have"] = {"epoch": have["epoch"], "version": have["version"]}
        reply: Json = self._asked(lambda: witness.say("MESSAGE", asked))
        return reply

    def _asked(self, call: Callable[[], Any]) -> Any:
        self._number += 1
        return self._do(f"subscribe/{self._number}", call)

    def _do(self, name: str, call: Callable[[], Any]) -> Any:
        """Has it run in the world's schedule, to its end."""
        done: list[Any] = []
        self._world.scheduler.spawn(name, lambda: done.append(call()))
        self._world.scheduler.run(lambda: bool(done))
        return done[0]


@contextmanager
def recording(rig: Rig, name: str, *, board: str, begins: float) -> Iterator[Tape]:
    """A tape of a world of its own, in which nothing goes wrong."""
    world = World(name, Mishaps(), shards=1, choose=is_first, begins=begins)
    with rig.world(world), world.scheduler:
        yield Tape(world, Service(world), board)
