"""The boundary of the HTTP API: requests are checked here, served, logged and answered."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from functools import cache
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

from aws_lambda_powertools.event_handler import (
    APIGatewayHttpResolver,
    Response,
    content_types,
)
from aws_lambda_powertools.event_handler.openapi.exceptions import RequestValidationError
from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers import payloads
from handlers.problems import invalid_problem, problem, unforeseen_problem
from handlers.reporting import reporting
from handlers.telemetry import answering, logger
from leaderboard import clock, wiring
from leaderboard.errors import Invalid, LeaderboardError, TooLarge

MAX_BODY = 16 * 1024

unforeseen: ContextVar[Exception | None] = ContextVar("unforeseen", default=None)
"""What this invocation answers with `internal`, for its log line."""

PAGE_NUMBERS = frozenset({"offset", "page"})
"""Query parameters that other APIs page by; a read that dropped them would show a wrong page."""

Json = dict[str, Any]


def resolver() -> APIGatewayHttpResolver:
    """A resolver whose errors are problem details."""
    app = APIGatewayHttpResolver(enable_validation=True)

    @app.exception_handler(LeaderboardError)  # type: ignore[untyped-decorator]
    def refuse(error: LeaderboardError) -> Response[str]:
        return problem(_request_id(app), error)

    @app.exception_handler(RequestValidationError)  # type: ignore[untyped-decorator]
    def reject(error: RequestValidationError) -> Response[str]:
        return invalid_problem(_request_id(app), error.errors())

    @app.exception_handler(Exception)  # type: ignore[untyped-decorator]
    def fail(error: Exception) -> Response[str]:
        unforeseen.set(error)  # what rises is logged by the resolver, too
        return unforeseen_problem(_request_id(app))

    return app


def serve(
    app: APIGatewayHttpResolver, *, max_bodies: Mapping[str, int] | None = None
) -> Callable[[Json, LambdaContext], Json]:
    """The Lambda handler of a resolver: checks the request's form, serves it, logs one line.

    `max_bodies` are the bytes that the bodies of some routes may have, where it is not MAX_BODY.
    """
    bytes_of = max_bodies or {}

    @answering
    @reporting
    def handler(event: Json, context: LambdaContext) -> Json:
        request_id = event["requestContext"]["requestId"]
        unforeseen.set(None)
        try:
            wiring.edge().require(event.get("headers", {}).items())
            max_body = bytes_of.get(event["routeKey"], MAX_BODY)
            check_query(event, app)
            with clock.bounded(event["requestContext"].get("timeEpoch")):
                answer = app.resolve(admit(event, max_body=max_body), context)
        except LeaderboardError as error:
            answer = _gateway_answer(problem(request_id, error))
        except Exception as error:  # noqa: BLE001 - the caller gets an answer, whatever it is
            unforeseen.set(error)
            answer = _gateway_answer(unforeseen_problem(request_id))
        line: Json = {"route": event["routeKey"], "status": answer["statusCode"]}
        if answer["statusCode"] >= 400:
            line["code"] = json.loads(answer["body"]).get("code")
        log = logger.error if unforeseen.get() else logger.info
        extra = {**line, "gatewayRequestId": request_id}
        log("request", extra=extra, exc_info=unforeseen.get())
        answer = compressed(answer, event)
        is_head = event["requestContext"]["http"]["method"] == "HEAD"
        return {**answer, "body": ""} if is_head else answer

    return handler


def _gateway_answer(refused: Response[str]) -> Json:
    """The gateway's form of a problem that the resolver does not see."""
    return {
        "statusCode": refused.status_code,
        "headers": {"Content-Type": "application/problem+json", **refused.headers},
        "body": refused.body,
        "isBase64Encoded": False,
    }


COMPRESSED_FROM = 1024
"""Bytes of a body from which compressing it saves a packet or more."""


