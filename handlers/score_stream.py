"""The stream of the score table: scores become rankings, and changed tops are recorded.

What cannot be understood goes to the failure queue, whole, and its neighbours are applied. What
fails because something is down is delivered again, from the first stream record concerned on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers.reporting import reporting
from handlers.telemetry import count, invocation, logger
from leaderboard import wiring
from leaderboard.errors import Unavailable
from leaderboard.ranking.ingest import IngestResult
from leaderboard.ranking.score_image import ProfileImage, ScoreImage
from leaderboard.ranking.score_state import ScoreState

Json = dict[str, Any]

NOT_UNDERSTOOD = (AttributeError, KeyError, TypeError, ValueError)


@dataclass
class StreamBatch:
    """What the stream delivered: scores by board-season, profiles by user, what was refused.

    Of each board-season and each profile it has the number of the first stream record, and of
    `unsent` refusals the numbers of those that the failure queue did not take.
    """

    scores: dict[str, list[ScoreState]] = field(default_factory=lambda: defaultdict(list))
    first: dict[str, int] = field(default_factory=dict)
    profiles: dict[str, int] = field(default_factory=dict)
    leaving: set[str] = field(default_factory=set)
    refused: int = 0
    unsent: list[int] = field(default_factory=list)


@invocation
@reporting
def handler(event: Json, context: LambdaContext) -> Json:
    batch = parse(event["Records"])
    done = wiring.ingest().apply(batch.scores, profiles=batch.profiles, leaving=batch.leaving)
    failed = batch.unsent + [batch.first[it] for it in done.failed]
    failed += [batch.profiles[it] for it in done.failed_profiles]
    log(batch, done, records=len(event["Records"]), failed=len(failed))
    return {"batchItemFailures": [{"itemIdentifier": str(min(failed))}] if failed else []}


def parse(records: Sequence[Json]) -> StreamBatch:
    """The batch in the stream's records; those that are not understood go to the failure queue."""
    batch = StreamBatch()
    read = wiring.score_image_reader()
    for record in records:
        if record["eventName"] == "REMOVE":  # an expired tombstone; the service deletes nothing
            continue
        try:
            image = read(record["dynamodb"]["NewImage"])
            if isinstance(image, ScoreImage):
                batch.scores[image.key].append(image.state)
                batch.first.setdefault(image.key, _sequence(record))
            elif isinstance(image, ProfileImage):
                batch.profiles.setdefault(image.user_id, _sequence(record))
                if image.is_leaving:
                    batch.leaving.add(image.user_id)
        except NOT_UNDERSTOOD as error:
            batch.refused += 1
            batch.unsent += _refuse(record, error)
    return batch


def log(batch: StreamBatch, done: IngestResult, *, records: int, failed: int) -> None:
    """Count what was done, and log it in one line."""
    count("RecordsApplied", done.applied)
    count("RecordsRefused", batch.refused)
    count("TopsRecorded", done.moved)
    count("RebuildsStarted", done.rebuilds)
    logger.info(
        "score stream",
        extra={
            "records": records,
            "boards": len(batch.scores),
            "profiles": len(batch.profiles),
            "applied": done.applied,
            "recorded": done.recorded,
            "moved": done.moved,
            "skipped": done.skipped,
            "refused": batch.refused,
            "rebuilds": done.rebuilds,
            "failed": failed,
        },
    )


def _sequence(record: Json) -> int:
    return int(record["dynamodb"]["SequenceNumber"])


def _refuse(record: Json, error: Exception) -> list[int]:
    """Send a record to the failure queue, whole; its number if the queue does not take it."""
    try:
        wiring.failure_queue().put(record, f"{type(error).__name__}: {error}")
    except Unavailable:
        return [_sequence(record)]
    return []
