"""The stream of the boards' items: what changed becomes one frame a board, posted to its viewers.

Several changes in one batch become one frame. An invocation then stays until the frame's interval
is over: meanwhile the next changes pile up in the stream, which is the whole of the pacing.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Sequence
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers.reporting import reporting
from handlers.telemetry import count, invocation, logger, milliseconds
from leaderboard import clock, wiring
from leaderboard.errors import Unavailable
from leaderboard.frames.changes import BatchChanges, BoardRecord
from leaderboard.frames.delivery import Sender
from leaderboard.frames.messages import Delivered, Frame

Json = dict[str, Any]
Results = Sequence[tuple[Frame, Delivered]]


@invocation
@reporting
def handler(event: Json, context: LambdaContext) -> Json:
    """Send the frames of a batch; a batch that fails is delivered again from its first record."""
    started = time.monotonic()
    line: Json = {"records": len(event["Records"])}
    broadcaster = wiring.broadcaster()
    try:
        batch = wiring.batch_reader().read([_record(it) for it in event["Records"]])
        _refuse(batch)
        broadcaster.keep_tops(batch.changes)  # first: reads after a frame find at least its top
        results = broadcaster.send(batch.changes)
        finished_ms = clock.now_ms()
        wiring.batch_reader().remember(batch.changes)
    except Unavailable:
        # Frames that went out are repeated; viewers ignore a version that they have.
        logger.exception("board stream", extra=line)
        lowest = min(int(it["dynamodb"]["SequenceNumber"]) for it in event["Records"])
        return {"batchItemFailures": [{"itemIdentifier": str(lowest)}]}
    intervals = broadcaster.intervals(results)
    for frame, delivered in results:
        _measure(frame, delivered, finished_ms, intervals[frame.board])
    interval = max(intervals.values(), default=0) / 1000
    logger.info("board stream", extra=line | _summary(results, interval))
    _forget(broadcaster.sender, results, until=started + interval)
    time.sleep(max(0.0, started + interval - time.monotonic()))
    return {"batchItemFailures": []}


def _record(record: Json) -> BoardRecord:
    change = record["dynamodb"]
    return BoardRecord(
        key=change["Keys"]["boardSeason"]["S"],
        # One that does not say when it was made counts as new.
        made_ms=round(1000 * change.get("ApproximateCreationDateTime", time.time())),
        old=change.get("OldImage"),
        new=None if record["eventName"] == "REMOVE" else change["NewImage"],
        source=record,
    )


def _refuse(batch: BatchChanges) -> None:
    """Put what nobody can understand aside, so that it holds up no other record."""
    for record, reason in batch.unreadable:
        wiring.failure_queue().put(dict(record.source), reason)
        count("RecordsRefused", 1)


def _measure(frame: Frame, delivered: Delivered, finished_ms: int, interval_ms: int) -> None:
    count("Frames", 1)
    count("PostsSent", delivered.sent)
    count("PostsThrottled", delivered.throttled)
    count("PostsFailed", delivered.failed)
    count("ConnectionsGone", delivered.closed)
    age = frame.age_ms(finished_ms)
    if age is not None and delivered.sent:
        milliseconds("Freshness", age)
    if interval_ms:
        milliseconds("FrameInterval", interval_ms)
        count("Viewers", delivered.viewers)


def _summary(results: Results, interval: float) -> Json:
    """What the log line says of the frames; the interval is in seconds."""
    delivered = [it for _, it in results]
    return {
        "frames": [
            {"board": it.board, "kind": it.kind, "version": it.version} for it, _ in results
        ],
        "sent": sum(it.sent for it in delivered),
        "gone": sum(it.closed for it in delivered),
        "throttled": sum(it.throttled for it in delivered),
        "failed": sum(it.failed for it in delivered),
        "cut": any(it.is_cut for it in delivered),
        "intervalMs": round(interval * 1000),
    }


def _forget(sender: Sender, results: Results, *, until: float) -> None:
    """Forget who is gone while the board rests; those that are left are found gone again."""
    with contextlib.suppress(Unavailable):
        for frame, delivered in results:
            sender.forget(frame.board, delivered.gone, seconds=until - time.monotonic())
