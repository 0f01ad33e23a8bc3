"""The WebSockets behind a session's links: each is opened with a ticket of its own, written to and
read from in a task, and closed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from urllib.parse import quote

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    ConnectionClosed,
    InvalidStatus,
    InvalidURI,
    WebSocketException,
)

from leaderboard_client.events import Event, MessageReceived, SocketLost, SocketOpened
from leaderboard_client.link import Message
from leaderboard_client.loopback import is_loopback
from leaderboard_client.problems import Problem

# How long the closing handshake of a socket may take.
CLOSE_SECONDS = 1.0
TICKET_FAILED = (
    "`fetch_ticket` gave no ticket; its error is in `cause`. The client tries again with the next "
    "connection. Without a ticket, return None: the viewer is then anonymous."
)

FetchTicket = Callable[[], Awaitable[str | None]]


class Sockets:
    """Opens, writes and closes the sockets of one client."""

    def __init__(
        self, url: str, fetch_ticket: FetchTicket | None, dispatch: Callable[[Event], None]
    ) -> None:
        """`dispatch` takes the events of the sockets."""
        self._url = url
        self._fetch_ticket = fetch_ticket
        self._dispatch = dispatch
        # What each link has still to send.
        self._outboxes: dict[int, asyncio.Queue[str]] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}

    def connect(self, link: int) -> asyncio.Task[None]:
        """Opens a socket; returns the task that lives as long as it does."""
        self._outboxes[link] = asyncio.Queue()
        task = asyncio.get_running_loop().create_task(self._run(link))
        self._tasks[link] = task
        return task

    def send(self, link: int, message: Message) -> None:
        """Sends a message, unless the socket is gone."""
        if outbox := self._outboxes.get(link):
            outbox.put_nowait(json.dumps(message))

    def disconnect(self, link: int) -> None:
        """Closes a socket; nothing more is heard of it."""
        self._outboxes.pop(link, None)
        if task := self._tasks.pop(link, None):
            task.cancel()

    async def _run(self, link: int) -> None:
        problem = None
        try:
            url = await self._url_with_ticket()
        except Exception as cause:  # noqa: BLE001 - whatever the caller's own code raises
            problem = Problem(code="ticket_failed", message=TICKET_FAILED, cause=cause)
        else:
            try:
                await self._talk(link, url)
            except Exception as cause:  # noqa: BLE001 - a proxy's, a resolver's, …
                problem = _problem_of(cause)
        if self._tasks.pop(link, None):
            self._outboxes.pop(link, None)
            self._dispatch(SocketLost(link, problem))

    async def _url_with_ticket(self) -> str:
        ticket = await self._fetch_ticket() if self._fetch_ticket else None
        if not ticket:
            return self._url
        return f"{self._url}{'&' if '?' in self._url else '?'}ticket={quote(ticket, safe='')}"

    async def _talk(self, link: int, url: str) -> None:
        # The session has deadlines and pings of its own, which the service's functions answer.
        connection = await connect(
            url,
            open_timeout=None,
            ping_interval=None,
            close_timeout=CLOSE_SECONDS,
            proxy=None if is_loopback(url) else True,
        )
        writer = asyncio.create_task(_write(connection, self._outboxes[link]))
        try:
            self._dispatch(SocketOpened(link))
            async for text in connection:
                self._dispatch(MessageReceived(link, text))
        finally:
            writer.cancel()
            # With a closing handshake also where this task is cancelled: then nothing has failed.
            await connection.close()


async def _write(connection: ClientConnection, outbox: asyncio.Queue[str]) -> None:
    # That a connection has ended, its reader finds out.
    with suppress(ConnectionClosed):
        while True:
            await connection.send(await outbox.get())


def _problem_of(cause: Exception) -> Problem | None:
    """The problem of a connection that failed; None if trying again may be enough."""
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
