"""Pace: how much anybody can reach in a time."""

from __future__ import annotations

SPRINT_POINTS_PER_SECOND = 2_000
"""Past the best sprint that was seen, by half."""


def sprint(*, action: str, value: int, elapsed_ms: int) -> bool:  # noqa: ARG001
    """Whether a sprint can have made so many points since it began."""
    return value * 1000 <= SPRINT_POINTS_PER_SECOND * elapsed_ms
