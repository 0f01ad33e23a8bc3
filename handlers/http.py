"""The edge of the HTTP API: requests are checked here, errors become problem details (RFC 9457)."""

from __future__ import annotations

import base64
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import parse_qsl, quote, unquote

from aws_lambda_powertools.event_handler import (
    APIGatewayHttpResolver,
    Response,
    content_types,
)
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic import StringConstraints as Text
from pydantic.alias_generators import to_camel

from handlers.telemetry import invocation, logger
from leaderboard import clock, wiring
from leaderboard.errors import Invalid, LeaderboardError, RateLimited, TooLarge, Unavailable
from leaderboard.names import USER_ID, clean_name
from leaderboard.rules import MAX_SCORE

MAX_BODY = 16 * 1024
MAX_DEPTH = 16
"""Levels of a body: far past any request, far below what a parser behind this one gives up at."""

STATUSES = {
    "action_not_found": HTTPStatus.NOT_FOUND,
    "barred": HTTPStatus.FORBIDDEN,
    "board_not_found": HTTPStatus.NOT_FOUND,
    "body_too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "edge_required": HTTPStatus.FORBIDDEN,
    "invalid": HTTPStatus.UNPROCESSABLE_ENTITY,
    "judge_failed": HTTPStatus.SERVICE_UNAVAILABLE,
    "rate_limited": HTTPStatus.TOO_MANY_REQUESTS,
    "score_limit": HTTPStatus.CONFLICT,
    "submission_conflict": HTTPStatus.CONFLICT,
    "ticket_expired": HTTPStatus.GONE,
    "ticket_invalid": HTTPStatus.FORBIDDEN,
    "ticket_superseded": HTTPStatus.CONFLICT,
    "ticket_too_early": HTTPStatus.CONFLICT,
    "unavailable": HTTPStatus.SERVICE_UNAVAILABLE,
    "user_not_ranked": HTTPStatus.NOT_FOUND,
    "cache_unavailable": HTTPStatus.SERVICE_UNAVAILABLE,
    "user_deleted": HTTPStatus.GONE,
}

TITLES = {
    "action_not_found": "No such action",
    "barred": "Barred",
    "board_not_found": "No such board",
    "body_too_large": "The body is too large",
    "edge_required": "Not this way",
    "invalid": "The request does not validate",
    "judge_failed": "The action cannot be judged now",
    "rate_limited": "Too often",
    "score_limit": "Beyond the board's limits",
    "submission_conflict": "The submissionId was used before",
    "ticket_expired": "The ticket has expired",
    "ticket_invalid": "The ticket is not valid here",
    "ticket_superseded": "The ticket was superseded",
    "ticket_too_early": "The ticket is not good yet",
    "unavailable": "Not available at the moment",
    "user_not_ranked": "The user is not on this board",
    "cache_unavailable": "Not available at the moment",
    "user_deleted": "The player was deleted",
}

Json = dict[str, Any]


class Body(BaseModel):
    """A request's body: camelCase, nothing unknown, no silent conversions."""

    model_config = ConfigDict(extra="forbid", strict=True, alias_generator=to_camel)


# The path comes percent-encoded from `admit`, so that every id reaches its check.
BoardPath = Annotated[str, BeforeValidator(unquote)]
UserId = Annotated[str, Text(pattern=f"^(?:{USER_ID.pattern})$")]
UserPath = Annotated[UserId, BeforeValidator(unquote)]
SubmissionId = Annotated[
    str,
    Text(pattern=r"^[\x20-\x7e]{1,64}$"),
    Field(description="One's own name of this write: the same when it is sent again"),
]
UserName = Annotated[
    str,
    AfterValidator(clean_name),
    Field(description="1 to 32 characters after NFC and trimming, none of control or direction"),
]
Score = Annotated[int, Field(strict=True, ge=-MAX_SCORE, le=MAX_SCORE)]


def resolver() -> APIGatewayHttpResolver:
    """A resolver whose errors are problem details."""
    app = APIGatewayHttpResolver(enable_validation=True)

    @app.exception_handler(LeaderboardError)  # type: ignore[untyped-decorator]
    def refuse(error: LeaderboardError) -> Response[str]:
        return problem(_request_id(app), error)

    @app.exception_handler(RequestValidationError)  # type: ignore[untyped-decorator]
    def reject(error: RequestValidationError) -> Response[str]:
        errors = mistakes(error.errors())
        detail = "; ".join(f"{it['path']}: {it['message']}" for it in errors)
        return _problem(_request_id(app), "invalid", detail, errors=errors)

    return app


def mistakes(
    errors: Iterable[Mapping[str, Any]], *, within: tuple[int | str, ...] = ()
) -> list[Json]:
    """What pydantic has against a request, or something `within` it, as answers say it."""
    return [
        {
            "path": _path((*within, *it["loc"])),
            "message": it["msg"].removeprefix("Value error, "),
        }
        for it in errors
    ]


