"""The stream of the score table beside `score_stream`: each write of a score leaves a line.

What cannot be understood goes to the failure queue, whole, and its neighbours are written. What
fails because the table is down is delivered again, from the first stream record concerned on; what
was written by then stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers.reporting import reporting
from handlers.telemetry import count, invocation, logger
from leaderboard import wiring
from leaderboard.errors import Unavailable
from leaderboard.history.history_writer import HistoryResult
from leaderboard.history.lines import ErasedUser, HistoryLine

Json = dict[str, Any]

NOT_UNDERSTOOD = (ArithmeticError, AttributeError, KeyError, TypeError, ValueError)


@dataclass
class LineBatch:
    """What the stream delivered: lines and erased users, with the numbers of their records.

    Of an erased user it is the first one's. `unsent` are the numbers of refused stream records that
    the failure queue did not take.
    """

    lines: dict[HistoryLine, int] = field(default_factory=dict)
    erased: dict[str, int] = field(default_factory=dict)
    refused: int = 0
    unsent: list[int] = field(default_factory=list)


@invocation
@reporting
def handler(event: Json, context: LambdaContext) -> Json:
    batch = parse(event["Records"])
    done = wiring.history_writer().write(list(batch.lines), erased=batch.erased)
    failed = batch.unsent + [batch.lines[it] for it in done.failed]
    failed += batch.erased.values() if done.erasing_failed else []
    log(batch, done, records=len(event["Records"]), failed=len(failed))
    return {"batchItemFailures": [{"itemIdentifier": str(min(failed))}] if failed else []}


def parse(records: Sequence[Json]) -> LineBatch:
    """The lines in the stream's records; those that are not understood go to the failure queue."""
    batch = LineBatch()
    read = wiring.line_reader()
    for record in records:
        if record["eventName"] == "REMOVE":  # an expired tombstone; the service deletes nothing
            continue
        number = int(record["dynamodb"]["SequenceNumber"])
        try:
            found = read(record["dynamodb"]["NewImage"])
        except NOT_UNDERSTOOD as error:
            batch.refused += 1
            try:
                wiring.failure_queue().put(record, f"{type(error).__name__}: {error}")
            except Unavailable:
                batch.unsent.append(number)
            continue
        if isinstance(found, ErasedUser):
            batch.erased.setdefault(found.user_id, number)
        elif found is not None:
            batch.lines.setdefault(found, number)
    return batch


def log(batch: LineBatch, done: HistoryResult, *, records: int, failed: int) -> None:
    """Count what was done, and log it in one line."""
    count("HistoryLinesWritten", done.written)
    count("HistoryRecordsRefused", batch.refused)
    logger.info(
        "history stream",
        extra={
            "records": records,
            "written": done.written,
            "repeated": done.repeated,
            "ranked": done.ranked,
            "erased": len(batch.erased),
            "refused": batch.refused,
            "failed": failed,
        },
    )
