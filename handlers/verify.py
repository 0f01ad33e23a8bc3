"""Each minute: record the totals that viewers do not have yet, hold the recorded tops to the
table's index, and have what is cold filled. `{"audit": false}`: the totals alone.

By hand, `{"board": "global", "deep": true}` (or with a `season` as well) compares a whole ranking
with the table and answers every difference.

Before a deploy, `{"schedules": {"global": "never"}}` answers which boards have scores that nobody
would see by those.
"""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers.reporting import reporting
from handlers.telemetry import count, invocation, logger
from leaderboard import wiring
from leaderboard.errors import Invalid

Json = dict[str, Any]

RUN_SECONDS = 40.0
"""A run is over before the next one begins."""
LOOK_SECONDS = 5.0
"""How long it looks for boards whose total is behind; it waits up to ten more."""
SHARE = 0.8
USAGE = 'Send {"board": "…", "deep": true}, and a "season" if not the current one.'


@invocation
@reporting
def handler(event: Json, context: LambdaContext) -> Json:
    seconds = context.get_remaining_time_in_millis() / 1000 * SHARE
    if "schedules" in event:
        return {"stranded": wiring.verification().stranded(event["schedules"])}
    if "deep" in event or "board" in event:
        return _compare(event, seconds)
    totals = _catch_up()
    if event.get("audit") is False:
        return totals
    done = wiring.verification().run(seconds=min(seconds, RUN_SECONDS))
    count("BoardsMissed", len(done.missed))
    count("BoardsWrong", len(done.wrong))
    count("BoardsCold", len(done.cold))
    count("RebuildsStarted", done.rebuilds)
    answer: Json = {
        "checked": done.checked,
        "missed": list(done.missed[:100]),
        "wrong": list(done.wrong[:100]),
        "cold": list(done.cold[:100]),
        "rebuilds": done.rebuilds,
        "finished": done.finished,
        **totals,
    }
    if done.wrong:
        logger.error("verify", extra=answer)
    else:
        logger.info("verify", extra=answer)
    return answer


def _catch_up() -> Json:
    done = wiring.totals().run(seconds=LOOK_SECONDS)
    count("TotalsRecorded", len(done.recorded))
    answer: Json = {
        "totals": list(done.recorded[:100]),
        "totalsFailed": list(done.failed[:100]),
    }
    logger.info("totals", extra=answer)
    return answer


def _compare(event: Json, seconds: float) -> Json:
    board, season = event.get("board"), event.get("season")
    fits = isinstance(board, str) and isinstance(season, str | None)
    if not fits or event.get("deep") is not True:
        raise Invalid(USAGE, path="board")
    assert isinstance(board, str)
    asked = wiring.asked(board, season or None, future=True)
    answer = wiring.verification().compare(asked, seconds=seconds)
    logger.info("verify", extra={name: answer[name] for name in answer if name != "shown"})
    return answer
