"""Who may connect: browsers from an allowed origin, anonymous or with a socket ticket.

Browsers always send an Origin; what sends none is no browser, and needs no protection from one.
"""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers.telemetry import invocation, logger
from leaderboard import instants, wiring
from leaderboard.errors import TicketInvalid
from leaderboard.tickets import read_socket

Json = dict[str, Any]


@invocation
def handler(event: Json, context: LambdaContext) -> Json:
    user_id: str | None = None
    reason = _origin_refused(event)
    ticket = (event.get("queryStringParameters") or {}).get("ticket")
    if reason is None and ticket is not None:
        user_id = _user_of(ticket)
        reason = None if user_id else "ticket"
    logger.info("connect", extra={"allowed": reason is None, "reason": reason})
    return _policy(event["methodArn"], allowed=reason is None, user_id=user_id)


def _origin_refused(event: Json) -> str | None:
    names = event.get("multiValueHeaders") or {
        name: [value] for name, value in (event.get("headers") or {}).items()
    }
    origins = [it for name, values in names.items() if name.lower() == "origin" for it in values]
    allowed = wiring.configuration().allowed_origins
    return None if all(origin in allowed for origin in origins) else "origin"


def _user_of(token: str) -> str | None:
    """The user of a socket ticket that is good now, and used up by this."""
    try:
        ticket = read_socket(token, wiring.ticket_keys()())
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
