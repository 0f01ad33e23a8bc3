"""Pace: how much anybody can reach in a time."""

from __future__ import annotations

RUN_POINTS_PER_SECOND = 2_000
"""Past the best run that was seen, by half."""


def run(*, action: str, value: int, elapsed_ms: int) -> bool:  # noqa: ARG001
    """Whether a run can have made so many points since it began."""
    return value * 1000 <= RUN_POINTS_PER_SECOND * elapsed_ms
