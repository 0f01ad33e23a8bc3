"""Requests for rebuilds: whoever finds a ranking cold has it filled, once for all that are cold.

A rebuild reads the whole table, so after a loss of the cache one serves all boards: whoever comes
while it is under way leaves word, and it goes round once more. That only spares work: with two at
once, or after one that died, rankings come out right all the same.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Protocol

from leaderboard.boards.board_season import BoardSeason
from leaderboard.errors import CacheUnavailable, Unavailable


class Function(Protocol):
    def start(self, board_season: BoardSeason, run: str) -> None:
        """Start a rebuild of what is cold without waiting for it; raises Unavailable."""


class Claims(Protocol):
    """Every call raises CacheUnavailable."""

    def take(self, run: str) -> bool:
        """Claim the rebuild for a run; False, leaving word, if another one is alive."""

    def give_back(self, run: str) -> None: ...


class BoardClaims(Protocol):
    def release(self, board_season: BoardSeason) -> None:
        """Give back the claim on a board's rebuild that could not be started."""


@dataclass(frozen=True)
class RebuildStarter:
    function: Function
    claims: Claims
    boards: BoardClaims

    def ask(self, board_season: BoardSeason) -> bool:
        """Have a cold ranking filled; False if a rebuild is under way that takes it along.

        Raises Unavailable if none can be started: it is to be asked for again.
        """
        run = secrets.token_hex(8)
        try:
            if not self.claims.take(run):
                return False
            self.function.start(board_season, run)
        except Unavailable:
            self._give_back(board_season, run)
            raise
        return True

    def _give_back(self, board_season: BoardSeason, run: str) -> None:
        try:
            self.boards.release(board_season)
            self.claims.give_back(run)
        except CacheUnavailable:  # they lapse by themselves
            return
