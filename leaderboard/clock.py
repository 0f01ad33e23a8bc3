"""The clock: the service's time, which is never ahead of the gateway's while a request is served.

A function's own clock may be wrong. One that is an hour ahead would remember times to come, which
would refuse a player's tickets for that hour; so the time at which the gateway took the request
bounds it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from leaderboard import instants

DAY_MS = 86_400_000
"""The gateway waits half a minute for an answer, so an event that is a day old comes from a file
(`sls invoke`): its time says nothing about now."""

_bound: ContextVar[int | None] = ContextVar("bound", default=None)


def now_ms() -> int:
    """The time now, in milliseconds since the Unix epoch."""
    own, bound = instants.now_ms(), _bound.get()
    if bound is None or own - bound > DAY_MS:
        return own
    return min(own, bound)


@contextmanager
def bounded(gateway_ms: int | None) -> Iterator[None]:
    """While it lasts, the time is the gateway's at most. None: the event does not say it."""
    token = _bound.set(gateway_ms)
    try:
        yield
    finally:
        _bound.reset(token)
