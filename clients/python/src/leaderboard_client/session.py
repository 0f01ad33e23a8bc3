"""The client without its I/O: events and the time in, what to do out. It decides when to connect,
ask, ping, replace and poll, and what the state is called; the same events at the same times give
the same effects."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from leaderboard_client.board import Board, Changes, changes_between
from leaderboard_client.connections import ConnectionEffect, Connections, Send
from leaderboard_client.following import Following
from leaderboard_client.frame import (
    Current,
    Frame,
    Pong,
    Refusal,
    Snapshot,
    Unsubscribed,
    Update,
    parse_frame,
)
from leaderboard_client.link import Link, Standing
from leaderboard_client.poll import Poll
from leaderboard_client.problems import Problem, Problems
from leaderboard_client.timing import Timing

# Answers in a row that could not be placed before a new connection, which has no past, decides.
UNDECIDED_LIMIT = 3
# Connections that failed, of a client that never had one, before the way to the service is
# suspected.
TRIES_LIMIT = 4
# Reads of every board that failed in a row, where there is no socket, before the address is
# suspected.
READS_LIMIT = 2
# Why a socket never opens, as far as a client can know.
SOCKET_BLOCKED = (
    "The most likely cause on a web page: the page's origin is not in the stage's "
    "`allowedOrigins`. Add it and deploy again. Otherwise check the address `socket`, and whether "
    "a proxy blocks such connections. The client keeps trying."
)
HTTP_FAILED = (
    "Check that `http` is the API's address and that it can be reached from here. The client keeps "
    "trying."
)

State = Literal["idle", "connecting", "live", "reconnecting", "polling", "closed"]
"""
- `idle`: no board is followed
- `connecting`: no socket has been live yet
- `live`: the socket is open and every board has been answered on it
- `reconnecting`: the socket is lost, or does not answer; another try is under way or planned
- `polling`: as `reconnecting`, and meanwhile the boards are read over HTTP
- `closed`: by `close()`
"""


@dataclass(frozen=True, slots=True)
class Condition:
    state: State
    stale_at: float | None
    attempt: int
    retry_at: float | None
    problems: tuple[Problem, ...] = ()


# Events


@dataclass(frozen=True, slots=True)
class Follow:
    board: str


@dataclass(frozen=True, slots=True)
class Unfollow:
    board: str


@dataclass(frozen=True, slots=True)
class Opened:
    link: int


@dataclass(frozen=True, slots=True)
class Heard:
    link: int
    text: object


@dataclass(frozen=True, slots=True)
class Lost:
    link: int
    problem: Problem | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    board: str
    top: Snapshot


@dataclass(frozen=True, slots=True)
class Unanswered:
    board: str
    problem: Problem | None = None
    retry_after: float = 0
    """Milliseconds."""
    failure: str = "The service did not answer in time"
    """What came instead of an answer."""


@dataclass(frozen=True, slots=True)
class Close:
    pass


@dataclass(frozen=True, slots=True)
class Tick:
    pass


Event = Follow | Unfollow | Opened | Heard | Lost | Answered | Unanswered | Close | Tick


# Effects, beside those of the connections


@dataclass(frozen=True, slots=True)
class Fetch:
    board: str


@dataclass(frozen=True, slots=True)
class Abort:
    board: str


@dataclass(frozen=True, slots=True)
class Show:
    board: Board
    changes: Changes


@dataclass(frozen=True, slots=True)
class Tell:
    condition: Condition


@dataclass(frozen=True, slots=True)
class Report:
    problem: Problem


Effect = ConnectionEffect | Fetch | Abort | Show | Tell | Report


class _Followed:
    """One followed board, and what is known of its freshness."""

    def __init__(self, poll: Poll, roll_delay: float) -> None:
        """`roll_delay`: how long after a season's end to ask for the next."""
        self.following = Following()
        self.poll = poll
        self.roll_delay = roll_delay
        # When the last listener's grace is over.
        self.forget_at = math.inf
        # The last time at which the held board was known to be the service's own.
        self.fresh_at = -math.inf
        self.fresh = False
        self.refused = False


