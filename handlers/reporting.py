"""Stored items that could not be read: counted and logged each time, queued once in a while."""

from __future__ import annotations

from functools import wraps
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers.telemetry import Handler, count, logger
from leaderboard import wiring


def reporting(handler: Handler) -> Handler:
    """Report the stored items that an invocation could not read, whatever it answered."""

    @wraps(handler)
    def run(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        try:
            return handler(event, context)
        finally:
            unread, number = wiring.reports().drain()
            count("ItemsUnreadable", number)
            for it in unread[:10]:
                logger.error("unreadable", extra={"item": it.key, "reason": it.reason})
            try:
                if unread:
                    wiring.reports().enqueue(unread)
            except Exception:  # noqa: BLE001
                # The answer is right all the same, and the lines above have the items.
                logger.exception("not queued", extra={"items": len(unread)})

    return run
