"""The client that users hold: a session with its clock, timer, sockets, reads and listeners."""

from __future__ import annotations

import asyncio
import math
import random as chance
import re
import time
from collections import deque
from collections.abc import AsyncGenerator, Callable
from datetime import datetime, timezone
from types import TracebackType
from typing import Any, Literal, overload

from leaderboard_client.board import Board, Changes, changes_between
from leaderboard_client.clock import SteadyClock
from leaderboard_client.effects import (
    Abort,
    Connect,
    Disconnect,
    Effect,
    Fetch,
    ReportProblem,
    Send,
    ShowBoard,
    ShowCondition,
)
from leaderboard_client.errors import BoardNotFound
from leaderboard_client.events import Close, Event, Follow, Tick, Unfollow
from leaderboard_client.listeners import Listener, Listeners, Subscriber
from leaderboard_client.problems import Problem
from leaderboard_client.session import Session
from leaderboard_client.sockets import FetchTicket, Sockets
from leaderboard_client.status import Status, StatusKeeper
from leaderboard_client.timing import Timing
from leaderboard_client.top import TopReader

BOARD_ID = re.compile(r"[a-z0-9-]{1,48}")


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
        timing = timing or Timing()
        clock = SteadyClock(now)
        self._clock = clock
        self._session = Session(
            timing=timing, random=random, sockets=socket is not None, http=http is not None
        )
        self._sockets = Sockets(socket or "", fetch_ticket, self._dispatch)
        self._tops = None if http is None else TopReader(http, timeout=timing.fetch_timeout)
        self._reads: dict[str, asyncio.Task[None]] = {}
        self._listeners = Listeners()
        self._statuses = StatusKeeper(lambda: now() - clock.now())
        # Every task that has not ended, those that were cancelled included.
        self._tasks: set[asyncio.Task[None]] = set()
        self._effects: deque[Effect] = deque()
        self._performing = False
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False

    # What users call

    def subscribe(self, board: str, on_change: Listener) -> Callable[[], None]:
        """Calls `on_change` with the whole board at every change, first with the one that is held,
        as soon as this has returned. Returns a function that ends the subscription.

        A listener that raises harms no other; its error goes to the loop's exception handler.
        Raises ValueError for what is not a board id, RuntimeError after `close()`.
        """
        if not BOARD_ID.fullmatch(board):
            raise ValueError(f"{board!r} is not a board id")
        if self._closed:
            raise RuntimeError("The leaderboard client is closed")
        subscriber = Subscriber(on_change)
        if self._listeners.subscribe(board, subscriber):
            self._dispatch(Follow(board))

        def show_held() -> None:
            if held := self._session.held(board):
                self._listeners.show_held(held, subscriber)

        asyncio.get_running_loop().call_soon(show_held)

        def unsubscribe() -> None:
            if self._listeners.unsubscribe(board, subscriber):
                self._dispatch(Unfollow(board))

        return unsubscribe

    async def follow(self, board: str) -> AsyncGenerator[tuple[Board, Changes], None]:
        """Yields the board at every change, with what changed since the one before it. A reader
        that takes long gets the newest one and no backlog. Ends when the client is closed.

        Raises BoardNotFound if the service says so.
        """
        news = asyncio.Event()
        newest: Board | None = None
        shown: Board | None = None

        def changed(held: Board, _changes: Changes) -> None:
            nonlocal newest
            newest = held
            news.set()

        removers = [
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
            for remove in removers:
                remove()

    @overload
    def on(
        self, event: Literal["status"], listener: Callable[[Status], None]
    ) -> Callable[[], None]: ...

    @overload
    def on(
        self, event: Literal["problem"], listener: Callable[[Problem], None]
    ) -> Callable[[], None]: ...

    def on(self, event: Literal["status", "problem"], listener: Any) -> Callable[[], None]:
        """Calls the listener at every change of `status`, or for every new problem. Returns a
        function that removes the listener."""
        return self._listeners.add(event, listener)

    def board(self, board: str) -> Board | None:
        """The board that is held of a followed one; None before the first."""
        return self._session.held(board)

    @property
    def status(self) -> Status:
        """The state of the client, and up to when its boards are known to be right."""
        return self._statuses.of(self._session.condition)

    def now(self) -> datetime:
        """The service's time, known after the first pong; this machine's before."""
        return datetime.fromtimestamp(
            (self._clock.now() + self._session.offset) / 1000, timezone.utc
        )

    async def close(self) -> None:
        """Ends everything for good: no timer, task or socket stays."""
        if not self._closed:
            self._closed = True
            self._listeners.clear_boards()
            self._dispatch(Close())
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._tops is not None:
            self._tops.close()

    async def __aenter__(self) -> Leaderboard:
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
        """Tells the session an event, performs the effects, and sets the timer again.

        Performing an effect may dispatch again, since a listener may subscribe. Those effects come
        after the ones that are still to be performed, so everybody sees the boards in order.
        """
        self._effects.extend(self._session.step(event, self._clock.now()))
        if self._performing:
            return
        self._performing = True
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

    def _perform(self, effect: Effect) -> None:
        match effect:
            case Connect(link):
                self._keep(self._sockets.connect(link))
            case Send(link, message):
                self._sockets.send(link, message)
            case Disconnect(link):
                self._sockets.disconnect(link)
            case Fetch(board):
                self._reads[board] = asyncio.get_running_loop().create_task(self._read(board))
                self._keep(self._reads[board])
            case Abort(board):
                if task := self._reads.pop(board, None):
                    task.cancel()
            case ShowBoard(board, changes):
                self._listeners.show(board, changes)
            case ShowCondition():
                self._listeners.show_status(self.status)
            case ReportProblem(problem):
                self._listeners.report(problem)

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _read(self, board: str) -> None:
        if self._tops is None:
            return
        outcome = await self._tops.read(board)
        self._reads.pop(board, None)
        self._dispatch(outcome)
