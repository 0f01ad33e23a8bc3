"""Patience: a table or a cache that does not answer is asked again for a minute."""

from __future__ import annotations

import time
from collections.abc import Callable
from random import SystemRandom
from typing import TypeVar

from leaderboard.errors import Unavailable

Answer = TypeVar("Answer")

PATIENCE_SECONDS = 60.0
"""How long a table or cache that does not answer is asked again."""
CHANCE = SystemRandom()


def patiently(call: Callable[[], Answer]) -> Answer:
    """The answer of something that may be down for a while; raises Unavailable after a minute."""
    until = time.monotonic() + PATIENCE_SECONDS
    pause = 0.05
    while True:
        try:
            return call()
        except Unavailable:
            if time.monotonic() + pause >= until:
                raise
            time.sleep(pause * CHANCE.uniform(0.5, 1))
            pause = min(pause * 2, 5.0)
