"""The WebSocket routes: connections come and go, subscribe, unsubscribe and ping.

What a frame asks for is read from the frame, not from the route that the gateway chose by it.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from handlers import payloads
from handlers.reporting import reporting
from handlers.telemetry import answering, count, logger
from leaderboard import clock, wiring
from leaderboard.boards.snapshots import encode
from leaderboard.errors import BoardNotFound, Invalid, LeaderboardError, Unavailable
from leaderboard.frames import messages, protocol
from leaderboard.frames.subscriptions import TooManyConnections, TooManyMessages

MAX_FRAME = 4 * 1024
"""Bytes that a client may send in one frame."""

Json = dict[str, Any]


class Held(BaseModel):
    """What a client has of a board already."""

    epoch: Annotated[str, Field(max_length=64)] | None
    version: Annotated[int, Field(strict=True, ge=0)]


# A docstring of these would be a description in docs/asyncapi.yaml, which has its own.
class Subscribe(BaseModel):
    """Follow a board; the answer is its snapshot, or `current` if the client has that."""

    action: Literal["subscribe"]
    board: str
    have: Held | None = None


class Unsubscribe(BaseModel):
    """Follow a board no longer."""

    action: Literal["unsubscribe"]
    board: str


class Ping(BaseModel):
    """Ask whether the connection is alive, and for the versions of the followed boards."""

    action: Literal["ping"]


Request = Annotated[Subscribe | Unsubscribe | Ping, Field(discriminator="action")]
REQUEST: TypeAdapter[Subscribe | Unsubscribe | Ping] = TypeAdapter(Request)


UNFORESEEN = "The service failed in a way that nobody foresaw; it was logged. Try again later."


@answering
@reporting
def handler(event: Json, context: LambdaContext) -> Json:
    """Answer one event of the gateway: a connect, a disconnect or a message."""
    request = event["requestContext"]
    line: Json = {"event": request["eventType"], "connectionId": request["connectionId"]}
    unforeseen: Exception | None = None
    try:
        answer = _serve(event, line)
    except Exception as error:  # noqa: BLE001 - the caller gets an answer
        unforeseen = error
        line["code"] = "internal"
        answer = {"statusCode": 500}
        if request["eventType"] == "MESSAGE":
            reply = messages.error_json("unavailable", UNFORESEEN, request_id=request["requestId"])
            line["code"] = reply["code"]
            answer = {"statusCode": 200, "body": encode(reply)}
    log = logger.error if unforeseen else logger.info
    log("subscriber", extra=line, exc_info=unforeseen)
    return answer


def _serve(event: Json, line: Json) -> Json:
    """The answer to an event, whose log line it completes."""
    request = event["requestContext"]
    connection_id, kind = request["connectionId"], request["eventType"]
    if kind == "MESSAGE":
        reply = count_and_answer(event.get("body") or "", connection_id, request["requestId"])
        line |= {"reply": reply["type"], "code": reply.get("code"), "board": reply.get("board")}
        return {"statusCode": 200, "body": encode(reply)}
    try:
        if kind == "CONNECT":
            user_id = (request.get("authorizer") or {}).get("userId")
            line["authenticated"] = user_id is not None
            wiring.subscriptions().connect(connection_id, user_id)
        else:
            wiring.subscriptions().disconnect(connection_id)
    except LeaderboardError as refusal:
        line["code"] = refusal.code
        return {"statusCode": _status(refusal)}  # any but 2xx refuses the handshake
    return {"statusCode": 200}


def _status(refusal: LeaderboardError) -> int:
    if isinstance(refusal, TooManyConnections):
        return 429
    return 503 if isinstance(refusal, Unavailable) else 403


def count_and_answer(text: str, connection_id: str, request_id: str) -> protocol.Reply:
    """Count one frame, whatever is in it, and answer it."""
    try:
        wiring.subscriptions().admit(connection_id)
    except TooManyMessages as error:
        count("ConnectionsClosed", int(error.closed))
        return messages.error_json("rate_limited", str(error), request_id=request_id)
    except LeaderboardError as error:
        return messages.error_json(_code(error), str(error), request_id=request_id)
    return answer_frame(text, connection_id, request_id)


def answer_frame(text: str, connection_id: str, request_id: str) -> protocol.Reply:
    """The reply to one frame; an error for a frame that the protocol does not have."""
    raw = text.encode(errors="surrogatepass")  # refused as what is not UTF-8
    if len(raw) > MAX_FRAME:
        return messages.error_json(
            "message_too_large", f"A frame has at most {MAX_FRAME} bytes.", request_id=request_id
        )
    board: str | None = None
    try:
        asked = payloads.parse(raw)
        if isinstance(asked, dict) and isinstance(asked.get("board"), str):
            board = asked["board"][:48]
        return _answer(REQUEST.validate_python(asked, strict=True), connection_id)
    except ValidationError as error:
        return messages.error_json(
            "bad_request", _mistake(error), request_id=request_id, board=board
        )
    except LeaderboardError as error:
        path = error.path if isinstance(error, Invalid) else ""
        message = f"{path}: {error}" if path else str(error)
        return messages.error_json(_code(error), message, request_id=request_id, board=board)


def _mistake(error: ValidationError) -> str:
    """What is wrong with a frame, beginning with the member's name."""
    found = error.errors()[0]
    if found["type"].startswith("union_tag"):
        return f"action: {USAGE}"
    path = ".".join(map(str, found["loc"][1:]))  # behind the action
    return f"{path}: {found['msg']}." if path else USAGE


def _code(error: LeaderboardError) -> protocol.Code:
    if isinstance(error, BoardNotFound):
        return "board_not_found"
    return "unavailable" if isinstance(error, Unavailable) else "bad_request"


USAGE = (
    'Send a JSON object: {"action":"subscribe","board":"…"}, '
    '{"action":"unsubscribe","board":"…"} or {"action":"ping"}.'
)


def _answer(request: Subscribe | Unsubscribe | Ping, connection_id: str) -> protocol.Reply:
    service = wiring.subscriptions()
    if isinstance(request, Ping):
        followed = service.followed(connection_id)
        return messages.pong_json((it.snapshot for it in followed), now_ms=clock.machine_ms())
    if isinstance(request, Unsubscribe):
        service.unsubscribe(connection_id, request.board)
        return messages.unsubscribed_json(request.board)
    it = service.subscribe(connection_id, request.board)
    held = request.have
    if held and it.is_at(held.epoch, held.version):
        return messages.current_json(it.snapshot)
    return messages.snapshot_json(
        it.snapshot, ends_ms=it.season.ends_ms, published_ms=clock.machine_ms()
    )
