"""The calls of the check, by the Python package, with errors that say what to do."""

from __future__ import annotations

from collections.abc import Callable

from leaderboard_client import (
    AnswerUnusable,
    Api,
    ClientCredentials,
    ConnectionFailed,
    LeaderboardError,
    Request,
    Response,
    Retrying,
    UserPool,
)
from tools.smoke.steps import StepFailed, Value, in_thread
from tools.stage import Client, Stage

TIMEOUT = 30.0
ONCE = Retrying(tries=1)
"""A stage that is well answers at once, and a check says how often it did not."""


def anyone(http: str) -> Api:
    """For what needs no token."""
    return Api(http, retrying=ONCE, timeout=TIMEOUT)


def player(stage: Stage) -> Api:
    """For a player, who signs in as the page does it."""
    pool = UserPool(url=stage.cognito, client_id=stage.outputs["WebClientId"])
    return Api(stage.http, user_pool=pool, retrying=ONCE, timeout=TIMEOUT)


def trusted(stage: Stage, client: Client, scope: str) -> Api:
    """For a client with a secret."""
    credentials = ClientCredentials(
        token_url=stage.token_url, client_id=client.id, client_secret=client.secret, scope=scope
    )
    return Api(stage.http, credentials=credentials, retrying=ONCE, timeout=TIMEOUT)


def get(path: str) -> Request[Response]:
    """What is not of the API: the page, and the file beside it."""
    headers = {"cache-control": "no-cache"}
    return Request(method="GET", url=path, read=lambda response: response, headers=headers)


async def asked(what: str, call: Callable[[], Value], *, at: str = "the stage") -> Value:
    """What a call returned. `at`: the address. Raises StepFailed, with what came instead."""
    try:
        return await in_thread(call)
    except LeaderboardError as error:
        raise StepFailed(_told(what, error, at=at)) from error


def _told(what: str, error: LeaderboardError, *, at: str) -> str:
    if isinstance(error, ConnectionFailed):
        return f"nothing answers at {at}: {error}"
    if isinstance(error, AnswerUnusable):
        return f"{what} answered {error.status} with something else: {error}"
    if error.status is None or error.status < 400:
        return f"{what}: {error}"
    return f"{what} answered {error.status} instead of 200: {error.code}: {error}"
