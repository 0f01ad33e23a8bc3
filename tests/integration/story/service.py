"""The service of one world: its functions as serverless.yml connects them, and who asks of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

import handlers.board_stream
import handlers.history_stream
import handlers.score_stream
from leaderboard.errors import LeaderboardError, Unavailable
from local.poller import Context, Mapping, Options, Task
from tests.integration.story.world import World
from tests.structure.template import functions

Json = dict[str, Any]


def declared(function: str) -> Json:
    """What serverless.yml says of a function."""
    return functions()[function]


def stream_options(function: str) -> Options:
    (event,) = declared(function)["events"]
    return Options.from_serverless(event["stream"])


@dataclass
class Asked:
    """One request, and what came of it."""

    done: bool = False
    unanswered: bool = False
    """It died, and whoever sent it does not send it again."""
    answer: Any = None
    refusal: LeaderboardError | None = None


class Service:
    def __init__(
        self, world: World, *, batch_size: int | None = None, rebuild_seconds: float | None = None
    ) -> None:
        self.world = world
        self._rebuild_seconds = rebuild_seconds
        """What a rebuild is told that it has, so that it goes on in another invocation."""
        self._invocations = 0
        self.given_up: list[Json] = []
        """The events of asynchronous invocations that failed for good."""
        self.scores = self._mapping("score_stream", handlers.score_stream.handler, batch_size)
        self.history = self._mapping("history_stream", handlers.history_stream.handler, batch_size)
        self.boards = self._mapping("board_stream", handlers.board_stream.handler, None)
        world.settled = lambda: self.scores.ledger.settled
        world.functions = self

    def _mapping(self, name: str, handler: Callable[..., Any], batch_size: int | None) -> Mapping:
        options = stream_options(name)
        if batch_size is not None:
            options = replace(options, batch_size=batch_size)
        stream = self.world.board_stream if name == "board_stream" else self.world.score_stream
        return Mapping(
            self.world.scheduler,
            stream,
            handler,
            name=name,
            options=options,
            timeout=declared(name)["timeout"],
            duplicates=self.world.mishaps.delivered_again,
        )

    def ask(self, name: str, call: Callable[[], object], *, again: bool = True) -> Asked:
        """A request; who sent it sends it `again` when it dies or is to come again later."""
        asked = Asked()

        def run() -> None:
            while not asked.done:
                try:
                    asked.answer = call()
                    asked.done = True
                except Unavailable:
                    if not again:
                        return
                    self.world.clock.sleep(1)
                except LeaderboardError as refusal:
                    asked.refusal = refusal
                    asked.done = True

        def end(task: Task) -> None:
            if task.error is not None:
                raise task.error
            if task.killed is not None and again:
                self.world.scheduler.spawn(name, run, on_end=end)
            asked.unanswered = not asked.done

        self.world.scheduler.spawn(name, run, on_end=end)
        return asked

    def start(self, function: str, event: Json) -> None:
        """An asynchronous invocation, tried as often as serverless.yml says."""
        self._try(function, event, declared(function).get("maximumRetryAttempts", 2), after=0)

    def begin(self, function: str, event: Json) -> Task:
        """An invocation that somebody waits for: it is tried once."""
        return self._invoke(function, event, after=0, end=lambda _task: None)

    def finish_deploy(self) -> Task:
        """The last step of a deploy, which is tried once."""
        task = self.begin("seasons", {"deployed": True})
        self.world.last_steps.append(task)
        return task

    def _try(self, function: str, event: Json, retries: int, *, after: float) -> None:
        def end(task: Task) -> None:
            if (task.error or task.killed) and retries:
                self._try(function, event, retries - 1, after=60)
            elif task.error or task.killed:
                self.given_up.append(event)

        self._invoke(function, event, after=after, end=end)

    def _invoke(
        self, function: str, event: Json, *, after: float, end: Callable[[Task], None]
    ) -> Task:
        self._invocations += 1
        name = f"{function}/{self._invocations}"
        handler = import_module(f"handlers.{function}").handler
        timeout = declared(function).get("timeout", 10)

        def run() -> object:
            self.world.clock.sleep(after)
            has = self._rebuild_seconds if function == "rebuild" else None
            deadline = self.world.clock.time() + (timeout if has is None else has)
            context = Context(self.world.clock, name, function, "arn:aws:lambda", deadline)
            return handler(event, context)

        def ended(task: Task) -> None:
            if isinstance(task.error, AssertionError):
                raise task.error
            end(task)

        return self.world.scheduler.spawn(name, run, timeout=timeout + after, on_end=ended)

    def drain(self, what: str) -> None:
        """Until the streams are drained and all that was asked for is done."""
        self.world.scheduler.trace.add(self.world.clock.time(), "story", f"until {what}")
        self.world.scheduler.drain()
        for mapping in (self.scores, self.history, self.boards):
            assert mapping.ledger.discarded == []
            assert mapping.ledger.trimmed == []
