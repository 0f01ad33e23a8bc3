"""Reads over HTTP: the first top of each board, and all of them while no socket is live.

Polling begins some seconds after the socket was lost, since most sockets are back by then, and at a
random moment, so that a crowd does not read at once. It ends when a socket is live. A read is not
used for a board that the socket has answered for: the socket brings every version in order, and a
read beside it would look like a gap."""

from __future__ import annotations

import math

from leaderboard_client.effects import Abort, Fetch
from leaderboard_client.events import NO_ANSWER, ReadFailed, ReadSucceeded
from leaderboard_client.followed_board import FollowedBoard
from leaderboard_client.problems import Problem
from leaderboard_client.session_parts import SessionParts

# So many failed reads of every board in a row, and the address is suspected.
READS_LIMIT = 2
# The wait, in milliseconds, before another site's answer is asked for again: it may have been a
# moment's.
SECOND_LOOK_AFTER = 2_000
HTTP_FAILED = (
    "Check that `http` is the API's address and that it can be reached from here. The client keeps "
    "trying."
)


class Polling:
    """Decides when each board is read over HTTP, and takes what comes of it."""

    def __init__(self, parts: SessionParts) -> None:
        self.works = False
        """Whether the last read brought a top, since the socket was lost."""
        self.ever_worked = False
        """Whether the service's own code has ever answered."""
        self.failure = NO_ANSWER
        """What the last read brought instead of an answer of the service."""
        self.doubtful = False
        """Whether something else than the service seems to be at the address: it is read once more,
        even beside a live socket."""
        self._parts = parts
        # Since when there has been no live socket though one is wanted.
        self._down_at = math.inf
        # How long after that this client begins to poll.
        self._delay = 0.0

    @property
    def starts_at(self) -> float:
        """From when on boards are polled; infinity while the socket is live and gives no reason to
        read."""
        if self.doubtful:
            return -math.inf
        return self._down_at + self._delay if self._parts.http else math.inf

    @property
    def due(self) -> float:
        """When the next read starts, or is given up."""
        boards = self._parts.boards.values()
        return min((it.poll.due(self.starts_at) for it in boards), default=math.inf)

    def end(self) -> None:
        """The socket is live."""
        self._down_at = math.inf
        self.works = False

    def begin(self, now: float) -> None:
        """There is no live socket; nothing changes if that is known."""
        if self._down_at < math.inf:
            return
        self._down_at = now
        if self._parts.sockets and self._parts.http:
            timing = self._parts.timing
            self._delay = timing.poll_after + self._parts.random() * timing.poll_interval

    def stop(self) -> None:
        """Nothing is wanted any more: gives up the reads that are under way."""
        self._down_at = math.inf
        for board in self._parts.boards.values():
            self.abort(board)

    def advance(self, now: float) -> None:
        """Gives up the reads that take too long, and starts those that are due."""
        for board in self._parts.boards.values():
            if board.poll.is_overdue(now):
                self._parts.emit(Abort(board.name))
                self.fail(ReadFailed(board.name), now)
            if now >= board.poll.due(self.starts_at):
                self.read(board, now)

    def read(self, board: FollowedBoard, now: float) -> None:
        """Starts a read."""
        board.poll.start(now)
        self._parts.emit(Fetch(board.name))

    def abort(self, board: FollowedBoard) -> None:
        """Gives up the read of a board, if one is under way."""
        if board.poll.sent_at is not None:
            self._parts.emit(Abort(board.name))
        board.poll.stop()

    def succeed(self, read: ReadSucceeded, now: float) -> None:
        """Takes a top that was read."""
        board = self._parts.boards.get(read.board)
        if board is None or board.poll.sent_at is None:
            return
        sent_at = board.poll.sent_at
        board.poll.succeed(now)
        self.works = True
        self._answered()
        self._parts.problems.solve(f"read {read.board}")
        current = self._parts.connections.current
        if current and current.is_answered(read.board):
            return
        following = board.following
        before = following.held
        read_after = sent_at - self._parts.timing.cache_allowance
        board.refused = False
        board.fresh_at = sent_at
        following.snapshot(read.top, now=now, read_after=read_after)
        following.count(read.top)
        following.answered(read.top, read_after)
        self._parts.show_change(board, before)

    def fail(self, read: ReadFailed, now: float) -> None:
        """Takes a read that failed, and reports what may need somebody."""
        board = self._parts.boards.get(read.board)
        if board is None or board.poll.sent_at is None:
            return
        problems = self._parts.problems
        board.poll.fail(now, read.retry_after)
        self.works = False
        if read.problem:
            self._answered()
            problems.report(f"read {read.board}", read.problem)
            if read.problem.code == "board_not_found":
                board.refused = True
            return
        failures = min(it.poll.failures for it in self._parts.boards.values())
        # Where there are sockets, an outage is no problem of the address; nor is a network that
        # answers in its place for a while.
        wrong = read.foreign and not self.ever_worked
        self.failure = read.failure
        self.doubtful = wrong and failures < READS_LIMIT
        if self.doubtful:
            board.poll.hurry(now + SECOND_LOOK_AFTER)
        if (wrong or not self._parts.sockets) and failures >= READS_LIMIT:
            message = f"{read.failure}, {failures} times in a row. {HTTP_FAILED}"
            problems.report("http", Problem(code="http_failed", message=message))

    def _answered(self) -> None:
        """The service's own code answered over HTTP."""
        self.ever_worked = True
        self.doubtful = False
        self._parts.problems.solve("http", "service")
