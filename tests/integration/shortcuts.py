"""Shortcuts through moto: it answers the same, for less than half of the processor.

moto looks up each member of each answer under a dozen names, copies whole tables for a transaction,
and registers a thousand addresses with a library that none of our calls go through.
"""

from __future__ import annotations

import copy
from collections import defaultdict
from functools import cache
from operator import attrgetter
from types import SimpleNamespace
from typing import Any

import moto.core.models
import moto.dynamodb.models
import pytest
from moto import backend_index
from moto.core.serialize import JSONSerializer
from moto.core.utils import method_names_from_class
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict
from moto.dynamodb.models.table import StreamShard, Table

AS_THEY_ARE = {"S", "N", "BOOL", "NULL", "SS", "NS"}


def take(patch: pytest.MonkeyPatch) -> None:
    """Take all of them until the patch ends."""
    # It looks through its class for each request.
    names = cache(method_names_from_class)
    patch.setattr("moto.core.responses.method_names_from_class", names)
    patch.setattr(moto.dynamodb.models, "copy", SimpleNamespace(deepcopy=_as_it_was))
    patch.setattr(DynamoDBBackend, "transact_write_items", _transaction)
    patch.setattr(JSONSerializer, "_serialize_type_structure", _structure)
    patch.setattr(DynamoType, "cast_value", property(_cast_value))
    patch.setattr(DynamoType, "__eq__", _equals)
    patch.setattr(DynamoType, "to_regular_json", _regular)
    patch.setattr(Item, "__init__", _begin_item)
    patch.setattr(Item, "project", _project)
    # For the library `requests`, which nothing here uses.
    patch.setattr(moto.core.models, "RESPONSES_METHODS", [])
    # The first service whose pattern an address fits gets the request; no other has that of tables.
    first = sorted(backend_index.backend_url_patterns, key=lambda it: it[0] != "dynamodb")
    patch.setattr(backend_index, "backend_url_patterns", first)


_whole_structure: Any = attrgetter("_serialize_type_structure")(JSONSerializer)


def _structure(serializer: Any, serialized: Any, value: Any, shape: Any, key: str) -> None:
    """The value of an attribute is kept as it is sent."""
    if shape.name == "AttributeValue" and key and _is_as_sent(value):
        serialized[serializer.get_serialized_name(shape, key)] = value
    else:
        _whole_structure(serializer, serialized, value, shape, key)


def _is_as_sent(value: Any) -> bool:
    if type(value) is not dict or len(value) != 1:
        return False
    ((kind, inner),) = value.items()
    if kind == "M":
        return type(inner) is dict and all(map(_is_as_sent, inner.values()))
    if kind == "L":
        return type(inner) is list and all(map(_is_as_sent, inner))
    if kind in {"S", "N"}:
        return type(inner) is str
    return kind in AS_THEY_ARE


_whole_cast: Any = DynamoType.cast_value.fget  # type: ignore[attr-defined]
_whole_regular = DynamoType.to_regular_json


def _cast_value(attribute: DynamoType) -> Any:
    """Most are strings, and tables compare them for every item of every query."""
    return attribute.value if attribute.type == "S" else _whole_cast(attribute)


def _equals(attribute: DynamoType, other: DynamoType) -> bool:
    if attribute.type != other.type:
        return False
    return attribute.value == other.value or bool(attribute.cast_value == other.cast_value)


def _regular(attribute: DynamoType) -> dict[str, Any]:
    """Without a copy of what is made anew."""
    if attribute.type == "M":
        return {"M": {name: _regular(it) for name, it in attribute.value.items()}}
    if attribute.type == "L":
        return {"L": [_regular(it) for it in attribute.value]}
    return _whole_regular(attribute)


def _begin_item(
    item: Item, hash_key: DynamoType, range_key: DynamoType | None, attrs: dict[str, Any]
) -> None:
    """The size of the item is held to its limit once, with its last attribute."""
    item.hash_key, item.range_key = hash_key, range_key
    item.attrs = LimitedSizeDict()
    values = [(name, DynamoType(it)) for name, it in attrs.items()]
    dict.update(item.attrs, values[:-1])
    for name, value in values[-1:]:
        item.attrs[name] = value


_whole_project = Item.project


def _project(item: Item, projection_expressions: list[list[str]]) -> Item:
    """Of whole attributes it is no search through the item for each of them."""
    if any(len(it) > 1 or "[" in it[0] for it in projection_expressions):
        return _whole_project(item, projection_expressions)
    names = [it[0] for it in projection_expressions if it[0] in item.attrs]
    return Item(item.hash_key, item.range_key, {it: _regular(item.attrs[it]) for it in names})


_written: set[int] = set()
"""The items that the transaction is about, by identity."""
_whole_transaction = DynamoDBBackend.transact_write_items


def _transaction(backend: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
    _written.clear()
    for it in transact_items:
        for write in it.values():
            if write.get("TableName") in backend.tables:
                key = write.get("Key") or write["Item"]
                _written.add(id(backend.get_item(write["TableName"], key)))
    _whole_transaction(backend, transact_items)


def _as_it_was(value: Any) -> Any:
    """A transaction keeps its tables as they were: copy the items that it may change."""
    if not isinstance(value, Table):
        return copy.deepcopy(value)
    table = copy.copy(value)
    table.items = defaultdict(dict)
    for partition, rows in value.items.items():
        table.items[partition] = (
            {key: _same_item(it) for key, it in rows.items()}
            if isinstance(rows, dict)
            else _same_item(rows)
        )
    if table.stream_shard is not None:
        table.stream_shard = _same_shard(table.stream_shard, table)
    return table


def _same_item(item: Item) -> Item:
    return copy.deepcopy(item) if id(item) in _written else item


def _same_shard(shard: StreamShard, table: Table) -> StreamShard:
    same = copy.copy(shard)
    same.table, same.items = table, [*shard.items]
    return same
