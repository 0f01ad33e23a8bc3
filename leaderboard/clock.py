"""Times: milliseconds since the Unix epoch inside, RFC 3339 in UTC with milliseconds outside.

The service writes one form of a time and reads every form of RFC 3339: tables are also written by
imports and by hand.

While a request is served, the service's time is never ahead of the gateway's. A function's own
clock may be wrong. If it were an hour ahead, the service would remember a completion of the future
and refuse the player's tickets for an hour. So the time at which the gateway took the request is
the latest that the service believes.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
CANONICAL = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)
"""The form that `to_text` makes. Nearly every time that is read has it, so it is read faster."""
RFC_3339 = re.compile(
    r"(?P<date>\d{4}-\d\d-\d\d)[Tt ](?P<minute>\d\d:\d\d):(?P<second>\d\d)(?:\.(?P<fraction>\d+))?"
    r"(?:[Zz]|(?P<sign>[+-])(?P<hours>[01]\d|2[0-3]):(?P<minutes>[0-5]\d))",
    re.ASCII,
)
MINUTE_MS = 60_000
DAY_MS = 86_400_000


def machine_ms() -> int:
    """The time of this machine's clock."""
    return time.time_ns() // 1_000_000


def day_of(ms: int) -> int:
    """The midnight (UTC) that the day of a time began with."""
    return ms - ms % DAY_MS


def to_datetime(ms: int) -> datetime:
    """The time as a datetime in UTC."""
    return EPOCH + timedelta(milliseconds=ms)


def from_datetime(moment: datetime) -> int:
    """The milliseconds of a datetime that has a time zone."""
    return (moment - EPOCH) // timedelta(milliseconds=1)


def to_text(ms: int) -> str:
    """`1795421730123` → `2026-11-23T08:15:30.123Z`."""
    return to_datetime(ms).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def text_of(ms: int | None) -> str | None:
    """The text of a time that may be missing."""
    return None if ms is None else to_text(ms)


def from_text(text: str) -> int:
    """The instant of an RFC 3339 time. Raises ValueError for any other text.

    Digits past the milliseconds are cut off, so that a later time is never read as an earlier one.
    For the same reason a leap second (23:59:60 UTC) is read as the last millisecond of its day.
    """
    if CANONICAL.fullmatch(text):
        return from_datetime(datetime.fromisoformat(text[:-1] + "+00:00"))
    found = RFC_3339.fullmatch(text)
    if found is None:
        raise ValueError(f"not an RFC 3339 time: {text[:64]!r}")
    started = from_datetime(datetime.fromisoformat(f"{found['date']}T{found['minute']}:00+00:00"))
    if found["sign"]:  # in numbers: the first and the last day have no datetime beside them
        offset = (int(found["hours"]) * 60 + int(found["minutes"])) * MINUTE_MS
        started += -offset if found["sign"] == "+" else offset
    second = int(found["second"])
    if second == 60 and started % DAY_MS == DAY_MS - MINUTE_MS:
        return started + MINUTE_MS - 1
    if second >= 60:
        raise ValueError(f"not an RFC 3339 time, for its seconds: {text[:64]!r}")
    return started + second * 1000 + int(((found["fraction"] or "") + "000")[:3])


_bound: ContextVar[int | None] = ContextVar("bound", default=None)


def now_ms() -> int:
    """The time now, in milliseconds since the Unix epoch."""
    own, bound = machine_ms(), _bound.get()
    # The gateway waits half a minute for an answer, so an event that is a day old comes from a
    # file (`sls invoke`): its time says nothing about now.
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
