"""Boards over HTTP: their list, their tops and their rankings, for anyone."""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Annotated

from aws_lambda_powertools.event_handler import Response, content_types
from aws_lambda_powertools.event_handler.openapi.params import Query
from pydantic import Field

from handlers import histories
from handlers.answers import (
    ADA,
    ALL_TIME,
    BOB,
    CYD,
    OF_BOARD,
    Json,
)
from handlers.board_answers import (
    BoardsJson,
    FoundJson,
    HealthJson,
    NeighbourhoodJson,
    PageJson,
    TopJson,
    UsersJson,
)
from handlers.caching import ONE_SECOND, TEN_SECONDS, cached, counted, tagged
from handlers.describing import describe
from handlers.fields import (
    BoardPath,
    NameBeginning,
    QueryNumber,
    RequestBody,
    SeasonQuery,
    UserId,
    UserPath,
)
from handlers.http_api import resolver, serve
from leaderboard import wiring
from leaderboard.boards.snapshots import encode
from leaderboard.errors import UserNotRanked

REFERENCE = Path(__file__).parent.parent / "docs" / "openapi.json"
MAX_LIMIT = 100
MAX_AROUND = 50
MAX_USERS = 100
MAX_FOUND = 50

Limit = Query(ge=1, le=MAX_LIMIT, description="How many entries at most")

app = resolver()
app.include_router(histories.router)


@app.route("/boards", method=["GET", "HEAD"])
@describe(
    answer=BoardsJson,
    cached=True,
    example={"boards": [ALL_TIME]},
)
def list_boards() -> Response[str]:
    """List the boards.

    Every board and pattern of `boards.yml`, with its rules, its current season and its pace. A
    board with `listed: false` is left out.
    """
    return cached(wiring.reads().list())


@app.route("/boards/<board>/top", method=["GET", "HEAD"])
@describe(
    answer=TopJson,
    tagged=True,
    cached=True,
    example={
        **OF_BOARD,
        "epoch": "k3v9",
        "version": 41,
        "total": 1204,
        "since": "2026-11-23T00:00:00.000Z",
        "entries": [{**CYD, "was": 2}, {**ADA, "was": 1}, {**BOB, "was": None}],
        "endsAt": None,
    },
)
def read_top(
    board: BoardPath,
    limit: Annotated[QueryNumber | None, Limit] = None,
    season: SeasonQuery = None,
) -> Response[str]:
    """Read the top.

    Up to the board's `topSize` (the default limit) it is the top as recorded, with its version, as
    subscribers of the WebSocket API see it; `total` is the ranking's as it is now. Past it it is
    the ranking as it is now, and `epoch` and `version` are null. A board without scores has
    `version` 0. Each entry's `was` is its rank in the top when the day began, null if it was not in
    it. The `ETag` names the content: send it back in `If-None-Match`, and an unchanged top
    is a 304 without a body.
    """
    page = wiring.reads().top(wiring.board_season(board, season), limit=limit)
    body = counted(page.body)
    return tagged(app, page.tag, lambda: encode(body), cache=ONE_SECOND)


@app.get("/boards/<board>/entries")
@describe(
    answer=PageJson,
    cached=True,
    example={
        **OF_BOARD,
        "entries": [CYD, ADA],
        "total": 1204,
        "nextCursor": "1i3vTx0mUCz3OTkw",
    },
)
def list_entries(
    board: BoardPath,
    cursor: Annotated[str | None, Query(description="`nextCursor` of the page before")] = None,
    limit: Annotated[QueryNumber, Limit] = 50,
    season: SeasonQuery = None,
) -> Response[str]:
    """Page through the ranking.

    From the beginning, or with a `cursor` from behind the last entry of the page that gave it out.
    A cursor is a position in the board's order, not a number of entries: a user who does not move
    meanwhile is shown exactly once, however the others move. It belongs to its board and season
    (send the same `season` along) and does not expire. Any other text is refused with a 422. Leave
    the cursor out to start again.
    """
    asked = wiring.board_season(board, season)
    return cached(wiring.reads().entries(asked, cursor=cursor, limit=limit))


@app.get("/boards/<board>/users/<user_id>")
@describe(
    answer=NeighbourhoodJson,
    refuses=[UserNotRanked],
    cached=True,
    example={
        **OF_BOARD,
        "entry": ADA,
        "total": 4,
        "percentile": 75.0,
        "around": [CYD, ADA, BOB],
    },
)
def read_user(
    board: BoardPath,
    user_id: UserPath,
    around: Annotated[
        QueryNumber,
        Query(ge=0, le=MAX_AROUND, description="How many neighbours on each side at most"),
    ] = 5,
    season: SeasonQuery = None,
) -> Response[str]:
    """Read a user's entry and its neighbours.

    The rank on the whole board, exact however many are ranked; the share of users at or below; and
    who stands around.
    """
    return cached(wiring.reads().user(wiring.board_season(board, season), user_id, around=around))


class UsersRequest(RequestBody):
    """The users to rank among themselves."""

    user_ids: Annotated[
        list[UserId],
        Field(min_length=1, max_length=MAX_USERS, description="Doubles count once"),
    ]


@app.post("/boards/<board>/entries/query")
@describe(
    answer=FoundJson,
    request={"userIds": ["bob", "ada", "eve"]},
    example={**OF_BOARD, "entries": [ADA, BOB], "unranked": ["eve"]},
)
def query_entries(board: BoardPath, request: UsersRequest, season: SeasonQuery = None) -> Json:
    """Rank some users among themselves.

    For friends, teams and guilds: the entries of up to 100 users in board order. Doubles count
    once. A request for reading, so it needs no token and may be repeated.
    """
    return counted(wiring.reads().query(wiring.board_season(board, season), request.user_ids))


@app.get("/users")
@describe(
    answer=UsersJson,
    cached=True,
    example={"users": [{"userId": "ada", "userName": "Ada"}]},
)
def find_users(
    name: NameBeginning,
    limit: Annotated[
        QueryNumber, Query(ge=1, le=MAX_FOUND, description="How many users at most")
    ] = 10,
) -> Response[str]:
    """Find users by the beginning of their names.

    Visible users whose name begins so, on whatever boards they are, or on none. Case and diacritics
    do not count: `mu` and `mü` both find `Müller` and `Muller`. Only names that somebody chose are
    found, not those that begin with `player-` and are made from the id. A rename, a hiding and a
    showing again may take some seconds to be seen here.
    """
    return cached(wiring.user_search().find(name, limit=limit), TEN_SECONDS)


@app.get("/openapi.json")
@describe(tagged=True)
def read_reference() -> Response[str]:
    """Read this document.

    OpenAPI 3.1.
    """
    tag, text = reference()
    return tagged(app, tag, lambda: text, cache="public, max-age=60")


@app.route("/health", method=["GET", "HEAD"])
@describe(answer=HealthJson, example={"status": "ok"})
def read_health() -> Response[str]:
    """Check whether the API answers.

    Asks neither the cache nor the tables.
    """
    return Response(
        status_code=200,
        content_type=content_types.APPLICATION_JSON,
        headers={"Cache-Control": "no-store"},
        body=encode({"status": "ok"}),
    )


@cache
def reference() -> tuple[str, str]:
    """A short text that names the content of the API's description, and the description without
    the file's white space."""
    text = encode(json.loads(REFERENCE.read_text(encoding="utf-8")))
    return hashlib.sha256(text.encode()).hexdigest()[:16], text


handler = serve(app)
