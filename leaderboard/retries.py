"""Retries: how often, and after which pauses, a write that lost a race is tried again."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

TRIES = 30
CHANCE = random.SystemRandom()


def tries() -> Iterator[None]:
    """At once, then after random pauses that grow to a tenth of a second."""
    for number in range(TRIES):
        if number:
            time.sleep(CHANCE.uniform(0, min(0.005 * 2 ** min(number, 5), 0.1)))
        yield
