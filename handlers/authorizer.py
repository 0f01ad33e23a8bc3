"""Who may connect: browsers from an allowed origin, anonymous or with a socket ticket, and where
the stage has an edge only through it.

Browsers always send an Origin; what sends none is no browser, and needs no protection from one.
"""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers.telemetry import answering, logger
from leaderboard import instants, wiring
from leaderboard.errors import EdgeRequired, TicketInvalid
from leaderboard.scoring.tickets import key_id, read_socket

Json = dict[str, Any]


@answering
def handler(event: Json, context: LambdaContext) -> Json:
    """Raises what it cannot tell for: the gateway then answers 500. A refusal would be a lie."""
    try:
        return _decide(event)
    except Exception:
        logger.exception("connect", extra={"allowed": False, "reason": "failed"})
        raise


def _decide(event: Json) -> Json:
    user_id: str | None = None
    headers = _headers(event)
    reason = _edge_refused(headers) or _origin_refused(headers)
    ticket = (event.get("queryStringParameters") or {}).get("ticket")
    if reason is None and ticket is not None:
        user_id = _user_of(ticket)
        reason = None if user_id else "ticket"
    logger.info("connect", extra={"allowed": reason is None, "reason": reason})
    return _policy(event["methodArn"], allowed=reason is None, user_id=user_id)


def _headers(event: Json) -> list[tuple[str, str]]:
    """Every header with each of its values."""
    names = event.get("multiValueHeaders") or {
        name: [value] for name, value in (event.get("headers") or {}).items()
    }
    return [(name.lower(), value) for name, values in names.items() for value in values]


def _edge_refused(headers: list[tuple[str, str]]) -> str | None:
    try:
        wiring.edge().require(headers)
    except EdgeRequired:
        return "edge"
    return None


def _origin_refused(headers: list[tuple[str, str]]) -> str | None:
    allowed = wiring.configuration().allowed_origins
    origins = [value for name, value in headers if name == "origin"]
    return None if all(origin in allowed for origin in origins) else "origin"


def _user_of(token: str) -> str | None:
    """The user of a socket ticket that is good now, and used up by this."""
    try:
        ticket = read_socket(token, wiring.ticket_keys()(key_id(token)))
    except TicketInvalid:
        return None
    if ticket.expires_ms <= instants.now_ms():
        return None
    if not wiring.connection_table().take_ticket(ticket.ticket, ticket.expires_ms):
        return None
    return ticket.user_id


def _policy(resource: str, *, allowed: bool, user_id: str | None) -> Json:
    return {
        "principalId": user_id or "anonymous",
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Action": "execute-api:Invoke",
                    "Effect": "Allow" if allowed else "Deny",
                    "Resource": resource,
                }
            ],
        },
        "context": {"userId": user_id} if user_id else {},
    }
