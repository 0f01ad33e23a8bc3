"""What a stage remembers of the rules that it had, so that releases that differ agree.

Both are kept in the table of boards and read once a minute and environment: the order that counts
for a board-season, in its item, and the most write shards that the stage ever had, in an item of
its own. An environment remembers its own number before its first key is written: a deploy may be
rolled back a moment later, and reads then have to look in all shards that have keys.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from leaderboard.adapters.dynamodb.boards import BoardTable
from leaderboard.boards.board_season import BoardSeason
from leaderboard.boards.rules import Order
from leaderboard.errors import Unavailable

KEPT_SECONDS = 60.0
MOST = 1000
"""Board-seasons whose order is kept in mind."""


@dataclass
class Memo:
    """Answers that are asked for again after a minute; while that fails, the last one holds.

    Raises Unavailable where there is no last one: a guess could be a key that no read ever finds.
    """

    known: dict[Any, tuple[Any, float]] = field(default_factory=dict)

    def get(self, key: Any, ask: Callable[[], Any]) -> Any:
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
        if len(self.known) >= MOST:
            self.known.clear()
        self.known[key] = (value, now + KEPT_SECONDS)
        return value


@dataclass(frozen=True)
class StageMemory:
    boards: BoardTable
    write_shards: int
    memo: Memo = field(default_factory=Memo)
    noted: set[int] = field(default_factory=set, compare=False)
    """The number of write shards, once this environment knows that it is remembered."""

    def order(self, board_season: BoardSeason) -> Order:
        """The order in which the keys of a board-season are made."""
        known: Order | None = self.memo.get(
            board_season.key, lambda: self.boards.read_order(board_season.key)
        )
        return known or board_season.rules.order

    def shards_to_write(self) -> int:
        """Over how many write shards new keys are spread. Raises Unavailable."""
        if self.write_shards not in self.noted:
            if self.boards.read_shards() < self.write_shards:
                self.boards.remember_shards(self.write_shards)
            self.noted.add(self.write_shards)
        return self.write_shards

    def shards(self) -> int:
        """How many write shards may have keys: as many as the stage ever had."""
        return max(self.write_shards, self.memo.get("shards", self.boards.read_shards) or 0)
