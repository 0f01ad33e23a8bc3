"""Attempts: how often, and after which pauses, a write that lost a race is tried again."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

TRIES = 30
CHANCE = random.SystemRandom()


def attempts() -> Iterator[None]:
    """At once, then after random pauses that grow to a tenth of a second."""
    for attempt in range(TRIES):
        if attempt:
            time.sleep(CHANCE.uniform(0, min(0.005 * 2 ** min(attempt, 5), 0.1)))
        yield
