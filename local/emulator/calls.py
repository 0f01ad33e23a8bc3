"""Calls of AWS's APIs to the emulator, from within its own process: no socket is between."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from local.emulator.asgi import Application, Message, Scope


class EmulatorRefused(Exception):
    """The emulator refused a call; `code` is AWS's name for the reason."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{code}: {text}")
        self.code = code


class FunctionFailed(Exception):
    """A function raised, exited or took too long; the text is its error."""


@dataclass(frozen=True, slots=True)
class Calls:
    """Asks the application as AWS's SDKs would; raises CallFailed."""

    application: Application
    host: str
    access_key_id: str
    region: str

    async def ask(self, service: str, operation: str, **parameters: object) -> Any:
        """One operation of an API with a JSON protocol; `service` as the SDKs' target names it."""
        target = (b"x-amz-target", f"{service}.{operation}".encode())
        _, body = await self._send("POST", "/", [target], json.dumps(parameters).encode())
        return json.loads(body)

    async def mappings(self) -> list[dict[str, Any]]:
        """The event source mappings that are deployed."""
        _, body = await self._send("GET", "/2015-03-31/event-source-mappings/", [], b"")
        found: list[dict[str, Any]] = json.loads(body)["EventSourceMappings"]
        return found

    async def invoke(self, function: str, event: object) -> object:
        """What the function returns. Raises FunctionFailed."""
        path = f"/2015-03-31/functions/{function}/invocations"
        headers, body = await self._send("POST", path, [], json.dumps(event).encode())
        if b"x-amz-function-error" in headers:
            raise FunctionFailed(body.decode(errors="replace"))
        return json.loads(body) if body else None

    async def _send(
        self, method: str, path: str, headers: list[tuple[bytes, bytes]], body: bytes
    ) -> tuple[set[bytes], bytes]:
        service = "lambda" if path.startswith("/2015") else "dynamodb"
        credential = f"{self.access_key_id}/20261123/{self.region}/{service}/aws4_request"
        scope: Scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "scheme": "http",
            "method": method,
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "client": ("127.0.0.1", 0),
            "headers": [
                (b"host", self.host.encode()),
                (b"content-type", b"application/x-amz-json-1.0"),
                (b"content-length", b"%d" % len(body)),
                (b"authorization", f"AWS4-HMAC-SHA256 Credential={credential}".encode()),
                *headers,
            ],
        }
        requests: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]
        answers: list[Message] = []

        async def receive() -> Message:
            return requests.pop() if requests else {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            answers.append(message)

        await self.application(scope, receive, send)
        start, *parts = answers
        answer = b"".join(part.get("body", b"") for part in parts)
        if start["status"] >= 300:
            raise _failure(answer)
        return {name.lower() for name, _ in start["headers"]}, answer


def _failure(answer: bytes) -> EmulatorRefused:
    text = answer.decode(errors="replace")
    try:
        said = json.loads(text)
    except ValueError:
        return EmulatorRefused("Unknown", text)
    code = str(said.get("__type", "Unknown")).rpartition("#")[2]
    return EmulatorRefused(code, str(said.get("message", said.get("Message", text))))
