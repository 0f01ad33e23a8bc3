"""An event source mapping: reads a stream's shards and invokes a function with batches."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import count
from typing import Any

from local.poller.batch import Batch, after_failure, short
from local.poller.choice import happens
from local.poller.invocation import Context, request_id
from local.poller.kill import TimedOut
from local.poller.lane import Lane
from local.poller.lanes import Lanes
from local.poller.ledger import Ledger
from local.poller.options import Options
from local.poller.response import SUCCESS, Verdict, judge
from local.poller.source import Runner, Start
from local.poller.stream import Stream
from local.poller.task import Task

Function = Callable[[dict[str, Any], Context], object]

# How many batches a poller that lost its checkpoint delivers again, at most.
_LOST_BATCHES = 3


class Mapping:
    """Connects a stream to a function, a Lambda handler (or to what the scheduler awaits).

    timeout: virtual seconds after which an invocation is killed.
    duplicates: the chance that a batch is delivered again after its success, perhaps with others.
    concurrency: invocations at a time, as reserved concurrency would have it; None: no limit.
    poll_interval: seconds between polls of an idle shard. At 0 a record is there at once, and when
        the function begins is the scheduler's choice: that explores more. Lambda's own is 0.25.
    retry_delay, retry_delay_cap: the wait after a failure; it doubles with each further one.

    `ledger` holds what was delivered, given up and lost, unless another one is passed.
    """

    def __init__(
        self,
        scheduler: Runner,
        stream: Stream,
        function: Function,
        *,
        name: str,
        options: Options | None = None,
        timeout: float = 30.0,
        duplicates: float = 0.0,
        concurrency: int | None = None,
        poll_interval: float = 0.0,
        retry_delay: float = 1.0,
        retry_delay_cap: float = 60.0,
        ledger: Ledger | None = None,
    ) -> None:
        self.name = name
        self.options = options or Options()
        self._scheduler = scheduler
        self._clock = scheduler.clock
        self._function = function
        self._timeout = timeout
        self._duplicates = duplicates
        self._concurrency = concurrency
        self._retry_delay = retry_delay
        self._retry_delay_cap = retry_delay_cap
        self._arn = f"arn:aws:lambda:{stream.arn.split(':')[3]}:123456789012:function:{name}"
        self.ledger = ledger or Ledger(scheduler, stream_arn=stream.arn, function_arn=self._arn)
        self._numbers = count(1)
        self.lanes = Lanes(stream, name=name, options=self.options, poll_interval=poll_interval)
        self._enabled = True
        self._stale = True
        self._due: list[tuple[float, Start]] = []
        stream.on_change(self._changed)
        scheduler.watch(self)

    @property
    def enabled(self) -> bool:
        """Whether it polls; a mapping that is enabled again goes on where it was."""
        return self._enabled

    @enabled.setter
    def enabled(self, enabled: bool) -> None:
        self._enabled = enabled
        self._stale = True

    @property
    def idle(self) -> bool:
        """Whether every record that the stream holds has been dealt with."""
        self._refresh()
        return all(lane.idle for lane in self.lanes)

    def starts(self, now: float) -> Sequence[Start]:
        """The invocations that could begin now."""
        self._refresh()
        return [start for due, start in self._due if due <= now]

    def wakes(self, now: float) -> float | None:
        """When, later than now, the next invocation could begin."""
        self._refresh()
        return min((due for due, _ in self._due if due > now), default=None)

    def describe(self) -> list[str]:
        """What is left to do, for a failure message."""
        return [
            f"{lane.name}: {len(lane.queue) - lane.position} to read,"
            f" {len(lane.pending)} batches {'in flight or ' if lane.busy else ''}to retry"
            for lane in self.lanes
            if not lane.idle
        ]

    def _changed(self) -> None:
        self._stale = True

    def _refresh(self) -> None:
        if not self._stale:
            return
        self._stale = False
        self.lanes.read()
        busy = sum(lane.busy for lane in self.lanes)
        throttled = self._concurrency is not None and busy >= self._concurrency
        self._due = []
        if throttled or not self._enabled:
            return
        for lane in self.lanes:
            due = lane.due()
            if due is not None and self.lanes.readable(lane):
                self._due.append((due, Start(lane.name, partial(self._begin, lane))))

    def _begin(self, lane: Lane) -> Task | None:
        self._stale = True
        batch = self._sift(lane, lane.next_batch())
        if batch is None:
            return None
        lane.busy = True
        batch = replace(batch, invocations=batch.invocations + 1)
        now = self._clock.time()
        name = f"{lane.name}#{next(self._numbers)}"
        context = Context(
            self._clock, request_id(name), self.name, self._arn, deadline=now + self._timeout
        )
        event = {"Records": [record.event() for record in batch.records]}
        self._trace(name, f"invocation {batch.invocations} of {batch.span()}")
        return self._scheduler.spawn(
            name,
            lambda: self._function(event, context),
            timeout=self._timeout,
            on_end=lambda task: self._settle(lane, batch, task, now),
        )

    def _sift(self, lane: Lane, batch: Batch) -> Batch | None:
        """Take out what the stream has lost and what is too old; None if that was all."""
        now, limit = self._clock.time(), self.options.maximum_record_age
        expired = [record for record in batch.records if record.expired(now)]
        if expired:
            self.ledger.trim(lane, replace(batch, records=tuple(expired)))
        kept = batch.records[len(expired) :]
        aged = [record for record in kept if limit != -1 and now - record.arrived_at > limit]
        if aged:
            too_old = replace(batch, records=tuple(aged))
            self.ledger.discard(lane, too_old, "RecordAgeExceeded", function_error=None)
        kept = kept[len(aged) :]
        if kept:
            lane.pending[0] = replace(batch, records=kept)
            return lane.pending[0]
        self._release(lane, [])
        return None

    def _settle(self, lane: Lane, batch: Batch, task: Task, began_at: float) -> None:
        # An assertion that fails inside a function is the test's own, and no failed invocation;
        # and what is no Exception comes from the test's machinery.
        if isinstance(task.error, AssertionError) or (
            task.error is not None and not isinstance(task.error, Exception | SystemExit)
        ):
            raise task.error
        verdict, detail = self._verdict(batch, task)
        self.ledger.deliver(
            task.name, lane, batch, began_at=began_at, verdict=verdict, detail=detail
        )
        lane.busy = False
        if verdict.failed_from is None:
            self._release(lane, [])
            self._perhaps_deliver_again(lane)
            return
        aftermath = after_failure(batch, verdict, self.options)
        if aftermath.discarded is not None:
            error = "Unhandled" if verdict.outcome in {"error", "killed", "timed out"} else None
            self.ledger.discard(
                lane, aftermath.discarded, "RetryAttemptsExhausted", function_error=error
            )
            self._release(lane, [])
            return
        failures = 1 if verdict.failed_from else lane.failures + 1
        self._release(lane, list(aftermath.again))
        lane.failures = failures
        # The exponent is bounded, since a day of retries would overflow a float.
        delay = self._retry_delay * 2 ** min(failures - 1, 32)
        lane.retry_at = self._clock.time() + min(delay, self._retry_delay_cap)

    def _verdict(self, batch: Batch, task: Task) -> tuple[Verdict, str]:
        if task.killed is not None:
            outcome = "timed out" if isinstance(task.killed, TimedOut) else "killed"
            return Verdict(0, outcome), f"after {task.last_step}"
        if task.error is not None:
            return Verdict(0, "error"), repr(task.error)
        try:
            response = json.loads(json.dumps(task.result))
        except (TypeError, ValueError) as error:
            return Verdict(0, "error"), f"Runtime.MarshalError: {error}"
        if not self.options.report_batch_item_failures:
            return SUCCESS, ""
        verdict = judge(response, batch.sequence_numbers)
        if verdict.failed_from is None:
            return verdict, ""
        return verdict, f"from {short(batch.sequence_numbers[verdict.failed_from])}"

    def _release(self, lane: Lane, again: list[Batch]) -> None:
        """Replace the lane's first batch by what is to be invoked again of it."""
        lane.pending[:1] = again
        lane.failures = 0
        lane.retry_at = lane.free_since = self._clock.time()
        self._stale = True

    def _perhaps_deliver_again(self, lane: Lane) -> None:
        lane.forget(_LOST_BATCHES)
        if lane.pending or not happens(self._scheduler.choose, self._duplicates):
            return
        depths = [f"{depth + 1} batches back" for depth in range(len(lane.fresh))]
        index = self._scheduler.choose(depths) if len(depths) > 1 else 0
        self._trace(lane.name, f"lost its checkpoint: {depths[index]}")
        lane.lose_checkpoint(index + 1)

    def _trace(self, who: str, what: str) -> None:
        self._scheduler.trace.add(self._clock.time(), who, what)
