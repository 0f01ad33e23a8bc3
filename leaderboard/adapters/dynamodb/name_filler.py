"""Profiles of the table `user-score` that have other keys of the index `user-name` than they
should."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from leaderboard.adapters.aws.clients import client, translated
from leaderboard.adapters.dynamodb import readable
from leaderboard.adapters.dynamodb.name_keys import ORDER_KEY, SHARD_KEY, name_keys
from leaderboard.adapters.dynamodb.readable import Item, if_version, plain, typed
from leaderboard.adapters.dynamodb.score_items import PROFILE, key_of_item, profile
from leaderboard.adapters.dynamodb.scores import ScoreTable
from leaderboard.errors import Raced
from leaderboard.repair.name_fill import FilledPage
from leaderboard.scoring.items import Profile

SIDE_BY_SIDE = 8
"""Profiles that are written at once."""


@dataclass(frozen=True)
class NameFiller:
    """Reads all profiles and writes the keys of some. One that cannot be read is reported."""

    scores: ScoreTable

    def fill_page(self, after: dict[str, Any] | None) -> FilledPage:
        """Fill a page of the table; one that was written meanwhile is left as it is."""
        request: dict[str, Any] = {
            "TableName": self.scores.scores_table,
            "ConsistentRead": True,
            "FilterExpression": "boardSeason = :profile",
            "ExpressionAttributeValues": {":profile": {"S": PROFILE}},
        }
        if after is not None:
            request["ExclusiveStartKey"] = after
        with translated():
            answer = client("dynamodb").scan(**request)
        updates = [it for raw in answer["Items"] if (it := self._update(raw)) is not None]
        with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
            filled = sum(pool.map(_write, updates))
        return FilledPage(filled, answer.get("LastEvaluatedKey"))

    def _update(self, raw: Mapping[str, Any]) -> Item | None:
        """The update of a profile whose keys are not what they should be."""
        read = readable.understood(lambda it: profile(plain(it)), raw, self.scores.reports)
        if read is None:
            return None
        keys = name_keys(read, self.scores.write_shards)
        stored = {name: raw[name]["S"] for name in (SHARD_KEY, ORDER_KEY) if name in raw}
        return None if keys == stored else self._keyed(read, keys)

    def _keyed(self, read: Profile, keys: Mapping[str, str]) -> Item:
        condition = if_version("version", read.version)
        setting = ", ".join(f"{name} = :{name}" for name in keys)
        values = typed({f":{name}": value for name, value in keys.items()})
        return {
            "TableName": self.scores.scores_table,
            "Key": key_of_item(read.user_id, PROFILE),
            "UpdateExpression": f"SET {setting}" if keys else f"REMOVE {SHARD_KEY}, {ORDER_KEY}",
            **condition,
            "ExpressionAttributeValues": {**condition["ExpressionAttributeValues"], **values},
        }


def _write(update: Item) -> bool:
    try:
        with translated():
            client("dynamodb").update_item(**update)
    except Raced:  # whoever wrote it meanwhile wrote the keys as well
        return False
    return True
