"""Each minute: record the totals that viewers do not have yet, hold the recorded tops to the
table's index, and have what is cold filled. `{"audit": false}`: the totals alone.

By hand, `{"board": "global", "deep": true}` (or with a `season` as well) compares a whole ranking
with the table, and every score with the lines of its history, and answers every difference.

Before a deploy, `{"schedules": {"global": "never"}}` answers which boards have scores that nobody
would see by those.
"""

from __future__ import annotations

import time
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers.reporting import reporting
from handlers.telemetry import count, invocation, logger
from leaderboard import wiring
from leaderboard.boards.seasons import BoardSeason
from leaderboard.errors import Invalid

Json = dict[str, Any]

RUN_SECONDS = 40.0
"""A run is over before the next one begins."""
LOOK_SECONDS = 5.0
"""How long it looks for boards whose total was not recorded; it waits up to ten more."""
SHARE = 0.8
"""Of the time that an invocation has; the rest is for what is under way then."""
NAMED = 100
"""Board-seasons that an answer names of each kind."""
USAGE = (
    'To compare a whole ranking with the tables, send {"board": "global", "deep": true}, and a '
    '"season" if not the current one.'
)


@invocation
@reporting
def handler(event: Json, context: LambdaContext) -> Json:
    seconds = context.get_remaining_time_in_millis() / 1000 * SHARE
    if "schedules" in event:
        return {"stranded": wiring.schedule_check().find_stranded(_schedules(event))}
    if "deep" in event or "board" in event:
        return _compare(_board_season(event), seconds)
    totals = _record_totals()
    if event.get("audit") is False:
        return totals
    return _verify(min(seconds, RUN_SECONDS), totals)


def _record_totals() -> Json:
    done = wiring.totals().run(seconds=LOOK_SECONDS)
    count("TotalsRecorded", len(done.recorded))
    answer: Json = {
        "totals": list(done.recorded[:NAMED]),
        "totalsFailed": list(done.failed[:NAMED]),
    }
    logger.info("totals", extra=answer)
    return answer


def _verify(seconds: float, totals: Json) -> Json:
    done = wiring.verification().run(seconds=seconds)
    count("BoardsMissed", len(done.missed))
    count("BoardsWrong", len(done.wrong))
    count("BoardsCold", len(done.cold))
    count("RebuildsStarted", done.rebuilds)
    answer: Json = {
        "checked": done.checked,
        "missed": list(done.missed[:NAMED]),
        "wrong": list(done.wrong[:NAMED]),
        "cold": list(done.cold[:NAMED]),
        "rebuilds": done.rebuilds,
        "finished": done.finished,
        **totals,
    }
    if done.wrong:
        logger.error("verify", extra=answer)
    else:
        logger.info("verify", extra=answer)
    return answer


def _schedules(event: Json) -> dict[str, str]:
    schedules = event["schedules"]
    if not isinstance(schedules, dict):
        raise Invalid(
            'Send {"schedules": {"global": "never"}}: the schedule of each board, by its name.',
            path="schedules",
        )
    return schedules


def _board_season(event: Json) -> BoardSeason:
    board, season = event.get("board"), event.get("season")
    if not isinstance(board, str):
        raise Invalid(USAGE, path="board")
    if not isinstance(season, str | None):
        raise Invalid(USAGE, path="season")
    if event.get("deep") is not True:
        raise Invalid(USAGE, path="deep")
    return wiring.board_season(board, season or None, future=True)


def _compare(board_season: BoardSeason, seconds: float) -> Json:
    deadline = time.monotonic() + seconds
    answer = wiring.ranking_comparison().run(board_season, seconds=seconds)
    left = max(deadline - time.monotonic(), 0)
    answer |= wiring.history_comparison().run(board_season, seconds=left)
    shown = ("shown", "shownHistories")
    logger.info("verify", extra={name: answer[name] for name in answer if name not in shown})
    return answer
