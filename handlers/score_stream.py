"""The stream of the score table: score records become rankings, and changed tops are recorded.

What cannot be understood goes to the failure queue, whole, and its neighbours are applied. What
fails because something is down is delivered again, from the first record concerned on.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers.reporting import reporting
from handlers.telemetry import count, invocation, logger
from leaderboard import wiring
from leaderboard.errors import Unavailable
from leaderboard.ranking.score_state import ScoreState

Json = dict[str, Any]

NOT_UNDERSTOOD = (AttributeError, KeyError, TypeError, ValueError)


@invocation
@reporting
def handler(event: Json, context: LambdaContext) -> Json:
    batches: dict[str, list[ScoreState]] = defaultdict(list)
    profiles: dict[str, Json] = {}
    leaving: set[str] = set()
    first: dict[str, int] = {}
    failed: list[int] = []
    refused = 0
    for record in event["Records"]:
        if record["eventName"] == "REMOVE":  # an expired tombstone; the service deletes nothing
            continue
        try:
            image = record["dynamodb"]["NewImage"]
            owner = wiring.profile_owner(image)
            if owner is not None:
                profiles.setdefault(owner, record)
                if wiring.leaves(image):
                    leaving.add(owner)
                continue
            if not wiring.is_score(image):
                continue
            key, score = wiring.score_record(image)
            batches[key].append(score)
            first.setdefault(key, _sequence(record))
        except NOT_UNDERSTOOD as error:
            refused += 1
            failed += _refuse(record, error)
    done = wiring.ingest().apply(batches, profiles=profiles, leaving=leaving)
    failed += [first[it] for it in done.failed]
    failed += [_sequence(profiles[it]) for it in done.failed_profiles]
    count("RecordsApplied", done.applied)
    count("RecordsRefused", refused)
    count("TopsRecorded", done.moved)
    count("RebuildsStarted", done.rebuilds)
    logger.info(
        "score stream",
        extra={
            "records": len(event["Records"]),
            "boards": len(batches),
            "profiles": len(profiles),
            "applied": done.applied,
            "recorded": done.recorded,
            "moved": done.moved,
            "skipped": done.skipped,
            "refused": refused,
            "rebuilds": done.rebuilds,
            "failed": len(failed),
        },
    )
    return {"batchItemFailures": [{"itemIdentifier": str(min(failed))}] if failed else []}


def _sequence(record: Json) -> int:
    return int(record["dynamodb"]["SequenceNumber"])


def _refuse(record: Json, error: Exception) -> list[int]:
    """Send a record to the failure queue, whole; its number if the queue does not take it."""
    try:
        wiring.failure_queue().put(record, f"{type(error).__name__}: {error}")
    except Unavailable:
        return [_sequence(record)]
    return []
