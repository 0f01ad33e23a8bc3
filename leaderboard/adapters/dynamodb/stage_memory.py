"""What a stage remembers of the rules that it had, so that different releases agree.

The table of boards keeps two things: the order that counts for a board-season, in its item, and the
most write shards that the stage ever had, in an item of its own. Each environment reads them once a
minute. It stores its own number of shards before it writes its first key: a deploy may be rolled
back a moment later, and reads then have to look in all shards that have keys.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from leaderboard.adapters.dynamodb.boards import BoardTable
from leaderboard.boards.rules import Order
from leaderboard.boards.seasons import BoardSeason
from leaderboard.errors import Unavailable

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

    boards: BoardTable
    write_shards: int
    answers: KeptAnswers = field(default_factory=KeptAnswers)
    stored_shards: set[int] = field(default_factory=set, compare=False)
    """The number of write shards, once this environment knows that the table has it."""

    def order(self, board_season: BoardSeason) -> Order:
        """The order in which the keys of a board-season are made. Raises Unavailable."""
        known: Order | None = self.answers.get(
            board_season.key, lambda: self.boards.read_order(board_season.key)
        )
        return known or board_season.rules.order

    def shards_to_write(self) -> int:
        """Over how many write shards new keys are spread. Raises Unavailable."""
        if self.write_shards not in self.stored_shards:
            if self.boards.read_shards() < self.write_shards:
                self.boards.remember_shards(self.write_shards)
            self.stored_shards.add(self.write_shards)
        return self.write_shards

    def shards(self) -> int:
        """How many write shards may have keys: as many as the stage ever had.

        Raises Unavailable.
        """
        return max(self.write_shards, self.answers.get("shards", self.boards.read_shards) or 0)
