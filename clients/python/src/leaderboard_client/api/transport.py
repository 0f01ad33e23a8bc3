"""Sends requests, with urllib3: the one place of this package that knows HTTP's connections.

Why urllib3, and threads beneath the async client. The standard library has no pool of connections,
no async HTTP, and follows no proxy with a tunnel without much code of one's own. httpx has both
ways, but its last release is two years old and it brings six packages (3.7 MB); urllib3 has
releases all year, brings none (1 MB), and costs the same 50 ms to import. An async client could
have one thread less for each request that is under way; a server has at most a few dozen of them.
"""

from __future__ import annotations

import time
import urllib.request
from typing import Any
from urllib.parse import urlsplit

import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    ProxyError,
    ReadTimeoutError,
)

from leaderboard_client.api.exchange import NoResponse, Request, Response
from leaderboard_client.loopback import is_loopback

# A page of 100 entries has about 20 KB.
LARGEST_BODY = 4 * 1024 * 1024
PIECE = 64 * 1024
CONNECTIONS = 32
"""That are kept open to one host; more are opened while they are needed."""
MOST_CAUSES = 8
AGENT = "leaderboard-client (Python)"
REDIRECTS = urllib3.Retry(total=None, connect=0, read=0, status=0, other=0, redirect=3)
"""Reads follow redirects, for an API that has moved. What is tried again is decided elsewhere."""


class _Unusable(Exception):
    """The answer is too large, or comes too slowly."""


class Transport:
    """Connections that are used again. Safe for many threads. It uses the proxies of the
    environment, except on loopback."""

    def __init__(self, base: str, *, timeout: float) -> None:
        """`base`: the API's URL; ValueError if it is not one. `timeout`: seconds for a request."""
        _check(base)
        self._base = base.rstrip("/")
        self._timeout = timeout
        self._pools: dict[str | None, urllib3.PoolManager] = {}

    def send(self, request: Request[Any]) -> Response | NoResponse:
        """The whole answer to a request. Raises nothing but ValueError for what is no URL."""
        url = f"{self._base}{request.url}" if request.url.startswith("/") else request.url
        _check(url)
        seconds = self._timeout if request.timeout is None else request.timeout
        try:
            return self._exchange(request, url, seconds)
        except _Unusable:
            reason = f"{url} answered too much or too slowly"
            return NoResponse(reason, unsent=False, timed_out=True)
        except (HTTPError, OSError, ValueError) as raised:
            error = (raised.reason or raised) if isinstance(raised, MaxRetryError) else raised
            reason = f"{url} could not be reached ({_cause(error)})"
            is_late = isinstance(error, ReadTimeoutError)
            return NoResponse(reason, unsent=_is_unsent(error), error=error, timed_out=is_late)

    def close(self) -> None:
        """Closes the connections that are open and unused."""
        for pool in self._pools.values():
            pool.clear()

    def _exchange(self, request: Request[Any], url: str, seconds: float) -> Response:
        deadline = time.monotonic() + seconds
        response = self._pool(url).request(
            request.method,
            url,
            body=request.body,
            headers={"user-agent": AGENT, "accept-encoding": "gzip", **request.headers},
            timeout=urllib3.Timeout(total=seconds),
            retries=REDIRECTS if request.method == "GET" and not request.signed else False,
            preload_content=False,
        )
        try:
            body = bytearray()
            # In pieces: the timeout is for each of them, and a server may send very slowly.
            while piece := response.read1(PIECE, decode_content=True):
                body += piece
                if len(body) > LARGEST_BODY or time.monotonic() > deadline:
                    raise _Unusable
            if response.length_remaining:
                raise _Unusable
        except BaseException:
            response.close()
            raise
        response.release_conn()
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Response(response.status, headers, bytes(body))

    def _pool(self, url: str) -> urllib3.PoolManager:
        proxy = None if is_loopback(url) else _proxy(url)
        if proxy not in self._pools:
            options: Any = {"maxsize": CONNECTIONS}
            self._pools[proxy] = (
                urllib3.ProxyManager(proxy, **options) if proxy else urllib3.PoolManager(**options)
            )
        return self._pools[proxy]


def _check(url: str) -> None:
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise ValueError(f"{url!r} is not an HTTP URL")


def _proxy(url: str) -> str | None:
    parts = urlsplit(url)
    if urllib.request.proxy_bypass(parts.hostname or ""):
        return None
    return urllib.request.getproxies().get(parts.scheme)


def _is_unsent(error: Exception) -> bool:
    """Whether the connection was never made."""
    if isinstance(error, ProxyError):
        error = error.original_error
    return isinstance(error, ConnectTimeoutError | NameResolutionError | NewConnectionError)


def _cause(error: BaseException) -> str:
    """The last cause, which is the operating system's own word for it."""
    for _ in range(MOST_CAUSES):
        if error.__cause__ is None:
            break
        error = error.__cause__
    return str(error) or type(error).__name__
