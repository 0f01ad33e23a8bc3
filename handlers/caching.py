"""Answers that a browser or a CDN may keep for a moment, and answers to `If-None-Match`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response, content_types

from handlers.telemetry import count
from leaderboard.boards.snapshots import encode

Json = dict[str, Any]

ONE_SECOND = "public, max-age=1"
"""Caches in front of the service ask again after it: what many read at once is read once."""
TEN_SECONDS = "public, max-age=10"
"""For what costs more and moves less. A user who is hidden may be found for so much longer."""


def cached(body: Json, cache: str = ONE_SECOND) -> Response[str]:
    """An answer that may be kept for a moment; `cache` is its `Cache-Control`."""
    return Response(
        status_code=200,
        content_type=content_types.APPLICATION_JSON,
        headers={"Cache-Control": cache},
        body=encode(counted(body)),
    )


def tagged(
    app: APIGatewayHttpResolver, tag: str, body: Callable[[], str], *, cache: str
) -> Response[str]:
    """The body under an `ETag`, or a 304 for who has it; `cache` is its `Cache-Control`."""
    quoted = f'"{tag}"'
    headers = {"ETag": quoted, "Cache-Control": cache}
    held = app.current_event.headers.get("if-none-match", "")
    if held.strip() == "*" or quoted in (it.strip().removeprefix("W/") for it in held.split(",")):
        return Response(status_code=304, headers=headers, body="")
    return Response(
        status_code=200,
        content_type=content_types.APPLICATION_JSON,
        headers=headers,
        body=body(),
    )


def counted(body: Json) -> Json:
    """The answer; one that came from the tables in place of the cache is counted."""
    count("ReadsDegraded", "degraded" in body)
    return body
