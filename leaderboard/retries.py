"""Retries: how often, and after which pauses, something that failed is tried again; and how long
a call of the tables may take while somebody waits for the answer."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

TRIES = 30
CHANCE = random.SystemRandom()


_deadline: ContextVar[float] = ContextVar("deadline", default=math.inf)
_last_call: ContextVar[float] = ContextVar("last_call", default=math.inf)


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
def within(seconds: float, *, calls: bool = False) -> Iterator[None]:
    """While it lasts, nothing is tried again after so many seconds.

    With `calls` no call of the tables goes on after that either: who waits gets an answer, where a
    stream's function would rather have its record.
    """
    until = time.monotonic() + seconds
    deadline = _deadline.set(until)
    last_call = _last_call.set(until if calls else math.inf)
    try:
        yield
    finally:
        _deadline.reset(deadline)
        _last_call.reset(last_call)


def seconds_left() -> float:
    """How long a call that begins now may take; without end where nobody waits."""
    return _last_call.get() - time.monotonic()


def carried(call: Callable[P, R]) -> Callable[P, R]:
    """A call for another thread, which ends as it would in this one: threads know no deadline."""
    deadline, last_call = _deadline.get(), _last_call.get()

    def run(*arguments: P.args, **options: P.kwargs) -> R:
        _deadline.set(deadline)
        _last_call.set(last_call)
        return call(*arguments, **options)

    return run


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
