"""AWS clients, and the translation of their errors into ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import botocore
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from leaderboard.errors import Raced, Unavailable

PASSING = {
    "InternalServerError",
    "LimitExceededException",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ServiceUnavailable",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
}
RACES = {"ConditionalCheckFailed", "TransactionConflict"}

USER_AGENT = "leaderboard"
CONNECT_SECONDS = 2.0

CA_FILE = Path(botocore.__file__).with_name("cacert.pem")
"""Whom the SDK trusts, and libcurl with it: what that was built with is another system's file."""

DOWN = (
    "The service is busy or partly down. Send this again in a moment; "
    "what came through all the same counts once."
)


@cache
def client(service: str, *, connections: int = 10, seconds: float = 5, attempts: int = 3) -> Any:
    """The client of a service, one per execution environment; it is safe across threads.

    A call waits `seconds` for each of its attempts.
    """
    is_fast = service == "dynamodb"  # what every score and frame waits for
    made = session().client(  # type: ignore[call-overload]
        service,
        config=Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=seconds,
            retries={"mode": "standard", "total_max_attempts": attempts},
            max_pool_connections=connections,
            # Both cost a call more than signing it does: the adapters' tests check the parameters,
            # and the SDK's own description of itself is put together again for every call.
            parameter_validation=False,
            user_agent=USER_AGENT,
            signature_version=UNSIGNED if is_fast else None,
        ),
    )
    if is_fast:
        from leaderboard.adapters.aws.transport import use_libcurl

        use_libcurl(made, connect_seconds=CONNECT_SECONDS, read_seconds=seconds)
    return made


def credentials() -> Any:
    """The key of now to sign with: `access_key`, `secret_key` and `token`."""
    held = session().get_credentials()
    if held is None:
        raise Unavailable(DOWN)
    return held.get_frozen_credentials()


@cache
def session() -> boto3.Session:
    """The one session of an environment: each costs it 45 ms of processor, and what it read."""
    return boto3.Session()


@contextmanager
def translated() -> Iterator[None]:
    """Raise Raced for a condition that failed, Unavailable for what may pass; the rest rises."""
    try:
        yield
    except ClientError as error:
        code = error.response["Error"]["Code"]
        if code in {"ConditionalCheckFailedException", "TransactionConflictException"}:
            raise Raced(DOWN) from error
        if code == "TransactionCanceledException":
            reasons = {it.get("Code") for it in error.response.get("CancellationReasons", [])}
            if reasons & RACES:
                raise Raced(DOWN) from error
            raise Unavailable(DOWN) from error
        if code in PASSING or error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
            raise Unavailable(DOWN) from error
        raise
    except BotoCoreError as error:
        raise Unavailable(DOWN) from error
