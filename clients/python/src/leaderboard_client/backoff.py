"""How long to wait before another attempt: exponential backoff with full jitter, so that a crowd
that lost the service at one moment does not come back at one moment."""

from __future__ import annotations

from collections.abc import Callable

# 2^64 times anything is past every cap.
MOST_DOUBLINGS = 64


def full_jitter(random: Callable[[], float], *, attempt: int, base: float, cap: float) -> float:
    """Milliseconds to wait. `random` gives [0, 1); attempts count from 0; `base` and `cap` are
    milliseconds."""
    return random() * min(cap, base * 2.0 ** min(attempt, MOST_DOUBLINGS))
