"""What the routes answer, as models with the words of the contract."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from pydantic.json_schema import SkipJsonSchema

from leaderboard.boards.names import BOARD, MAX_NAME, USER_ID
from leaderboard.boards.rules import MAX_SCORE

Json = dict[str, Any]
MOMENT = "2026-11-23T08:15:30.123Z"

Instant = Annotated[
    str,
    Field(
        description="RFC 3339, UTC, with milliseconds",
        pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$",
        examples=[MOMENT],
        json_schema_extra={"format": "date-time"},
    ),
]
UserId = Annotated[str, Field(pattern=f"^{USER_ID.pattern}$", examples=["ada"])]
BoardId = Annotated[str, Field(pattern=f"^{BOARD.pattern}$", examples=["global"])]
UserName = Annotated[str, Field(min_length=1, max_length=MAX_NAME, examples=["Ada"])]
Score = Annotated[int, Field(ge=-MAX_SCORE, le=MAX_SCORE, examples=[990])]
SeasonName = Annotated[
    str,
    Field(
        description="`all`, or by the board's schedule `2026-11-23`, `2026-W48`, `2026-11`",
        examples=["all"],
    ),
]
Total = Annotated[
    int, Field(ge=0, description="How many users are ranked, at least", examples=[1204])
]
Degraded = Annotated[
    Literal[True],
    Field(description="Only there if the answer is from the tables, since the ranking is away"),
]


class Answer(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class Entry(Answer):
    """A user's line on a board."""

    rank: Annotated[
        int | None, Field(ge=1, description="The position in the board's order: 1, 2, 3, 4")
    ]
    place: Annotated[int | None, Field(ge=1, description="Shared by equal scores: 1, 2, 2, 4")]
    user_id: UserId
    user_name: UserName
    user_score: Score
    score_updated_at: Annotated[
        Instant, Field(description="When this score was reached: it moves only when the score does")
    ]


class Season(Answer):
    """A time window of a board, in UTC."""

    season: SeasonName
    starts_at: Instant | None
    ends_at: Annotated[Instant | None, Field(description="The first instant that is not in it")]


class JudgedPoints(Answer):
    """Points that the service computes from the player's evidence: from `min` to `max`."""

    min: int
    max: int


class Action(Answer):
    """What completing an action is worth, and when its ticket is good."""

    points: int | JudgedPoints
    evidence: Annotated[
        bool, Field(description="Whether the action is completed with evidence, which is judged")
    ]
    min_seconds: Annotated[int, Field(ge=0)]
    expires_seconds: Annotated[int, Field(ge=1)]


class Format(Answer):
    """`duration`: the score is milliseconds."""

    kind: Literal["number", "duration", "percent"]
    decimals: Annotated[int | SkipJsonSchema[None], Field(ge=0)] = None
    unit: str | SkipJsonSchema[None] = None


class Board(Answer):
    """A board's rules; a pattern is listed with its `*` and stands for every id that it matches."""

    board: Annotated[str, Field(pattern=r"^[a-z0-9*-]{1,48}$", examples=["global"])]
    title: str
    order: Literal["desc", "asc"]
    operator: Literal["increment", "best", "latest"]
    top_size: Annotated[int, Field(ge=1, le=100)]
    season: Annotated[Season, Field(description="The current one")]
    actions: dict[str, Action]
    format: Annotated[Format, Field(description="How people read a score")]
    frame_interval_ms: Annotated[
        int, Field(ge=0, description="Milliseconds between updates over the socket, at present")
    ]
    viewers: Annotated[
        int | None,
        Field(ge=0, description="How many followed the board at its last update; null: not known"),
    ]


class Boards(Answer):
    boards: list[Board]


class Health(Answer):
    status: Literal["ok"]


class OfBoard(Answer):
    board: BoardId
    degraded: Degraded = True  # beside `board`, and left out where it is not so
    season: SeasonName


class Top(OfBoard):
    """The first entries of a board."""

    epoch: Annotated[
        str | None,
        Field(description="Names the counter of versions; null before the first, and past topSize"),
    ]
    version: Annotated[
        int | None,
        Field(ge=0, description="Moves by 1 with each recorded change; null past topSize"),
    ]
    total: Total
    entries: list[Entry]
    ends_at: Annotated[Instant | None, Field(description="When the season ends")]


