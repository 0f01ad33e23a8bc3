"""The index `board-top`: the durable order of each board, spread over write shards."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from leaderboard import instants
from leaderboard.adapters.aws import client, translated
from leaderboard.adapters.scores import board_season
from leaderboard.rules import Board
from leaderboard.snapshots import Score

INDEX = "board-top"
SIDE_BY_SIDE = 8
"""Shards that are asked at once."""


@dataclass(frozen=True)
class BoardIndex:
    """Reads of the index, which are eventually consistent: it may lag behind the table a little."""

    scores_table: str
    write_shards: int

    def best(self, board: Board, season: str, limit: int) -> list[Score]:
        """The first `limit` of a board in its order."""
        client("dynamodb")  # is not to be made by several threads at once
        prefix = board_season(board.board, season)
        shards = [f"{prefix}#{shard}" for shard in range(self.write_shards)]
        with ThreadPoolExecutor(min(SIDE_BY_SIDE, len(shards))) as pool:
            found = list(pool.map(lambda shard: self._read(shard, limit), shards))
        keyed = sorted((it for part in found for it in part), key=lambda pair: pair[0])
        return [score for _, score in keyed[:limit]]

    def _read(self, shard: str, limit: int) -> list[tuple[str, Score]]:
        """The first `limit` of one shard, with what they are ordered by."""
        found: list[tuple[str, Score]] = []
        request: dict[str, Any] = {
            "TableName": self.scores_table,
            "IndexName": INDEX,
            "KeyConditionExpression": "boardSeasonShard = :shard",
            "ExpressionAttributeValues": {":shard": {"S": shard}},
        }
        while True:
            with translated():
                answer = client("dynamodb").query(**request, Limit=limit - len(found))
            found += [pair for raw in answer["Items"] if (pair := _ordered(raw))]
            if len(found) == limit or "LastEvaluatedKey" not in answer:
                return found
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def _ordered(raw: Mapping[str, Any]) -> tuple[str, Score] | None:
    """What an item of the index says; None for one that cannot be understood, as in the ranking."""
    try:
        return raw["boardOrder"]["S"], score(raw)
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def score(raw: Mapping[str, Any]) -> Score:
    return Score(
        user_id=raw["userId"]["S"],
        user_name=raw["userName"]["S"],
        user_score=int(raw["userScore"]["N"]),
        updated_ms=instants.from_text(raw["scoreUpdatedAt"]["S"]),
    )
