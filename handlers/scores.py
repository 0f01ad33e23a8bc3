"""Scores over HTTP: a player's tickets, completed actions, scores and name; trusted writes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any, NotRequired, TypedDict

from pydantic import Field

from handlers import trusted_scores
from handlers.answers import (
    LATER,
    MOMENT,
    OF_BOARD,
    OUTCOME,
    TICKET,
    BoardId,
    Json,
    JudgedPointsJson,
    NameJson,
    OutcomeJson,
    SeasonName,
    count_outcomes,
    outcome_json,
)
from handlers.describing import describe
from handlers.fields import BoardPath, RequestBody, UserName
from handlers.http_api import resolver, serve, user_of
from handlers.telemetry import count, logger
from leaderboard import clock, wiring
from leaderboard.boards.snapshots import Instant, UserId, UserName as RankedName, UserScore
from leaderboard.errors import (
    ActionNotFound,
    Barred,
    BoardLimit,
    JudgeFailed,
    RateLimited,
    ScoreLimit,
    TicketEarly,
    TicketExpired,
    TicketInvalid,
    TicketSuperseded,
    Unreadable,
)
from leaderboard.reading.reads import points_json
from leaderboard.scoring.judges import Evidence

app = resolver()
app.include_router(trusted_scores.router)


class TicketRequest(RequestBody):
    """The action to begin."""

    action: Annotated[str, Field(description="One of the board's")]


class TicketJson(TypedDict):
    """A signed permission to complete one action once."""

    ticket: Annotated[str, Field(description="Opaque; send it back as it is")]
    action: str
    points: int | JudgedPointsJson
    challenge: NotRequired[
        Annotated[
            Any, Field(description="What the game asks; only there if the action has a challenge")
        ]
    ]
    notBefore: Instant
    expiresAt: Instant


@app.post("/boards/<board>/tickets")
@describe(
    answer=TicketJson,
    status=201,
    refuses=[ActionNotFound, Barred, BoardLimit, JudgeFailed, RateLimited, Unreadable],
    request={"action": "quiz"},
    example={
        "ticket": TICKET,
        "action": "quiz",
        "points": {"min": 0, "max": 10},
        "challenge": {
            "question": "Which number is CLXVI?",
            "choices": ["165", "166", "167", "171"],
        },
        "notBefore": MOMENT,
        "expiresAt": LATER,
    },
)
def issue_ticket(board: BoardPath, request: TicketRequest) -> tuple[Json, int]:
    """Begin an action.

    The ticket is good once, from `notBefore` to `expiresAt`, for this player, board and action.
    `points` is what completing the action is worth. An action with a `challenge` asks something:
    then taking the ticket is the attempt. It counts in the board's limit of actions a minute, and
    the ticket before it does not count any more.
    """
    with logging_failures(board):
        issued = wiring.scores().issue(user_id=user_of(app), board=board, action=request.action)
    asked = {} if issued.challenge is None else {"challenge": json.loads(issued.challenge)}
    answer = {
        "ticket": issued.token,
        "action": issued.ticket.action,
        "points": points_json(issued.action),
        **asked,
        "notBefore": clock.to_text(issued.ticket.not_before_ms),
        "expiresAt": clock.to_text(issued.ticket.expires_ms),
    }
    return answer, 201


class ScoreRequest(RequestBody):
    """The ticket of an action, and what the player did."""

    ticket: str
    evidence: Annotated[
        Any, Field(description="What the player did, for actions whose points are judged")
    ] = None


@app.post("/boards/<board>/scores")
@describe(
    answer=OutcomeJson,
    refuses=[
        Barred,
        BoardLimit,
        JudgeFailed,
        RateLimited,
        ScoreLimit,
        TicketEarly,
        TicketExpired,
        TicketInvalid,
        TicketSuperseded,
        Unreadable,
    ],
    request={"ticket": TICKET, "evidence": {"answer": 1}},
    example=OUTCOME,
)
def complete_action(board: BoardPath, request: ScoreRequest) -> Json:
    """Complete an action.

    Takes the ticket and adds its points by the board's rules. `evidence` is what the player did,
    for actions whose points are judged: any JSON of up to 4 KB, in the form that the game asks for.
    Evidence of a wrong form is a 422, and the ticket stays good. A wrong answer is a 200 that
    changes nothing, and the ticket is used up; `entry` is null while the player has no score. Each
    of the last three tickets completed for an action, sent again, gets its answer again, with
    `replayed: true`. Nothing is written when a code is answered. After `ticket_superseded` take a
    new ticket: the one that was sent may have counted before. After `judge_failed` send the same
    request again later: nothing was used up.
    """
    # An explicit null is evidence, too.
    sent = Evidence(request.evidence) if "evidence" in request.model_fields_set else None
    with logging_failures(board):
        outcome = wiring.scores().complete(
            user_id=user_of(app), board=board, token=request.ticket, evidence=sent
        )
    count_outcomes([outcome])
    return dict(outcome_json(outcome))


class OwnScoreJson(TypedDict):
    """One of a player's own scores."""

    board: BoardId
    season: SeasonName
    userScore: UserScore
    scoreUpdatedAt: Instant


