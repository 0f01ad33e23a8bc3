"""What comes in over the sockets: each frame changes the board that it names.

The service reads a board after the client asked for it, so the answer to a `subscribe` is not older
than the question. The link remembers when it asked, and that time decides where versions cannot
tell which of two counters is the newer one."""

from __future__ import annotations

import math

from leaderboard_client.effects import Send
from leaderboard_client.followed_board import FollowedBoard
from leaderboard_client.frame import (
    Current,
    Frame,
    Pong,
    Refusal,
    Snapshot,
    Unsubscribed,
    Update,
)
from leaderboard_client.link import Link
from leaderboard_client.problems import Problem
from leaderboard_client.session_parts import SessionParts

# So many answers in a row that could not be placed, and a new connection decides: it has no past.
UNDECIDED_LIMIT = 3


class Inbox:
    """Takes the frames of every link."""

    def __init__(self, parts: SessionParts) -> None:
        self._parts = parts

    def take(self, frame: Frame, link: Link, now: float) -> None:
        """Takes a frame that came in on a link."""
        match frame:
            case Pong():
                self._pong(frame, link, now)
            case Refusal():
                self._refusal(frame, link, now)
            case _ if board := self._parts.boards.get(frame.board):
                self._board_frame(board, frame, link, now)

    def _board_frame(
        self,
        board: FollowedBoard,
        frame: Snapshot | Update | Current | Unsubscribed,
        link: Link,
        now: float,
    ) -> None:
        following = board.following
        before = following.held
        match frame:
            case Snapshot():
                asked_at = link.answer(frame.board)
                self._answered(board)
                following.snapshot(frame, now=now, read_after=link.opened_at, asked_at=asked_at)
                following.answered(frame, asked_at)
                if following.undecided >= UNDECIDED_LIMIT:
                    self._parts.connections.distrust(link, now)
            case Update():
                if following.update(frame, now):
                    link.fitted(frame.board)
            case Current():
                if before is None:
                    return
                self._answered(board)
                following.name(frame, now)
                following.answered(frame, link.answer(frame.board))
            case Unsubscribed():
                link.ask_again(frame.board, now=now)
        # Until every board has been answered, one that has is known to be right as of its arrival.
        if following.held is not None and board.fresh_at == -math.inf:
            board.fresh_at = now
        self._parts.show_change(board, before)

    def _pong(self, pong: Pong, link: Link, now: float) -> None:
        """A pong names every board that the service has for this connection, and its version.
        That repairs what got lost without a trace: an update, a `subscribe`, an `unsubscribe`."""
        boards = self._parts.boards
        self._parts.problems.solve("frames")
        read_at = link.pong(now)
        if read_at is not None and not math.isnan(pong.server_time):
            self._parts.offset = pong.server_time - read_at
        for name, place in pong.boards.items():
            if board := boards.get(name):
                board.following.name(place, now)
            else:
                self._parts.emit(Send(link.number, {"action": "unsubscribe", "board": name}))
        for name in boards:
            if name not in pong.boards and link.is_settled(name):
                link.ask_again(name, now=now)

    def _refusal(self, refusal: Refusal, link: Link, now: float) -> None:
        name = refusal.board
        board = None if name is None else self._parts.boards.get(name)
        if name is not None and board is None:
            return
        problem = Problem(
            code=refusal.code, message=refusal.message, board=name, request_id=refusal.request_id
        )
        self._parts.problems.report("frames" if name is None else f"board {name}", problem)
        if refusal.code == "board_not_found" and name is not None and board:
            link.refuse(name)
            board.refused = True
        else:
            link.ask_again(name, now=now, slower=2 if refusal.code == "rate_limited" else 0)

    def _answered(self, board: FollowedBoard) -> None:
        board.refused = False
        self._parts.problems.solve(f"board {board.name}", f"read {board.name}", "frames")
