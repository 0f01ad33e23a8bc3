"""The index `user-name`: the names that players chose, in their order, spread over write shards."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from typing import Any

from leaderboard.adapters.aws.clients import client, translated
from leaderboard.adapters.dynamodb import readable
from leaderboard.adapters.dynamodb.name_keys import ORDER_KEY, SHARD_KEY
from leaderboard.adapters.dynamodb.reports import Reports
from leaderboard.reading.ports import NamedUser
from leaderboard.retries import carried

INDEX = "user-name"
SIDE_BY_SIDE = 8
"""Shards that are asked at once."""


@dataclass(frozen=True)
class NameIndex:
    """Reads of the index, which are eventually consistent: it may lag behind the table a little.

    `shards` gives the number of write shards that may have keys. An item that cannot be read is
    left out and reported.
    """

    scores_table: str
    shards: Callable[[], int]
    reports: Reports = field(default_factory=Reports)

    def find(self, beginning: str, limit: int) -> list[NamedUser]:
        """The first users whose folded names begin so, in the order of those names.

        Each shard is asked once: any of them may have all the first. Raises Unavailable.
        """
        shards = range(self.shards())
        client("dynamodb")  # is not to be made by several threads at once
        ask = carried(partial(self._read_shard, beginning=beginning, limit=limit))
        with ThreadPoolExecutor(min(SIDE_BY_SIDE, len(shards))) as pool:
            found = sorted(chain(*pool.map(ask, shards)), key=lambda raw: raw[ORDER_KEY]["S"])
        users = (readable.understood(_named, raw, self.reports) for raw in found[:limit])
        return [it for it in users if it is not None]

    def _read_shard(self, shard: int, *, beginning: str, limit: int) -> list[Mapping[str, Any]]:
        with translated():
            answer = client("dynamodb").query(
                TableName=self.scores_table,
                IndexName=INDEX,
                KeyConditionExpression=f"{SHARD_KEY} = :shard "
                f"AND begins_with({ORDER_KEY}, :beginning)",
                ExpressionAttributeValues={
                    ":shard": {"S": str(shard)},
                    ":beginning": {"S": beginning},
                },
                Limit=limit,
            )
        items: list[Mapping[str, Any]] = answer["Items"]
        return items


def _named(raw: Mapping[str, Any]) -> NamedUser:
    return NamedUser(readable.text(raw["userId"]["S"]), readable.name(raw["userName"]["S"]))
