"""Boards over HTTP: their list, their tops and their rankings, for anyone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Annotated

from aws_lambda_powertools.event_handler import Response, content_types
from aws_lambda_powertools.event_handler.openapi.params import Query
from pydantic import Field

from handlers.http_api import (
    BoardPath,
    Json,
    QueryNumber,
    RequestBody,
    UserId,
    UserPath,
    resolver,
    serve,
)
from handlers.telemetry import count
from leaderboard import wiring
from leaderboard.boards.entries import encode

REFERENCE = Path(__file__).parent.parent / "docs" / "openapi.json"
MAX_LIMIT = 100
MAX_AROUND = 50
MAX_USERS = 100

# Caches in front of the service ask again after a second: what many read at once is read once.
CACHED = "public, max-age=1"

SeasonQuery = Annotated[str | None, Query(max_length=16)]

app = resolver()


class UsersRequest(RequestBody):
    user_ids: Annotated[
        list[UserId],
        Field(min_length=1, max_length=MAX_USERS, description="Doubles count once"),
    ]


@app.route("/boards", method=["GET", "HEAD"])
def list_boards() -> Response[str]:
    return _cached(wiring.reads().list())


@app.route("/boards/<board>/top", method=["GET", "HEAD"])
def read_top(
    board: BoardPath,
    limit: Annotated[QueryNumber | None, Query(ge=1, le=MAX_LIMIT)] = None,
    season: SeasonQuery = None,
) -> Response[str]:
    page = wiring.reads().top(wiring.asked(board, season), limit=limit)
    body = _counted(page.body)
    return _tagged(page.tag, lambda: encode(body), cached=CACHED)


@app.get("/boards/<board>/entries")
def list_entries(
    board: BoardPath,
    cursor: str | None = None,
    limit: Annotated[QueryNumber, Query(ge=1, le=MAX_LIMIT)] = 50,
    season: SeasonQuery = None,
) -> Response[str]:
    asked = wiring.asked(board, season)
    return _cached(wiring.reads().entries(asked, cursor=cursor, limit=limit))


@app.get("/boards/<board>/users/<user_id>")
def read_user(
    board: BoardPath,
    user_id: UserPath,
    around: Annotated[QueryNumber, Query(ge=0, le=MAX_AROUND)] = 5,
    season: SeasonQuery = None,
) -> Response[str]:
    return _cached(wiring.reads().user(wiring.asked(board, season), user_id, around=around))


@app.post("/boards/<board>/entries/query")
def query_entries(board: BoardPath, request: UsersRequest, season: SeasonQuery = None) -> Json:
    return _counted(wiring.reads().query(wiring.asked(board, season), request.user_ids))


@app.get("/openapi.json")
def read_reference() -> Response[str]:
    tag, text = reference()
    return _tagged(tag, lambda: text, cached="public, max-age=60")


@app.route("/health", method=["GET", "HEAD"])
def read_health() -> Response[str]:
    return Response(
        status_code=200,
        content_type=content_types.APPLICATION_JSON,
        headers={"Cache-Control": "no-store"},
        body=encode({"status": "ok"}),
    )


@cache
def reference() -> tuple[str, str]:
    """The API's description without the white space of the file, and what names its content."""
    text = encode(json.loads(REFERENCE.read_text(encoding="utf-8")))
    return hashlib.sha256(text.encode()).hexdigest()[:16], text


def _tagged(tag: str, body: Callable[[], str], *, cached: str) -> Response[str]:
    """The body, or a 304 for whoever has it."""
    quoted = f'"{tag}"'
    headers = {"ETag": quoted, "Cache-Control": cached}
    held = app.current_event.headers.get("if-none-match", "")
    if held.strip() == "*" or quoted in (it.strip().removeprefix("W/") for it in held.split(",")):
        return Response(status_code=304, headers=headers, body="")
    return Response(
        status_code=200,
        content_type=content_types.APPLICATION_JSON,
        headers=headers,
        body=body(),
    )


def _cached(body: Json) -> Response[str]:
    return Response(
        status_code=200,
        content_type=content_types.APPLICATION_JSON,
        headers={"Cache-Control": CACHED},
        body=encode(_counted(body)),
    )


def _counted(body: Json) -> Json:
    """Notes answers that came from the tables in the place of the cache."""
    count("ReadsDegraded", "degraded" in body)
    return body


handler = serve(app)
