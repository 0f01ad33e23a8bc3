"""The pool of libcurl's handles: so many signed posts at a time, over kept connections."""

from __future__ import annotations

import hmac
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pycurl

from leaderboard.adapters.aws.clients import credentials

ALGORITHM = "AWS4-HMAC-SHA256"
SERVICE = "execute-api"
DEFAULT_PORTS = {"http": 80, "https": 443}


def digest(body: bytes) -> bytes:
    """A body as the signature has it."""
    return sha256(body).hexdigest().encode()


class Signer:
    """Signs posts to what is below `endpoint` with a key (`access_key`, `secret_key`, `token`).

    libcurl can sign, but derives the key from the secret again for every post and hashes slowly.
    Here the key is derived once a second, with the date, since the posts differ only in their path
    and their body. A frame to 10,000 viewers at 15 ms of latency takes 0.75 s of processor so, and
    0.91 s with AWS_SIGV4 (medians of five alternated runs of bench/reach.py on a busy machine,
    November 2026).

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
    """

    def __init__(self, endpoint: str, region: str, key: Any) -> None:
        at = urlsplit(endpoint)
        is_usual = at.port in {None, DEFAULT_PORTS.get(at.scheme)}
        self.host = f"{at.hostname}" if is_usual else f"{at.hostname}:{at.port}"
        self.begin = b"POST\n" + quote(at.path, safe="/~").encode()
        self.region = region
        self.key = key
        self.second = -1
        """The second, since the epoch, that the rest is made for."""
        self.fixed: tuple[bytes, ...] = ()
        self.end = b""
        self.authorization = b""
        self.to_sign = b""
        self.derived = b""

    def headers(self, path: bytes, body_digest: bytes) -> list[bytes]:
        """The headers of a post to `path` (percent-encoded, below the endpoint), made now."""
        now = int(time.time())
        if now != self.second:
            self._date(now)
        # Of a path that is encoded already, each % is encoded again.
        canonical = b"".join((self.begin, path.replace(b"%", b"%25"), self.end, body_digest))
        signature = hmac.digest(self.derived, self.to_sign + digest(canonical), "sha256")
        return [*self.fixed, self.authorization + signature.hex().encode()]

    def _date(self, now: int) -> None:
        """Make all that the posts of a second have in common."""
        date = f"{datetime.fromtimestamp(now, UTC):%Y%m%dT%H%M%SZ}"
        names_of_scope = (date[:8], self.region, SERVICE, "aws4_request")
        derived = f"AWS4{self.key.secret_key}".encode()
        for name in names_of_scope:
            derived = hmac.digest(derived, name.encode(), "sha256")
        scope = "/".join(names_of_scope)
        signed = {"Host": self.host, "X-Amz-Date": date}
        if self.key.token:
            signed["X-Amz-Security-Token"] = self.key.token
        names = ";".join(signed).lower()
        lines = "".join(f"{name.lower()}:{value}\n" for name, value in signed.items())
        self.fixed = tuple(f"{name}: {value}".encode() for name, value in signed.items())
        self.end = f"\n\n{lines}\n{names}\n".encode()
        self.authorization = (
            f"Authorization: {ALGORITHM} Credential={self.key.access_key}/{scope}, "
            f"SignedHeaders={names}, Signature="
        ).encode()
        self.to_sign = f"{ALGORITHM}\n{date}\n{scope}\n".encode()
        self.derived = derived
        self.second = now


CONNECTIONS = "/@connections/"
CONNECT_MS, POST_MS = 1000, 2000
"""How long a connection may take to open, and a post until it is answered."""
LOOK_SECONDS = 0.1
"""How long to wait for sockets at most: libcurl looks at its own clocks only when it is asked."""
SHORTEST_REST = 0.001
"""Seconds to sleep where libcurl has no socket to wait for."""
NO_TYPE = b"Content-Type:"
"""API Gateway takes no notice of it, and the SDK sends none; libcurl would call it a form."""
PLAIN = re.compile("[A-Za-z0-9_-]+=*")
"""Connection ids as API Gateway makes them."""


