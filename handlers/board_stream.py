"""The stream of the boards' items: what changed becomes one frame a board, posted to its viewers.

Several changes in one batch become one frame. An invocation then stays until the frame's interval
is over: meanwhile the next changes pile up in the stream, which is the whole of the pacing.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterable
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers.telemetry import count, invocation, logger, milliseconds
from leaderboard import wiring
from leaderboard.broadcast import Change, Sent
from leaderboard.delivery import Sender
from leaderboard.errors import CacheUnavailable, Unavailable
from leaderboard.reads import copy_of

Json = dict[str, Any]


@invocation
def handler(event: Json, context: LambdaContext) -> Json:
    started = time.monotonic()
    line: Json = {"records": len(event["Records"])}
    try:
        changes = _changes(event["Records"])
        _keep_copies(changes)  # first: who reads the top after a frame finds at least that
        broadcaster = wiring.broadcaster()
        sent = broadcaster.send(changes)
    except Unavailable:
        # Frames that went out are repeated; viewers ignore a version that they have.
        logger.exception("board stream", extra=line)
        lowest = min(int(it["dynamodb"]["SequenceNumber"]) for it in event["Records"])
        return {"batchItemFailures": [{"itemIdentifier": str(lowest)}]}
    intervals = broadcaster.intervals_ms(sent)
    for it in sent:
        _measure(it)
        pace = {
            "viewers": it.tally.viewers,
            "frameIntervalMs": intervals[it.frame.board] or None,
        }
        with contextlib.suppress(CacheUnavailable):
            wiring.ranking_cache().keep_pace(it.frame.board, json.dumps(pace))
    interval = max(intervals.values(), default=0) / 1000
    line |= {
        "frames": [
            {"board": it.frame.board, "kind": it.frame.kind, "version": it.frame.version}
            for it in sent
        ],
        "sent": sum(it.tally.sent for it in sent),
        "gone": sum(it.tally.closed for it in sent),
        "throttled": sum(it.tally.throttled for it in sent),
        "failed": sum(it.tally.failed for it in sent),
        "cut": any(it.tally.is_cut for it in sent),
        "intervalMs": round(interval * 1000),
    }
    logger.info("board stream", extra=line)
    _forget(broadcaster.sender, sent, until=started + interval)
    time.sleep(max(0.0, started + interval - time.monotonic()))
    return {"batchItemFailures": []}


def _measure(it: Sent) -> None:
    count("Frames", 1)
    count("PostsSent", it.tally.sent)
    count("PostsThrottled", it.tally.throttled)
    count("PostsFailed", it.tally.failed)
    count("ConnectionsGone", it.tally.closed)
    fresh = it.freshness_ms
    if fresh is not None and it.tally.sent:
        milliseconds("Freshness", fresh)


def _forget(sender: Sender, sent: Iterable[Sent], *, until: float) -> None:
    """Forget who is gone while the board rests; whoever is left is found gone once more."""
    with contextlib.suppress(Unavailable):
        for it in sent:
            sender.forget(it.frame.board, it.tally, seconds=until - time.monotonic())


def _changes(records: list[Json]) -> list[Change]:
    """One change a board and season: its first old image and its last new one."""
    first: dict[str, Json | None] = {}
    last: dict[str, Json] = {}
    for record in records:
        key = record["dynamodb"]["Keys"]["boardSeason"]["S"]
        if record["eventName"] == "REMOVE":  # by hand: the counter is lost, a new epoch follows
            first.pop(key, None)
            last.pop(key, None)
            continue
        first.setdefault(key, record["dynamodb"].get("OldImage"))
        last[key] = record
    changes = []
    for key, record in last.items():
        try:
            changes.append(wiring.board_change(first[key], record["dynamodb"]["NewImage"]))
        except (AssertionError, KeyError, TypeError, ValueError) as error:
            wiring.failure_queue().put(record, f"{type(error).__name__}: {error}")
            count("RecordsRefused", 1)
    return changes


def _keep_copies(changes: list[Change]) -> None:
    """Readers of the top find it in the cache; without it they go to the table."""
    with contextlib.suppress(CacheUnavailable):
        for change in changes:
            snapshot = change.new.snapshot
            wiring.ranking_cache().keep_copy(
                snapshot.board,
                snapshot.season,
                revision=change.new.revision,
                body=copy_of(change.new),
            )
