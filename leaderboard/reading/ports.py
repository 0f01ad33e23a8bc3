"""What reading asks of the cache and of the table's index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from leaderboard.boards.seasons import BoardSeason
from leaderboard.boards.snapshots import Score
from leaderboard.history.lines import HistoryLine
from leaderboard.ranking.listings import Position
from leaderboard.ranking.tops import KeptTop


@dataclass(frozen=True, slots=True)
class NamedUser:
    """A user, wherever ranked."""

    user_id: str
    user_name: str


class KeptTops(Protocol):
    """What the cache keeps for readers. Every call raises CacheUnavailable."""

    def read_kept_top(self, key: str) -> KeptTop:
        """The copy of a board-season's recorded top, in one round trip."""

    def keep_top(self, key: str, *, revision: int, body: str) -> None:
        """Keep a copy, unless a newer one is kept."""

    def read_paces(self, boards: Sequence[str]) -> list[str | None]:
        """What each board's last frame said of its pace, as JSON; None where nothing is kept."""


class LineStore(Protocol):
    """The lines of users' histories, read consistently. Raises Unavailable."""

    def read(
        self, user_id: str, key: str, *, before_version: int | None = None, limit: int
    ) -> list[HistoryLine]:
        """Up to `limit` lines on a board-season, newest first; those older than a version's."""


class ScoreIndex(Protocol):
    """The durable order of each board. It may lag behind the table a little."""

    def best(self, board_season: BoardSeason, limit: int) -> list[Score]:
        """The first scores of a board, in its order."""

    def after(self, board_season: BoardSeason, position: Position, limit: int) -> list[Score]:
        """The first scores behind a position, in the board's order."""

    def before(self, board_season: BoardSeason, position: Position, limit: int) -> list[Score]:
        """The last scores in front of a position, in the board's order."""

    def find(self, board_season: BoardSeason, user_ids: Sequence[str]) -> list[Score]:
        """The scores of those users that have one, in any order. One user is read consistently."""


class UserNames(Protocol):
    """The names that players chose, of visible users. It may lag behind the table a little."""

    def find(self, beginning: str, limit: int) -> list[NamedUser]:
        """The first users whose folded names begin so, in the order of those names."""
