"""Scores over HTTP: tickets, completed actions, trusted writes; a player's own scores and name."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

from pydantic import Field, ValidationError

from handlers.http_api import (
    STATUSES,
    BoardPath,
    Json,
    RequestBody,
    Score,
    SubmissionId,
    UserId,
    UserName,
    UserPath,
    mistakes,
    resolver,
    serve,
    user_of,
)
from handlers.telemetry import count, logger
from leaderboard import instants, wiring
from leaderboard.errors import Invalid, JudgeFailed
from leaderboard.reading.reads import points_json
from leaderboard.scoring.batches import Result, TrustedWrite, submit_all
from leaderboard.scoring.completions import Evidence
from leaderboard.scoring.scores import Outcome

MAX_BATCH = 100
MAX_BATCH_BODY = 64 * 1024
ANSWER_SECONDS = 1.0
"""What is left of the function's time for the answer of a batch."""

app = resolver()


class TicketRequest(RequestBody):
    action: Annotated[str, Field(description="One of the board's")]


class ScoreRequest(RequestBody):
    ticket: str
    evidence: Annotated[
        Any, Field(description="What the player did, for actions whose points are judged")
    ] = None


class NameRequest(RequestBody):
    user_name: UserName


class TrustedRequest(RequestBody):
    submission_id: SubmissionId
    score: Annotated[Score | None, Field(description="On `best` and `latest` boards")] = None
    delta: Annotated[Score | None, Field(description="On `increment` boards: what is added")] = None
    user_name: UserName | None = None


class BatchedRequest(TrustedRequest):
    user_id: UserId


class BatchRequest(RequestBody):
    # Each is checked by itself: one that does not validate fails alone.
    submissions: Annotated[
        list[Any],
        Field(
            min_length=1,
            max_length=MAX_BATCH,
            json_schema_extra={"items": BatchedRequest.model_json_schema()},
        ),
    ]


@app.post("/boards/<board>/tickets")
def issue_ticket(board: BoardPath, request: TicketRequest) -> tuple[Json, int]:
    with telling_failures(board):
        issued = wiring.scores().issue(user_id=user_of(app), board=board, action=request.action)
    asked = {} if issued.challenge is None else {"challenge": json.loads(issued.challenge)}
    answer = {
        "ticket": issued.token,
        "action": issued.ticket.action,
        "points": points_json(issued.action),
        **asked,
        "notBefore": instants.to_text(issued.ticket.not_before_ms),
        "expiresAt": instants.to_text(issued.ticket.expires_ms),
    }
    return answer, 201


@app.post("/boards/<board>/scores")
def complete_action(board: BoardPath, request: ScoreRequest) -> Json:
    # An explicit null is evidence, too.
    sent = Evidence(request.evidence) if "evidence" in request.model_fields_set else None
    with telling_failures(board):
        outcome = wiring.scores().complete(
            user_id=user_of(app), board=board, token=request.ticket, evidence=sent
        )
    return _answer(outcome)


@app.put("/boards/<board>/users/<user_id>/score")
def write_score(board: BoardPath, user_id: UserPath, request: TrustedRequest) -> Json:
    outcome = wiring.scores().submit(
        user_id=user_id,
        board=board,
        submission_id=request.submission_id,
        score=request.score,
        delta=request.delta,
        user_name=request.user_name,
    )
    return _answer(outcome)


@app.post("/boards/<board>/submissions")
def write_scores(board: BoardPath, request: BatchRequest) -> Json:
    results: list[Json] = [{}] * len(request.submissions)
    wanted: dict[int, TrustedWrite] = {}
    for number, submission in enumerate(request.submissions):
        try:
            it = BatchedRequest.model_validate(submission)
        except ValidationError as error:
            within = ("body", "submissions", number)
            results[number] = _refusal("invalid", mistakes(error.errors(), within=within))
            continue
        wanted[number] = TrustedWrite(
            it.user_id, it.submission_id, it.score, it.delta, it.user_name
        )
    seconds = app.lambda_context.get_remaining_time_in_millis() / 1000 - ANSWER_SECONDS
    done = submit_all(wiring.scores(), board, list(wanted.values()), seconds=seconds)
    for number, result in zip(wanted, done, strict=True):
        results[number] = _result(number, result)
    accepted = [it for it in done if isinstance(it, Outcome)]
    refused = len(results) - len(accepted)
    _count(accepted)
    count("SubmissionsRefused", refused)
    logger.append_keys(submissions=len(results), refused=refused)
    return {"results": results}


@app.get("/me/scores")
def read_own_scores() -> Json:
    user_id = user_of(app)
    name, items = wiring.scores().of(user_id)
    scores = [
        {
            "board": item.board,
            "season": item.season,
            "userScore": item.user_score,
            "scoreUpdatedAt": instants.to_text(item.updated_ms or 0),
        }
        for item in items
    ]
    return {"userId": user_id, "userName": name, "scores": scores}


@app.put("/me")
def rename(request: NameRequest) -> Json:
    profile = wiring.profiles().rename(user_of(app), request.user_name)
    return {"userId": profile.user_id, "userName": profile.user_name}


@app.post("/socket-tickets")
def issue_socket_ticket() -> tuple[Json, int]:
    token, ticket = wiring.scores().issue_socket(user_id=user_of(app))
    return {"ticket": token, "expiresAt": instants.to_text(ticket.expires_ms)}, 201


@contextmanager
def telling_failures(board: str) -> Iterator[None]:
    """Logs and counts what the game's functions fail at, for those who write them."""
    try:
        yield
    except JudgeFailed as failed:
        count("JudgesFailed", 1)
        logger.exception(
            "judge failed", extra={"judge": failed.judge, "reason": failed.reason, "board": board}
        )
        raise


def _answer(outcome: Outcome) -> Json:
    _count([outcome])
    return _entry(outcome)


def _count(outcomes: Sequence[Outcome]) -> None:
    replayed = sum(it.replayed for it in outcomes)
    count("ScoresAccepted", len(outcomes) - replayed)
    count("ScoresReplayed", replayed)


def _entry(outcome: Outcome) -> Json:
    answer = outcome.answer
    entry = {
        "userId": outcome.user_id,
        "userName": outcome.user_name,
        "userScore": answer.user_score,
        "scoreUpdatedAt": instants.to_text(answer.updated_ms or 0),
    }
    return {
        "entry": None if answer.user_score is None else entry,
        "changed": answer.changed,
        "replayed": outcome.replayed,
    }


def _result(number: int, result: Result) -> Json:
    """What came of one write of a batch."""
    if isinstance(result, Outcome):
        return {"status": 200, **_entry(result)}
    if isinstance(result, Invalid):
        path = f"body.submissions.{number}.{result.path}"
        return _refusal(result.code, [{"path": path, "message": str(result)}])
    return _refusal(result.code) | {"detail": str(result)}


def _refusal(code: str, errors: list[Json] | None = None) -> Json:
    refused: Json = {"status": STATUSES[code].value, "code": code}
    return refused | {"errors": errors} if errors else refused


handler = serve(app, max_bodies={"POST /boards/{board}/submissions": MAX_BATCH_BODY})
