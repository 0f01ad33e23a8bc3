"""Each minute: open the boards of the seasons that have begun, drop those that are long past."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers.reporting import reporting
from handlers.telemetry import count, invocation, logger
from leaderboard import wiring

Json = dict[str, Any]

SHARE = 0.7
"""Of the time that the function has; what is left undone then waits for the next minute."""


@invocation
@reporting
def handler(event: Json, context: LambdaContext) -> Json:
    seconds = context.get_remaining_time_in_millis() / 1000 * SHARE
    done = wiring.turns().run(seconds=seconds)
    count("SeasonsOpened", len(done.opened))
    answer = {
        "opened": list(done.opened[:100]),
        "dropped": done.dropped,
        "finished": done.finished,
    }
    logger.info("seasons", extra=answer | {"openedInAll": len(done.opened)})
    return answer