class HandlePool:
    """Posts to the connections below one endpoint; not for two threads at once.

    A handle is one post. Idle handles are used again, and so are libcurl's TCP connections. libcurl
    drives them itself (`perform`, then `select`): a frame to 10,000 viewers takes 0.75 s of
    processor so, and took 0.72 s with an event loop of our own over epoll (November 2026).
    """

    def __init__(self, endpoint: str, *, handles: int, region: str, ca_file: Path) -> None:
        self.url = f"{endpoint}{CONNECTIONS}".encode()
        self.region = region
        self.signer: Signer | None = None
        self.multi = pycurl.CurlMulti()
        self.multi.setopt(pycurl.M_MAXCONNECTS, handles)
        self.all = [_handle(ca_file) for _ in range(handles)]
        self.idle = list(self.all)
        self.bodies: dict[Any, bytes] = {}
        """The body that each handle has a copy of."""

    def sign(self) -> None:
        """Sign with the credentials of now: those of a role are replaced every few hours."""
        key = credentials()
        if self.signer is None or self.signer.key != key:
            self.signer = Signer(self.url.decode(), self.region, key)

    def start(self, connection_id: str, body: bytes, body_digest: bytes) -> Any:
        """Start a post on an idle handle, which is the answer."""
        assert self.signer
        handle = self.idle.pop()
        name = _quoted(connection_id)
        handle.setopt(pycurl.URL, self.url + name)
        handle.setopt(pycurl.HTTPHEADER, [*self.signer.headers(name, body_digest), NO_TYPE])
        if self.bodies.get(handle) is not body:
            handle.setopt(pycurl.POSTFIELDS, body)
            self.bodies[handle] = body
        self.multi.add_handle(handle)
        return handle

    def answers(self) -> Iterator[tuple[Any, int]]:
        """The handles whose posts are over, each with its status; 0 if there was no answer."""
        self.multi.perform()
        more = 1
        while more:
            more, answered, broken = self.multi.info_read()
            for handle in answered:
                self.end(handle)
                yield handle, handle.getinfo(pycurl.RESPONSE_CODE)
            for handle, _number, _reason in broken:
                self.end(handle)
                yield handle, 0

    def wait(self, seconds: float) -> None:
        """Wait until something can be read or written, so many seconds at most.

        `select` sees sockets with numbers below 1,024. A function may have no more files open.
        """
        if seconds > 0 and self.multi.select(min(seconds, LOOK_SECONDS)) == 0:
            time.sleep(SHORTEST_REST)  # with no socket to wait for it returns at once

    def end(self, handle: Any) -> None:
        """Take a handle back, whatever its post has come to."""
        self.multi.remove_handle(handle)
        self.idle.append(handle)

    def close(self) -> None:
        """Close all handles and connections."""
        for handle in self.all:
            handle.close()
        self.multi.close()


def _quoted(connection_id: str) -> bytes:
    """An id as part of a path; a plain one by a shorter way."""
    if PLAIN.fullmatch(connection_id):
        return connection_id.encode().replace(b"=", b"%3D")
    return quote(connection_id, safe="").encode()


def _handle(ca_file: Path) -> Any:
    handle = pycurl.Curl()
    handle.setopt(pycurl.POST, 1)
    handle.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
    handle.setopt(pycurl.CAINFO, str(ca_file))
    handle.setopt(pycurl.CONNECTTIMEOUT_MS, CONNECT_MS)
    handle.setopt(pycurl.TIMEOUT_MS, POST_MS)
    handle.setopt(pycurl.BUFFERSIZE, 4096)
    handle.setopt(pycurl.UPLOAD_BUFFERSIZE, 16384)
    handle.setopt(pycurl.NOSIGNAL, 1)
    handle.setopt(pycurl.TCP_KEEPALIVE, 1)
    handle.setopt(pycurl.WRITEFUNCTION, len)  # a refusal's text: the status says it
    return handle
