"""Boards over HTTP: their list and their tops, for anyone."""

from __future__ import annotations

from typing import Annotated

from aws_lambda_powertools.event_handler import Response, content_types
from aws_lambda_powertools.event_handler.openapi.params import Query

from handlers.http import BoardPath, Json, resolver, serve
from leaderboard import messages, wiring

MAX_LIMIT = 100

app = resolver()


@app.get("/boards")
def list_boards() -> Json:
    return wiring.reads().list()


@app.get("/boards/<board>/top")
def read_top(
    board: BoardPath,
    limit: Annotated[int | None, Query(ge=1, le=MAX_LIMIT)] = None,
    season: Annotated[str | None, Query(max_length=16)] = None,
) -> Response[str]:
    page = wiring.reads().top(board, season=season, limit=limit)
    tag = f'"{page.tag}"'
    headers = {"ETag": tag, "Cache-Control": "public, max-age=1"}
    held = app.current_event.headers.get("if-none-match", "")
    if held.strip() == "*" or tag in (it.strip().removeprefix("W/") for it in held.split(",")):
        return Response(status_code=304, headers=headers, body="")
    return Response(
        status_code=200,
        content_type=content_types.APPLICATION_JSON,
        headers=headers,
        body=messages.encode(page.body),
    )


handler = serve(app)
