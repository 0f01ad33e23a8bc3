"""Trusted writes over HTTP, by the game's servers: one score, or a batch of them."""

from __future__ import annotations

from typing import Annotated, Any, NotRequired, TypedDict

from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter
from pydantic import Field, ValidationError

from handlers.answers import (
    OUTCOME,
    Json,
    OutcomeJson,
    ScoreEntryJson,
    count_outcomes,
    outcome_json,
)
from handlers.describing import describe
from handlers.fields import (
    BoardPath,
    RequestBody,
    Score,
    SubmissionId,
    UserId,
    UserName,
    UserPath,
)
from handlers.problems import STATUSES, ErrorPlaceJson, error_places
from handlers.telemetry import count, logger
from leaderboard import wiring
from leaderboard.errors import Barred, Invalid, ScoreLimit, SubmissionConflict, Unreadable
from leaderboard.scoring.scores import Outcome
from leaderboard.scoring.submissions import Result, TrustedWrite

MAX_BATCH = 100
MAX_BATCH_BODY = 64 * 1024
ANSWER_SECONDS = 1.0
"""What is left of the function's time for the answer of a batch."""

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]


class TrustedRequest(RequestBody):
    """One trusted write."""

    submission_id: SubmissionId
    score: Annotated[Score | None, Field(description="On `best` and `latest` boards")] = None
    delta: Annotated[Score | None, Field(description="On `increment` boards: what is added")] = None
    user_name: UserName | None = None


@router.put("/boards/<board>/users/<user_id>/score")
@describe(
    answer=OutcomeJson,
    refuses=[Barred, ScoreLimit, SubmissionConflict, Unreadable],
    request={"delta": 500, "submissionId": "match-1", "userName": "Ada"},
    example=OUTCOME,
)
def write_score(board: BoardPath, user_id: UserPath, request: TrustedRequest) -> Json:
    """Write a score.

    One trusted write: `delta` on `increment` boards, `score` on `best` and `latest` ones.
    Idempotent by `submissionId` for at least 24 hours; the same id with another body is refused.
    """
    outcome = wiring.submissions().submit(
        user_id=user_id,
        board=board,
        submission_id=request.submission_id,
        score=request.score,
        delta=request.delta,
        user_name=request.user_name,
    )
    count_outcomes([outcome])
    return dict(outcome_json(outcome))


class BatchedRequest(TrustedRequest):
    """One trusted write of a batch."""

    user_id: UserId


class BatchRequest(RequestBody):
    """A batch of trusted writes."""

    # Each is checked by itself: one that does not validate fails alone.
    submissions: Annotated[
        list[Any],
        Field(
            min_length=1,
            max_length=MAX_BATCH,
            json_schema_extra={"items": BatchedRequest.model_json_schema()},
        ),
    ]


class ResultJson(TypedDict):
    """The result of one submission: an outcome, or the code of its error."""

    status: Annotated[int, Field(ge=200, le=599, description="As of a request of its own")]
    entry: NotRequired[ScoreEntryJson]
    changed: NotRequired[bool]
    replayed: NotRequired[bool]
    code: NotRequired[str]
    detail: NotRequired[
        Annotated[str, Field(description="For people; not with the code `invalid`")]
    ]
    errors: NotRequired[
        Annotated[list[ErrorPlaceJson], Field(min_length=1, description="With the code `invalid`")]
    ]


class ResultsJson(TypedDict):
    """The results of a batch."""

    results: Annotated[list[ResultJson], Field(description="In the order of the submissions")]


@router.post("/boards/<board>/submissions")
@describe(
    answer=ResultsJson,
    request={
        "submissions": [
            {"userId": "ada", "delta": 500, "submissionId": "match-1"},
            {"userId": "bob", "delta": -1, "submissionId": "match-1"},
        ]
    },
    example={
        "results": [
            {"status": 200, **OUTCOME},
            {
                "status": 422,
                "code": "invalid",
                "errors": [
                    {
                        "path": "body.submissions.1.delta",
                        "message": "'global' takes no negative points.",
                    }
                ],
            },
        ],
    },
)
def write_scores(board: BoardPath, request: BatchRequest) -> Json:
    """Write many scores.

    Up to 100 trusted writes in at most 64 KB. Each is idempotent by its `submissionId` and fails
    alone: its result has the status and the code of a request of its own. Those of one user are
    written in their order. What could not be done says 503, and so do that user's later ones: send
    the batch again as it is, and each counts once.
    """
    results: list[Json] = [{}] * len(request.submissions)
    wanted: dict[int, TrustedWrite] = {}
    for number, submission in enumerate(request.submissions):
        try:
            it = BatchedRequest.model_validate(submission)
        except ValidationError as error:
            within = ("body", "submissions", number)
            places = error_places(error.errors(), within=within)
            results[number] = {**_refused("invalid"), "errors": places}
            continue
        wanted[number] = TrustedWrite(
            it.user_id, it.submission_id, it.score, it.delta, it.user_name
        )
    seconds = router.lambda_context.get_remaining_time_in_millis() / 1000 - ANSWER_SECONDS
    done = wiring.submissions().submit_all(board, list(wanted.values()), seconds=seconds)
    for number, result in zip(wanted, done, strict=True):
        results[number] = _result(number, result)
    accepted = [it for it in done if isinstance(it, Outcome)]
    refused = len(results) - len(accepted)
    count_outcomes(accepted)
    count("SubmissionsRefused", refused)
    logger.append_keys(submissions=len(results), refused=refused)
    return {"results": results}


def _result(number: int, result: Result) -> Json:
    """The result of one write of a batch."""
    if isinstance(result, Outcome):
        return {"status": 200, **outcome_json(result)}
    if isinstance(result, Invalid):
        path = f"body.submissions.{number}.{result.path}"
        return {**_refused(result.code), "errors": [{"path": path, "message": str(result)}]}
    return {**_refused(result.code), "detail": str(result)}


def _refused(code: str) -> Json:
    return {"status": STATUSES[code].value, "code": code}
