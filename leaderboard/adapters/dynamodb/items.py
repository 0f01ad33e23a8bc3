"""Items of DynamoDB as plain values, and the condition that one is still as it was read."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

Item = dict[str, Any]
_serializer = TypeSerializer()
_deserializer = TypeDeserializer()


def typed(item: Mapping[str, Any]) -> Item:
    """An item with DynamoDB's types."""
    return {name: _serializer.serialize(value) for name, value in item.items()}


def plain(raw: Mapping[str, Any]) -> Item:
    """An item without DynamoDB's types; its numbers are Decimals."""
    return {name: _deserializer.deserialize(value) for name, value in raw.items()}


def shard_of(user_id: str, shards: int) -> int:
    """The write shard of an index in which a user's key is, out of so many."""
    return zlib.crc32(user_id.encode()) % shards


class Garbled(int):
    """Stands for the version of an item in which none can be read: past any that it can have had.

    A write on it is conditional on what is stored in the version's place (None: nothing).
    """

    stored: Item | None

    @classmethod
    def at(cls, now_ms: int, stored: Item | None) -> Garbled:
        """Versions begin at the time and move by writes: none is a minute ahead of the clock."""
        it = cls(now_ms + 60_000)
        it.stored = stored
        return it


def if_version(attribute: str, version: int) -> Item:
    """The condition that an item is still at the version that was read; 0: it does not exist."""
    if isinstance(version, Garbled):
        if version.stored is None:
            return {"ConditionExpression": f"attribute_not_exists({attribute})"}
        return {
            "ConditionExpression": f"{attribute} = :read",
            "ExpressionAttributeValues": {":read": version.stored},
        }
    if version == 0:
        return {"ConditionExpression": f"attribute_not_exists({attribute})"}
    return {
        "ConditionExpression": f"{attribute} = :read",
        "ExpressionAttributeValues": {":read": {"N": str(version)}},
    }