def compressed(answer: Json, event: Json) -> Json:
    """The answer, with a large body in gzip if the client accepts that."""
    body = answer["body"].encode()
    if len(body) < COMPRESSED_FROM:
        return answer
    headers = {**answer["headers"], "Vary": "Accept-Encoding"}
    if not accepts_gzip(event.get("headers", {}).get("accept-encoding", "")):
        return {**answer, "headers": headers}
    headers["Content-Encoding"] = "gzip"
    if "ETag" in headers:  # a strong one names the bytes
        headers["ETag"] = f"W/{headers['ETag']}"
    packed = base64.b64encode(gzip.compress(body, mtime=0)).decode()
    return {**answer, "headers": headers, "body": packed, "isBase64Encoded": True}


def accepts_gzip(header: str) -> bool:
    """Whether an `Accept-Encoding` names gzip, or else everything, without refusing it."""
    found: dict[str, bool] = {}
    for part in header.lower().split(","):
        coding, *parameters = (it.strip() for it in part.split(";"))
        found[coding] = not any(re.fullmatch(r"q=0(\.0*)?", it) for it in parameters)
    return found.get("gzip", found.get("*", False))


def check_query(event: Json, app: APIGatewayHttpResolver) -> None:
    """Refuse query parameters that would not do what they were sent for; raises Invalid.

    A write that drops a parameter does something else than was meant. A read only shows it.
    """
    query = parse_qsl(event.get("rawQueryString", ""), keep_blank_values=True)
    if not query:
        return
    times = Counter(name for name, _ in query)
    if doubled := [name for name in times if times[name] > 1]:
        raise Invalid("This parameter is given twice; give it once.", path=f"query.{doubled[0]}")
    if event["requestContext"]["http"]["method"] in {"GET", "HEAD"}:
        if numbered := [name for name in times if name in PAGE_NUMBERS]:
            raise Invalid(
                "Pages go by `cursor`: send `nextCursor` of the page before.",
                path=f"query.{numbered[0]}",
            )
        return
    known = query_parameters(app)[_unnamed(event["routeKey"])]
    if unknown := [name for name in times if name not in known]:
        raise Invalid("This route has no such parameter.", path=f"query.{unknown[0]}")


@cache
def query_parameters(app: APIGatewayHttpResolver) -> dict[str, frozenset[str]]:
    """The query parameters of each route, by its resolver.

    The schema is the resolver's one public list of them. It takes 10 ms to make, so it is made
    only where a write has a query.
    """
    schema = app.get_openapi_json_schema()
    return {
        _unnamed(f"{method.upper()} {path}"): frozenset(
            it["name"] for it in operation.get("parameters", ()) if it["in"] == "query"
        )
        for path, operations in json.loads(schema)["paths"].items()
        for method, operation in operations.items()
    }


def _unnamed(route: str) -> str:
    """A route without the names of its path's parts: the template and the resolver differ there."""
    return re.sub(r"{\w+}", "{}", route)


def admit(event: Json, *, max_body: int = MAX_BODY) -> Json:
    """The event with a body and a path that the resolver reads as they were meant.

    Raises TooLarge, and Invalid for a body that is not JSON.
    """
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
    elif event["requestContext"]["http"]["method"] not in {"GET", "HEAD", "DELETE"}:
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
    raw = event["body"].encode(errors="surrogatepass")  # refused as what is not UTF-8
    if event.get("isBase64Encoded"):
        raw = base64.b64decode(raw)
    if len(raw) > max_body:
        raise TooLarge(f"A body has at most {max_body // 1024} KB.")
    # One bad item of a batch fails alone, by its types.
    body = payloads.parse(raw, within="body", typed="body.submissions.")
    if not isinstance(body, dict):  # the resolver would take a list for the object in it
        raise Invalid("The body is not a JSON object; send one.", path="body")
    return body


def _request_id(app: APIGatewayHttpResolver) -> str:
    return str(app.current_event["requestContext"]["requestId"])
