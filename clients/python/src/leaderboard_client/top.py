"""Reads a board's top over HTTP. It remembers each ETag, so an unchanged top costs only a 304."""

from __future__ import annotations

import asyncio
import http.client
import json
import threading
import time
import urllib.error
import urllib.request
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from leaderboard_client.events import ReadFailed, ReadSucceeded
from leaderboard_client.frame import Snapshot, parse_top
from leaderboard_client.loopback import is_loopback
from leaderboard_client.problems import Problem

# A top of 100 entries has about 20 KB.
LARGEST_BODY = 1024 * 1024


class _UnusableAnswer(Exception):
    """The answer is too large, or comes too slowly."""


@dataclass(frozen=True, slots=True)
class _Response:
    """The whole answer to a request."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes


class TopReader:
    """Reads in threads, since the standard library's HTTP client blocks. It uses the proxies of the
    environment, except on loopback."""

    def __init__(self, base: str, *, timeout: float) -> None:
        """`base`: the API's URL; ValueError if it is not one. `timeout`: milliseconds."""
        if urlsplit(base).scheme not in ("http", "https"):
            raise ValueError(f"{base!r} is not an HTTP URL")
        self._base = base.rstrip("/")
        self._seconds = timeout / 1000
        proxies = urllib.request.ProxyHandler({} if is_loopback(base) else None)
        self._opener = urllib.request.build_opener(proxies)
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
        url = f"{self._base}/boards/{board}/top"
        try:
            response = self._get(url, last[0] if last else None)
        except (OSError, ValueError, http.client.HTTPException) as error:
            return ReadFailed(board, failure=f"{url} could not be reached ({error})")
        except _UnusableAnswer:
            return ReadFailed(board, failure=f"{url} answered too much or too slowly")
        if response.status == 304 and last:
            return ReadSucceeded(board, last[1])
        try:
            body = json.loads(response.body)
        except (RecursionError, ValueError):
            failure = f"What {url} answered ({response.status}) is not JSON"
            return ReadFailed(board, failure=failure)
        if not 200 <= response.status < 300:
            return _refusal(response, body, board, url=url)
        top = parse_top(body, board)
        if top is None:
            return ReadFailed(board, failure=f"What {url} answered is not a board")
        if etag := response.headers["ETag"]:
            self._known[board] = (etag, top)
        return ReadSucceeded(board, top)

    def _get(self, url: str, etag: str | None) -> _Response:
        headers = {"User-Agent": "leaderboard-client (Python)", "Cache-Control": "no-cache"}
        if etag:
            headers["If-None-Match"] = etag
        deadline = time.monotonic() + self._seconds
        request = urllib.request.Request(url, headers=headers)  # noqa: S310 - HTTP, see above
        try:
            response = self._opener.open(request, timeout=self._seconds)
        except urllib.error.HTTPError as error:
            response = error
        with response:
            body = bytearray()
            # In pieces: the timeout is for each of them, and a server may send very slowly.
            while piece := response.read1(LARGEST_BODY):
                body += piece
                if len(body) > LARGEST_BODY or time.monotonic() > deadline:
                    raise _UnusableAnswer
            return _Response(response.status, response.headers, bytes(body))


def _refusal(response: _Response, body: Any, board: str, *, url: str) -> ReadFailed:
    """Why a read was refused. `body`: problem details, if the service itself wrote it."""
    try:
        retry_after = max(0.0, float(response.headers["Retry-After"] or 0)) * 1000
    except ValueError:  # a date, which the service never sends
        retry_after = 0.0
    code = body.get("code") if isinstance(body, dict) else None
    if not isinstance(code, str):
        failure = f"{url} answered {response.status}"
        return ReadFailed(board, retry_after=retry_after, failure=failure)
    message = body.get("detail") or body.get("title") or code
    request_id = body.get("requestId")
    problem = Problem(
        code=code,
        message=str(message),
        board=board,
        request_id=None if request_id is None else str(request_id),
    )
    return ReadFailed(board, problem, retry_after)
