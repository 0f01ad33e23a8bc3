"""Sends the SDK's requests through libcurl, which also signs them. The SDK still builds requests,
retries and parses answers.

A call ends when the time of its caller is over. The SDK's own HTTP client cannot do that
for one call: its timeouts are fixed with the client. It also saves time. A read and a conditional
write, as a score takes them, cost 0.8 ms of processor so and 1.5 ms over the SDK's own client (at
5 ms of latency 12.4 and 13.9 ms in all; medians of four alternated runs of 200, November 2026).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

import pycurl
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import (
    BotoCoreError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    ReadTimeoutError,
    SSLError,
)

from leaderboard import retries
from leaderboard.adapters.aws.clients import CA_FILE, credentials

AGENT = "User-Agent"

UNREACHED = {pycurl.E_COULDNT_CONNECT, pycurl.E_COULDNT_RESOLVE_HOST}
BROKEN = {
    pycurl.E_GOT_NOTHING,
    pycurl.E_HTTP2,
    pycurl.E_PARTIAL_FILE,
    pycurl.E_RECV_ERROR,
    pycurl.E_SEND_ERROR,
}
DISTRUSTED = {
    pycurl.E_PEER_FAILED_VERIFICATION,
    pycurl.E_SSL_CACERT_BADFILE,
    pycurl.E_SSL_CONNECT_ERROR,
}


PAUSE_SECONDS = 2.0
"""What the SDK may pause before it tries a call for the last time."""


class OutOfTime(BotoCoreError):
    """The caller waits no longer: a call that the SDK does not try again."""

    fmt = "The time for an answer is over: {endpoint_url}"


def use_libcurl(client: Any, *, connect_seconds: float, read_seconds: float) -> None:
    """Let a client of the SDK, made without a signature, send its requests so.

    Their bodies are in memory. What a handler of `before-send` returns is the answer, and what it
    raises is treated like an error of the SDK's own HTTP client: retried if it may pass.
    """
    meta = client.meta
    transport = Transport(
        scope=f"aws:amz:{meta.region_name}:{meta.service_model.signing_name}",
        connect_seconds=connect_seconds,
        read_seconds=read_seconds,
    )
    service = meta.service_model.service_id.hyphenize()
    meta.events.register_first(f"before-send.{service}", transport.on_before_send)


@dataclass(frozen=True, slots=True)
class ResponseBody:
    """An answer's body as the SDK reads it."""

    content: bytes

    def stream(self) -> Iterator[bytes]:
        """The body in one piece."""
        yield self.content


@dataclass(frozen=True)
class Transport:
    """Takes the place of the SDK's HTTP client; safe across threads, a connection for each.

    `scope` is what libcurl signs for: the provider, the region and the service.
    """

    scope: str
    connect_seconds: float
    read_seconds: float
    idle: list[Any] = field(default_factory=list)
    """Handles with an open connection, which no thread uses now."""

    def on_before_send(self, request: AWSPreparedRequest, **_event: Any) -> AWSResponse:
        """The handler of the SDK's event."""
        return self.send(request)

    def send(self, request: AWSPreparedRequest) -> AWSResponse:
        """The answer, whatever its status; raises the SDK's own errors for what breaks before.

        Raises OutOfTime for what breaks when there is no time left to try again.
        """
        seconds = min(self.connect_seconds + self.read_seconds, retries.seconds_left())
        if seconds <= 0:
            raise OutOfTime(endpoint_url=request.url)
        handle = self._handle()
        handle.setopt(pycurl.TIMEOUT_MS, math.ceil(1000 * seconds))
        body, head = BytesIO(), BytesIO()
        handle.setopt(pycurl.CUSTOMREQUEST, request.method)
        handle.setopt(pycurl.URL, request.url)
        key = credentials()
        token = [f"X-Amz-Security-Token: {key.token}"] if key.token else []
        lines = [
            f"{name}: {_text(value)}" for name, value in request.headers.items() if name != AGENT
        ]
        handle.setopt(pycurl.HTTPHEADER, [*lines, *token, "Expect:"])
        # Not one of the headers that libcurl signs: a proxy may change it.
        handle.setopt(pycurl.USERAGENT, _text(request.headers.get(AGENT, "")))
        handle.setopt(pycurl.USERNAME, key.access_key)
        handle.setopt(pycurl.PASSWORD, key.secret_key)
        handle.setopt(pycurl.POSTFIELDS, request.body or b"")
        handle.setopt(pycurl.WRITEFUNCTION, body.write)
        handle.setopt(pycurl.HEADERFUNCTION, head.write)
        try:
            handle.perform()
        except pycurl.error as error:
            connected = handle.getinfo(pycurl.CONNECT_TIME) > 0
            handle.close()
            if retries.seconds_left() < PAUSE_SECONDS:
                raise OutOfTime(endpoint_url=request.url) from error
            raise self._translated(error, request, connected=connected) from error
        status = handle.getinfo(pycurl.RESPONSE_CODE)
        self.idle.append(handle)
        headers: Any = _headers(head.getvalue())
        return AWSResponse(request.url, status, headers, ResponseBody(body.getvalue()))

    def close(self) -> None:
        """Close the connections that no call uses."""
        while self.idle:
            self.idle.pop().close()

    def _handle(self) -> Any:
        try:
            return self.idle.pop()
        except IndexError:
            handle = pycurl.Curl()
            handle.setopt(pycurl.AWS_SIGV4, self.scope)
            handle.setopt(pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_1_1)
            handle.setopt(pycurl.CAINFO, str(CA_FILE))
            handle.setopt(pycurl.NOSIGNAL, 1)
            handle.setopt(pycurl.TCP_KEEPALIVE, 1)
            handle.setopt(pycurl.CONNECTTIMEOUT_MS, round(1000 * self.connect_seconds))
            return handle

    def _translated(
        self, error: pycurl.error, request: AWSPreparedRequest, *, connected: bool
    ) -> Exception:
        code = error.args[0]
        if code == pycurl.E_OPERATION_TIMEDOUT:
            timeout = ReadTimeoutError if connected else ConnectTimeoutError
            return timeout(endpoint_url=request.url, error=error)
        if code in UNREACHED:
            return EndpointConnectionError(endpoint_url=request.url, error=error)
        if code in BROKEN:
            return ConnectionClosedError(endpoint_url=request.url, error=error, request=request)
        if code in DISTRUSTED:
            return SSLError(endpoint_url=request.url, error=error)
        return HTTPClientError(error=error)


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _headers(head: bytes) -> dict[str, str]:
    """The headers of the last answer in what the server wrote before the body."""
    lines = head.decode("latin-1").rstrip("\r\n").rpartition("\r\n\r\n")[2].split("\r\n")[1:]
    pairs = (line.partition(":") for line in lines)
    return {name: value.strip() for name, _, value in pairs}
