"""Outcomes of writes: as the routes answer them, and as they are counted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, TypedDict

from pydantic import Field

from handlers.answers import MOMENT, Json
from handlers.telemetry import count
from leaderboard import instants
from leaderboard.boards.entries import Instant, Score, UserId, UserName
from leaderboard.scoring.scores import Outcome


class ScoreEntryJson(TypedDict):
    """A user's score after a write."""

    userId: UserId
    userName: UserName
    userScore: Score
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
            "scoreUpdatedAt": instants.to_text(answer.updated_ms or 0),
        }
    return {"entry": entry, "changed": answer.changed, "replayed": outcome.replayed}


def count_outcomes(outcomes: Sequence[Outcome]) -> None:
    """Count the writes that were accepted, and those that had been before."""
    replayed = sum(it.replayed for it in outcomes)
    count("ScoresAccepted", len(outcomes) - replayed)
    count("ScoresReplayed", replayed)
