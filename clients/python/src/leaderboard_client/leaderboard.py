"""The client: a session with its timer, sockets, HTTP reads and listeners around it."""

from __future__ import annotations

import asyncio
import json
import math
import random as chance
import re
import time
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Literal, Self, overload
from urllib.parse import quote

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    ConnectionClosed,
    InvalidStatus,
    InvalidURI,
    WebSocketException,
)

from leaderboard_client.board import Board, Changes, changes_between
from leaderboard_client.clock import SteadyClock
from leaderboard_client.connections import Connect, Disconnect, Send
from leaderboard_client.loopback import is_loopback
from leaderboard_client.problems import Problem
from leaderboard_client.session import (
    Abort,
    Close,
    Condition,
    Effect,
    Event,
    Fetch,
    Follow,
    Heard,
    Lost,
    Opened,
    Report,
    Session,
    Show,
    State,
    Tell,
    Tick,
    Unfollow,
)
from leaderboard_client.timing import Timing
from leaderboard_client.top import TopReader

BOARD_ID = re.compile(r"[a-z0-9-]{1,48}")
# How long a socket that is let go may take to say goodbye.
GOODBYE_SECONDS = 1.0
TICKET_FAILED = (
    "`fetch_ticket` gave no ticket; its error is in `cause`. The client tries again with the next "
    "connection. Without a ticket, return None: the viewer is then anonymous."
)

Listener = Callable[[Board, Changes], None]
FetchTicket = Callable[[], Awaitable[str | None]]


class BoardNotFound(Exception):
    """The service has no such board."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How things stand. The same object while nothing changed."""

    state: State
    stale_since: datetime | None
    """Up to when the boards shown were known to be the service's own; None while they are."""
    attempt: int
    """Connections lost or failed in a row."""
    retry_at: datetime | None
    """When the next connection is tried, if one is waited for."""
    problems: tuple[Problem, ...] = ()
    """What needs somebody and is not solved yet."""


@dataclass(eq=False, slots=True)
class _Subscriber:
    on_change: Listener
    told: bool = False


