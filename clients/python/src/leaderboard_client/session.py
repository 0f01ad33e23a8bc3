"""The client without its I/O: events and the time go in, effects come out. The same events at the
same times give the same effects.

Each step has two halves. First the event changes what is known. Then everything that is due is
done, in a fixed order: forget boards without listeners, start or stop, keep the connections, read
over HTTP where no socket is live, show what changed. The second half never looks at the event, only
at what is known and at the time. So it does not matter in which order things went wrong."""

from __future__ import annotations

import math
from collections.abc import Callable

from leaderboard_client.board import Board
from leaderboard_client.connections import Connections
from leaderboard_client.diagnosis import Diagnosis
from leaderboard_client.effects import Effect, ReportProblem, Send, ShowCondition
from leaderboard_client.events import (
    Close,
    Event,
    Follow,
    MessageReceived,
    ReadFailed,
    ReadSucceeded,
    SocketLost,
    SocketOpened,
    Tick,
    Unfollow,
)
from leaderboard_client.followed_board import FollowedBoard
from leaderboard_client.frame import parse_frame
from leaderboard_client.freshness import doubt_times, stale_at
from leaderboard_client.inbox import Inbox
from leaderboard_client.poll import Poll
from leaderboard_client.polling import Polling
from leaderboard_client.problems import Problems
from leaderboard_client.session_parts import SessionParts
from leaderboard_client.status import Condition, State
from leaderboard_client.timing import Timing


