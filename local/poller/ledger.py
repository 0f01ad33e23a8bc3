"""What a mapping has done: for assertions, and for failure messages."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from local.poller.batch import Batch
from local.poller.destination import Condition, failure_document
from local.poller.invocation import request_id
from local.poller.lane import Lane
from local.poller.response import Verdict
from local.poller.source import Runner


@dataclass(frozen=True, slots=True)
class StreamDelivery:
    """One invocation that has ended. `began_at` and `ended_at` are virtual, since 1970.

    `outcome` is success, partial, malformed, error, killed or timed out; `invocation` counts from 1
    for the batch that it came from; `confirmed` are the sequence numbers that it got done.
    """

    name: str
    shard_id: str
    lane: int
    sequence_numbers: tuple[str, ...]
    invocation: int
    began_at: float
    ended_at: float
    outcome: str
    confirmed: tuple[str, ...]
    detail: str = ""


class Ledger:
    """`deliveries`: the invocations that ended, in that order. `failures`: what the on-failure
    destination got. `discarded`, `trimmed`: the numbers of what was given up, and of what the
    stream lost before it was done.
    """

    def __init__(self, scheduler: Runner, *, stream_arn: str, function_arn: str) -> None:
        self.deliveries: list[StreamDelivery] = []
        self.failures: list[dict[str, Any]] = []
        self.discarded: list[str] = []
        self.trimmed: list[str] = []
        self._settled: dict[str, None] = {}
        self._clock = scheduler.clock
        self._trace = scheduler.trace
        self._stream_arn = stream_arn
        self._function_arn = function_arn

    @property
    def confirmed(self) -> list[str]:
        """Every number that an invocation got done, in the order of their first time."""
        done = (number for delivery in self.deliveries for number in delivery.confirmed)
        return list(dict.fromkeys(done))

    @property
    def settled(self) -> list[str]:
        """Every number that was done, given up or lost, in the order of their first time.

        Per partition key this is the stream's order. `confirmed` need not be: a record that was
        given up may still be done later, when a checkpoint got lost.
        """
        return list(self._settled)

    def deliver(
        self,
        name: str,
        lane: Lane,
        batch: Batch,
        *,
        began_at: float,
        verdict: Verdict,
        detail: str,
    ) -> None:
        """Note an invocation that ended."""
        now = self._clock.time()
        numbers = batch.sequence_numbers
        confirmed = tuple(numbers[: verdict.failed_from])
        self._settle(confirmed)
        self.deliveries.append(
            StreamDelivery(
                name=name,
                shard_id=lane.shard.shard_id,
                lane=lane.index,
                sequence_numbers=tuple(numbers),
                invocation=batch.invocations,
                began_at=began_at,
                ended_at=now,
                outcome=verdict.outcome,
                confirmed=confirmed,
                detail=detail,
            )
        )
        self._trace.add(now, name, f"{verdict.outcome} {detail}".rstrip())

    def trim(self, lane: Lane, batch: Batch) -> None:
        """Note records that the stream lost."""
        # A duplicate that comes this late was done before.
        self.trimmed += [it for it in batch.sequence_numbers if it not in self._settled]
        self._settle(batch.sequence_numbers)
        self._trace.add(self._clock.time(), lane.name, f"{batch.span()} trimmed")

    def discard(
        self, lane: Lane, batch: Batch, condition: Condition, *, function_error: str | None
    ) -> None:
        """Send a batch that is given up to the on-failure destination."""
        now = self._clock.time()
        self.discarded += batch.sequence_numbers
        self._settle(batch.sequence_numbers)
        self._trace.add(now, lane.name, f"{batch.span()} discarded: {condition}")
        self.failures.append(
            self.failure_document(lane, batch, condition, function_error=function_error)
        )

    def failure_document(
        self, lane: Lane, batch: Batch, condition: Condition, *, function_error: str | None
    ) -> dict[str, Any]:
        """What the on-failure destination gets."""
        return failure_document(
            batch,
            condition=condition,
            request_id=request_id(f"{lane.name} {batch.sequence_numbers[0]} {condition}"),
            function_arn=self._function_arn,
            function_error=function_error,
            shard_id=lane.shard.shard_id,
            stream_arn=self._stream_arn,
            now=self._clock.time(),
        )

    def _settle(self, numbers: Iterable[str]) -> None:
        for number in numbers:
            self._settled.setdefault(number)
