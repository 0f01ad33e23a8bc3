"""Retries: how often, and after which pauses, something that failed is tried again."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass

TRIES = 30
CHANCE = random.SystemRandom()


_deadline: ContextVar[float] = ContextVar("deadline", default=math.inf)


def tries() -> Iterator[None]:
    """At once, then after random pauses that grow to a tenth of a second; none past the deadline
    of `within`."""
    for number in range(TRIES):
        if number:
            time.sleep(CHANCE.uniform(0, min(0.005 * 2 ** min(number, 5), 0.1)))
            if time.monotonic() >= _deadline.get():
                return
        yield


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """While it lasts, nothing is tried again after so many seconds."""
    token = _deadline.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.reset(token)


@dataclass
class Pause:
    """How long a dependency that failed is not asked again: twice as long with each failure in a
    row, from `first` to `longest` seconds. The times are those of one monotonic clock."""

    failures: int = 0
    until: float = 0.0

    def fail(self, now: float, *, first: float, longest: float) -> None:
        """Begin a pause; up to a quarter of it is left to chance, so that not all ask at once."""
        seconds = min(first * 2 ** min(self.failures, 16), longest)
        self.until = now + seconds * CHANCE.uniform(0.75, 1)
        self.failures += 1

    def end(self) -> None:
        """It answers again."""
        self.failures, self.until = 0, 0.0