class Session:
    """The decisions of one client: when to connect, subscribe, ping, replace and poll."""

    def __init__(
        self, *, timing: Timing, random: Callable[[], float], sockets: bool, http: bool
    ) -> None:
        """`sockets` and `http`: which ways there are to the service. `random` gives [0, 1)."""
        self.condition = Condition("idle", None, 0, None)
        self._effects: list[Effect] = []
        emit = self._effects.append
        self._boards: dict[str, FollowedBoard] = {}
        self._connections = Connections(timing=timing, random=random, emit=emit)
        self._problems = Problems(lambda problem: emit(ReportProblem(problem)))
        self._parts = SessionParts(
            timing=timing,
            random=random,
            sockets=sockets,
            http=http,
            emit=emit,
            boards=self._boards,
            connections=self._connections,
            problems=self._problems,
        )
        self._inbox = Inbox(self._parts)
        self._polling = Polling(self._parts)
        self._diagnosis = Diagnosis(self._parts, self._polling)
        self._now = -math.inf
        # Whether there is something to follow.
        self._wanted = False
        self._closed = False
        self._ever_live = False

    @property
    def offset(self) -> float:
        """The time of the service minus this client's, in milliseconds."""
        return self._parts.offset

    def held(self, board: str) -> Board | None:
        """The board that is held of a followed one; None before the first."""
        followed = self._boards.get(board)
        return followed.following.held if followed else None

    def is_refused(self, board: str) -> bool:
        """Whether the service's last answer was that there is no such board."""
        followed = self._boards.get(board)
        return followed is not None and followed.refused

    def step(self, event: Event, now: float) -> list[Effect]:
        """Takes an event and returns the effects, in the order to perform them.

        `now`: milliseconds, never less than before.
        """
        if not self._closed:
            self._now = now
            self._take(event, now)
            self._advance(now)
        effects = self._effects.copy()
        self._effects.clear()
        return effects

    @property
    def due(self) -> float:
        """When to `Tick` at the latest; infinity if only another event can change anything."""
        boards = self._boards.values()
        times = [board.forget_at for board in boards]
        if self._wanted:
            times += [self._connections.due, self._polling.due]
            moments = [self._diagnosis.look_at, *doubt_times(self._parts)]
            moments += [board.next_season_at(self.offset) for board in boards]
            times += [at for at in moments if at > self._now]
        return min(times, default=math.inf)

    # What is known

    def _take(self, event: Event, now: float) -> None:  # noqa: C901 - a case for each event
        match event:
            case Follow(board):
                self._follow(board, now)
            case Unfollow(board):
                if followed := self._boards.get(board):
                    followed.forget_at = now + self._parts.timing.linger
            case SocketOpened(number):
                self._opened(number, now)
            case MessageReceived(number, text):
                self._received(number, text, now)
            case SocketLost(number, problem):
                if problem:
                    self._parts.problems.report("socket", problem)
                if link := self._connections.find(number):
                    self._connections.lose(link, now)
            case ReadSucceeded():
                self._polling.succeed(event, now)
            case ReadFailed():
                self._polling.fail(event, now)
            case Close():
                self._closed = True
            case Tick():
                pass

    def _follow(self, name: str, now: float) -> None:
        if known := self._boards.get(name):
            known.forget_at = math.inf
            return
        timing, random = self._parts.timing, self._parts.random
        poll = Poll(timing=timing, random=random)
        board = FollowedBoard(name, poll, random() * timing.roll_jitter)
        self._boards[name] = board
        for link in self._connections.all:
            if link.is_open:
                link.follow(name, now)
        current = self._connections.current
        if self._parts.http and not (current and current.is_open):
            self._polling.read(board, now)

    def _opened(self, number: int, now: float) -> None:
        if link := self._connections.find(number):
            link.open(now)
            for name in self._boards:
                link.follow(name, now)
        self._diagnosis.opened()

    def _received(self, number: int, text: object, now: float) -> None:
        link = self._connections.find(number)
        if link is None or not link.is_open:
            return
        link.heard_at = now
        if frame := parse_frame(text):
            self._inbox.take(frame, link, now)

    # What is due

    def _advance(self, now: float) -> None:
        self._forget(now)
        self._start_or_stop(now)
        if self._wanted:
            self._connections.advance(
                now, lambda name: self._boards[name].state(now, self._parts.offset)
            )
            current = self._connections.current
            if current and current.live:
                self._ever_live = True
                self._polling.end()
            else:
                self._polling.begin(now)
            self._polling.advance(now)
            self._diagnosis.advance(now)
        self._update_condition(now)

    def _forget(self, now: float) -> None:
        """Stops following boards that nobody has listened to for a while."""
        for name, board in list(self._boards.items()):
            if now < board.forget_at:
                continue
            self._polling.abort(board)
            del self._boards[name]
            self._problems.solve(f"board {name}", f"read {name}")
            for link in self._connections.all:
                link.forget(name)
                if link.is_open:
                    message = {"action": "unsubscribe", "board": name}
                    self._effects.append(Send(link.number, message))

    def _start_or_stop(self, now: float) -> None:
        """Starts everything with the first board to follow, and stops it after the last."""
        wanted = not self._closed and len(self._boards) > 0
        if wanted and not self._wanted and self._parts.sockets:
            self._connections.start(now)
        if not wanted and self._wanted:
            self._connections.stop()
            self._polling.stop()
        self._wanted = wanted
        if self._closed:
            self._boards.clear()
            self._problems.clear()

    def _update_condition(self, now: float) -> None:
        """Shows the condition, if it has changed."""
        current, connect_at = self._connections.current, self._connections.connect_at
        state = self._state(now)
        stale = stale_at(self._parts, state=state, now=now)
        condition = Condition(
            state=state,
            stale_at=None if stale == math.inf else stale,
            attempt=0 if state == "live" else self._connections.failures,
            retry_at=None if current or connect_at == math.inf else connect_at,
            problems=self._problems.list,
        )
        if condition != self.condition:
            self.condition = condition
            self._effects.append(ShowCondition(condition))

    def _state(self, now: float) -> State:
        if self._closed:
            return "closed"
        if not self._boards:
            return "idle"
        current = self._connections.current
        if current and current.live:
            return "live"
        if self._polling.works and now >= self._polling.starts_at:
            return "polling"
        return "reconnecting" if self._ever_live or self._connections.failures else "connecting"
