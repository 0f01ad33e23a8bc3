"""How often, and after which pauses, a failed call is tried again; and how long it may take.

A request has somebody who waits, so it has a deadline. A stream's function has none: it goes on
until its record is done.
"""

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
    """Yields for each try: at once, then after random pauses that grow to a tenth of a second.

    There is no further try past the deadline of `within`.
    """
    for number in range(TRIES):
        if number:
            time.sleep(CHANCE.uniform(0, min(0.005 * 2 ** min(number, 5), 0.1)))
            if time.monotonic() >= _deadline.get():
                return
        yield


@contextmanager
def within(seconds: float, *, calls: bool = False) -> Iterator[None]:
    """In this block nothing is tried again after so many seconds.

    With `calls` no call of the tables takes longer either: for a request, which somebody waits for.
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
    """How long a call that begins now may take; infinite where nobody waits."""
    return _last_call.get() - time.monotonic()


def carried(call: Callable[P, R]) -> Callable[P, R]:
    """The call with the deadlines of this thread, to be run in another one, which has none."""
    deadline, last_call = _deadline.get(), _last_call.get()

    def run(*arguments: P.args, **options: P.kwargs) -> R:
        _deadline.set(deadline)
        _last_call.set(last_call)
        return call(*arguments, **options)

    return run


@dataclass
class Pause:
    """How long a dependency that failed is left alone: twice as long after each failure in a row.

    It lasts from `first` to `longest` seconds. All times are of one monotonic clock.
    """

    failures: int = 0
    until: float = 0.0

    def fail(self, now: float, *, first: float, longest: float) -> None:
        """Begin a pause. A random part of it, up to a quarter, keeps environments apart."""
        seconds = min(first * 2 ** min(self.failures, 16), longest)
        self.until = now + seconds * CHANCE.uniform(0.75, 1)
        self.failures += 1

    def end(self) -> None:
        """The dependency answers again."""
        self.failures, self.until = 0, 0.0
