"""Moderation over HTTP: standings, scores taken off, users who are erased.

Invoked with `{"finish": userId}` instead, it does what still follows for a user who was barred or
deleted: the stream of the score table asks for that, so that nothing stays half done.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import AfterValidator

from handlers.http_api import (
    BoardPath,
    Json,
    RequestBody,
    UserPath,
    claims_of,
    resolver,
    serve,
    user_of,
)
from handlers.reporting import reporting
from handlers.telemetry import count, invocation, logger
from leaderboard import clock, instants, wiring
from leaderboard.errors import SignInAgain
from leaderboard.scoring.moderation import clean_reason

SIGN_IN_MS = 10 * 60_000
"""How long after signing in a player may delete the account."""

app = resolver()


Reason = Annotated[str, AfterValidator(clean_reason)]


class StandingRequest(RequestBody):
    standing: Literal["visible", "hidden", "barred"]
    reason: Reason


@app.put("/users/<user_id>/standing")
def set_standing(user_id: UserPath, request: StandingRequest) -> Json:
    by = _moderator(user_id)
    wiring.moderation().set_standing(user_id, request.standing, reason=request.reason, by=by)
    count("StandingsSet", 1)
    return {"userId": user_id, "standing": request.standing}


@app.get("/users/<user_id>/standing")
def read_standing(user_id: UserPath) -> Json:
    standing, found = wiring.moderation().standing(user_id)
    acts = [
        {
            "standing": act.standing,
            "by": act.by,
            "at": instants.to_text(act.at_ms),
            "reason": act.reason,
        }
        for act in found
    ]
    return {"userId": user_id, "standing": standing, "acts": acts}


@app.delete("/boards/<board>/users/<user_id>")
def remove_score(
    board: BoardPath,
    user_id: UserPath,
    season: Annotated[str | None, Query(max_length=16)] = None,
    reason: Annotated[Reason | None, Query()] = None,
) -> Response[str]:
    by = _moderator(user_id)
    wiring.moderation().remove(user_id, wiring.asked(board, season), by=by, reason=reason)
    count("ScoresRemoved", 1)
    return Response(status_code=204, body="")


@app.delete("/users/<user_id>")
def delete_user(user_id: UserPath) -> Response[str]:
    _moderator(user_id)
    # Cognito names a sign-in by its player's id; it has none for ids that a game server made.
    wiring.moderation().erase(user_id, account=user_id)
    count("PlayersDeleted", 1)
    return Response(status_code=204, body="")


@app.delete("/me")
def delete_player() -> Response[str]:
    user_id = user_of(app)
    logger.append_keys(userId=user_id)
    _require_sign_in()
    wiring.moderation().erase(user_id, account=claims_of(app).get("username", user_id))
    count("PlayersDeleted", 1)
    return Response(status_code=204, body="")


def _require_sign_in() -> None:
    """Raise SignInAgain unless the player signed in a moment ago.

    Renewing a token leaves the time of its sign-in (`auth_time`) as it was: so a stolen token, or a
    browser that was left open, deletes nobody.
    """
    try:
        signed_in_ms = int(claims_of(app)["auth_time"]) * 1000
    except (KeyError, ValueError):
        signed_in_ms = 0
    if clock.now_ms() - signed_in_ms > SIGN_IN_MS:
        raise SignInAgain(
            "Deleting the account takes a sign-in within the last 10 minutes. Nothing was done; "
            "sign in again, then send this with the new token."
        )


def _moderator(user_id: str) -> str:
    """The client that the token was given to; the log has it with the user it acts on."""
    by = str(claims_of(app)["client_id"])
    logger.append_keys(userId=user_id, by=by)
    return by


serve_request = serve(app)


@invocation
@reporting
def finish(event: Json, context: LambdaContext) -> Json:
    closed = wiring.moderation().finish(event["finish"])
    count("SocketsClosed", closed)
    logger.info("finish", extra={"userId": event["finish"], "closed": closed})
    return {"closed": closed}


def handler(event: Json, context: LambdaContext) -> Any:
    return finish(event, context) if "finish" in event else serve_request(event, context)
