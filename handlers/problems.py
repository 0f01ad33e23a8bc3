"""Errors as problem details (RFC 9457): the one table of statuses and titles, by code."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Annotated, Any, NotRequired, TypedDict

from aws_lambda_powertools.event_handler import Response
from pydantic import Field
from pydantic.alias_generators import to_camel

from leaderboard.errors import Internal, Invalid, LeaderboardError, RateLimited, Unavailable

STATUSES = {
    "action_not_found": HTTPStatus.NOT_FOUND,
    "barred": HTTPStatus.FORBIDDEN,
    "board_limit": HTTPStatus.CONFLICT,
    "board_not_found": HTTPStatus.NOT_FOUND,
    "body_too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "edge_required": HTTPStatus.FORBIDDEN,
    "invalid": HTTPStatus.UNPROCESSABLE_ENTITY,
    "internal": HTTPStatus.INTERNAL_SERVER_ERROR,
    "judge_failed": HTTPStatus.SERVICE_UNAVAILABLE,
    "rate_limited": HTTPStatus.TOO_MANY_REQUESTS,
    "score_limit": HTTPStatus.CONFLICT,
    "sign_in_again": HTTPStatus.FORBIDDEN,
    "submission_conflict": HTTPStatus.CONFLICT,
    "ticket_expired": HTTPStatus.GONE,
    "ticket_invalid": HTTPStatus.FORBIDDEN,
    "ticket_superseded": HTTPStatus.CONFLICT,
    "ticket_too_early": HTTPStatus.CONFLICT,
    "unavailable": HTTPStatus.SERVICE_UNAVAILABLE,
    "unreadable": HTTPStatus.CONFLICT,
    "user_not_ranked": HTTPStatus.NOT_FOUND,
    "cache_unavailable": HTTPStatus.SERVICE_UNAVAILABLE,
    "user_deleted": HTTPStatus.GONE,
}

TITLES = {
    "action_not_found": "No such action",
    "barred": "Barred",
    "board_limit": "No more boards of this pattern",
    "board_not_found": "No such board",
    "body_too_large": "The body is too large",
    "edge_required": "Not this way",
    "invalid": "The request does not validate",
    "internal": "Something went wrong",
    "judge_failed": "The action cannot be judged now",
    "rate_limited": "Too often",
    "score_limit": "Beyond the board's limits",
    "sign_in_again": "Sign in again",
    "submission_conflict": "The submissionId was used before",
    "ticket_expired": "The ticket has expired",
    "ticket_invalid": "The ticket is not valid here",
    "ticket_superseded": "The ticket was superseded",
    "ticket_too_early": "The ticket is not good yet",
    "unavailable": "Not available now",
    "unreadable": "What is stored cannot be read",
    "user_not_ranked": "The user is not on this board",
    "cache_unavailable": "Not available now",
    "user_deleted": "The player was deleted",
}

UNFORESEEN = (
    "The service failed in a way that nobody foresaw, and what you asked for may be half done. It "
    "was logged under this requestId. Sending the same request again does no harm."
)

Json = dict[str, Any]


class ErrorPlaceJson(TypedDict):
    """A value of the request that was refused, and why."""

    path: Annotated[str, Field(description="Where in the request", examples=["body.userName"])]
    message: str


class ProblemJson(TypedDict):
    """The service's error, `application/problem+json` (RFC 9457)."""

    type: Annotated[str, Field(description="`urn:leaderboard:problem:` and the code")]
    title: str
    status: int
    detail: Annotated[str, Field(description="For people: what to do next")]
    code: Annotated[str, Field(description="Stable; programs go by it")]
    requestId: str
    errors: NotRequired[
        Annotated[list[ErrorPlaceJson], Field(min_length=1, description="With the code `invalid`")]
    ]


def problem(request_id: str, error: LeaderboardError) -> Response[str]:
    """The answer to a request that the service refused or could not do."""
    headers = {}
    places: list[ErrorPlaceJson] = []
    if isinstance(error, Invalid):
        places = [{"path": _located(error.path), "message": str(error)}]
    elif isinstance(error, RateLimited):
        headers = {"Retry-After": str(-(-error.retry_after_ms // 1000))}
    elif isinstance(error, Unavailable):
        headers = {"Retry-After": "1"}
    return _response(request_id, error.code, str(error), places=places, headers=headers)


def unforeseen_problem(request_id: str) -> Response[str]:
    """The answer where the service has a bug."""
    return problem(request_id, Internal(UNFORESEEN))


def invalid_problem(request_id: str, errors: Iterable[Mapping[str, Any]]) -> Response[str]:
    """The answer to a request that pydantic refused."""
    places = error_places(errors)
    detail = "; ".join(f"{it['path']}: {it['message']}" for it in places)
    return _response(request_id, Invalid.code, detail, places=places, headers={})


def error_places(
    errors: Iterable[Mapping[str, Any]], *, within: tuple[int | str, ...] = ()
) -> list[ErrorPlaceJson]:
    """What pydantic has against a request, or against something `within` it."""
    return [
        {
            "path": _path((*within, *it["loc"])),
            "message": it["msg"].removeprefix("Value error, "),
        }
        for it in errors
    ]


def _path(location: tuple[int | str, ...]) -> str:
    """`body.score`: where in the request; the names that pydantic adds say nothing."""
    parts = [str(part) for part in location if not str(part).startswith("function-")]
    return ".".join(to_camel(part) if part.isidentifier() else part for part in parts)


def _located(name: str) -> str:
    """Where in the request the value is that the service refused by its name."""
    if name == "body" or "." in name:
        return name
    return f"query.{name}" if name in {"season", "cursor"} else f"body.{name}"


def _response(
    request_id: str,
    code: str,
    detail: str,
    *,
    places: list[ErrorPlaceJson],
    headers: dict[str, str],
) -> Response[str]:
    status = STATUSES[code]
    body: ProblemJson = {
        "type": f"urn:leaderboard:problem:{code}",
        "title": TITLES[code],
        "status": status.value,
        "detail": detail,
        "code": code,
        "requestId": request_id,
    }
    if places:
        body["errors"] = places
    return Response(
        status_code=status.value,
        content_type="application/problem+json",
        headers=headers,
        body=json.dumps(body, ensure_ascii=False),
    )
