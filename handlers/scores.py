"""Scores over HTTP: tickets, completed actions, trusted writes; a player's own scores and name."""

from __future__ import annotations

from handlers.http import (
    BoardPath,
    Body,
    Json,
    Score,
    SubmissionId,
    UserName,
    UserPath,
    resolver,
    serve,
    user_of,
)
from handlers.telemetry import count, logger
from leaderboard import instants, wiring
from leaderboard.errors import CheckFailed
from leaderboard.reads import points_json
from leaderboard.scores import Outcome

app = resolver()


class TicketRequest(Body):
    action: str


class ScoreRequest(Body):
    ticket: str
    value: Score | None = None


class NameRequest(Body):
    user_name: UserName


class TrustedRequest(Body):
    submission_id: SubmissionId
    score: Score | None = None
    delta: Score | None = None
    user_name: UserName | None = None


@app.post("/boards/<board>/tickets")
def issue_ticket(board: BoardPath, request: TicketRequest) -> tuple[Json, int]:
    issued = wiring.scores().issue(user_id=user_of(app), board=board, action=request.action)
    answer = {
        "ticket": issued.token,
        "action": issued.ticket.action,
        "points": points_json(issued.ticket.points),
        "notBefore": instants.to_text(issued.ticket.not_before_ms),
        "expiresAt": instants.to_text(issued.ticket.expires_ms),
    }
    return answer, 201


@app.post("/boards/<board>/scores")
def complete_action(board: BoardPath, request: ScoreRequest) -> Json:
    try:
        outcome = wiring.scores().complete(
            user_id=user_of(app), board=board, token=request.ticket, value=request.value
        )
    except CheckFailed as failed:
        count("ChecksFailed", 1)
        logger.exception("check failed", extra={"check": failed.check, "board": board})
        raise
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


def _answer(outcome: Outcome) -> Json:
    count("ScoresAccepted", not outcome.replayed)
    count("ScoresReplayed", outcome.replayed)
    return {
        "entry": {
            "userId": outcome.user_id,
            "userName": outcome.answer.user_name,
            "userScore": outcome.answer.user_score,
            "scoreUpdatedAt": instants.to_text(outcome.answer.updated_ms),
        },
        "changed": outcome.answer.changed,
        "replayed": outcome.replayed,
    }


handler = serve(app)
