"""The stream of the boards' items: what changed becomes one frame a board, posted to its viewers.

Several changes in one batch become one frame. An invocation then stays until the frame's interval
is over: meanwhile the next changes pile up in the stream, which is the whole of the pacing.
"""

from __future__ import annotations

import contextlib
import time
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers.reporting import reporting
from handlers.telemetry import count, invocation, logger, milliseconds
from leaderboard import wiring
from leaderboard.errors import CacheUnavailable, Unavailable
from leaderboard.frames.broadcast import Change, Sent
from leaderboard.frames.delivery import Sender
from leaderboard.reading.reads import copy_of

Json = dict[str, Any]

NOT_UNDERSTOOD = (AssertionError, KeyError, TypeError, ValueError)


@invocation
@reporting
def handler(event: Json, context: LambdaContext) -> Json:
    started = time.monotonic()
    line: Json = {"records": len(event["Records"])}
    try:
        changes, ahead = _changes(event["Records"])
        _keep_copies(changes)  # first: who reads the top after a frame finds at least that
        broadcaster = wiring.broadcaster()
        sent = broadcaster.send(changes)
        for change in ahead:
            wiring.catch_up().note(change)
    except Unavailable:
        # Frames that went out are repeated; viewers ignore a version that they have.
        logger.exception("board stream", extra=line)
        lowest = min(int(it["dynamodb"]["SequenceNumber"]) for it in event["Records"])
        return {"batchItemFailures": [{"itemIdentifier": str(lowest)}]}
    intervals = broadcaster.rest(sent)
    for it in sent:
        _measure(it)
        if intervals[it.frame.board]:
            milliseconds("FrameInterval", intervals[it.frame.board])
            count("Viewers", it.tally.viewers)
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


def _changes(records: list[Json]) -> tuple[list[Change], list[Change]]:
    """One change a board and season; those that lead further than the batch are named again."""
    trails: dict[str, list[Json]] = defaultdict(list)
    for record in records:
        key = record["dynamodb"]["Keys"]["boardSeason"]["S"]
        if wiring.is_of_the_stage(key):
            continue
        trail = trails[key]
        if record["eventName"] == "REMOVE":  # by hand: the counter is lost, a new epoch follows
            trail.clear()
        else:
            trail.append(record)
    changes, ahead = [], []
    for key, trail in trails.items():
        try:
            found = _change(key, trail)
        except NOT_UNDERSTOOD as error:
            wiring.failure_queue().put(trail[-1], f"{type(error).__name__}: {error}")
            count("RecordsRefused", 1)
            continue
        if found is not None:
            changes.append(found[0])
            ahead += [found[0]] if found[1] else []
    return changes, ahead


def _change(key: str, trail: list[Json]) -> tuple[Change, bool] | None:
    """From a board's first old image to its last new one, and whether it leads past that."""
    catch_up = wiring.catch_up()
    if trail and catch_up.is_late(_made_ms(trail[0])):
        reached = catch_up.reached(key)
        trail = [it for it in trail if not _is_told(it["dynamodb"]["NewImage"], reached)]
    if not trail:
        return None
    first, last = trail[0]["dynamodb"], trail[-1]["dynamodb"]
    change = wiring.board_change(first.get("OldImage"), last["NewImage"])
    if not catch_up.is_late(_made_ms(trail[-1])):
        return change, False
    latest = catch_up.latest(change)
    return latest, latest is not change


def _made_ms(record: Json) -> int:
    made: float = record["dynamodb"]["ApproximateCreationDateTime"]
    return round(1000 * made)


def _is_told(image: Json, reached: tuple[str, int] | None) -> bool:
    """Whether viewers were told of this image already, ahead of the stream."""
    return (
        reached is not None
        and image["epoch"].get("S") == reached[0]  # a board without scores has no epoch
        and int(image["version"]["N"]) <= reached[1]
    )


def _keep_copies(changes: list[Change]) -> None:
    """Readers of the top find it in the cache; without it they go to the table."""
    with contextlib.suppress(CacheUnavailable):
        for change in changes:
            snapshot = change.new.snapshot
            wiring.viewer_cache().keep_copy(
                snapshot.key, revision=change.new.revision, body=copy_of(change.new)
            )
