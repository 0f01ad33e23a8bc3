"""The index `board-top`: the durable order of each board, spread over write shards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from leaderboard import instants, order
from leaderboard.adapters import readable
from leaderboard.adapters.aws import DOWN, client, translated
from leaderboard.adapters.scores import board_season, score_record
from leaderboard.errors import Unavailable
from leaderboard.listings import Position
from leaderboard.reports import Reports
from leaderboard.retries import tries
from leaderboard.rules import Board
from leaderboard.snapshots import Score

INDEX = "board-top"
SIDE_BY_SIDE = 8
"""Shards that are asked at once."""


@dataclass(frozen=True)
class BoardIndex:
    """Reads of the index, which are eventually consistent: it may lag behind the table a little.

    An item that cannot be read is left out and reported.
    """

    scores_table: str
    write_shards: int
    reports: Reports = field(default_factory=Reports)

    def best(self, board: Board, season: str, limit: int) -> list[Score]:
        """The first `limit` of a board in its order."""
        return self._merged(board, season, limit)

    def after(self, board: Board, season: str, position: Position, limit: int) -> list[Score]:
        """The first `limit` behind a position, in the board's order."""
        return self._merged(board, season, limit, "boardOrder > :key", position)

    def before(self, board: Board, season: str, position: Position, limit: int) -> list[Score]:
        """The last `limit` in front of a position, in the board's order."""
        return self._merged(board, season, limit, "boardOrder < :key", position, backward=True)

    def find(self, board: Board, season: str, user_ids: Sequence[str]) -> list[Score]:
        """Those of the users (100 at most) that are ranked, from the table, read consistently."""
        key = {"boardSeason": {"S": board_season(board.board, season)}}
        wanted: dict[str, Any] = {
            self.scores_table: {
                "Keys": [{"userId": {"S": it}, **key} for it in dict.fromkeys(user_ids)],
                "ConsistentRead": True,
                "ProjectionExpression": "userId, boardSeason, version, userName, userScore, "
                "scoreUpdatedAt, standing, expiresAt",
            }
        }
        found: list[Score] = []
        for _ in tries():
            with translated():
                answer = client("dynamodb").batch_get_item(RequestItems=wanted)
            found += [
                it
                for raw in answer["Responses"].get(self.scores_table, [])
                if (it := readable.understood(_ranked, raw, self.reports))
            ]
            wanted = answer.get("UnprocessedKeys") or {}
            if not wanted:
                return found
        raise Unavailable(DOWN)

    def _merged(
        self,
        board: Board,
        season: str,
        limit: int,
        condition: str = "",
        position: Position | None = None,
        *,
        backward: bool = False,
    ) -> list[Score]:
        """The first `limit` of all shards together, in board order; from the end if `backward`."""
        prefix = board_season(board.board, season)
        values = {}
        if position is not None:
            at = (position.user_score, position.updated_ms, position.user_id)
            values = {":key": {"S": order.index_key(board.order, *at)}}
        requests = [
            {
                "TableName": self.scores_table,
                "IndexName": INDEX,
                "KeyConditionExpression": " AND ".join(
                    filter(None, ["boardSeasonShard = :shard", condition])
                ),
                "ExpressionAttributeValues": {":shard": {"S": f"{prefix}#{shard}"}, **values},
                "ScanIndexForward": not backward,
            }
            for shard in range(self.write_shards)
        ]
        client("dynamodb")  # is not to be made by several threads at once
        with ThreadPoolExecutor(min(SIDE_BY_SIDE, len(requests))) as pool:
            found = list(pool.map(partial(self._pages, limit=limit), requests))
        keyed = sorted((it for part in found for it in part), key=lambda pair: pair[0])
        return [score for _, score in (keyed[-limit:] if backward else keyed[:limit])]

    def _pages(self, request: dict[str, Any], *, limit: int) -> list[tuple[str, Score]]:
        """The first `limit` of one shard, with what they are ordered by."""
        found: list[tuple[str, Score]] = []
        while True:
            with translated():
                answer = client("dynamodb").query(**request, Limit=limit - len(found))
            pairs = (readable.understood(_indexed, raw, self.reports) for raw in answer["Items"])
            found += [it for it in pairs if it is not None]
            if len(found) == limit or "LastEvaluatedKey" not in answer:
                return found
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def _ranked(raw: Mapping[str, Any]) -> Score | None:
    """What an item of the table has on its board; nothing if it is hidden, removed or expired."""
    expires = raw.get("expiresAt")
    if expires is not None and int(expires["N"]) * 1000 <= instants.now_ms():
        return None
    return score_record(raw)[1].score


def _indexed(raw: Mapping[str, Any]) -> tuple[str, Score]:
    """What an item of the index says."""
    score = Score(
        user_id=raw["userId"]["S"],
        user_name=raw["userName"]["S"],
        user_score=int(raw["userScore"]["N"]),
        updated_ms=readable.instant(raw["scoreUpdatedAt"]["S"]),
    )
    return raw["boardOrder"]["S"], score
