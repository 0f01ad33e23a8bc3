"""One request and its answer: with a token, with another token where the first is refused, and
again after a pause where that is safe."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from leaderboard_client.api.exchange import NoResponse, Request, Response
from leaderboard_client.api.steps import Authorize, Exchange, Pause, Plan
from leaderboard_client.errors import (
    AnswerUnusable,
    ConnectionFailed,
    ErrorPlace,
    LeaderboardError,
    Unauthorized,
    refusal_class,
)
from leaderboard_client.fields import DamagedFrame, list_of, object_of, text_of

T = TypeVar("T")
# The service has not done what it answers so, or does not do it twice.
AGAIN = frozenset({429, 503})
# Of a gateway or a bug: nobody knows whether it was done.
UNKNOWN = frozenset({500, 502, 504})
SPREAD = 1.25
"""Waits that the service asks for grow by up to a quarter, so that not all come back at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrying:
    """How often, and after which pauses, a call is tried again. Times are seconds."""

    tries: int = 5
    """In all; 1 is never again."""
    base: float = 0.2
    """The first pause, at most. Each later one is up to twice as long."""
    cap: float = 5.0
    patience: float = 20.0
    """How long the pauses of a call may be together; beyond that the error is raised."""


def ask(
    request: Request[T],
    retrying: Retrying,
    *,
    failure: Callable[[Response], LeaderboardError] | None = None,
) -> Plan[T]:
    """The answer to a request. `failure` makes an error of a refusal: the service's or Cognito's.

    Raises LeaderboardError.
    """
    refused = failure or refusal
    rejected: str | None = None
    tried, waited = 0, 0.0
    while True:
        token = (yield Authorize(rejected)) if request.signed else None
        outcome: Response | NoResponse = yield Exchange(_with_token(request, token))
        if isinstance(outcome, Response) and outcome.status < 300:
            return answer(request, outcome)
        error = (
            _unanswered(request, outcome) if isinstance(outcome, NoResponse) else refused(outcome)
        )
        if isinstance(error, Unauthorized) and request.signed and rejected is None:
            # It may have been revoked, or this machine slept: once with another one.
            rejected = token
            continue
        tried += 1
        pause = _pause(retrying, tried, error)
        again = _may_repeat(request, outcome) and tried < retrying.tries
        if not again or waited + pause.most > retrying.patience:
            raise error
        yield pause
        waited += pause.most


def _with_token(request: Request[T], token: str | None) -> Request[T]:
    if token is None:
        return request
    return replace(request, headers={**request.headers, "authorization": f"Bearer {token}"})


def answer(request: Request[T], response: Response) -> T:
    """What a response says. Raises AnswerUnusable if it is not the service's."""
    try:
        return request.read(response)
    except (DamagedFrame, RecursionError, ValueError) as damage:
        raise AnswerUnusable(
            f"What {request.url} answered ({response.status}) is not what the service says. Check "
            "that `http` is the API's address, and whether a proxy answers instead.",
            status=response.status,
        ) from damage


def _unanswered(request: Request[T], outcome: NoResponse) -> LeaderboardError:
    error = ConnectionFailed(
        f"{request.method} {request.url}: {outcome.reason}",
        code="timeout" if outcome.timed_out else None,
    )
    error.__cause__ = outcome.error
    return error


def _may_repeat(request: Request[T], outcome: Response | NoResponse) -> bool:
    if isinstance(outcome, NoResponse):
        return outcome.unsent or request.repeatable
    return outcome.status in AGAIN or (request.repeatable and outcome.status in UNKNOWN)


def _pause(retrying: Retrying, tried: int, error: LeaderboardError) -> Pause:
    if error.retry_after is not None:
        return Pause(error.retry_after, error.retry_after * SPREAD)
    most = min(retrying.cap, retrying.base * 2.0 ** (tried - 1))
    return Pause(most / 2, most)


def refusal(response: Response) -> LeaderboardError:
    """The service's error, or the gateway's before it."""
    try:
        body = object_of(response.json())
    except (DamagedFrame, RecursionError, ValueError):
        body = {}
    code = body.get("code")
    code = code if isinstance(code, str) else None
    said = body.get("detail") or body.get("title") or body.get("message") or code
    # The gateway has its own, in a header.
    request_id = body.get("requestId") or response.headers.get("apigw-requestid")
    return refusal_class(response.status, code)(
        str(said or f"The service answered {response.status}."),
        code=code,
        status=response.status,
        request_id=request_id if isinstance(request_id, str) else None,
        retry_after=retry_after(response.headers),
        errors=_places(body.get("errors")),
    )


def _places(listed: object) -> tuple[ErrorPlace, ...]:
    try:
        places = [object_of(it) for it in list_of(listed)]
        return tuple(ErrorPlace(text_of(it["path"]), text_of(it["message"])) for it in places)
    except (DamagedFrame, KeyError):
        return ()


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds that the service asks to wait; it never says a date."""
    try:
        return max(0.0, float(headers["retry-after"]))
    except (KeyError, ValueError):
        return None
