"""Subscriptions: which connection follows which board, and what a subscriber is told first."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from leaderboard.boards.catalog import Catalog
from leaderboard.boards.seasons import BoardSeason, Season
from leaderboard.boards.snapshots import Snapshot
from leaderboard.errors import LeaderboardError, Unavailable
from leaderboard.frames.ports import BoardsReader, ConnectionStore, ProfileReader, SocketGateway
from leaderboard.ranking.tops import BoardItem
from leaderboard.retries import CHANCE
from leaderboard.scoring.decisions import refuse

PATIENCE = 2
"""How many times its messages a connection may try before it is closed."""
MINUTE_MS = 60_000
TRIED_AT_ONCE = 6
"""Connections of a player at the limit that are tried: so many calls does a refusal cost."""
OPENING_SECONDS = 30
"""How long the gateway may not know a connection that is being opened."""


class TooManyConnections(LeaderboardError):
    """The player has as many connections as one may have."""

    code = "rate_limited"


class TooManyMessages(LeaderboardError):
    """A connection sends too fast; `closed`: it went on after it was told, and was closed."""

    code = "rate_limited"

    def __init__(self, message: str, *, closed: bool) -> None:
        super().__init__(message)
        self.closed = closed


@dataclass(frozen=True, slots=True)
class Followed:
    """A board's recorded top in its current season."""

    snapshot: Snapshot
    season: Season

    def is_at(self, epoch: str | None, version: int) -> bool:
        """Whether a viewer who has that version has this top."""
        return (epoch, version) == (self.snapshot.epoch, self.snapshot.version)


@dataclass(frozen=True)
class Subscriptions:
    """The connections of viewers; `per_user` and `per_minute` bound them and their messages."""

    catalog: Catalog
    connections: ConnectionStore
    boards: BoardsReader
    profiles: ProfileReader
    sockets: SocketGateway
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

    def disconnect(self, connection_id: str) -> None:
        """Forget a connection that closed, and all that it follows."""
        self.connections.close(connection_id)

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
        """Count a message, whatever is in it. Raises TooManyMessages and ConnectionGone.

        A connection that goes on long after it was told is closed.
        """
        sent = self.connections.count_message(connection_id, self.now_ms() // MINUTE_MS)
        if sent <= self.per_minute:
            return
        is_deaf = sent > PATIENCE * self.per_minute
        if is_deaf:
            with contextlib.suppress(Unavailable):  # its next message closes it
                self.sockets.close(connection_id)
        raise TooManyMessages(
            f"At most {self.per_minute} messages a minute; wait for the next one.", closed=is_deaf
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
        return Followed(Snapshot.empty(current.key), season)
    return Followed(item.snapshot, season) if item.is_readable else None
