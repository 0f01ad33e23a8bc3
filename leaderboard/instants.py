"""Instants: milliseconds since the Unix epoch inside, RFC 3339 UTC with milliseconds outside."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FORM = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def to_datetime(ms: int) -> datetime:
    return EPOCH + timedelta(milliseconds=ms)


def from_datetime(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(milliseconds=1)


def to_text(ms: int) -> str:
    """`1795421730123` → `2026-11-23T08:15:30.123Z`."""
    return to_datetime(ms).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def from_text(text: str) -> int:
    """The inverse of `to_text`; raises ValueError on anything else."""
    if not FORM.fullmatch(text):
        raise ValueError(f"not an RFC 3339 UTC time with milliseconds: {text!r}")
    return from_datetime(datetime.fromisoformat(text[:-1] + "+00:00"))
