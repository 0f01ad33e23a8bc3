"""Answers that several routes give, as types for the reference, with examples; outcomes of writes.

The types cost an import nothing: what stands in them is read by `python -m tools.reference` alone.
The name after a type (`Annotated[str, "BoardId"]`) is that of a value in `tools.reference.values`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, NotRequired, TypedDict

from pydantic import Field

from handlers.telemetry import count
from leaderboard import clock
from leaderboard.boards.snapshots import EntryJson, Instant, UserId, UserName, UserScore
from leaderboard.scoring.scores import Outcome

Json = dict[str, Any]
BoardId = Annotated[str, "BoardId"]
SeasonName = Annotated[str, "SeasonName"]
Total = Annotated[
    int, Field(ge=0, description="How many users are ranked, at least", examples=[1204])
]
Degraded = Annotated[
    Literal[True],
    Field(description="Only there if the answer is from the tables, since the ranking is away"),
]

MOMENT = "2026-11-23T08:15:30.123Z"
LATER = "2026-11-23T08:20:30.123Z"
TICKET = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJl"
OF_BOARD: Json = {"board": "global", "season": "all"}
ADA: EntryJson = {
    "rank": 2,
    "place": 2,
    "userId": "ada",
    "userName": "Ada",
    "userScore": 990,
    "scoreUpdatedAt": MOMENT,
}
BOB: EntryJson = {**ADA, "rank": 3, "userId": "bob", "userName": "Bob", "scoreUpdatedAt": LATER}
CYD: EntryJson = {
    **ADA,
    "rank": 1,
    "place": 1,
    "userId": "cyd",
    "userName": "Cyd",
    "userScore": 1200,
}


class OfBoardJson(TypedDict):
    """What every answer about a board in a season begins with."""

    board: BoardId
    degraded: NotRequired[Degraded]
    season: SeasonName


class JudgedPointsJson(TypedDict):
    """Points that the service computes from the player's evidence: from `min` to `max`."""

    min: int
    max: int


class SeasonJson(TypedDict):
    """A time window of a board, in UTC."""

    season: SeasonName
    startsAt: Instant | None
    endsAt: Annotated[Instant | None, Field(description="The first instant that is not in it")]


class ActionJson(TypedDict):
    """What completing an action is worth, and when its ticket is good."""

    points: int | JudgedPointsJson
    evidence: Annotated[
        bool, Field(description="Whether the action is completed with evidence, which is judged")
    ]
    minSeconds: Annotated[int, Field(ge=0)]
    expiresSeconds: Annotated[int, Field(ge=1)]


class FormatJson(TypedDict):
    """`duration`: the score is milliseconds."""

    kind: Literal["number", "duration", "percent"]
    decimals: NotRequired[Annotated[int, Field(ge=0)]]
    unit: NotRequired[str]


class BoardJson(TypedDict):
    """A board's rules; a pattern is listed with its `*` and stands for every id that it matches."""

    board: Annotated[str, Field(pattern=r"^[a-z0-9*-]{1,48}$", examples=["global"])]
    title: str
    order: Literal["desc", "asc"]
    operator: Literal["increment", "best", "latest"]
    topSize: Annotated[int, Field(ge=1, le=100)]
    season: Annotated[SeasonJson, Field(description="The current one")]
    schedule: Literal["never", "daily", "weekly", "monthly"]
    seasons: Annotated[
        list[SeasonName], Field(description="The current one and the past ones kept, newest first")
    ]
    actions: dict[str, ActionJson]
    format: Annotated[FormatJson, Field(description="How people read a score")]
    frameIntervalMs: Annotated[
        int, Field(ge=0, description="Milliseconds between updates over the socket, at present")
    ]
    viewers: Annotated[
        int | None,
        Field(ge=0, description="How many followed the board at its last update; null: not known"),
    ]


ALL_TIME: Json = {
    "board": "global",
    "title": "All-time",
    "order": "desc",
    "operator": "increment",
    "topSize": 10,
    "season": {"season": "all", "startsAt": None, "endsAt": None},
    "schedule": "never",
    "seasons": ["all"],
    "actions": {
        "quiz": {
            "points": {"min": 0, "max": 10},
            "evidence": True,
            "minSeconds": 2,
            "expiresSeconds": 300,
        },
    },
    "format": {"kind": "number"},
    "frameIntervalMs": 250,
    "viewers": 311,
}


class NameJson(TypedDict):
    """A user's display name."""

    userId: UserId
    userName: UserName


class ScoreEntryJson(TypedDict):
    """A user's score after a write."""

    userId: UserId
    userName: UserName
    userScore: UserScore
    scoreUpdatedAt: Instant


class OutcomeJson(TypedDict):
    """The result of a write."""

    entry: Annotated[
        ScoreEntryJson | None,
        Field(description="The score after the write; null while the player has none"),
    ]
    changed: Annotated[bool, Field(description="Whether the score moved")]
    replayed: Annotated[
        bool, Field(description="Whether this is the first answer again: nothing was written now")
    ]


OUTCOME: Json = {
    "entry": {"userId": "ada", "userName": "Ada", "userScore": 990, "scoreUpdatedAt": MOMENT},
    "changed": True,
    "replayed": False,
}


def outcome_json(outcome: Outcome) -> OutcomeJson:
    """The result of a write as its route answers it."""
    answer = outcome.answer
    entry: ScoreEntryJson | None = None
    if answer.user_score is not None:
        entry = {
            "userId": outcome.user_id,
            "userName": outcome.user_name,
            "userScore": answer.user_score,
            "scoreUpdatedAt": clock.to_text(answer.updated_ms or 0),
        }
    return {"entry": entry, "changed": answer.changed, "replayed": outcome.replayed}


def count_outcomes(outcomes: Sequence[Outcome]) -> None:
    """Count the writes that were accepted, and those that had been before."""
    replayed = sum(it.replayed for it in outcomes)
    count("ScoresAccepted", len(outcomes) - replayed)
    count("ScoresReplayed", replayed)