class OwnScoresJson(TypedDict):
    """A player's own scores."""

    userId: UserId
    userName: RankedName
    scores: Annotated[list[OwnScoreJson], Field(description="Current seasons first")]


@app.get("/me/scores")
@describe(
    answer=OwnScoresJson,
    example={
        "userId": "ada",
        "userName": "Ada",
        "scores": [{**OF_BOARD, "userScore": 990, "scoreUpdatedAt": MOMENT}],
    },
)
def read_own_scores() -> Json:
    """Read one's own scores.

    On every board and in every season, the current seasons first. From the table: a score that was
    just accepted is there. A score that is stored in a form that cannot be read is left out, and
    reported to those who run the service.
    """
    user_id = user_of(app)
    name, items = wiring.scores().of(user_id)
    scores = [
        {
            "board": item.board,
            "season": item.season,
            "userScore": item.user_score,
            "scoreUpdatedAt": clock.to_text(item.updated_ms or 0),
        }
        for item in items
    ]
    return {"userId": user_id, "userName": name, "scores": scores}


class NameRequest(RequestBody):
    """A display name."""

    user_name: UserName


@app.put("/me")
@describe(
    answer=NameJson,
    refuses=[Barred, RateLimited, Unreadable],
    request={"userName": "Ada"},
    example={"userId": "ada", "userName": "Ada"},
)
def rename(request: NameRequest) -> Json:
    """Choose a display name.

    On every board: at once on current seasons, within seconds on past ones. The same name again
    writes nothing; more than 5 new names an hour are refused. 1 to 32 characters after NFC,
    trimming and folding of spaces, no control or direction characters, at most 3 combining marks on
    a letter (5 in scripts that stack letters, as Tibetan and Burmese do). Invisible characters pass
    only inside emoji and in scripts that need them; letters of all scripts pass, also those that
    look like others. A new player is `player-` and six characters of a digest of its id.
    """
    profile = wiring.profiles().rename(user_of(app), request.user_name)
    return {"userId": profile.user_id, "userName": profile.user_name}


class SocketTicketJson(TypedDict):
    """A signed permission to open one authenticated socket, for 60 seconds."""

    ticket: Annotated[str, Field(description="Opaque; goes into the socket's URL as `?ticket=`")]
    expiresAt: Instant


@app.post("/socket-tickets")
@describe(
    answer=SocketTicketJson,
    status=201,
    refuses=[Barred, Unreadable],
    example={"ticket": TICKET, "expiresAt": LATER},
)
def issue_socket_ticket() -> tuple[Json, int]:
    """Get a ticket for a socket.

    For one authenticated connection to the WebSocket API.
    """
    token, ticket = wiring.scores().issue_socket(user_id=user_of(app))
    return {"ticket": token, "expiresAt": clock.to_text(ticket.expires_ms)}, 201


@contextmanager
def logging_failures(board: str) -> Iterator[None]:
    """Log and count failures of the game's functions, for those who write them."""
    try:
        yield
    except JudgeFailed as failed:
        count("JudgesFailed", 1)
        logger.exception(
            "judge failed", extra={"judge": failed.judge, "reason": failed.reason, "board": board}
        )
        raise


handler = serve(app, max_bodies={"POST /boards/{board}/submissions": trusted_scores.MAX_BATCH_BODY})
