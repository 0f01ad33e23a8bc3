"""Reads a board's top over HTTP. It remembers each ETag, so an unchanged top costs only a 304."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from typing import Any

from leaderboard_client.api.asking import retry_after
from leaderboard_client.api.exchange import NoResponse, Request, Response, path
from leaderboard_client.api.transport import Transport
from leaderboard_client.events import ReadFailed, ReadSucceeded
from leaderboard_client.frame import Snapshot, parse_top
from leaderboard_client.problems import Problem


class TopReader:
    """Reads in threads that end by themselves, so a client that is closed waits for none."""

    def __init__(self, base: str, *, timeout: float) -> None:
        """`base`: the API's URL; ValueError if it is not one. `timeout`: milliseconds."""
        self._base = base.rstrip("/")
        self._transport = Transport(base, timeout=timeout / 1000)
        self._known: dict[str, tuple[str, Snapshot]] = {}

    async def read(self, board: str) -> ReadSucceeded | ReadFailed:
        """Reads a board's top. Raises nothing.

        The thread of a read that is cancelled ends by itself within twice the timeout.
        """
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[ReadSucceeded | ReadFailed] = loop.create_future()

        def settle(outcome: ReadSucceeded | ReadFailed) -> None:
            if not answer.done():
                answer.set_result(outcome)

        def run() -> None:
            outcome = self._read(board)
            # The loop may be closed by then, and nobody waits any more.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(settle, outcome)

        threading.Thread(target=run, name=f"top of {board}", daemon=True).start()
        return await answer

    def _read(self, board: str) -> ReadSucceeded | ReadFailed:
        last = self._known.get(board)
        target = path("boards", board, "top")
        url = f"{self._base}{target}"
        headers = {"cache-control": "no-cache"}
        if last:
            headers["if-none-match"] = last[0]
        response = self._transport.send(
            Request(method="GET", url=target, read=Response.json, headers=headers)
        )
        if isinstance(response, NoResponse):
            return ReadFailed(board, failure=response.reason)
        if response.status == 304 and last:
            return ReadSucceeded(board, last[1])
        try:
            body = response.json()
        except (RecursionError, ValueError):
            failure = f"What {url} answered ({response.status}) is not JSON"
            return ReadFailed(board, failure=failure, foreign=_is_foreign(response.status))
        if not 200 <= response.status < 300:
            return _refusal(response, body, board, url=url)
        top = parse_top(body, board)
        if top is None:
            failure = f"What {url} answered is not a board"
            return ReadFailed(board, failure=failure, foreign=True)
        if etag := response.headers.get("etag"):
            self._known[board] = (etag, top)
        return ReadSucceeded(board, top)

    def close(self) -> None:
        """Closes the connections that no read uses."""
        self._transport.close()


def _is_foreign(status: int) -> bool:
    """Whether an answer that is not the service's means another site; a gateway that is busy or
    has lost its service gives such answers, too."""
    return status < 500 and status not in (408, 425, 429)


def _refusal(response: Response, body: Any, board: str, *, url: str) -> ReadFailed:
    """Why a read was refused. `body`: problem details, if the service itself wrote it."""
    wait = (retry_after(response.headers) or 0.0) * 1000
    code = body.get("code") if isinstance(body, dict) else None
    if not isinstance(code, str):
        failure = f"{url} answered {response.status}"
        foreign = _is_foreign(response.status)
        return ReadFailed(board, retry_after=wait, failure=failure, foreign=foreign)
    message = body.get("detail") or body.get("title") or code
    request_id = body.get("requestId")
    problem = Problem(
        code=code,
        message=str(message),
        board=board,
        request_id=None if request_id is None else str(request_id),
    )
    return ReadFailed(board, problem, wait)
