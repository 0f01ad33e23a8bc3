"""Rebuild a board's ranking from the table: `{"board": "global"}`, or with a `season` as well."""

from __future__ import annotations

import time
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers.telemetry import count, invocation, logger
from leaderboard import wiring
from leaderboard.errors import Invalid

Json = dict[str, Any]


@invocation
def handler(event: Json, context: LambdaContext) -> Json:
    board, season = event.get("board"), event.get("season")
    if not isinstance(board, str) or not isinstance(season, str | None):
        raise Invalid('Send {"board": "…"}, and a "season" if not the current one.', path="board")
    started = time.monotonic()
    done = wiring.rebuild().run(board, season)
    answer = {
        "board": done.board,
        "season": done.season,
        "items": done.items,
        "applied": done.taken,
        "moved": done.moved,
        "seconds": round(time.monotonic() - started, 3),
    }
    count("RebuiltItems", done.items)
    count("Rebuilds", 1)
    logger.info("rebuild", extra=answer)
    return answer
