"""How the judges read evidence, which may be any JSON that a player made up."""

from __future__ import annotations

from typing import Any


def members(value: Any, *names: str) -> list[Any] | None:
    """The values of an object that has exactly these members; else None."""
    if not isinstance(value, dict) or value.keys() != set(names):
        return None
    return [value[name] for name in names]


def whole(value: Any) -> int | None:
    """A whole number by its value, since many clients write 7 as 7.0; else None."""
    if isinstance(value, bool):
        return None
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, int) else None
