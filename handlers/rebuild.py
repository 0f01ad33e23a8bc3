"""Fill rankings from the table: `{"board": "global"}`, or with a `season` as well; `{"all": true}`
for every live board-season in one pass. `"fresh": true` forgets them first: after a restore.

An invocation that runs out of time starts the next one, with the `progress` so far.
"""

from __future__ import annotations

import time
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers.reporting import reporting
from handlers.telemetry import count, invocation, logger, metrics, percent
from leaderboard import wiring
from leaderboard.errors import Invalid
from leaderboard.repair.rebuild_progress import RebuildProgress, RebuildRequest

Json = dict[str, Any]

SHARE = 0.85
"""Of the time that an invocation has; the rest is for what is under way then."""
FIELDS = {"board", "season", "all", "cold", "fresh", "run"}
USAGE = (
    'Send {"board": "global"} for its current season, or with a "season" as well, or '
    '{"all": true} for every board. With "fresh": true the rankings are forgotten first.'
)


@invocation
@reporting
def handler(event: Json, context: LambdaContext) -> Json:
    started = time.monotonic()
    seconds = context.get_remaining_time_in_millis() / 1000 * SHARE
    begun = _progress(event)
    done = wiring.rebuild().resume(begun, seconds=seconds, report=_report)
    if not done.finished:
        wiring.rebuild_function().resume(done.to_json())
    answer: Json = {
        "board": begun.request.board,
        "season": begun.request.season,
        "boards": done.boards,
        "items": done.items,
        "applied": done.applied,
        "removed": done.removed,
        "moved": done.moved > 0,
        "parts": done.invocations,
        "finished": done.finished,
        "seconds": round(time.monotonic() - started, 3),
    }
    count("RebuiltItems", done.items - begun.items)
    if done.finished:
        count("Rebuilds", 1)
    logger.info("rebuild", extra=answer)
    return answer


def _progress(event: Json) -> RebuildProgress:
    """What another invocation handed over, or the beginning of a new rebuild."""
    if "progress" in event:
        return RebuildProgress.from_json(event["progress"])
    return wiring.rebuild().begin(_request(event))


def _request(event: Json) -> RebuildRequest:
    # Another field is a mistake, or what another release hands over: neither means this request.
    for name in event.keys() - FIELDS:
        raise Invalid(f'There is no field "{name}". {USAGE}', path=name)
    board, season, run = event.get("board"), event.get("season"), event.get("run", "")
    flags = {name: event.get(name, False) for name in ("all", "cold", "fresh")}
    for name, flag in flags.items():
        if not isinstance(flag, bool):
            raise Invalid(f'"{name}" is true or false. {USAGE}', path=name)
    if not isinstance(run, str):
        raise Invalid(f'"run" is a text. {USAGE}', path="run")
    if flags["all"]:
        if board is not None or season is not None or flags["cold"]:
            raise Invalid(f'With "all" send no board, season or "cold". {USAGE}', path="all")
        return RebuildRequest(fresh=flags["fresh"], run=run)
    if not isinstance(board, str):
        raise Invalid(f'"board" is the id of a board. {USAGE}', path="board")
    if not isinstance(season, str | None):
        raise Invalid(f'"season" is the name of a season. {USAGE}', path="season")
    return RebuildRequest(board, season, cold=flags["cold"], fresh=flags["fresh"], run=run)


def _report(progress: RebuildProgress) -> None:
    """How far it is, now and then: in the logs and in the metrics."""
    share = round(100 * progress.share, 1)
    so_far = {"share": share, "items": progress.items, "applied": progress.applied}
    logger.info("rebuild goes on", extra={**so_far, "part": progress.invocations})
    percent("RebuildShare", share)
    metrics.flush_metrics()
