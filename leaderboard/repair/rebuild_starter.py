"""Starts the rebuild of a ranking that was found cold. One rebuild fills all that are cold.

A rebuild reads the whole table, so after a loss of the cache one serves all boards. A run that
finds another cold ranking meanwhile asks it to go round again. That only saves work: the rankings
come out right also with two rebuilds at once, or after one that died.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from leaderboard.boards.seasons import BoardSeason
from leaderboard.errors import CacheUnavailable, Unavailable
from leaderboard.repair.ports import BoardClaims, RebuildClaims, RebuildLauncher


@dataclass(frozen=True)
class RebuildStarter:
    """Starts the function `rebuild`, unless one is under way."""

    function: RebuildLauncher
    claims: RebuildClaims
    board_claims: BoardClaims

    def ask(self, board_season: BoardSeason) -> bool:
        """Have a cold ranking filled; False if a rebuild is under way that fills it as well.

        Raises Unavailable if none can be started: ask again then.
        """
        run = secrets.token_hex(8)
        try:
            if not self.claims.claim(run):
                return False
            self.function.start(board_season, run)
        except Unavailable:
            self._give_back(board_season, run)
            raise
        return True

    def _give_back(self, board_season: BoardSeason, run: str) -> None:
        try:
            self.board_claims.release(board_season)
            self.claims.give_back(run)
        except CacheUnavailable:  # the claims lapse by themselves
            return
