"""Upkeep of what lies beside the live boards: copies of profiles, tops of seasons of long ago.

`{"profiles": [userId], "archived": [{"board", "season", "userIds"}]}`, as `score_stream` asks; by
hand too. It may be repeated.

A chore that fails beside others is asked for again alone: Lambda repeats whole events, and with
them all that was done. Where all of an event fails, Lambda is left to repeat it, after a while.
"""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers.reporting import reporting
from handlers.telemetry import count, invocation, logger
from leaderboard import wiring
from leaderboard.errors import Unavailable
from leaderboard.ranking.upkeep_tasks import UpkeepTasks

TOLD = 10
"""Chores that failed whose reasons an invocation logs."""

Json = dict[str, Any]


@invocation
@reporting
def handler(event: Json, context: LambdaContext) -> Json:
    """Raises Unavailable when nothing could be done, so that Lambda tries the event again."""
    chores = UpkeepTasks.from_json(event)
    done = wiring.upkeep().do(chores)
    count("ScoresCopied", done.copied)
    count("ArchivedTopsRecorded", done.recorded)
    for reason in done.reasons[:TOLD]:
        logger.error("chore failed", exc_info=reason)
    summary = {"copied": done.copied, "recorded": done.recorded, "failed": len(done.failed)}
    logger.info("upkeep", extra=summary)
    if done.failed:
        if len(done.failed) == len(chores):
            raise Unavailable("No chore of this event could be done; it is tried again.")
        wiring.upkeep_function().ask(done.failed)
    return summary
