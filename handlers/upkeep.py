"""Upkeep of what lies beside the live boards: copies of profiles, tops of seasons of long ago.

`{"profiles": [userId], "archived": [{"board", "season", "userIds"}]}`, as `score_stream` asks; by
hand too. It may be repeated.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers.reporting import reporting
from handlers.telemetry import count, invocation, logger
from leaderboard import wiring
from leaderboard.errors import Unavailable
from leaderboard.ingest import Chores

Json = dict[str, Any]


@invocation
@reporting
def handler(event: Json, context: LambdaContext) -> Json:
    """Raises Unavailable when a chore failed, so that Lambda tries the event again."""
    done = wiring.upkeep().do(Chores.from_json(event))
    count("ScoresCopied", done.copied)
    count("ArchivedTopsRecorded", done.recorded)
    logger.info("upkeep", extra=asdict(done))
    if done.failed:
        raise Unavailable(f"{done.failed} chores could not be done; the event is tried again.")
    return asdict(done)