class Session:
    def __init__(
        self, *, timing: Timing, random: Callable[[], float], sockets: bool, http: bool
    ) -> None:
        """`sockets` and `http`: which ways there are to the service."""
        self.offset = 0.0
        """The time of the service minus this client's, in milliseconds."""
        self.condition = Condition("idle", None, 0, None)
        self._follows: dict[str, _Followed] = {}
        self._effects: list[Effect] = []
        self._now = -math.inf
        self._wanted = False
        self._closed = False
        self._ever_opened = False
        self._ever_live = False
        # Since when there has been no live socket though one is wanted.
        self._down_at = math.inf
        # How long after that this client, of many that lost their sockets at one moment, begins
        # to poll.
        self._poll_delay = 0.0
        # Whether the last read over HTTP came back.
        self._reading = False
        self._ever_read = False
        self._problems = Problems()
        self._timing = timing
        self._random = random
        self._sockets = sockets
        self._http = http
        self._connections = Connections(timing=timing, random=random, emit=self._effects.append)

    def held(self, board: str) -> Board | None:
        follow = self._follows.get(board)
        return follow.following.held if follow else None

    def is_refused(self, board: str) -> bool:
        """Whether the service said last that there is no such board."""
        follow = self._follows.get(board)
        return follow is not None and follow.refused

    def step(self, event: Event, now: float) -> list[Effect]:
        """Takes an event, `now` never less than before; the effects in the order to do them in."""
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
        follows = self._follows.values()
        times = [follow.forget_at for follow in follows]
        if self._wanted:
            times.append(self._connections.due)
            times.extend(at for at in self._doubts() if at > self._now)
            times.extend(follow.poll.due(self._poll_from) for follow in follows)
            rolls = map(self._roll_at, follows)
            times.extend(at for at in rolls if at > self._now)
        return min(times, default=math.inf)

    def _take(self, event: Event, now: float) -> None:  # noqa: C901 - a case for each event
        match event:
            case Follow(board):
                self._follow(board, now)
            case Unfollow(board):
                if follow := self._follows.get(board):
                    follow.forget_at = now + self._timing.linger
            case Opened(number):
                if link := self._find(number):
                    link.open(now)
                    for board in self._follows:
                        link.follow(board, now)
                self._ever_opened = True
                self._problems.solve("socket")
            case Heard(number, text):
                link = self._find(number)
                if link and link.is_open:
                    link.heard_at = now
                    frame = parse_frame(text)
                    if frame:
                        self._hear(frame, link, now)
            case Lost(number, problem):
                if problem:
                    self._connection_failed(problem)
                if link := self._find(number):
                    self._connections.lose(link, now)
            case Answered(board, top):
                self._answered(board, top, now)
            case Unanswered():
                self._unanswered(event, now)
            case Close():
                self._closed = True
            case Tick():
                pass

    def _find(self, number: int) -> Link | None:
        return next((link for link in self._connections.all if link.number == number), None)

    def _follow(self, board: str, now: float) -> None:
        if known := self._follows.get(board):
            known.forget_at = math.inf
            return
        poll = Poll(timing=self._timing, random=self._random)
        follow = _Followed(poll, self._random() * self._timing.roll_jitter)
        self._follows[board] = follow
        for link in self._connections.all:
            if link.is_open:
                link.follow(board, now)
        current = self._connections.current
        if self._http and not (current and current.is_open):
            self._fetch(board, follow, now)

    # Frames

    def _hear(self, frame: Frame, link: Link, now: float) -> None:
        match frame:
            case Pong():
                self._pong(frame, link, now)
            case Refusal():
                self._refusal(frame, link, now)
            case _ if follow := self._follows.get(frame.board):
                self._hear_of(follow, frame, link, now)

    def _hear_of(
        self,
        follow: _Followed,
        frame: Snapshot | Update | Current | Unsubscribed,
        link: Link,
        now: float,
    ) -> None:
        following = follow.following
        before = following.held
        match frame:
            case Snapshot():
                asked_at = link.answer(frame.board)
                self._accept(frame.board, follow)
                following.snapshot(frame, now=now, read_after=link.opened_at, asked_at=asked_at)
                following.answered(frame, asked_at)
                if following.undecided >= UNDECIDED_LIMIT:
                    self._connections.distrust(link, now)
            case Update():
                if following.update(frame, now):
                    link.fitted(frame.board)
            case Current():
                if before is None:
                    return
                self._accept(frame.board, follow)
                following.name(frame, now)
                following.answered(frame, link.answer(frame.board))
            case Unsubscribed():
                link.ask_again(frame.board, now=now)
        # Until every board has been answered, one that has is known to be right as of its arrival.
        if following.held is not None and follow.fresh_at == -math.inf:
            follow.fresh_at = now
        self._show(before, following)

    def _show(self, before: Board | None, following: Following) -> None:
        held = following.held
        if held is not None and held is not before:
            self._effects.append(Show(held, changes_between(before, held)))

    def _pong(self, pong: Pong, link: Link, now: float) -> None:
        self._problems.solve("frames")
        read_at = link.pong(now)
        if read_at is not None and not math.isnan(pong.server_time):
            self.offset = pong.server_time - read_at
        for board, place in pong.boards.items():
            if follow := self._follows.get(board):
                follow.following.name(place, now)
            else:
                self._effects.append(Send(link.number, {"action": "unsubscribe", "board": board}))
        for board in self._follows:
            if board not in pong.boards and link.is_settled(board):
                link.ask_again(board, now=now)

    def _refusal(self, refusal: Refusal, link: Link, now: float) -> None:
        board = refusal.board
        follow = None if board is None else self._follows.get(board)
        if board is not None and follow is None:
            return
        problem = Problem(
            code=refusal.code, message=refusal.message, board=board, request_id=refusal.request_id
        )
        self._report("frames" if board is None else f"board {board}", problem)
        if refusal.code == "board_not_found" and board is not None and follow:
            link.refuse(board)
            follow.refused = True
        else:
            link.ask_again(board, now=now, slower=2 if refusal.code == "rate_limited" else 0)

    def _accept(self, board: str, follow: _Followed) -> None:
        """The service answered for a board."""
        follow.refused = False
        self._problems.solve(f"board {board}", f"read {board}", "frames")

    # Reads over HTTP

    def _answered(self, board: str, top: Snapshot, now: float) -> None:
        follow = self._follows.get(board)
        if follow is None or follow.poll.sent_at is None:
            return
        sent_at = follow.poll.sent_at
        follow.poll.succeed(now)
        self._reading = self._ever_read = True
        self._problems.solve("http", f"read {board}")
        # What the socket brings of a board comes in order; a read beside it would only make gaps.
        current = self._connections.current
        if current and current.is_answered(board):
            return
        following = follow.following
        before = following.held
        read_after = sent_at - self._timing.cache_allowance
        follow.refused = False
        follow.fresh_at = sent_at
        following.snapshot(top, now=now, read_after=read_after)
        following.count(top)
        following.answered(top, read_after)
        self._show(before, following)

    def _unanswered(self, failure: Unanswered, now: float) -> None:
        follow = self._follows.get(failure.board)
        if follow is None or follow.poll.sent_at is None:
            return
        follow.poll.fail(now, failure.retry_after)
        self._reading = False
        if failure.problem:
            self._problems.solve("http")
            self._report(f"read {failure.board}", failure.problem)
            if failure.problem.code == "board_not_found":
                follow.refused = True
            return
        failures = min(it.poll.failures for it in self._follows.values())
        if not self._sockets and failures >= READS_LIMIT:
            message = f"{failure.failure}, {failures} times in a row. {HTTP_FAILED}"
            self._report("http", Problem(code="http_failed", message=message))

    @property
    def _poll_from(self) -> float:
        """From when on boards are polled; infinity while the socket is live."""
        if not self._http:
            return math.inf
        return self._down_at + self._poll_delay

    def _poll(self, now: float) -> None:
        for board, follow in self._follows.items():
            if follow.poll.is_overdue(now):
                self._effects.append(Abort(board))
                self._unanswered(Unanswered(board), now)
            if now >= follow.poll.due(self._poll_from):
                self._fetch(board, follow, now)

    def _fetch(self, board: str, follow: _Followed, now: float) -> None:
        follow.poll.start(now)
        self._effects.append(Fetch(board))

    def _abort(self, board: str, follow: _Followed) -> None:
        if follow.poll.sent_at is not None:
            self._effects.append(Abort(board))
        follow.poll.stop()

    # What is due

    def _advance(self, now: float) -> None:
        self._forget(now)
        self._want(now)
        if self._wanted:
            self._connections.advance(now, lambda board: self._standing(board, now))
            current = self._connections.current
            if current and current.live:
                self._ever_live = True
                self._down_at = math.inf
                self._reading = False
            elif self._down_at == math.inf:
                self._down_at = now
                if self._sockets:
                    spread = self._random() * self._timing.poll_interval
                    self._poll_delay = self._timing.poll_after + spread
            self._poll(now)
            self._suspect()
        self._judge(now)

    def _forget(self, now: float) -> None:
        """Lets go of boards that nobody has listened to for a while."""
        for board, follow in list(self._follows.items()):
            if now < follow.forget_at:
                continue
            self._abort(board, follow)
            del self._follows[board]
            self._problems.solve(f"board {board}", f"read {board}")
            for link in self._connections.all:
                link.forget(board)
                if link.is_open:
                    message = {"action": "unsubscribe", "board": board}
                    self._effects.append(Send(link.number, message))

    def _want(self, now: float) -> None:
        """Starts and stops everything with there being something to follow."""
        wanted = not self._closed and len(self._follows) > 0
        if wanted and not self._wanted and self._sockets:
            self._connections.start(now)
        if not wanted and self._wanted:
            self._connections.stop()
            self._down_at = math.inf
            for board, follow in self._follows.items():
                self._abort(board, follow)
        self._wanted = wanted
        if self._closed:
            self._follows.clear()
            self._problems.clear()

    def _roll_at(self, follow: _Followed) -> float:
        """When to ask for the next season, if it has not come by itself."""
        return follow.following.ends_at - self.offset + follow.roll_delay

    def _standing(self, board: str, now: float) -> Standing:
        follow = self._follows[board]
        following = follow.following
        return Standing(following.behind or now >= self._roll_at(follow), following.held)

    # Problems

    def _report(self, source: str, problem: Problem) -> None:
        """`source`: what solves it, as `socket`, `http`, `frames`, `board …` and `read …`."""
        if self._problems.add(source, problem):
            self._effects.append(Report(problem))

    def _connection_failed(self, problem: Problem) -> None:
        """The problem of the newest attempt takes the place of an older one."""
        if all(it.code != problem.code for it in self._problems.list):
            self._problems.solve("socket")
        self._report("socket", problem)

    def _suspect(self) -> None:
        """What looks like a lost connection, but began with the first one and may be somebody's
        mistake."""
        failures = self._connections.failures
        if self._ever_opened or failures < TRIES_LIMIT or self._problems.has("socket"):
            return
        if self._http and not self._ever_read:
            return
        facts = "The service answers over HTTP, but no" if self._http else "No"
        doubt = "" if self._http else "The service may be down. If it is not: "
        message = f"{facts} socket opened in {failures} tries. {doubt}{SOCKET_BLOCKED}"
        self._report("socket", Problem(code="socket_blocked", message=message))

    # How things stand

    def _judge(self, now: float) -> None:
        """Says how things stand, if that is news."""
        current, connect_at = self._connections.current, self._connections.connect_at
        state = self._state(now)
        stale = [self._stale_at(board, state=state, now=now) for board in self._follows]
        stale_at = min(stale, default=math.inf)
        condition = Condition(
            state=state,
            stale_at=None if stale_at == math.inf else stale_at,
            attempt=0 if state == "live" else self._connections.failures,
            retry_at=None if current or connect_at == math.inf else connect_at,
            problems=self._problems.list,
        )
        if condition != self.condition:
            self.condition = condition
            self._effects.append(Tell(condition))

    def _doubts(self) -> list[float]:
        """From when on a silent connection, or the end of a board's season, makes boards
        doubtful."""
        current = self._connections.current
        rolls = [self._roll_at(it) + self._timing.doubt_after for it in self._follows.values()]
        return [current.doubt_at, *rolls] if current else rolls

    def _is_fresh(self, board: str, follow: _Followed, now: float) -> bool:
        """Whether the connection is live and the board on it the service's own. The next season may
        take a moment to come."""
        current = self._connections.current
        if current is None or not current.is_answered(board) or now >= current.doubt_at:
            return False
        late = now >= self._roll_at(follow) + self._timing.doubt_after
        return not follow.following.behind and not late

    def _stale_at(self, board: str, *, state: State, now: float) -> float:
        """Since when a board may not be the service's own any more; infinity if it is, or if
        nothing is shown."""
        follow = self._follows[board]
        if follow.following.held is None or follow.refused:
            return math.inf
        current = self._connections.current
        was_fresh = follow.fresh
        follow.fresh = state == "live" and self._is_fresh(board, follow, now)
        if state == "live" and (follow.fresh or was_fresh):
            follow.fresh_at = current.heard_at if current else now
        polled = state == "polling" and follow.poll.failures == 0 and not follow.following.behind
        return math.inf if follow.fresh or polled else follow.fresh_at

    def _state(self, now: float) -> State:
        if self._closed:
            return "closed"
        if not self._follows:
            return "idle"
        current = self._connections.current
        if current and current.live:
            return "live"
        if self._reading and now >= self._poll_from:
            return "polling"
        return "reconnecting" if self._ever_live or self._connections.failures else "connecting"
