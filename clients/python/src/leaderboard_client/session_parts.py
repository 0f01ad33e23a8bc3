"""What the parts of one session share: its boards, connections, problems and means."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from leaderboard_client.board import Board, changes_between
from leaderboard_client.connections import Connections
from leaderboard_client.effects import Effect, ShowBoard
from leaderboard_client.followed_board import FollowedBoard
from leaderboard_client.problems import Problems
from leaderboard_client.timing import Timing


@dataclass(slots=True, kw_only=True)
class SessionParts:
    """One object for each session. `boards`: the followed boards by name."""

    timing: Timing
    random: Callable[[], float]
    sockets: bool
    """Whether the service can be reached over a WebSocket."""
    http: bool
    """Whether the service can be reached over HTTP."""
    emit: Callable[[Effect], None]
    boards: dict[str, FollowedBoard]
    connections: Connections
    problems: Problems
    offset: float = 0.0
    """The time of the service minus this client's, in milliseconds."""

    def show_change(self, board: FollowedBoard, before: Board | None) -> None:
        """Shows what is held of a board now, if it is another than `before`."""
        held = board.following.held
        if held is not None and held is not before:
            self.emit(ShowBoard(held, changes_between(before, held)))
