"""The service's time. While a request is served, it is never ahead of the gateway's.

A function's own clock may be wrong. If it were an hour ahead, the service would remember a
completion of the future and refuse the player's tickets for an hour. So the time at which the
gateway took the request is the latest that the service believes.
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
    """In this block the time is at most the gateway's. None: the event does not say it."""
    token = _bound.set(gateway_ms)
    try:
        yield
    finally:
        _bound.reset(token)
