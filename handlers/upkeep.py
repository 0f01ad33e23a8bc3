"""Upkeep of what lies beside the live boards: copies of profiles, tops of seasons of long ago,
histories of deleted users.

`{"profiles": [userId], "archived": [{"board", "season", "userIds"}]}`, as `score_stream` asks, and
`{"histories": [userId]}`, as `history_stream` asks; by hand too. It may be repeated.

By hand, `{"names": true}` fills the index of names from all profiles, in as many invocations as it
takes.

A task that fails beside others is asked for again alone: Lambda repeats whole events, and with
them all that was done. Where all of an event fails, Lambda is left to repeat it, after a while.
"""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers.reporting import reporting
from handlers.telemetry import count, invocation, logger
from leaderboard import wiring
from leaderboard.errors import Invalid, Unavailable
from leaderboard.ranking.upkeep_tasks import UpkeepTasks

Json = dict[str, Any]

SHARE = 0.8
"""Of the time that an invocation has; the rest is for the page that is under way then."""
LOGGED = 10
"""Tasks that failed whose reasons an invocation logs."""
SHARE = 0.8
"""Of the time that an invocation has; the rest is for what is under way then."""
USAGE = (
    'Send {"profiles": ["userId"]}, '
    '{"archived": [{"board": "weekly", "season": "2026-W01", "userIds": ["userId"]}]} '
    'or {"histories": ["userId"]}, or several of them.'
)
NAMES_USAGE = 'To fill the index of names from all profiles, send {"names": true}.'


@invocation
@reporting
def handler(event: Json, context: LambdaContext) -> Json:
    """Raises Unavailable when nothing could be done, so that Lambda tries the event again."""
    if "names" in event:
        return _fill_names(event["names"], context.get_remaining_time_in_millis() / 1000 * SHARE)
    tasks = _tasks(event)
    seconds = context.get_remaining_time_in_millis() / 1000 * SHARE
    done = wiring.upkeep().run(tasks, seconds=seconds)
    count("ScoresCopied", done.copied)
    count("ArchivedTopsRecorded", done.recorded)
    count("HistoryLinesErased", done.erased)
    for reason in done.reasons[:LOGGED]:
        logger.error("upkeep task failed", exc_info=reason)
    summary = {
        "copied": done.copied,
        "recorded": done.recorded,
        "erased": done.erased,
        "failed": len(done.failed),
    }
    logger.info("upkeep", extra=summary)
    if done.failed:
        if len(done.failed) == len(tasks):
            raise Unavailable("Nothing of this event could be done. It is tried again by itself.")
        wiring.upkeep_function().ask(done.failed)
    if done.unfinished:
        wiring.upkeep_function().ask(done.unfinished)
    return summary


def _fill_names(asked: Any, seconds: float) -> Json:
    if asked is not True and not (isinstance(asked, dict) and asked.keys() == {"after"}):
        raise Invalid(NAMES_USAGE, path="names")
    done = wiring.name_fill().run(None if asked is True else asked["after"], seconds=seconds)
    if done.resume_after is not None:
        wiring.upkeep_function().resume_names(done.resume_after)
    summary = {"filled": done.filled, "finished": done.resume_after is None}
    logger.info("names", extra=summary)
    return summary


def _tasks(event: Json) -> UpkeepTasks:
    try:
        return UpkeepTasks.from_json(event)
    except (KeyError, TypeError) as error:
        raise Invalid(USAGE, path="archived") from error
