"""Items of DynamoDB as plain values, and the condition that one is still as it was read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from boto3.dynamodb.types import TypeDeserializer, TypeSerializer

Item = dict[str, Any]
_serializer = TypeSerializer()
_deserializer = TypeDeserializer()


def typed(item: Mapping[str, Any]) -> Item:
    return {name: _serializer.serialize(value) for name, value in item.items()}


def plain(raw: Mapping[str, Any]) -> Item:
    return {name: _deserializer.deserialize(value) for name, value in raw.items()}


def unmoved(attribute: str, version: int) -> Item:
    """The condition that an item is still at the version that was read; 0: that there is none."""
    if version == 0:
        return {"ConditionExpression": f"attribute_not_exists({attribute})"}
    return {
        "ConditionExpression": f"{attribute} = :read",
        "ExpressionAttributeValues": {":read": {"N": str(version)}},
    }
