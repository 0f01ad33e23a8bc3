"""Histories over HTTP: the lines that explain a user's score, for anyone."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypedDict

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from pydantic import Field

from handlers.answers import LATER, MOMENT, OF_BOARD, BoardId, SeasonName
from handlers.caching import cached
from handlers.describing import describe
from handlers.fields import BoardPath, QueryNumber, SeasonQuery, UserPath
from leaderboard import wiring
from leaderboard.boards.rules import MAX_SCORE
from leaderboard.boards.snapshots import Instant, UserScore
from leaderboard.errors import UserNotRanked

MAX_LINES = 100

Json = dict[str, Any]

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]


class LineJson(TypedDict):
    """One accepted write of a user's score."""

    at: Annotated[Instant, Field(description="When the write was accepted")]
    userScore: Annotated[
        UserScore | None, Field(description="The score after it; null: the score was removed")
    ]
    delta: Annotated[
        int,
        Field(
            ge=-2 * MAX_SCORE,
            le=2 * MAX_SCORE,
            description="What the write added: the score after it less the score before it. No "
            "score counts as 0",
            examples=[10],
        ),
    ]
    rank: Annotated[
        int | None,
        Field(
            ge=1,
            description="The rank that the write brought; null where a later write overtook it, "
            "and where the ranking could not say it in time",
        ),
    ]
    cause: Annotated[
        Literal["action", "trusted_write", "removal"],
        Field(description="Who made it: a player, a game server, or who took the score away"),
    ]


class HistoryJson(TypedDict):
    """A page of the lines that explain a user's score."""

    board: BoardId
    season: SeasonName
    lines: Annotated[list[LineJson], Field(description="Newest first")]
    nextCursor: Annotated[
        str | None, Field(description="To be sent as `cursor` for older lines; null at the end")
    ]


@router.get("/boards/<board>/users/<user_id>/history")
@describe(
    answer=HistoryJson,
    refuses=[UserNotRanked],
    cached=True,
    example={
        **OF_BOARD,
        "lines": [
            {"at": LATER, "userScore": 990, "delta": 10, "rank": 2, "cause": "action"},
            {"at": MOMENT, "userScore": 980, "delta": 480, "rank": 3, "cause": "trusted_write"},
        ],
        "nextCursor": None,
    },
)
def read_history(
    board: BoardPath,
    user_id: UserPath,
    cursor: Annotated[str | None, Query(description="`nextCursor` of the page before")] = None,
    limit: Annotated[
        QueryNumber, Query(ge=1, le=MAX_LINES, description="How many lines at most")
    ] = 50,
    season: SeasonQuery = None,
) -> Response[str]:
    """Read a user's history.

    One line for each accepted write of the score, newest first. A line's `userScore` less its
    `delta` is the `userScore` of the line before it, where no score counts as 0. A line follows
    its write within seconds, and is kept for the board's `historyDays`; a board with
    `historyDays: 0` has no lines. Only who is on the board has a history.
    """
    asked = wiring.board_season(board, season)
    return cached(wiring.histories().page(asked, user_id, cursor=cursor, limit=limit))
