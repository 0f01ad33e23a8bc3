"""The index `board-top`: the durable order of each board, spread over write shards."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from typing import Any

from leaderboard import clock
from leaderboard.adapters.aws.clients import client, translated
from leaderboard.adapters.dynamodb import readable
from leaderboard.adapters.dynamodb.batches import read_batch
from leaderboard.adapters.dynamodb.reports import Reports
from leaderboard.adapters.dynamodb.score_items import score_state
from leaderboard.boards import order
from leaderboard.boards.rules import Board, Order
from leaderboard.boards.seasons import BoardSeason
from leaderboard.boards.snapshots import Score
from leaderboard.ranking.listings import Position
from leaderboard.retries import carried

INDEX = "board-top"
RANKED_BY = "userId, boardSeason, version, userName, userScore, scoreUpdatedAt, standing, expiresAt"
"""The attributes that say whether, and how, an item of the table is ranked."""
SIDE_BY_SIDE = 8
"""Shards that are asked at once."""
SHARE, SPARE = 1.25, 4
"""A shard is asked for its even share of what is wanted times the one, plus the other."""


@dataclass(frozen=True)
class BoardIndex:
    """Reads of the index, which are eventually consistent: it may lag behind the table a little.

    `shards` gives the number of write shards that may have keys. An item that cannot be read is
    left out and reported. Of a board that is `mixed`, some keys may be in the other order still;
    both ranges are read then, and merged. Every call raises Unavailable.
    """

    scores_table: str
    shards: Callable[[], int]
    reports: Reports = field(default_factory=Reports)

    def best(self, board_season: BoardSeason, limit: int) -> list[Score]:
        """The first `limit` of a board in its order."""
        return self._read_shards(board_season, limit)

    def after(self, board_season: BoardSeason, position: Position, limit: int) -> list[Score]:
        """The first `limit` behind a position, in the board's order."""
        return self._read_shards(board_season, limit, position)

    def before(self, board_season: BoardSeason, position: Position, limit: int) -> list[Score]:
        """The last `limit` in front of a position, in the board's order."""
        return self._read_shards(board_season, limit, position, backward=True)

    def find(self, board_season: BoardSeason, user_ids: Sequence[str]) -> list[Score]:
        """Those of the users (100 at most) that are ranked, from the table.

        One is read consistently: players look for what they just scored. Several may lag as the
        index does, at half the price: a stranger may ask for any hundred.
        """
        key = {"boardSeason": {"S": board_season.key}}
        keys = [{"userId": {"S": it}, **key} for it in dict.fromkeys(user_ids)]
        raws = read_batch(self.scores_table, keys, consistent=len(keys) == 1, attributes=RANKED_BY)
        return [it for raw in raws if (it := readable.understood(_ranked, raw, self.reports))]

    def _read_shards(
        self,
        board_season: BoardSeason,
        limit: int,
        position: Position | None = None,
        *,
        backward: bool = False,
    ) -> list[Score]:
        """The first `limit` of all shards together, in board order; from the end if `backward`.

        By the hash of their users, each shard has about as many of the first as another. So all are
        asked at once, each for its even share and some more. A shard of which all may be wanted is
        asked again, until what it has next stands behind everything that is wanted.
        """
        board = board_season.rules
        shards = [f"{board_season.key}#{shard}" for shard in range(self.shards())]
        client("dynamodb")  # is not to be made by several threads at once
        share = min(limit, math.ceil(SHARE * limit / len(shards)) + SPARE)
        ask = carried(partial(self._read_shard, board=board, limit=share, backward=backward))
        reached = dict.fromkeys(shards, position)
        found: list[Score] = []
        with ThreadPoolExecutor(min(SIDE_BY_SIDE, len(shards))) as pool:
            while reached:
                parts = list(pool.map(ask, reached, reached.values()))
                found = sorted([*found, *chain(*parts)], key=partial(_sort_key, board))
                found = found[-limit:] if backward else found[:limit]
                # Behind the last of a whole part there may be more, wanted unless it is too far.
                ends = {
                    shard: part[0] if backward else part[-1]
                    for shard, part in zip(reached, parts, strict=True)
                    if len(part) == share
                }
                inner = found[1:] if backward else found[:-1]
                reached = {
                    shard: _position(end)
                    for shard, end in ends.items()
                    if len(found) < limit or end in inner
                }
        return found

    def _read_shard(
        self, shard: str, position: Position | None, *, board: Board, limit: int, backward: bool
    ) -> list[Score]:
        """The first `limit` of one shard, in board order."""
        low, high = order.MARKS[board.order], order.MARKS[board.order] + order.BEHIND
        if position is not None:
            at = _index_key(board.order, position)
            low, high = (low, at) if backward else (at, high)
        # A position is in the range, as its first or last: who stands there is not meant.
        found = self._read_range(shard, low, high, limit + 1, backward=backward)
        if position is not None:
            found = [it for it in found if _position(it) != position]
        found = found[:limit]
        if board.mixed:
            found += self._read_other_order(shard, board, limit, position, backward=backward)
        found.sort(key=partial(_sort_key, board))
        return found[-limit:] if backward else found[:limit]

    def _read_other_order(
        self,
        shard: str,
        board: Board,
        limit: int,
        position: Position | None,
        *,
        backward: bool,
    ) -> list[Score]:
        """The first `limit` of those in one shard whose keys are in the other order.

        Keys of the other order have the scores the other way round, and users with one score in the
        same order as here. So the range is read against its direction. Then the users with the last
        score of a page come in the wrong order, and some of them may be on the next page: they are
        read again by themselves, in the right direction.
        """
        other = order.OTHER[board.order]
        low, high = order.MARKS[other], order.MARKS[other] + order.BEHIND
        found: list[Score] = []
        if position is not None:
            tied = order.index_score(other, position.user_score)
            at = _index_key(other, position)
            if backward:
                found = self._read_range(shard, tied, at, limit + 1, backward=True)
                low = tied + order.BEHIND
            else:
                found = self._read_range(shard, at, tied + order.BEHIND, limit + 1, backward=False)
                high = tied
            found = [it for it in found if _position(it) != position]
        while len(found) < limit:
            page = self._read_range(shard, low, high, limit, backward=not backward)
            if not page:
                break
            last = page[-1].user_score
            tied = order.index_score(other, last)
            found += [it for it in page if it.user_score != last]
            found += self._read_range(shard, tied, tied + order.BEHIND, limit, backward=backward)
            low, high = (tied + order.BEHIND, high) if backward else (low, tied)
        return found

    def _read_range(
        self, shard: str, low: str, high: str, limit: int, *, backward: bool
    ) -> list[Score]:
        """The first `limit` of one shard from one key to another; from the end if `backward`."""
        request: dict[str, Any] = {
            "TableName": self.scores_table,
            "IndexName": INDEX,
            "KeyConditionExpression": "boardSeasonShard = :shard AND "
            "boardOrder BETWEEN :low AND :high",
            "ExpressionAttributeValues": {
                ":shard": {"S": shard},
                ":low": {"S": low},
                ":high": {"S": high},
            },
            "ScanIndexForward": not backward,
        }
        found: list[Score] = []
        while True:
            with translated():
                answer = client("dynamodb").query(**request, Limit=limit - len(found))
            scores = (readable.understood(_indexed, raw, self.reports) for raw in answer["Items"])
            found += [it for it in scores if it is not None]
            if len(found) == limit or "LastEvaluatedKey" not in answer:
                return found
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def _ranked(raw: Mapping[str, Any]) -> Score | None:
    """What an item of the table has on its board; nothing if it is hidden, removed or expired."""
    expires = raw.get("expiresAt")
    if expires is not None and int(expires["N"]) * 1000 <= clock.machine_ms():
        return None
    return score_state(raw)[1].score


def _indexed(raw: Mapping[str, Any]) -> Score:
    """What an item of the index says."""
    return Score(
        user_id=raw["userId"]["S"],
        user_name=readable.name(raw["userName"]["S"]),
        user_score=int(raw["userScore"]["N"]),
        updated_ms=readable.instant(raw["scoreUpdatedAt"]["S"]),
    )


def _sort_key(board: Board, it: Score) -> tuple[int, int, str]:
    return order.sort_key(board.order, it.user_score, it.updated_ms, it.user_id)


def _position(it: Score) -> Position:
    return Position(it.user_score, it.updated_ms, it.user_id)


def _index_key(board_order: Order, it: Position) -> str:
    return order.index_key(board_order, it.user_score, it.updated_ms, it.user_id)
