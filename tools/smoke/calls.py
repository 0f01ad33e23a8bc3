"""HTTP as the service's users speak it, with errors that say what to do."""

from __future__ import annotations

import base64
import json
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import urllib3

from leaderboard_client.loopback import is_loopback
from tools.smoke.steps import StepFailed, in_thread
from tools.stage import Client

Json = dict[str, Any]

TIMEOUT = urllib3.Timeout(connect=5.0, read=30.0)


@dataclass(frozen=True, slots=True)
class Reply:
    what: str
    status: int
    headers: Mapping[str, str]
    data: bytes

    @property
    def body(self) -> Json:
        """Raises StepFailed for what is no JSON object."""
        try:
            body = json.loads(self.data) if self.data else {}
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise StepFailed(f"{self.what} answered {self.status} with something other than JSON")
        return body

    def expect(self, status: int) -> Json:
        """The body. Raises StepFailed for another status."""
        if self.status != status:
            raise StepFailed(
                f"{self.what} answered {self.status} instead of {status}: {self.reason}"
            )
        return self.body

    @property
    def reason(self) -> str:
        """What the service, or the gateway before it, has to say."""
        try:
            body = self.body
        except StepFailed:
            return self.data[:80].decode(errors="replace")
        said = [str(body[it]) for it in ("code", "detail", "message", "error") if it in body]
        return ": ".join(said) or "no reason"


class Calls:
    """Requests to one address."""

    def __init__(self, base: str) -> None:
        self._base = base
        proxy = None if is_loopback(base) else _proxy(base)
        options: Mapping[str, Any] = {"retries": False, "timeout": TIMEOUT}
        self._pool = (
            urllib3.ProxyManager(proxy, **options) if proxy else urllib3.PoolManager(**options)
        )

    async def call(
        self, method: str, path: str, *, token: str | None = None, body: Json | None = None
    ) -> Reply:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        if body is not None:
            headers["content-type"] = "application/json"
        data = None if body is None else json.dumps(body).encode()
        return await self._request(method, path, headers=headers, data=data)

    async def token(self, client: Client, scope: str) -> str:
        """A client-credentials token; the base is the token's address."""
        secret = base64.b64encode(f"{client.id}:{client.secret}".encode()).decode()
        answer = await self._request(
            "POST",
            "",
            headers={
                "authorization": f"Basic {secret}",
                "content-type": "application/x-www-form-urlencoded",
            },
            data=urlencode({"grant_type": "client_credentials", "scope": scope}).encode(),
        )
        return str(answer.expect(200)["access_token"])

    async def _request(
        self, method: str, path: str, *, headers: Mapping[str, str], data: bytes | None
    ) -> Reply:
        url = f"{self._base}{path}"
        sent = {"user-agent": "leaderboard-smoke", "cache-control": "no-cache", **headers}
        try:
            answer = await in_thread(
                lambda: self._pool.request(method, url, body=data, headers=sent)
            )
        except urllib3.exceptions.HTTPError as error:
            if isinstance(error, urllib3.exceptions.ReadTimeoutError):
                raise StepFailed(f"{method} {url} was not answered in time") from error
            raise StepFailed(f"nothing answers at {url} ({_cause(error)})") from error
        return Reply(f"{method} {path or url}", answer.status, answer.headers, answer.data)


def _proxy(url: str) -> str | None:
    parts = urlsplit(url)
    if urllib.request.proxy_bypass(parts.hostname or ""):
        return None
    return urllib.request.getproxies().get(parts.scheme)


def _cause(error: BaseException) -> str:
    """The last cause, which is the operating system's own word for it."""
    while error.__cause__ is not None:
        error = error.__cause__
    return str(error)
