"""Subscriptions: which connection follows which board, and what a subscriber is told first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from leaderboard.catalog import Catalog
from leaderboard.errors import LeaderboardError
from leaderboard.ranking import BoardItem
from leaderboard.seasons import Season, season_at
from leaderboard.snapshots import Snapshot


class ConnectionGone(LeaderboardError):
    """The connection is not known (any more); there is nobody to answer."""

    code = "connection_gone"


class TooManyBoards(LeaderboardError):
    code = "bad_request"


MAX_BOARDS = 50
"""Boards that one connection may follow."""


class ConnectionStore(Protocol):
    """The table of connections. Reads are consistent."""

    def open(self, connection_id: str, user_id: str | None) -> None: ...

    def close(self, connection_id: str) -> None:
        """Forget a connection and all that it follows."""

    def subscribe(self, connection_id: str, board: str) -> None:
        """Raises ConnectionGone and TooManyBoards."""

    def unsubscribe(self, connection_id: str, board: str) -> None: ...

    def boards(self, connection_id: str) -> list[str]:
        """The boards that a connection follows. Raises ConnectionGone."""


class BoardReader(Protocol):
    def read(self, board: str, season: str) -> BoardItem | None: ...


@dataclass(frozen=True, slots=True)
class Followed:
    """A board's recorded top in its current season."""

    snapshot: Snapshot
    season: Season


@dataclass(frozen=True)
class Subscriptions:
    catalog: Catalog
    connections: ConnectionStore
    boards: BoardReader
    now_ms: Callable[[], int]

    def subscribe(self, connection_id: str, board: str) -> Followed:
        """Register, then read: so no change beside the subscription is missed.

        Raises BoardNotFound, ConnectionGone and TooManyBoards.
        """
        self.catalog.find(board)
        self.connections.subscribe(connection_id, board)
        return self.recorded(board)

    def unsubscribe(self, connection_id: str, board: str) -> None:
        self.catalog.find(board)
        self.connections.unsubscribe(connection_id, board)

    def followed(self, connection_id: str) -> list[Followed]:
        """The recorded tops of the boards that a connection follows. Raises ConnectionGone."""
        boards = self.connections.boards(connection_id)
        return [self.recorded(board) for board in boards if self.catalog.has(board)]

    def recorded(self, board: str) -> Followed:
        season = season_at(self.catalog.find(board).schedule, self.now_ms())
        item = self.boards.read(board, season.season)
        empty = Snapshot(board, season.season, None, 0, 0, ())
        return Followed(empty if item is None else item.snapshot, season)
