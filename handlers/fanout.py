"""Posts a frame to some shards of a large audience, for `board_stream`.

Asked with `{"board", "shards", "frame", "patience", "seconds", "postsPerSecond"}`, it answers how
many connections were listed, sent to, throttled, failed and closed. A shard that cannot be listed
raises an error, which the caller deals with.
"""

from __future__ import annotations

import contextlib
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers.telemetry import invocation, logger
from leaderboard import wiring
from leaderboard.errors import Unavailable
from leaderboard.frames.messages import Frame

FORGET_SECONDS = 1.0
"""How long the others may wait for this one to forget who is gone."""

Json = dict[str, Any]


@invocation
def handler(event: Json, context: LambdaContext) -> Json:
    """Post the event's frame; the answer has the members of `Delivered`, without who is gone."""
    frame = Frame(board=event["board"], body=event["frame"].encode(), patience=event["patience"])
    sender = wiring.sender()
    (delivered,) = sender.send(
        [frame],
        shards=event["shards"],
        posts_per_second=event["postsPerSecond"],
        seconds=event["seconds"],
    )
    with contextlib.suppress(Unavailable):  # the next frame finds them gone again
        sender.forget(frame.board, delivered.gone, seconds=FORGET_SECONDS)
    answer = {
        "listed": delivered.listed,
        "sent": delivered.sent,
        "throttled": delivered.throttled,
        "failed": delivered.failed,
        "closed": delivered.closed,
        "is_cut": delivered.is_cut,
    }
    logger.info("fanout", extra={"board": frame.board, "shards": event["shards"], **answer})
    return answer
