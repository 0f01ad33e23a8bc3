"""What the frames ask of the tables, of the cache, of the gateway and of other functions."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from leaderboard.errors import LeaderboardError
from leaderboard.frames.messages import Delivered, Frame
from leaderboard.ranking.ports import BoardReader
from leaderboard.ranking.tops import BoardItem
from leaderboard.scoring.items import Profile
from leaderboard.scoring.ports import SocketCloser, UserConnections

MAX_BOARDS = 50
"""Boards that one connection may follow."""

Image = Mapping[str, Any]
"""A board's item as the stream shows it. Only `BoardImages` knows its form."""


class ConnectionGone(LeaderboardError):
    """The connection is not known (any more); there is nobody to answer."""

    code = "connection_gone"


class TooManyBoards(LeaderboardError):
    """The connection follows as many boards as it may."""

    code = "bad_request"


class BoardsReader(BoardReader, Protocol):
    """Reads the table of boards, several items at a time. Raises Unavailable."""

    def read_several(self, keys: Sequence[str]) -> list[BoardItem]:
        """The items that exist, in one trip; they may lag behind the table a little."""


class BoardImages(Protocol):
    """Reads images of boards' items. Raises KeyError, TypeError and ValueError for broken ones."""

    def is_board(self, key: str) -> bool:
        """Whether the key of an item is that of a board-season."""

    def version(self, image: Image) -> tuple[str | None, int]:
        """The epoch and version; no epoch: the board has no scores."""

    def item(self, image: Image) -> BoardItem:
        """The board's item."""

    def shown(self, image: Image) -> BoardItem | None:
        """The item in an old image; None for a broken one, which was shown to nobody."""


class FrameCache(Protocol):
    """What the cache keeps for frames and for readers of the top. Raises CacheUnavailable."""

    def keep_top(self, key: str, *, revision: int, body: str) -> None:
        """Keep a copy of a recorded top, unless a newer one is kept."""

    def keep_paces(self, paces: Mapping[str, tuple[str, int]]) -> None:
        """Keep a body for each board, which counts as active for so many ms."""

    def active_paces(self) -> dict[str, str]:
        """The bodies of the boards that are active now."""

    def remember_told(self, key: str, *, epoch: str, version: int) -> None:
        """Remember how far a board's viewers were told ahead of the stream."""

    def read_told(self, key: str) -> tuple[str, int] | None:
        """The epoch and version that they were told ahead of the stream."""


class Audience(Protocol):
    """Who follows a board."""

    @property
    def shards(self) -> int:
        """Over how many shards each board's audience is spread."""

    def subscribers(self, shards: Sequence[tuple[str, int]]) -> list[Iterator[str]]:
        """The connections of boards' shards, read consistently and only as they are used.

        Raises Unavailable, then or later.
        """

    def leave(self, board: str, connection_ids: Sequence[str]) -> None:
        """Forget connections that are gone, with all that they follow."""


class Delivery(Protocol):
    """How frames reach connections; the one place that knows the transport."""

    def deliver(
        self,
        audiences: Sequence[tuple[Frame, Iterable[str]]],
        *,
        seconds: float,
        posts_per_second: float,
    ) -> list[Delivered]:
        """Send each frame to its connections, the frames side by side; one result each.

        Takes so many seconds at most, reads the connections only as fast as it sends, and asks for
        no more than so many posts a second. Raises nothing for a connection: who is not reached
        repairs itself by version. What reading the connections raises rises.
        """


class Fanout(Protocol):
    """Other functions that post."""

    def post(
        self, frame: Frame, *, shards: Sequence[int], seconds: float, posts_per_second: float
    ) -> Delivered:
        """Have a frame posted to shards of its audience, and wait for it.

        The other function forgets who is gone. Raises Unavailable if it is not known to have
        posted.
        """


class ConnectionStore(UserConnections, Protocol):
    """The table of connections. Reads are consistent."""

    def open(self, connection_id: str, user_id: str | None) -> None:
        """Register a connection; no user is an anonymous viewer."""

    def of_user_before(self, user_id: str, seconds: float) -> list[str]:
        """Those that were opened at least so many seconds ago, the oldest first."""

    def forget(self, connection_id: str, user_id: str) -> None:
        """Close a user's connection of which only that row may be left."""

    def count_message(self, connection_id: str, minute: int) -> int:
        """Count a message within a minute; how many that makes. Raises ConnectionGone."""

    def subscribe(self, connection_id: str, board: str) -> None:
        """Let a connection follow a board. Raises ConnectionGone and TooManyBoards."""

    def unsubscribe(self, connection_id: str, board: str) -> None:
        """Let a connection follow a board no more."""

    def boards(self, connection_id: str) -> list[str]:
        """The boards that a connection follows. Raises ConnectionGone."""


class SocketTicketStore(Protocol):
    """Remembers the socket tickets that were used."""

    def use_ticket(self, ticket: str, expires_ms: int) -> bool:
        """Note that a socket ticket was used; False if it was used before."""


class SocketGateway(SocketCloser, Protocol):
    """The gateway's connections. Raises Unavailable."""

    def is_open(self, connection_id: str) -> bool:
        """Whether the gateway has that connection."""


class ProfileReader(Protocol):
    """Reads users' profiles. Raises Unavailable."""

    def read_profile(self, user_id: str) -> Profile | None:
        """A user's profile, if there is one."""
