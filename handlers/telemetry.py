"""Logs and metrics: one structured line per invocation, no tokens, no message bodies."""

from __future__ import annotations

import logging
import os

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

logger = Logger()
metrics = Metrics()
# Without a dimension of its own a metric would be one per function; these are of the stage.
metrics.set_default_dimensions(stage=os.environ.get("STAGE", "local"))

if os.environ.get("LOG_FILE"):  # the local emulator keeps no log of WebSocket routes
    to_file = logging.FileHandler(os.environ["LOG_FILE"])
    to_file.setFormatter(logger.registered_formatter)
    logger.addHandler(to_file)


def count(name: str, value: float) -> None:
    if value:
        metrics.add_metric(name, MetricUnit.Count, value)


def milliseconds(name: str, value: float) -> None:
    metrics.add_metric(name, MetricUnit.Milliseconds, value)
