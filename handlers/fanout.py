"""One part of a large audience: posts a frame to some of its shards, for `board_stream`.

Asked with `{"board", "shards", "frame", "patience", "seconds", "postsPerSecond"}`, it answers how
many connections were listed, sent to, throttled, failed and closed. A shard that cannot be listed
is an error, and the caller's to deal with.
"""

from __future__ import annotations

import contextlib
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers.telemetry import invocation, logger
from leaderboard import wiring
from leaderboard.errors import Unavailable
from leaderboard.frames.delivery import Part

FORGET_SECONDS = 1.0
"""How long the others may wait for this one to forget who is gone."""

Json = dict[str, Any]


@invocation
def handler(event: Json, context: LambdaContext) -> Json:
    part = Part(
        board=event["board"],
        shards=tuple(event["shards"]),
        frame=event["frame"].encode(),
        patience=event["patience"],
    )
    sender = wiring.fanout()
    (tally,) = sender.send(
        [part], posts_per_second=event["postsPerSecond"], seconds=event["seconds"]
    )
    with contextlib.suppress(Unavailable):  # the next frame finds them gone again
        sender.forget(part.board, tally, seconds=FORGET_SECONDS)
    answer = {
        "listed": tally.listed,
        "sent": tally.sent,
        "throttled": tally.throttled,
        "failed": tally.failed,
        "closed": tally.closed,
        "is_cut": tally.is_cut,
    }
    logger.info("fanout", extra={"board": part.board, "shards": part.shards, **answer})
    return answer
