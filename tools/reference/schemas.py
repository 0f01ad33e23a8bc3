"""Schemas of what routes answer, from the types that stand at the routes."""

from __future__ import annotations

from collections.abc import Iterable
from types import UnionType
from typing import (
    Annotated,
    Any,
    NotRequired,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

from pydantic import TypeAdapter
from typing_extensions import TypedDict

from tools.reference.values import VALUES

Json = dict[str, Any]


class Incomplete(Exception):
    """The code has something that the reference says nothing of."""


def schema_name(kind: Any) -> str:
    """The name of an answer's type in the reference: that of the code without `Json`."""
    name: str = kind.__name__
    return name.removesuffix("Json")


def answer_schemas(kinds: Iterable[Any]) -> dict[str, Json]:
    """The schemas of answers' types, and of the types that they are made of, by name.

    Raises Incomplete for a value that `tools.reference.values` does not have.
    """
    known: dict[str, Any] = {}
    for kind in kinds:
        _described(kind, known)
    _, found = TypeAdapter.json_schemas(
        [(name, "serialization", TypeAdapter(kind)) for name, kind in known.items()],
        ref_template="#/components/schemas/{model}",
    )
    return {name: clean(schema) for name, schema in found["$defs"].items()}


def _described(hint: Any, known: dict[str, Any]) -> Any:
    """A type with its values as `VALUES` describes them, and its objects under their names."""
    if is_typeddict(hint):
        name = schema_name(hint)
        if name not in known:
            hints = get_type_hints(hint, include_extras=True)
            members = {member: _described(it, known) for member, it in hints.items()}
            known[name] = TypedDict(name, members)  # type: ignore[operator]
            known[name].__doc__ = hint.__doc__
        return known[name]
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated and isinstance(arguments[1], str):
        if arguments[1] not in VALUES:
            raise Incomplete(f"tools/reference/values.py has nothing about {arguments[1]}")
        return VALUES[arguments[1]]
    inner = [_described(it, known) for it in arguments]
    if origin is Annotated:
        return Annotated[(inner[0], *arguments[1:])]
    if origin in (Union, UnionType):
        return Union[tuple(inner)]  # noqa: UP007 - made of a list
    if origin is NotRequired:
        return NotRequired[inner[0]]
    return origin[tuple(inner)] if origin in (list, dict) else hint


def clean(schema: Any) -> Any:
    """Without the titles that pydantic makes of names, and with whole numbers as such."""
    if isinstance(schema, list):
        return [clean(it) for it in schema]
    if isinstance(schema, float) and schema.is_integer():
        return int(schema)
    if not isinstance(schema, dict):
        return schema
    return {
        name: clean(it)
        for name, it in schema.items()
        if not (name == "title" and isinstance(it, str))
    }