class Leaderboard:
    """Follows boards; one socket for all of them, from the first subscription on.

    Belongs to one event loop; its methods are called from there.
    """

    def __init__(
        self,
        *,
        socket: str | None = None,
        http: str | None = None,
        fetch_ticket: FetchTicket | None = None,
        timing: Timing | None = None,
        now: Callable[[], float] = lambda: time.time() * 1000,
        random: Callable[[], float] = chance.random,
    ) -> None:
        """
        - `socket`: the stage's `wss://` URL; without it the boards are polled over HTTP
        - `http`: the API's URL, anything before `/boards/…`: for the first board before the socket
          is up, and where sockets are blocked
        - `fetch_ticket`: a fresh socket ticket for every connection; None makes it anonymous
        - `timing`: durations in milliseconds
        - `now`, `random`: the wall clock in milliseconds, and chance, for tests

        Raises ValueError without any way to the service.
        """
        if socket is None and http is None:
            raise ValueError("Leaderboard needs `socket`, `http`, or both")
        self._socket = socket
        self._fetch_ticket = fetch_ticket
        self._wall_clock = now
        self._clock = SteadyClock(now)
        timing = timing or Timing()
        self._tops = None if http is None else TopReader(http, timeout=timing.fetch_timeout)
        self._session = Session(
            timing=timing, random=random, sockets=socket is not None, http=http is not None
        )
        self._subscribers: dict[str, list[_Subscriber]] = {}
        # The status, the condition that it was made of, and the one that listeners were told.
        self._status: Status | None = None
        self._condition: Condition | None = None
        self._told: Status | None = None
        self._on_status: list[Callable[[Status], None]] = []
        self._on_problem: list[Callable[[Problem], None]] = []
        # What each link has still to send; its task is in the next.
        self._outboxes: dict[int, asyncio.Queue[str]] = {}
        self._links: dict[int, asyncio.Task[None]] = {}
        self._reads: dict[str, asyncio.Task[None]] = {}
        # All that is not over, those that were let go included.
        self._tasks: set[asyncio.Task[None]] = set()
        self._effects: deque[Effect] = deque()
        self._performing = False
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    # What users call

    def subscribe(self, board: str, on_change: Listener) -> Callable[[], None]:
        """Calls `on_change` with the whole board at every change, first with the one that is held,
        as soon as this has returned. Returns what ends it.

        A listener that raises harms no other; its error goes to the loop's exception handler.
        """
        if not BOARD_ID.fullmatch(board):
            raise ValueError(f"{board!r} is not a board id")
        if self._closed:
            raise RuntimeError("The leaderboard client is closed")
        subscriber = _Subscriber(on_change)
        others = self._subscribers.setdefault(board, [])
        others.append(subscriber)
        if len(others) == 1:
            self._dispatch(Follow(board))
        asyncio.get_running_loop().call_soon(self._show_held, board, subscriber)

        def unsubscribe() -> None:
            if subscriber not in others:
                return
            others.remove(subscriber)
            if not others and not self._closed:
                self._subscribers.pop(board, None)
                self._dispatch(Unfollow(board))

        return unsubscribe

    async def follow(self, board: str) -> AsyncGenerator[tuple[Board, Changes], None]:
        """The board at every change, with what changed since the one before it; a reader who takes
        long gets the newest one and no backlog. Ends when the client is closed.

        Raises BoardNotFound if the service says so.
        """
        news = asyncio.Event()
        newest: Board | None = None
        shown: Board | None = None

        def changed(held: Board, _changes: Changes) -> None:
            nonlocal newest
            newest = held
            news.set()

        unlisten = [
            self.subscribe(board, changed),
            self.on("problem", lambda _: news.set()),
            self.on("status", lambda _: news.set()),
        ]
        try:
            while not self._closed:
                if self._session.is_refused(board):
                    raise BoardNotFound(f"There is no board {board!r}.")
                if newest is not shown and newest is not None:
                    before, shown = shown, newest
                    yield newest, changes_between(before, newest)
                    continue
                news.clear()
                await news.wait()
        finally:
            for end in unlisten:
                end()

    @overload
    def on(
        self, event: Literal["status"], listener: Callable[[Status], None]
    ) -> Callable[[], None]: ...

    @overload
    def on(
        self, event: Literal["problem"], listener: Callable[[Problem], None]
    ) -> Callable[[], None]: ...

    def on(self, event: Literal["status", "problem"], listener: Any) -> Callable[[], None]:
        """Calls the listener at every change of `status`, or every problem. Returns a
        function that removes the listener."""
        listeners: list[Any] = self._on_status if event == "status" else self._on_problem
        listeners.append(listener)

        def unlisten() -> None:
            with suppress(ValueError):
                listeners.remove(listener)

        return unlisten

    def board(self, board: str) -> Board | None:
        """What is held of a board that is followed."""
        return self._session.held(board)

    @property
    def status(self) -> Status:
        condition = self._session.condition
        if self._status is None or condition is not self._condition:
            self._condition = condition
            self._status = Status(
                state=condition.state,
                stale_since=self._date(condition.stale_at),
                attempt=condition.attempt,
                retry_at=self._date(condition.retry_at),
                problems=condition.problems,
            )
        return self._status

    def now(self) -> datetime:
        """The service's time, known after the first pong; this machine's before."""
        return datetime.fromtimestamp((self._clock.now() + self._session.offset) / 1000, UTC)

    async def close(self) -> None:
        """For good: no timer, task or socket stays."""
        if not self._closed:
            self._closed = True
            for subscribers in self._subscribers.values():
                subscribers.clear()
            self._subscribers.clear()
            self._dispatch(Close())
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        await self.close()

    # The session's events, timer and effects

    def _dispatch(self, event: Event) -> None:
        self._effects.extend(self._session.step(event, self._clock.now()))
        if self._performing:
            return
        self._performing = True
        # Performing an effect may dispatch again (a listener subscribes): that comes after it.
        try:
            while self._effects:
                self._perform(self._effects.popleft())
        finally:
            self._performing = False
        if self._timer:
            self._timer.cancel()
            self._timer = None
        wait = max(1.0, self._session.due - self._clock.now())
        if wait < math.inf:
            self._timer = asyncio.get_running_loop().call_later(wait / 1000, self._tick)

    def _tick(self) -> None:
        self._timer = None
        self._dispatch(Tick())

    def _perform(self, effect: Effect) -> None:  # noqa: C901 - a case for each effect
        match effect:
            case Connect(link):
                self._outboxes[link] = asyncio.Queue()
                self._links[link] = self._start(self._connect(link))
            case Send(link, message):
                if outbox := self._outboxes.get(link):
                    outbox.put_nowait(json.dumps(message))
            case Disconnect(link):
                self._outboxes.pop(link, None)
                if task := self._links.pop(link, None):
                    task.cancel()
            case Fetch(board):
                self._reads[board] = self._start(self._read(board))
            case Abort(board):
                if task := self._reads.pop(board, None):
                    task.cancel()
            case Show(board, changes):
                for subscriber in list(self._subscribers.get(board.board, ())):
                    self._show(subscriber, board, changes)
            case Tell():
                self._tell(self.status)
            case Report(problem):
                for report in list(self._on_problem):
                    self._call(report, problem)

    def _start(self, work: Any) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    # Listeners

    def _show_held(self, board: str, subscriber: _Subscriber) -> None:
        held = self._session.held(board)
        if held and not subscriber.told and subscriber in self._subscribers.get(board, ()):
            self._show(subscriber, held, Changes())

    def _show(self, subscriber: _Subscriber, board: Board, changes: Changes) -> None:
        first, subscriber.told = not subscriber.told, True
        self._call(subscriber.on_change, board, Changes() if first else changes)

    def _call(self, listener: Callable[..., None], *arguments: object) -> None:
        """A listener's mistake is its own: it is reported, and the others are called."""
        try:
            listener(*arguments)
        except Exception as error:  # noqa: BLE001
            asyncio.get_running_loop().call_exception_handler(
                {"message": f"The listener {listener!r} failed", "exception": error}
            )

    def _tell(self, status: Status) -> None:
        if status is self._told:
            return
        self._told = status
        for listener in list(self._on_status):
            self._call(listener, status)

    def _date(self, at: float | None) -> datetime | None:
        if at is None:
            return None
        ahead = self._wall_clock() - self._clock.now()
        return datetime.fromtimestamp((at + ahead) / 1000, UTC)

    # Sockets and reads

    async def _connect(self, link: int) -> None:
        problem = None
        try:
            url = await self._url()
        except Exception as cause:  # noqa: BLE001 - whatever somebody else's code raises
            problem = Problem(code="ticket_failed", message=TICKET_FAILED, cause=cause)
        else:
            try:
                await self._talk(link, url)
            except Exception as cause:  # noqa: BLE001 - a proxy's, a resolver's, …
                problem = _failure(cause)
        if self._links.pop(link, None):
            self._outboxes.pop(link, None)
            self._dispatch(Lost(link, problem))

    async def _url(self) -> str:
        url = self._socket or ""
        ticket = await self._fetch_ticket() if self._fetch_ticket else None
        if not ticket:
            return url
        return f"{url}{'&' if '?' in url else '?'}ticket={quote(ticket, safe='')}"

    async def _talk(self, link: int, url: str) -> None:
        # The session has its own deadlines, and pings that the service's functions answer.
        connection = await connect(
            url,
            open_timeout=None,
            ping_interval=None,
            close_timeout=GOODBYE_SECONDS,
            proxy=None if is_loopback(url) else True,
        )
        writer = asyncio.create_task(_write(connection, self._outboxes[link]))
        try:
            self._dispatch(Opened(link))
            async for text in connection:
                self._dispatch(Heard(link, text))
        finally:
            writer.cancel()
            # Said politely also where this task is cancelled: it is let go, and nothing failed.
            await connection.close()

    async def _read(self, board: str) -> None:
        if self._tops is None:
            return
        outcome = await self._tops.read(board)
        self._reads.pop(board, None)
        self._dispatch(outcome)


async def _write(connection: ClientConnection, outbox: asyncio.Queue[str]) -> None:
    # A connection that ends tells whoever reads it.
    with suppress(ConnectionClosed):
        while True:
            await connection.send(await outbox.get())


def _failure(cause: Exception) -> Problem | None:
    """None for a connection that was lost, or not to be had for now: that is no problem but a
    state."""
    if isinstance(cause, InvalidStatus):
        status = cause.response.status_code
        passing = status == 429 or status >= 500
    else:
        passing = isinstance(cause, OSError | WebSocketException)
        passing = passing and not isinstance(cause, InvalidURI)
    if passing:
        return None
    remedy = "Check that `socket` is the stage's `wss://` address"
    if isinstance(cause, InvalidStatus):
        remedy += ", that each ticket is fresh, and that the player is not barred"
    message = f"The WebSocket was refused: {cause}. {remedy}. The client keeps trying."
    return Problem(code="socket_failed", message=message, cause=cause)
