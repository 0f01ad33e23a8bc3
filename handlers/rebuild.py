"""Fill rankings from the table: `{"board": "global"}`, or with a `season` as well; `{"all": true}`
for every live board-season in one pass. `"fresh": true` forgets them first: after a restore.

An invocation that runs out of time starts the next one with where it stands.
"""

from __future__ import annotations

import time
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers.reporting import reporting
from handlers.telemetry import count, invocation, logger, metrics, percent
from leaderboard import wiring
from leaderboard.errors import Invalid
from leaderboard.repair.rebuild import RebuildProgress, RebuildRequest

Json = dict[str, Any]

SHARE = 0.85
"""Of the time that an invocation has; the rest is for what is under way then."""
USAGE = (
    'Send {"board": "…"}, and a "season" if not the current one, or {"all": true}; '
    'with "fresh": true the rankings are forgotten first.'
)


@invocation
@reporting
def handler(event: Json, context: LambdaContext) -> Json:
    started = time.monotonic()
    seconds = context.get_remaining_time_in_millis() / 1000 * SHARE
    service = wiring.rebuild()
    if "standing" in event:
        standing = RebuildProgress.from_json(event["standing"])
    else:
        standing = service.begin(_order(event))
    before = standing.items
    order = standing.order
    done = service.go_on(standing, seconds=seconds, tell=_tell)
    if not done.finished:
        wiring.rebuild_function().go_on(done.to_json())
    answer: Json = {
        "board": order.board,
        "season": order.season,
        "boards": done.boards,
        "items": done.items,
        "applied": done.taken,
        "removed": done.removed,
        "moved": done.moved > 0,
        "parts": done.parts,
        "finished": done.finished,
        "seconds": round(time.monotonic() - started, 3),
    }
    count("RebuiltItems", done.items - before)
    if done.finished:
        count("Rebuilds", 1)
    logger.info("rebuild", extra=answer)
    return answer


def _order(event: Json) -> RebuildRequest:
    board, season = event.get("board"), event.get("season")
    flags = {name: event.get(name, False) for name in ("all", "cold", "fresh")}
    run = event.get("run", "")
    if not all(isinstance(it, bool) for it in flags.values()) or not isinstance(run, str):
        raise Invalid(USAGE, path="all")
    if flags["all"]:
        if board is not None or season is not None or flags["cold"]:
            raise Invalid(USAGE, path="all")
        return RebuildRequest(fresh=flags["fresh"], run=run)
    if not isinstance(board, str) or not isinstance(season, str | None):
        raise Invalid(USAGE, path="board")
    return RebuildRequest(board, season, cold=flags["cold"], fresh=flags["fresh"], run=run)


def _tell(standing: RebuildProgress) -> None:
    """How far it is, now and then: in the logs and in the metrics."""
    share = round(100 * standing.share, 1)
    progress = {"share": share, "items": standing.items, "applied": standing.taken}
    logger.info("rebuild goes on", extra={**progress, "part": standing.parts})
    percent("RebuildShare", share)
    metrics.flush_metrics()
