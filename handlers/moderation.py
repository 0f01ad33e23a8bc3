"""Moderation over HTTP: standings, removed scores, erased users.

Invoked with `{"finish": userId}` instead, it does what still follows for a user who was barred or
deleted. The score stream asks for that, so that nothing stays half done.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypedDict

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import AfterValidator, Field

from handlers.answers import MOMENT, Json
from handlers.describing import describe
from handlers.fields import BoardPath, RequestBody, SeasonQuery, UserPath
from handlers.http_api import claims_of, resolver, serve, user_of
from handlers.reporting import reporting
from handlers.telemetry import count, invocation, logger
from leaderboard import clock, wiring
from leaderboard.boards.snapshots import Instant, UserId
from leaderboard.errors import SignInAgain, Unreadable, UserDeleted, UserNotRanked
from leaderboard.scoring.acts import clean_reason

SIGN_IN_MS = 10 * 60_000
"""How long after signing in a player may delete the account."""

app = resolver()


Reason = Annotated[str, AfterValidator(clean_reason)]
Standing = Literal["visible", "hidden", "barred", "deleted"]


class StandingRequest(RequestBody):
    """A standing to set, and why."""

    standing: Literal["visible", "hidden", "barred"]
    reason: Reason


class UserStandingJson(TypedDict):
    """A user's standing."""

    userId: UserId
    standing: Standing


class StandingActJson(TypedDict):
    """What a moderator did to a user."""

    standing: Standing
    by: str
    at: Instant
    reason: str


class StandingActsJson(UserStandingJson):
    """A user's standing, and what moderators did."""

    acts: Annotated[list[StandingActJson], Field(description="Newest first")]


@app.put("/users/<user_id>/standing")
@describe(
    answer=UserStandingJson,
    refuses=[UserDeleted],
    request={"standing": "hidden", "reason": "name under review"},
    example={"userId": "ada", "standing": "hidden"},
)
def set_standing(user_id: UserPath, request: StandingRequest) -> Json:
    """Hide, bar or show a user.

    `hidden`: off every board, still playing. `barred`: off every board, and may not score.
    `visible` takes either back. The act is recorded with who, when and why.
    """
    by = _moderator(user_id)
    wiring.moderation().set_standing(user_id, request.standing, reason=request.reason, by=by)
    count("StandingsSet", 1)
    return {"userId": user_id, "standing": request.standing}


@app.get("/users/<user_id>/standing")
@describe(
    answer=StandingActsJson,
    refuses=[Unreadable],
    example={
        "userId": "ada",
        "standing": "hidden",
        "acts": [
            {"standing": "hidden", "by": "moderator", "at": MOMENT, "reason": "name under review"}
        ],
    },
)
def read_standing(user_id: UserPath) -> Json:
    """Read a user's standing and the acts on it."""
    standing, found = wiring.moderation().standing(user_id)
    acts = [
        {
            "standing": act.standing,
            "by": act.by,
            "at": clock.to_text(act.at_ms),
            "reason": act.reason,
        }
        for act in found
    ]
    return {"userId": user_id, "standing": standing, "acts": acts}


@app.delete("/boards/<board>/users/<user_id>")
@describe(status=204, refuses=[Unreadable, UserNotRanked])
def remove_score(
    board: BoardPath,
    user_id: UserPath,
    season: SeasonQuery = None,
    reason: Annotated[
        Reason | None,
        Query(
            description="Why, for the record of the act: 1 to 500 characters after trimming, no "
            "control characters and no line breaks",
            examples=["a bot"],
        ),
    ] = None,
) -> Response[str]:
    """Remove a score.

    Of the season named, or the current one; also of a user who is hidden. Viewers see it within one
    update. The user may score again. `reason` is kept with the act. Sent again, it answers 404: the
    score is not there any more. A score that cannot be read is removed too.
    """
    by = _moderator(user_id)
    wiring.moderation().remove(user_id, wiring.board_season(board, season), by=by, reason=reason)
    count("ScoresRemoved", 1)
    return Response(status_code=204, body="")


@app.delete("/users/<user_id>")
@describe(status=204)
def delete_user(user_id: UserPath) -> Response[str]:
    """Erase a user.

    Any user, also one whose id a game server made: the profile, every score, the name, the acts on
    it, the open sockets, and the sign-in if there is one; scores of past seasons follow within
    seconds. There is no way back; for 8 days the id is refused with `barred`. May be repeated until
    it is a 204, which also answers for an id that was never seen.
    """
    _moderator(user_id)
    # Cognito names a sign-in by its player's id; it has none for ids that a game server made.
    wiring.moderation().erase(user_id, account=user_id)
    count("PlayersDeleted", 1)
    return Response(status_code=204, body="")


@app.delete("/me")
@describe(status=204, refuses=[SignInAgain])
def delete_player() -> Response[str]:
    """Delete one's account.

    Every score, the name, the open sockets and the sign-in; scores of past seasons follow within
    seconds. It takes a sign-in within the last 10 minutes; renewing a token is not a sign-in. May
    be repeated until it is a 204.
    """
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
    """Do what still follows for a user who was barred or deleted."""
    closed = wiring.moderation().finish(event["finish"])
    count("SocketsClosed", closed)
    logger.info("finish", extra={"userId": event["finish"], "closed": closed})
    return {"closed": closed}


def handler(event: Json, context: LambdaContext) -> Any:
    """Serve a request of the gateway, or finish what the score stream asks for."""
    return finish(event, context) if "finish" in event else serve_request(event, context)