class Page(OfBoard):
    """Entries one after the other."""

    entries: list[Entry]
    total: Total
    next_cursor: Annotated[
        str | None, Field(description="To be sent as `cursor` for what follows; null at the end")
    ]


class Neighbourhood(OfBoard):
    """A user's entry, and who stands around it."""

    entry: Entry
    total: Total
    percentile: Annotated[
        float | None,
        Field(
            gt=0,
            le=100,
            description="100 × (total − place + 1) / total: the share of the ranked users that "
            "stand at this place or below it. Not rounded; the first place alone has 100",
        ),
    ]
    around: Annotated[
        list[Entry], Field(description="The user and up to `around` on each side, in board order")
    ]


class Found(OfBoard):
    """Those asked for, among themselves."""

    entries: Annotated[
        list[Entry],
        Field(description="In board order; `rank` and `place` are those on the whole board"),
    ]
    unranked: Annotated[
        list[UserId], Field(description="Who has no entry, in the order asked for, each once")
    ]


class OwnScore(Answer):
    board: BoardId
    season: SeasonName
    user_score: Score
    score_updated_at: Instant


class OwnScores(Answer):
    user_id: UserId
    user_name: UserName
    scores: Annotated[list[OwnScore], Field(description="Current seasons first")]


class Name(Answer):
    user_id: UserId
    user_name: UserName


class Ticket(Answer):
    """A signed permission to complete one action once."""

    ticket: Annotated[str, Field(description="Opaque; send it back as it is")]
    action: str
    points: int | JudgedPoints
    challenge: Annotated[
        Any, Field(description="What the game asks; only there if the action has a challenge")
    ] = None
    not_before: Instant
    expires_at: Instant


class SocketTicket(Answer):
    """A signed permission to open one authenticated socket, for 60 seconds."""

    ticket: Annotated[str, Field(description="Opaque; goes into the socket's URL as `?ticket=`")]
    expires_at: Instant


class ScoreEntry(Answer):
    user_id: UserId
    user_name: UserName
    user_score: Score
    score_updated_at: Instant


class Outcome(Answer):
    """What a write came to."""

    entry: Annotated[
        ScoreEntry | None,
        Field(description="The score after the write; null while the player has none"),
    ]
    changed: Annotated[bool, Field(description="Whether the score moved")]
    replayed: Annotated[
        bool, Field(description="Whether this is the first answer again: nothing was written now")
    ]


class ErrorPlace(Answer):
    path: Annotated[str, Field(description="Where in the request", examples=["body.userName"])]
    message: str


class Result(Answer):
    """What became of one submission: an outcome, or the code of its error."""

    status: Annotated[int, Field(ge=200, le=599, description="As of a request of its own")]
    entry: ScoreEntry | SkipJsonSchema[None] = None
    changed: bool | SkipJsonSchema[None] = None
    replayed: bool | SkipJsonSchema[None] = None
    code: str | SkipJsonSchema[None] = None
    detail: (
        Annotated[str, Field(description="For people; not with the code `invalid`")]
        | (SkipJsonSchema[None])
    ) = None
    errors: Annotated[
        list[ErrorPlace], Field(min_length=1, description="With the code `invalid`")
    ] = []


class Results(Answer):
    results: Annotated[list[Result], Field(description="In the order of the submissions")]


Standing = Literal["visible", "hidden", "barred", "deleted"]


class UserStanding(Answer):
    user_id: UserId
    standing: Standing


class StandingAct(Answer):
    standing: Standing
    by: str
    at: Instant
    reason: str


class StandingActs(UserStanding):
    acts: Annotated[list[StandingAct], Field(description="Newest first")]


class Problem(Answer):
    """The service's error, `application/problem+json` (RFC 9457)."""

    type: Annotated[str, Field(description="`urn:leaderboard:problem:` and the code")]
    title: str
    status: int
    detail: Annotated[str, Field(description="For people: what to do next")]
    code: Annotated[str, Field(description="Stable; programs go by it")]
    request_id: str
    errors: Annotated[
        list[ErrorPlace], Field(min_length=1, description="With the code `invalid`")
    ] = []


class GatewayError(Answer):
    """The gateway's own error."""

    message: str | None
