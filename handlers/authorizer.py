"""Who may open a WebSocket: `leaderboard/frames/admission.py` decides, the gateway obeys."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from handlers.telemetry import answering, logger
from leaderboard import wiring

Json = dict[str, Any]


@answering
def handler(event: Json, context: LambdaContext) -> Json:
    """Raises what it cannot tell for: the gateway then answers 500. A refusal would be a lie."""
    ticket = (event.get("queryStringParameters") or {}).get("ticket")
    try:
        decision = wiring.admission().decide(_headers(event), ticket)
    except Exception:
        logger.exception("connect", extra={"allowed": False, "reason": "failed"})
        raise
    logger.info("connect", extra={"allowed": decision.is_allowed, "reason": decision.refusal})
    return _policy(event["methodArn"], allowed=decision.is_allowed, user_id=decision.user_id)


def _headers(event: Json) -> list[tuple[str, str]]:
    """Every header with each of its values."""
    names = event.get("multiValueHeaders") or {
        name: [value] for name, value in (event.get("headers") or {}).items()
    }
    return [(name.lower(), value) for name, values in names.items() for value in values]


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
