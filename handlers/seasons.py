"""Each minute: open the boards of the seasons that have begun, drop the rankings of those that are
long past, and bring in the rules of `boards.yml` that changed under scores.

A deploy's last step calls it with `{"deployed": true}`: then changed rules are brought in at once.
"""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers.reporting import reporting
from handlers.telemetry import count, invocation, logger
from leaderboard import wiring
from leaderboard.errors import CacheUnavailable
from leaderboard.repair.rule_changes import RuleChangesResult

Json = dict[str, Any]

SHARE = 0.7
"""Of the time that the function has; what is left undone then waits for the next minute."""
NAMED = 100
"""Board-seasons that an answer names of each kind."""


@invocation
@reporting
def handler(event: Json, context: LambdaContext) -> Json:
    seconds = context.get_remaining_time_in_millis() / 1000 * SHARE / 2  # each of the two has half
    done = wiring.season_rollover().run(seconds=seconds)
    count("SeasonsOpened", len(done.opened))
    changed = _change_rules(seconds, deployed=event.get("deployed") is True)
    answer = {
        "opened": list(done.opened[:NAMED]),
        "dropped": done.dropped,
        "reordered": list(changed.reordered[:NAMED]),
        "resized": list(changed.resized[:NAMED]),
        "finished": done.finished and changed.finished,
    }
    logger.info("seasons", extra=answer | {"openedInAll": len(done.opened)})
    return answer


def _change_rules(seconds: float, *, deployed: bool) -> RuleChangesResult:
    try:
        return wiring.rule_changes().run(seconds=seconds, deployed=deployed)
    except CacheUnavailable:  # the next minute
        return RuleChangesResult(finished=False)
