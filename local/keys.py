"""The key that signs a deployed stage's tickets: a new one in its place, with this shell's
credentials."""

from __future__ import annotations

import json
import secrets
from typing import TYPE_CHECKING, Any

from local.stack import StackFailed

if TYPE_CHECKING:
    import boto3
    from botocore.config import Config

KEY_BYTES = 48


def rotate_stage(stage: str, *, region: str | None, prefix: str, revoke: bool) -> str:
    """Rotate the key of a stage; what to tell the caller. Raises StackFailed."""
    from botocore.exceptions import BotoCoreError, ClientError

    from tools import stage as stages

    session = stages.session_for(stage, region=region)
    stack = stages.stack_name(stage, prefix=prefix)
    try:
        secret = secret_of(session, stack, config=stages.PATIENCE)
        manager = session.client("secretsmanager", config=stages.PATIENCE)
        return rotate(manager, secret, revoke=revoke)
    except (BotoCoreError, ClientError) as error:
        why = stages.reason(error, right="what docs/operations.md lists")
        what = f"The key of stack {stack} ({session.region_name}) was not rotated"
        raise StackFailed(f"{what}: {why}") from error


def rotate(manager: Any, secret: str, *, revoke: bool) -> str:
    """Put a new key in place of the current one.

    The one before is accepted until the next rotation, and for a week at most; with `revoke` it
    is not, nor is any older one.
    """
    key = json.dumps({"key": secrets.token_urlsafe(KEY_BYTES)})
    current = manager.put_secret_value(SecretId=secret, SecretString=key)["VersionId"]
    if not revoke:
        return (
            f"{current} signs from now on. The key before it is accepted for a week, "
            "or until the next rotation."
        )
    versions = manager.list_secret_version_ids(SecretId=secret)["Versions"]
    for version in versions:
        if "AWSPREVIOUS" in version.get("VersionStages", []):
            manager.update_secret_version_stage(
                SecretId=secret,
                VersionStage="AWSPREVIOUS",
                RemoveFromVersionId=version["VersionId"],
            )
    return (
        f"{current} signs from now on. No other key is accepted any more: by any function in "
        "5 minutes at the latest. Players take new tickets."
    )


def secret_of(session: boto3.Session, stack: str, *, config: Config | None = None) -> str:
    """The stack's ticket secret, which has no name of its own."""
    cloudformation: Any = session.client("cloudformation", config=config)
    found = cloudformation.describe_stack_resource(
        StackName=stack, LogicalResourceId="TicketSecret"
    )
    arn: str = found["StackResourceDetail"]["PhysicalResourceId"]
    return arn
