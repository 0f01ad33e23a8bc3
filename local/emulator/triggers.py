"""Delivers the tables' streams to the functions, as Lambda's event source mappings do.

The emulator keeps the streams and runs the functions, but its own poller is one thread that
ignores retries, partial batches, bisecting, windows and lanes. So the stage `local` is deployed
with its mappings disabled, and `local.poller` drives them by its rules, in real time. A stream is
read when a write to a table has passed by, so that a record waits for no poll; and four times a
second, as Lambda polls, for what the emulator writes by itself.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from local.emulator.asgi import Application, Receive, Scope, Send
from local.emulator.calls import Calls, EmulatorRefused
from local.emulator.tail import Tail
from local.poller import Task, seeded
from local.poller.source import Source
from local.poller.trace import PollerTrace

POLL_SECONDS = 0.25
# How often it looks for mappings that were deployed.
LOOK_SECONDS = 1.0
READS = (b"BatchGetItem", b"DescribeTable", b"GetItem", b"Query", b"Scan", b"TransactGetItems")

logger = logging.getLogger("triggers")


class Triggers:
    """Stands before the emulator, and drives its streams beside the requests."""

    def __init__(self, application: Application, calls: Calls) -> None:
        self._application = application
        self._runner = Live(calls)
        self._running: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._running is None and scope["type"] == "http":
            self._running = asyncio.create_task(self._runner.run())
            self._running.add_done_callback(_check)
        await self._application(scope, receive, send)
        if scope["type"] == "http" and _writes(scope):
            self._runner.wake()


def _check(task: asyncio.Task[None]) -> None:
    """A mistake in here must not stop the streams in silence: the emulator ends, and the stack
    says so."""
    if not task.cancelled() and (error := task.exception()):
        logger.critical("The streams are no longer delivered", exc_info=error)
        raise SystemExit(1)


def _writes(scope: Scope) -> bool:
    for name, value in scope["headers"]:
        if name == b"x-amz-target":
            service, _, operation = value.partition(b".")
            return service == b"DynamoDB_20120810" and operation not in READS
    return False


class Live:
    """Runs mappings in real time: what `local.poller.Scheduler` does in virtual time."""

    def __init__(self, calls: Calls) -> None:
        self.clock = WallClock()
        self.choose = seeded(0)
        self.trace = Silence(self.clock.time())
        self._calls = calls
        self._sources: list[Source] = []
        self._tails: dict[str, Tail] = {}
        self._invocations: set[asyncio.Task[None]] = set()
        self._woken = asyncio.Event()

    def wake(self) -> None:
        """Look at the streams at once."""
        self._woken.set()

    def watch(self, source: Source) -> None:
        self._sources.append(source)

    def spawn(
        self,
        name: str,
        call: Callable[[], object],
        *,
        timeout: float | None = None,  # noqa: ARG002 - the emulator ends a function in time
        on_end: Callable[[Task], None] | None = None,
    ) -> Task:
        task = Task(name, call, on_end=on_end)
        invocation = asyncio.create_task(self._perform(task))
        self._invocations.add(invocation)
        invocation.add_done_callback(self._invocations.discard)
        invocation.add_done_callback(_check)
        return task

    async def run(self) -> None:
        """Until the process ends."""
        looked = 0.0
        while True:
            self._woken.clear()
            if self.clock.monotonic() - looked >= LOOK_SECONDS:
                looked = self.clock.monotonic()
                try:
                    await self._look()
                except EmulatorRefused as failure:
                    logger.warning("The mappings cannot be read: %s", failure)
            for tail in self._tails.values():
                await tail.read()
            wait = self._begin()
            try:
                await asyncio.wait_for(self._woken.wait(), wait)
            except TimeoutError:
                continue

    def _begin(self) -> float:
        """Begins the invocations that are due; returns for how many seconds there are no more."""
        now = self.clock.time()
        wakes = [now + POLL_SECONDS]
        for source in self._sources:
            while starts := source.starts(now):
                for start in starts:
                    start.begin()
            due = source.wakes(now)
            wakes += [due] if due is not None else []
        for tail in self._tails.values():
            tail.stream.forget()
        return max(min(wakes) - self.clock.time(), 0.0)

    async def _perform(self, task: Task) -> None:
        try:
            task.result = await task.call()  # type: ignore[misc]  # a call of `Tail.invoke`
        except Exception as error:  # noqa: BLE001 - whatever it is, the batch has failed
            task.error = error
        task.done = True
        if task.on_end is not None:
            task.on_end(task)
        self.wake()

    async def _look(self) -> None:
        """Takes over mappings that are new, and drops those that are gone."""
        deployed = {it["UUID"]: it for it in await self._calls.mappings()}
        for gone in self._tails.keys() - deployed.keys():
            self._sources.remove(self._tails.pop(gone).mapping)
        for uuid, mapping in deployed.items():
            if uuid not in self._tails and ":dynamodb:" in mapping["EventSourceArn"]:
                self._tails[uuid] = await Tail.of(mapping, runner=self, calls=self._calls)


class WallClock:
    """The clock's time."""

    def time(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class Silence(PollerTrace):
    """A trace that keeps nothing: the stack runs for as long as somebody wants."""

    def add(self, moment: float, who: str, what: str) -> None:
        """Notes nothing."""
