"""Delivers the tables' streams to the functions, as Lambda's event source mappings do.

The emulator keeps the streams and runs the functions, but its own poller is one thread that
ignores retries, partial batches, bisecting, windows and lanes. So the stage `local` is deployed
with its mappings disabled, and `local.poller` drives them by its rules, in real time. A stream is
read when a write to a table has passed by, so that a record waits for no poll; and four times a
second, as Lambda polls, for what the emulator writes by itself.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from local.emulator.asgi import Application, Receive, Scope, Send
from local.emulator.calls import CallFailed, Calls
from local.poller import Context, Mapping, Options, Stream, Task, seeded
from local.poller.batch import Batch
from local.poller.destination import Condition
from local.poller.lane import Lane
from local.poller.ledger import Ledger
from local.poller.response import Verdict
from local.poller.source import Source
from local.poller.trace import Trace

POLL_SECONDS = 0.25
# How often it looks for mappings that were deployed.
LOOK_SECONDS = 1.0
# A table's stream here is one shard; on AWS an on-demand table starts with several.
SHARDS = 2
RECORDS_A_READ = 1000
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
            self._running.add_done_callback(_end)
        await self._application(scope, receive, send)
        if scope["type"] == "http" and _writes(scope):
            self._runner.wake()


def _end(running: asyncio.Task[None]) -> None:
    """Without its streams the emulator is of no use: it ends, and the stack says so."""
    if running.cancelled():
        return
    logger.critical("The streams are no longer delivered", exc_info=running.exception())
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
                except CallFailed as failure:
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


class Tail:
    """One mapping, and the end of its stream as far as it has been read."""

    def __init__(
        self,
        deployed: dict[str, Any],
        *,
        partition_key: str,
        shard: str,
        runner: Live,
        calls: Calls,
    ) -> None:
        self._calls = calls
        self._arn: str = deployed["EventSourceArn"]
        self._function: str = deployed["FunctionArn"].rpartition(":")[2]
        self._shard = shard
        self._place: dict[str, str] = {"ShardIteratorType": deployed["StartingPosition"]}
        self._iterator: str | None = None
        self.stream = Stream(
            runner.clock, partition_key=partition_key, shards=SHARDS, arn=self._arn
        )
        destination = deployed.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
        self.mapping = Mapping(
            runner,
            self.stream,
            self._invoke,
            name=self._function,
            options=Options.from_deployed(deployed),
            ledger=Reports(
                runner,
                stream_arn=self._arn,
                function_arn=deployed["FunctionArn"],
                send=partial(self._give_up, destination),
            ),
        )

    @classmethod
    async def of(cls, deployed: dict[str, Any], *, runner: Live, calls: Calls) -> Tail:
        arn = deployed["EventSourceArn"]
        described = await calls.ask("DynamoDBStreams_20120810", "DescribeStream", StreamArn=arn)
        stream = described["StreamDescription"]
        (partition_key,) = (
            it["AttributeName"] for it in stream["KeySchema"] if it["KeyType"] == "HASH"
        )
        (shard,) = stream["Shards"]
        return cls(
            deployed,
            partition_key=partition_key,
            shard=shard["ShardId"],
            runner=runner,
            calls=calls,
        )

    async def read(self) -> None:
        """Takes over the records that the stream got since."""
        try:
            while await self._page():
                pass
        except CallFailed as failure:
            # The machine slept for longer than an iterator lives, or a record does.
            logger.warning("The stream of %s is read from elsewhere: %s", self._function, failure)
            self._iterator = None
            if failure.code == "TrimmedDataAccessException":
                self._place = {"ShardIteratorType": "TRIM_HORIZON"}

    async def _page(self) -> bool:
        """Takes over a page; whether there may be more."""
        if self._iterator is None:
            self._iterator = (
                await self._ask(
                    "GetShardIterator", StreamArn=self._arn, ShardId=self._shard, **self._place
                )
            )["ShardIterator"]
        page = await self._ask("GetRecords", ShardIterator=self._iterator, Limit=RECORDS_A_READ)
        records: list[Any] = page["Records"]
        for record in records:
            number = record["dynamodb"]["SequenceNumber"]
            self.stream.append(record, number=int(number))
            self._place = {"ShardIteratorType": "AFTER_SEQUENCE_NUMBER", "SequenceNumber": number}
        self._iterator = page.get("NextShardIterator")
        return bool(records)

    async def _ask(self, operation: str, **parameters: object) -> Any:
        return await self._calls.ask("DynamoDBStreams_20120810", operation, **parameters)

    async def _invoke(self, event: dict[str, Any], _context: Context) -> object:
        return await self._calls.invoke(self._function, event)

    async def _give_up(self, destination: str | None, document: str) -> None:
        if destination is None:
            return
        *_, account, name = destination.split(":")
        queue = f"http://{self._calls.host}/{account}/{name}"
        await self._calls.ask("AmazonSQS", "SendMessage", QueueUrl=queue, MessageBody=document)


class Reports(Ledger):
    """Says what went wrong in the emulator's log, and keeps nothing."""

    def __init__(
        self,
        runner: Live,
        *,
        stream_arn: str,
        function_arn: str,
        send: Callable[[str], Coroutine[Any, Any, None]],
    ) -> None:
        super().__init__(runner, stream_arn=stream_arn, function_arn=function_arn)
        self._send = send
        self._sending: set[asyncio.Task[None]] = set()

    def deliver(
        self,
        name: str,
        lane: Lane,  # noqa: ARG002
        batch: Batch,
        *,
        began_at: float,  # noqa: ARG002
        verdict: Verdict,
        detail: str,
    ) -> None:
        if verdict.failed_from is not None:
            logger.warning("%s: %s %s %s", name, batch.span(), verdict.outcome, detail)

    def trim(self, lane: Lane, batch: Batch) -> None:
        logger.warning("%s: %s trimmed", lane.name, batch.span())

    def discard(
        self, lane: Lane, batch: Batch, condition: Condition, *, function_error: str | None
    ) -> None:
        logger.warning("%s: %s discarded: %s", lane.name, batch.span(), condition)
        document = self.failure_document(lane, batch, condition, function_error=function_error)
        sending = asyncio.create_task(self._send(json.dumps(document)))
        self._sending.add(sending)
        sending.add_done_callback(self._sending.discard)


class WallClock:
    """The clock's time."""

    def time(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class Silence(Trace):
    """A trace that keeps nothing: the stack runs for as long as somebody wants."""

    def add(self, moment: float, who: str, what: str) -> None:
        """Notes nothing."""
