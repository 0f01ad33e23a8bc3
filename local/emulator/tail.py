"""One event source mapping as it is deployed, and the end of its stream."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from local.emulator.calls import Calls, EmulatorRefused
from local.poller import Context, Mapping, Options, Stream
from local.poller.batch import Batch
from local.poller.destination import Condition
from local.poller.lane import Lane
from local.poller.ledger import Ledger
from local.poller.response import Verdict
from local.poller.source import Runner

# A table's stream here is one shard; on AWS an on-demand table starts with several.
SHARDS = 2
RECORDS_A_READ = 1000

logger = logging.getLogger("triggers")


class Tail:
    """One mapping, and the end of its stream as far as it has been read."""

    def __init__(
        self,
        deployed: dict[str, Any],
        *,
        partition_key: str,
        shard: str,
        runner: Runner,
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
            ledger=TailReports(
                runner,
                stream_arn=self._arn,
                function_arn=deployed["FunctionArn"],
                send=partial(self._give_up, destination),
            ),
        )

    @classmethod
    async def of(cls, deployed: dict[str, Any], *, runner: Runner, calls: Calls) -> Tail:
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
        except EmulatorRefused as failure:
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


class TailReports(Ledger):
    """Says what went wrong in the emulator's log, and keeps nothing."""

    def __init__(
        self,
        runner: Runner,
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