def problem(request_id: str, error: LeaderboardError) -> Response[str]:
    headers = {}
    extra: Json = {}
    if isinstance(error, Invalid):
        extra = {"errors": [{"path": _located(error.path), "message": str(error)}]}
    elif isinstance(error, RateLimited):
        headers = {"Retry-After": str(-(-error.retry_after_ms // 1000))}
    elif isinstance(error, Unavailable):
        headers = {"Retry-After": "1"}
    return _problem(request_id, error.code, str(error), headers=headers, **extra)


def serve(
    app: APIGatewayHttpResolver, *, max_bodies: Mapping[str, int] | None = None
) -> Callable[[Json, LambdaContext], Json]:
    """The Lambda handler of a resolver: checks the request's form, serves it, logs one line.

    `max_bodies` are the bytes that the bodies of some routes may have, where it is not MAX_BODY.
    """
    bytes_of = max_bodies or {}

    @invocation
    def handler(event: Json, context: LambdaContext) -> Json:
        request_id = event["requestContext"]["requestId"]
        try:
            wiring.edge().require(event.get("headers", {}).items())
            max_body = bytes_of.get(event["routeKey"], MAX_BODY)
            with clock.bounded(event["requestContext"].get("timeEpoch")):
                answer = app.resolve(admit(event, max_body=max_body), context)
        except LeaderboardError as error:
            refused = problem(request_id, error)
            answer = {
                "statusCode": refused.status_code,
                "headers": {"Content-Type": "application/problem+json"},
                "body": refused.body,
                "isBase64Encoded": False,
            }
        line: Json = {"route": event["routeKey"], "status": answer["statusCode"]}
        if answer["statusCode"] >= 400:
            line["code"] = json.loads(answer["body"]).get("code")
        logger.info("request", extra={**line, "gatewayRequestId": request_id})
        return answer

    return handler


def admit(event: Json, *, max_body: int = MAX_BODY) -> Json:
    """The event with a body and a path that the resolver reads as they were meant.

    Raises TooLarge, and Invalid for a body that is no JSON and for doubled query parameters.
    """
    doubled = [
        name
        for name, times in Counter(
            name for name, _ in parse_qsl(event.get("rawQueryString", ""), keep_blank_values=True)
        ).items()
        if times > 1
    ]
    if doubled:
        raise Invalid("This parameter is given twice; give it once.", path=f"query.{doubled[0]}")
    path = event["routeKey"].partition(" ")[2]
    for name, value in (event.get("pathParameters") or {}).items():
        path = path.replace(f"{{{name}}}", quote(unquote(value), safe=""))
    stage = event["requestContext"].get("stage", "$default")
    headers = {**event.get("headers", {}), "content-type": content_types.APPLICATION_JSON}
    admitted = {
        **event,
        "rawPath": path if stage == "$default" else f"/{stage}{path}",
        "headers": headers,
        "isBase64Encoded": False,
    }
    if event.get("body"):
        admitted["body"] = json.dumps(_parsed(event, max_body))
    elif event["requestContext"]["http"]["method"] not in {"GET", "DELETE"}:
        admitted["body"] = "{}"
    return admitted


def user_of(app: APIGatewayHttpResolver) -> str:
    """The player that the gateway authenticated."""
    return str(claims_of(app)["sub"])


def claims_of(app: APIGatewayHttpResolver) -> Json:
    """What the token says that the gateway checked."""
    claims: Json = app.current_event["requestContext"]["authorizer"]["jwt"]["claims"]
    return claims


def _parsed(event: Json, max_body: int) -> Json:
    raw = event["body"].encode()
    if event.get("isBase64Encoded"):
        raw = base64.b64decode(raw)
    if len(raw) > max_body:
        raise TooLarge(f"A body has at most {max_body // 1024} KB.")
    try:
        body: Any = json.loads(
            raw, parse_constant=_refuse_constant, object_pairs_hook=_refuse_doubles
        )
    except (ValueError, RecursionError) as error:
        raise Invalid("The body is not JSON; send one JSON object.", path="body") from error
    if not isinstance(body, dict):  # the resolver would take a list for the object in it
        raise Invalid("The body is not a JSON object; send one.", path="body")
    level: list[Any] = [body]
    for _ in range(MAX_DEPTH):
        level = [it for outer in level for it in _inside(outer)]
    if level:
        raise Invalid(f"The body is nested deeper than {MAX_DEPTH} levels.", path="body")
    return body


def _inside(value: Any) -> Iterable[Any]:
    """What a JSON array or object holds."""
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _refuse_doubles(members: list[tuple[str, Any]]) -> Json:
    body = dict(members)
    if len(body) < len(members):
        raise ValueError("a member is there twice")
    return body


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _request_id(app: APIGatewayHttpResolver) -> str:
    return str(app.current_event["requestContext"]["requestId"])


def _path(location: tuple[int | str, ...]) -> str:
    """`body.score`: where in the request; the names that pydantic adds say nothing."""
    parts = [str(part) for part in location if not str(part).startswith("function-")]
    return ".".join(to_camel(part) if part.isidentifier() else part for part in parts)


def _located(name: str) -> str:
    """Where in the request the value is that the service refused by its name."""
    if name == "body" or "." in name:
        return name
    return f"query.{name}" if name in {"season", "cursor"} else f"body.{name}"


def _problem(
    request_id: str, code: str, detail: str, *, headers: Json | None = None, **extra: Any
) -> Response[str]:
    status = STATUSES[code]
    body = {
        "type": f"urn:leaderboard:problem:{code}",
        "title": TITLES[code],
        "status": status.value,
        "detail": detail,
        "code": code,
        "requestId": request_id,
        **extra,
    }
    return Response(
        status_code=status.value,
        content_type="application/problem+json",
        headers=headers or {},
        body=json.dumps(body, ensure_ascii=False),
    )
