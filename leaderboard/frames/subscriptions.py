"""Subscriptions: which connection follows which board, and what a subscriber is told first."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from leaderboard.boards.board_season import BoardSeason
from leaderboard.boards.catalog import Catalog
from leaderboard.boards.seasons import Season
from leaderboard.boards.snapshots import Snapshot
from leaderboard.errors import LeaderboardError, Unavailable
from leaderboard.ranking.board_item import BoardItem
from leaderboard.retries import CHANCE
from leaderboard.scoring.decisions import refuse
from leaderboard.scoring.items import Profile


class ConnectionGone(LeaderboardError):
    """The connection is not known (any more); there is nobody to answer."""

    code = "connection_gone"


class TooManyBoards(LeaderboardError):
    code = "bad_request"


class TooManyConnections(LeaderboardError):
    code = "rate_limited"


class TooManyMessages(LeaderboardError):
    """A connection sends too fast; `offends`: it went on after it was told."""

    code = "rate_limited"

    def __init__(self, message: str, *, offends: bool) -> None:
        super().__init__(message)
        self.offends = offends


MAX_BOARDS = 50
"""Boards that one connection may follow."""
PATIENCE = 2
"""How many times its messages a connection may try before it is closed."""
MINUTE_MS = 60_000
TRIED_AT_ONCE = 6
"""Connections of a player with no place left that are tried: so many calls does a refusal cost."""
OPENING_SECONDS = 30
"""How long the gateway may not know a connection that is being opened."""


class ConnectionStore(Protocol):
    """The table of connections. Reads are consistent."""

    def open(self, connection_id: str, user_id: str | None) -> None: ...

    def close(self, connection_id: str) -> None:
        """Forget a connection and all that it follows."""

    def of_user(self, user_id: str) -> list[str]:
        """A user's connections; one that closed without a word may be among them."""

    def of_user_before(self, user_id: str, seconds: float) -> list[str]:
        """Those that were opened at least so many seconds ago, the oldest first."""

    def forget(self, connection_id: str, user_id: str) -> None:
        """Close a user's connection of which only that row may be left."""

    def count_message(self, connection_id: str, minute: int) -> int:
        """Count a message within a minute; how many that makes. Raises ConnectionGone."""

    def subscribe(self, connection_id: str, board: str) -> None:
        """Raises ConnectionGone and TooManyBoards."""

    def unsubscribe(self, connection_id: str, board: str) -> None: ...

    def boards(self, connection_id: str) -> list[str]:
        """The boards that a connection follows. Raises ConnectionGone."""


class Sockets(Protocol):
    def is_open(self, connection_id: str) -> bool:
        """Whether the gateway has that connection; raises Unavailable."""


class BoardReader(Protocol):
    def read(self, key: str) -> BoardItem | None: ...

    def read_several(self, keys: Sequence[str]) -> list[BoardItem]:
        """The items that there are, in one trip; they may lag behind the table a little."""


class ProfileReader(Protocol):
    def read_profile(self, user_id: str) -> Profile | None: ...


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
    profiles: ProfileReader
    sockets: Sockets
    per_user: int
    per_minute: int
    now_ms: Callable[[], int]

    def connect(self, connection_id: str, user_id: str | None) -> None:
        """Register a connection, then look whether it may stay; no user is an anonymous viewer.

        Who is barred closes the connections that are registered after the profile is written: so
        one of the two sees the other. Raises Barred and TooManyConnections, with nothing left.
        """
        self.connections.open(connection_id, user_id)
        if user_id is None:
            return
        try:
            profile = self.profiles.read_profile(user_id)
            if profile is not None:
                refuse(profile.standing)
            if self._is_full(user_id) and (
                not self._forget_gone(user_id) or self._is_full(user_id)
            ):
                raise TooManyConnections(
                    f"A player has at most {self.per_user} connections; close one first."
                )
        except Exception:
            self.connections.close(connection_id)
            raise

    def _is_full(self, user_id: str) -> bool:
        return len(self.connections.of_user(user_id)) > self.per_user

    def _forget_gone(self, user_id: str) -> int:
        """Forget connections that closed without a word; how many. While nobody tells, none are.

        The oldest are tried, and some others by chance: so who comes again finds all that are gone.
        """
        old = self.connections.of_user_before(user_id, OPENING_SECONDS)
        tried, rest = old[: TRIED_AT_ONCE // 2], old[TRIED_AT_ONCE // 2 :]
        tried += CHANCE.sample(rest, min(TRIED_AT_ONCE - len(tried), len(rest)))
        gone = 0
        with contextlib.suppress(Unavailable):
            for connection_id in tried:
                if not self.sockets.is_open(connection_id):
                    self.connections.forget(connection_id, user_id)
                    gone += 1
        return gone

    def admit(self, connection_id: str) -> None:
        """Count a message, whatever is in it. Raises TooManyMessages and ConnectionGone."""
        sent = self.connections.count_message(connection_id, self.now_ms() // MINUTE_MS)
        if sent > self.per_minute:
            raise TooManyMessages(
                f"At most {self.per_minute} messages a minute; wait for the next one.",
                offends=sent > PATIENCE * self.per_minute,
            )

    def subscribe(self, connection_id: str, board: str) -> Followed:
        """Register, then read: so no change beside the subscription is missed.

        Raises BoardNotFound, ConnectionGone and TooManyBoards.
        """
        self.catalog.find(board)
        self.connections.subscribe(connection_id, board)
        return self.recorded(board)

    def unsubscribe(self, connection_id: str, board: str) -> None:
        """Leave a board, also one that boards.yml no longer has: it takes one of the places.

        Raises ConnectionGone, and BoardNotFound for an unknown board that is not followed.
        """
        if not self.catalog.has(board) and board not in self.connections.boards(connection_id):
            self.catalog.find(board)
        self.connections.unsubscribe(connection_id, board)

    def followed(self, connection_id: str) -> list[Followed]:
        """The recorded tops of the boards that a connection follows, read in one trip.

        One that lags behind its table is the older one that a viewer then asks about: it costs a
        message, and half the reading of all the others is saved. Raises ConnectionGone.
        """
        now = self.now_ms()
        current = [
            BoardSeason.at(self.catalog.find(board), now)
            for board in self.connections.boards(connection_id)
            if self.catalog.has(board)
        ]
        read = self.boards.read_several([it.key for it in current])
        items = {it.snapshot.key: it for it in read}
        found = (_followed(it, items.get(it.key)) for it in current)
        return [it for it in found if it is not None]

    def recorded(self, board: str) -> Followed:
        """Raises BoardNotFound, and Unavailable for a top that cannot be read."""
        current = BoardSeason.at(self.catalog.find(board), self.now_ms())
        found = _followed(current, self.boards.read(current.key))
        if found is None:
            raise Unavailable("This board's top cannot be read. It is being mended; try again.")
        return found


def _followed(current: BoardSeason, item: BoardItem | None) -> Followed | None:
    """What a season's item says of its top; None if it cannot be read."""
    season = current.season
    if item is None:
        return Followed(Snapshot(current.board, season.season, None, 0, 0, ()), season)
    return Followed(item.snapshot, season) if item.is_readable else None
