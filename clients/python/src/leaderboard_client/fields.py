"""The values in a frame's JSON, each checked as it is read. A wrong one raises `DamagedFrame`."""

from __future__ import annotations

import math
import re
from datetime import datetime, timezone
from typing import Any

LARGEST = 2**53 - 1
# Python 3.10 reads neither `Z` nor a fraction that is not of three or six digits.
TIME = re.compile(r"(.+?)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d)?")


class DamagedFrame(Exception):
    """The text is not a frame of the protocol."""


def instant(time: object) -> float:
    """A time in milliseconds since 1970; NaN if it is not a time."""
    if isinstance(time, str):
        found = TIME.fullmatch(time)
        try:
            parsed = datetime.fromisoformat(_padded(*found.groups()) if found else time)
        except ValueError:
            return math.nan
        utc = parsed if parsed.tzinfo else parsed.replace(tzinfo=timezone.utc)
        return utc.timestamp() * 1000
    return math.nan if isinstance(time, bool) or not isinstance(time, int | float) else time


def _padded(moment: str, fraction: str | None, zone: str | None) -> str:
    offset = "+00:00" if zone in ("Z", "z") else zone or ""
    return f"{moment}.{fraction[:6]:0<6}{offset}" if fraction else f"{moment}{offset}"


def object_of(value: object) -> dict[str, Any]:
    """A JSON object."""
    if not isinstance(value, dict):
        raise DamagedFrame
    return value


def list_of(value: object) -> list[Any]:
    """A JSON array."""
    if not isinstance(value, list):
        raise DamagedFrame
    return value


def text_of(value: object) -> str:
    """A JSON string."""
    if not isinstance(value, str):
        raise DamagedFrame
    return value


def optional_text(value: object) -> str | None:
    """A JSON string, or None for null."""
    return None if value is None else text_of(value)


def integer_of(value: object) -> int:
    """A JSON number without a fraction."""
    if isinstance(value, bool) or not isinstance(value, int):
        raise DamagedFrame
    return value


def count_of(value: object) -> int:
    """A number from 0 to 2^53 - 1, which every JSON parser reads exactly."""
    number = integer_of(value)
    if not 0 <= number <= LARGEST:
        raise DamagedFrame
    return number


def rank_of(value: object) -> int | None:
    """A rank from 1 up, or None where it is not known yet."""
    if value is None:
        return None
    number = count_of(value)
    if number == 0:
        raise DamagedFrame
    return number


def time_of(value: object) -> str | None:
    """An RFC 3339 time as it was written, or None for null."""
    if value is not None and math.isnan(instant(text_of(value))):
        raise DamagedFrame
    return optional_text(value)
