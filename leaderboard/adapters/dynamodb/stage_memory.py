"""What a stage remembers of the rules that it had, so that different releases agree.

The table of boards keeps two things: the order that counts for a board-season, in its item, and the
most write shards that the stage ever had, in an item of its own. Each environment reads them once a
minute. It stores its own number of shards before it writes its first key: a deploy may be rolled
back a moment later, and reads then have to look in all shards that have keys.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from leaderboard.adapters.aws.clients import client, translated
from leaderboard.adapters.dynamodb import readable
from leaderboard.adapters.dynamodb.board_items import STAGE
from leaderboard.boards.rules import Order
from leaderboard.boards.seasons import BoardSeason
from leaderboard.errors import Raced, Unavailable

KEPT_SECONDS = 60.0
"""How long an answer counts before the table is asked again."""
MAX_KEPT = 1000
"""Answers that an environment keeps; then it forgets all and asks again."""


@dataclass
class KeptAnswers:
    """Answers of the table by their key, each with the time at which it is asked for again."""

    known: dict[Any, tuple[Any, float]] = field(default_factory=dict)

    def get(self, key: Any, ask: Callable[[], Any]) -> Any:
        """The answer to a question, at most a minute old; the last one while asking fails.

        Raises Unavailable where there is no last one: a guess could be a key that no read finds.
        """
        now = time.monotonic()
        value, until = self.known.get(key, (None, 0.0))
        if now < until:
            return value
        try:
            value = ask()
        except Unavailable:
            if key not in self.known:
                raise
            return value
        if len(self.known) >= MAX_KEPT:
            self.known.clear()
        self.known[key] = (value, now + KEPT_SECONDS)
        return value


@dataclass(frozen=True)
class StageMemory:
    """The order and the write shards that count, as one environment knows them."""

    boards_table: str
    write_shards: int
    answers: KeptAnswers = field(default_factory=KeptAnswers)
    stored_shards: set[int] = field(default_factory=set, compare=False)
    """The number of write shards, once this environment knows that the table has it."""

    def order(self, board_season: BoardSeason) -> Order:
        """The order in which the keys of a board-season are made. Raises Unavailable."""
        known: Order | None = self.answers.get(
            board_season.key, lambda: self.read_order(board_season.key)
        )
        return known or board_season.rules.order

    def shards_to_write(self) -> int:
        """Over how many write shards new keys are spread. Raises Unavailable."""
        if self.write_shards not in self.stored_shards:
            if self.read_shards() < self.write_shards:
                self.remember_shards()
            self.stored_shards.add(self.write_shards)
        return self.write_shards

    def shards(self) -> int:
        """How many write shards may have keys: as many as the stage ever had.

        Raises Unavailable.
        """
        return max(self.write_shards, self.answers.get("shards", self.read_shards) or 0)

    def read_order(self, key: str) -> Order | None:
        """The order that counts for a board-season, if that is decided; maybe a moment late."""
        with translated():
            answer = client("dynamodb").get_item(
                TableName=self.boards_table,
                Key={"boardSeason": {"S": key}},
                ProjectionExpression="#order",
                ExpressionAttributeNames={"#order": "order"},
            )
        return readable.attempted(lambda it: Order(it["order"]["S"]), answer.get("Item", {}))

    def read_shards(self) -> int:
        """The most write shards that the stage ever had; 0 if nobody has said so."""
        with translated():
            answer = client("dynamodb").get_item(
                TableName=self.boards_table, Key={"boardSeason": {"S": STAGE}}
            )
        return int(answer["Item"]["writeShards"]["N"]) if "Item" in answer else 0

    def remember_shards(self) -> None:
        """Remember the number of write shards, if it is the most that the stage ever had."""
        with contextlib.suppress(Raced), translated():
            client("dynamodb").update_item(
                TableName=self.boards_table,
                Key={"boardSeason": {"S": STAGE}},
                UpdateExpression="SET writeShards = :count",
                ConditionExpression="attribute_not_exists(writeShards) OR writeShards < :count",
                ExpressionAttributeValues={":count": {"N": str(self.write_shards)}},
            )
