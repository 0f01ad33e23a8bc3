"""Events as the gateway sends them, and what a function sees of its invocation."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus, urlencode

from leaderboard import clock

Json = dict[str, Any]


@dataclass(frozen=True)
class Invocation:
    function_name: str = "function"
    function_version: str = "$LATEST"
    invoked_function_arn: str = "arn:aws:lambda:eu-central-1:123456789012:function:function"
    memory_limit_in_mb: int = 1024
    aws_request_id: str = "invocation"
    log_group_name: str = "group"
    log_stream_name: str = "stream"

    def get_remaining_time_in_millis(self) -> int:
        return 10_000


CONTEXT: Any = Invocation()


def request(
    route: str,
    *,
    path: Mapping[str, str] | None = None,
    query: str | Mapping[str, Any] = "",
    body: str | Json | None = None,
    headers: Mapping[str, str] | None = None,
    user: str | None = None,
    base64: bool = False,
) -> Json:
    """An event of the HTTP API, payload 2.0."""
    method, _, template = route.partition(" ")
    text = query if isinstance(query, str) else urlencode(query, doseq=True)
    parameters: dict[str, str] = {}
    for pair in filter(None, text.split("&")):
        name, value = (unquote_plus(it) for it in pair.partition("=")[::2])
        # The gateway joins what is given twice with a comma.
        parameters[name] = f"{parameters[name]},{value}" if name in parameters else value
    raw = template
    for name, value in (path or {}).items():
        raw = raw.replace(f"{{{name}}}", value)
    event: Json = {
        "version": "2.0",
        "routeKey": route,
        "rawPath": raw,
        "rawQueryString": text,
        "headers": {"content-type": "application/json", **(headers or {})},
        "pathParameters": dict(path or {}),
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "api",
            "http": {
                "method": method,
                "path": raw,
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": "test",
            },
            "requestId": "request-1",
            "routeKey": route,
            "stage": "$default",
            "time": "23/Nov/2026:08:00:00 +0000",
            "timeEpoch": clock.machine_ms(),
        },
        "isBase64Encoded": base64,
    }
    if parameters:
        event["queryStringParameters"] = parameters
    if body is not None:
        event["body"] = body if isinstance(body, str) else json.dumps(body)
    if user is not None:
        claims = {"sub": user, "auth_time": str(clock.machine_ms() // 1000)}
        event["requestContext"]["authorizer"] = {"jwt": {"claims": claims, "scopes": []}}
    return event


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Json
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


def answered(response: Json) -> Answer:
    headers = {name.lower(): value for name, value in (response.get("headers") or {}).items()}
    return Answer(response["statusCode"], headers, response.get("body") or "")


def frame(connection_id: str, body: Json | str | None, kind: str = "MESSAGE") -> Json:
    """An event of the WebSocket API."""
    text = body if isinstance(body, str) or body is None else json.dumps(body)
    return {
        "requestContext": {
            "connectionId": connection_id,
            "eventType": kind,
            "requestId": "request-1",
            "routeKey": "$default",
        },
        "body": text,
        "isBase64Encoded": False,
    }


def stream_record(
    sequence: int, keys: Json, new: Json | None, old: Json | None = None, *, name: str = ""
) -> Json:
    """A record of a table's stream, as Lambda hands it over."""
    change: Json = {
        "Keys": keys,
        "SequenceNumber": str(100_000_000_000_000_000_000 + sequence),
        "SizeBytes": 100,
        "StreamViewType": "NEW_AND_OLD_IMAGES" if old else "NEW_IMAGE",
        "ApproximateCreationDateTime": 1795420800,
    }
    if new is not None:
        change["NewImage"] = new
    if old is not None:
        change["OldImage"] = old
    return {
        "eventID": f"event-{sequence}",
        "eventName": name or ("MODIFY" if old else "INSERT"),
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "eu-central-1",
        "eventSourceARN": "arn:aws:dynamodb:eu-central-1:123456789012:table/t/stream/now",
        "dynamodb": change,
    }
