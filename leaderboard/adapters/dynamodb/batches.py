"""Batches: many items of one table, read or deleted by few calls.

A busy table does a part of a batch and names the rest in its answer. The rest is sent again, after
pauses that grow, until the table has done it all or `retries` gives up. So a table that is
throttled for long ends in Unavailable, and is never asked without a pause.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from leaderboard.adapters.aws.clients import DOWN, client, translated
from leaderboard.adapters.dynamodb.readable import Item
from leaderboard.errors import Unavailable
from leaderboard.retries import tries

MAX_READS = 100
"""Items of one BatchGetItem."""
MAX_WRITES = 25
"""Items of one BatchWriteItem."""


def read_batch(
    table: str, keys: Sequence[Item], *, consistent: bool = False, attributes: str | None = None
) -> list[Item]:
    """The items of those keys (MAX_READS at most, each once) that exist, in any order and typed.

    `attributes` is a projection; without one the items are whole. Raises Unavailable.
    """
    request: dict[str, Any] = {"Keys": list(keys), "ConsistentRead": consistent}
    if attributes is not None:
        request["ProjectionExpression"] = attributes
    found: list[Item] = []
    if not keys:
        return found
    for _ in tries():
        with translated():
            answer = client("dynamodb").batch_get_item(RequestItems={table: request})
        found += answer["Responses"].get(table, [])
        left = answer.get("UnprocessedKeys", {}).get(table, {}).get("Keys", [])
        if not left:
            return found
        request["Keys"] = left
    raise Unavailable(DOWN)


def delete_batch(table: str, keys: Sequence[Item]) -> None:
    """Delete the items of any number of keys, in that order. Raises Unavailable."""
    for start in range(0, len(keys), MAX_WRITES):
        _delete(table, keys[start : start + MAX_WRITES])


def _delete(table: str, keys: Sequence[Item]) -> None:
    requests: Any = [{"DeleteRequest": {"Key": key}} for key in keys]
    for _ in tries():
        with translated():
            answer = client("dynamodb").batch_write_item(RequestItems={table: requests})
        requests = answer.get("UnprocessedItems", {}).get(table)
        if not requests:
            return
    raise Unavailable(DOWN)
