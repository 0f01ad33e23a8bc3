"""Reads JSON from outside: bodies of requests and frames of sockets.

RFC 8259 does not say what numbers and doubled members mean. Here a number is its value: 1500.0 and
15e2 are the integer 1500. JSON that two parsers could read in different ways is refused.
"""

from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import Any

from leaderboard.errors import Invalid

MAX_DEPTH = 16
"""Levels of JSON: far past any request, far below what a parser behind this one gives up at."""
MAX_EXPONENT = 308
"""Numbers from 1e309 on are refused before anything is computed with them."""
SHOWN = 48
"""Characters of a member's name that a message repeats."""


class _Doubled(Exception):
    pass


def parse(raw: bytes, *, within: str = "", typed: str | None = None) -> Any:
    """The value in UTF-8 JSON without a byte order mark.

    Raises Invalid, whose path begins with `within`, for other text, members that stand twice, half
    characters, numbers that no float holds, and nesting past MAX_DEPTH. The values below the path
    `typed` may have such characters and numbers: their types refuse them, one value alone.
    """
    try:
        value = json.loads(
            raw.decode(),
            parse_int=_number,
            parse_float=_number,
            parse_constant=_refuse_constant,
            object_pairs_hook=_members,
        )
    except _Doubled as error:
        raise Invalid(f"The member {error} stands twice; send it once.", path=within) from error
    except (ValueError, RecursionError) as error:
        raise Invalid("This is not JSON in UTF-8; send one JSON object.", path=within) from error
    level = [(within, value)]
    for _ in range(MAX_DEPTH):
        for path, it in level:
            if typed is None or not path.startswith(typed):
                _check(it, path)
        level = [inner for path, outer in level for inner in _inside(path, outer)]
    if level:
        raise Invalid(f"This is nested deeper than {MAX_DEPTH} levels.", path=within)
    return value


def _number(text: str) -> int | float:
    """The number by its value, whole ones as integers of any spelling; inf past every float."""
    try:
        number = Decimal(text)
    except ArithmeticError:  # not even the exponent is a number of any use
        return math.inf
    if not number:
        return 0
    if number.adjusted() > MAX_EXPONENT:
        return math.inf
    return int(number) if number == number.to_integral_value() else float(text)


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        raise _Doubled(ascii(next(it for it in names if names.count(it) > 1)[:SHOWN]))
    return members


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _check(value: Any, path: str) -> None:
    """Refuse what nothing can store; raises Invalid."""
    if isinstance(value, str) and not _is_whole(value):
        raise Invalid("This text holds half a character (a lone surrogate).", path=path)
    if isinstance(value, float) and math.isinf(value):
        raise Invalid("This number is too large.", path=path)


def _inside(path: str, value: Any) -> list[tuple[str, Any]]:
    """What an array or object holds, each with its path. Raises Invalid for a damaged name."""
    if isinstance(value, list):
        return [(_joined(path, str(number)), it) for number, it in enumerate(value)]
    if not isinstance(value, dict):
        return []
    if not all(map(_is_whole, value)):
        raise Invalid("A member's name holds half a character (a lone surrogate).", path=path)
    return [(_joined(path, name[:SHOWN]), it) for name, it in value.items()]


def _is_whole(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _joined(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
