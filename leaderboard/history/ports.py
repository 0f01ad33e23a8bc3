"""What the history asks of its table, of the cache and of the stream's images."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

from leaderboard.boards.seasons import BoardSeason
from leaderboard.history.lines import ErasedUser, HistoryLine
from leaderboard.ranking.listings import KnownRank

LineReader: TypeAlias = Callable[[Mapping[str, Any]], HistoryLine | ErasedUser | None]
"""Reads a typed image of the stream. None: it is of no write of a score.

Raises AttributeError, KeyError, TypeError and ValueError for an image that is not understood.
"""


class HistoryStore(Protocol):
    """The table of lines. Raises Unavailable."""

    def write(self, line: HistoryLine) -> bool:
        """Write a line once: False if it is there already, and stays as it is."""


class RankFinder(Protocol):
    """What the rankings know of users. Raises CacheUnavailable."""

    def known_ranks(
        self, board_season: BoardSeason, user_ids: Sequence[str]
    ) -> Mapping[str, KnownRank] | None:
        """The version at which each user (one at least) is known, and the rank.

        Who is not known is left out. None: the ranking is not whole.
        """
