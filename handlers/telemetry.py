"""Logs and metrics: one structured line per invocation, no tokens, no message bodies."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from functools import wraps
from typing import Any

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from leaderboard import retries

ANSWER_SECONDS = 2.0
"""How long the last attempt and the answer may take."""

Handler = Callable[[dict[str, Any], LambdaContext], dict[str, Any]]

logger = Logger()
metrics = Metrics()
# Without a dimension of its own a metric would be one per function; these are of the stage.
metrics.set_default_dimensions(stage=os.environ.get("STAGE", "local"))

if os.environ.get("LOG_FILE"):  # the local emulator keeps no log of WebSocket routes
    to_file = logging.FileHandler(os.environ["LOG_FILE"])
    to_file.setFormatter(logger.registered_formatter)
    logger.addHandler(to_file)


def invocation(handler: Handler) -> Handler:
    """Give a handler's log line the invocation's ids, send its metrics, if it has any, and have
    nothing tried again when the function's time is almost over."""
    return _invocation(handler, calls=False)


def answering(handler: Handler) -> Handler:
    """The same where somebody waits for the answer: then no call of the tables goes on either.

    A table that hangs would outlast the function, and the gateway answer in its place.
    """
    return _invocation(handler, calls=True)


def _invocation(handler: Handler, *, calls: bool) -> Handler:
    @logger.inject_lambda_context(clear_state=True)
    @wraps(handler)
    def run(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
        seconds = context.get_remaining_time_in_millis() / 1000 - ANSWER_SECONDS
        try:
            with retries.within(seconds, calls=calls):
                return handler(event, context)
        finally:
            if metrics.metric_set:
                metrics.flush_metrics()

    return run


def count(name: str, value: float) -> None:
    """Add to a metric; nothing is not sent."""
    if value:
        metrics.add_metric(name, MetricUnit.Count, value)


def milliseconds(name: str, value: float) -> None:
    """Note a time in a metric."""
    metrics.add_metric(name, MetricUnit.Milliseconds, value)


def percent(name: str, value: float) -> None:
    """Note a share in a metric, 0 to 100."""
    metrics.add_metric(name, MetricUnit.Percent, value)
