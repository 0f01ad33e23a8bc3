"""Makes dataclasses of JSON. The names of JSON are camelCase, those of Python snake_case. Members
that a class does not have are passed over, so a newer service can say more."""

from __future__ import annotations

import functools
import types
import typing
from collections.abc import Hashable
from dataclasses import MISSING, dataclass, fields, is_dataclass
from typing import Any, Literal, TypeVar, cast

from leaderboard_client.fields import DamagedFrame, integer_of, list_of, object_of, text_of

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Member:
    """A field of a class, and how JSON has it."""

    name: str
    json_name: str
    kind: Any
    is_optional: bool


def read(kind: type[T], value: object) -> T:
    """A value of this dataclass. Raises DamagedFrame if the JSON is not one."""
    given = object_of(value)
    found: dict[str, object] = {}
    for member in _members(cast("Hashable", kind)):
        if member.json_name in given:
            found[member.name] = _value(member.kind, given[member.json_name])
        elif not member.is_optional:
            raise DamagedFrame
    return kind(**found)


@functools.cache
def _members(kind: Any) -> tuple[_Member, ...]:
    hints = typing.get_type_hints(kind)
    return tuple(
        _Member(
            name=it.name,
            json_name=camel_case(it.name),
            kind=hints[it.name],
            is_optional=it.default is not MISSING or it.default_factory is not MISSING,
        )
        for it in fields(kind)
    )


def camel_case(name: str) -> str:
    """`score_updated_at` is `scoreUpdatedAt`."""
    first, *others = name.split("_")
    return first + "".join(it.capitalize() for it in others)


def _value(kind: Any, value: object) -> object:
    if kind is Any:
        return value
    if is_dataclass(kind):
        return read(cast("type[object]", kind), value)
    if simple := _SIMPLE.get(kind):
        return simple(value)
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        return _one_of(arguments, value)
    if origin is tuple:
        return tuple(_value(arguments[0], it) for it in list_of(value))
    if origin is Literal:
        # A newer service may have more words than these.
        return text_of(value)
    return {name: _value(arguments[1], it) for name, it in object_of(value).items()}


def _one_of(kinds: tuple[Any, ...], value: object) -> object:
    for kind in kinds:
        try:
            return None if kind is type(None) and value is None else _value(kind, value)
        except DamagedFrame:
            continue
    raise DamagedFrame


def _truth(value: object) -> bool:
    if not isinstance(value, bool):
        raise DamagedFrame
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise DamagedFrame
    return value


def _nothing(_value: object) -> None:
    raise DamagedFrame


_SIMPLE: dict[Any, Any] = {
    str: text_of,
    int: integer_of,
    float: _number,
    bool: _truth,
    type(None): _nothing,
}
