"""A deployed stage's addresses, from its stack's outputs, for a page that is served from here."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from local import announcement, service
from local.page import Configuration
from local.stack import RATING_BOARD, STAGE, StackFailed
from tools import caller

if TYPE_CHECKING:
    import boto3


def stack_name(stage: str, *, prefix: str) -> str:
    """The stage's stack; `prefix` is its param of that name."""
    return f"{prefix}leaderboard-{stage}"


def configuration(stage: str, *, region: str | None, prefix: str) -> Configuration:
    """What the page must know of the stage; with this shell's credentials, or those of the local
    stack that runs here. Raises StackFailed."""
    from botocore.exceptions import BotoCoreError, ClientError

    session = session_of(stage, region=region)
    stack = stack_name(stage, prefix=prefix)
    try:
        outputs = _outputs(session, stack)
    except (BotoCoreError, ClientError) as error:
        what = f"Cannot read stack {stack} ({session.region_name})"
        raise StackFailed(unreadable(what, error)) from error
    endpoint = os.environ.get("AWS_ENDPOINT_URL")
    if not endpoint:
        return Configuration(
            stage=stage,
            http=outputs["HttpUrl"],
            socket=outputs["SocketUrl"],
            cognito=f"https://cognito-idp.{session.region_name}.amazonaws.com/",
            web_client_id=outputs["WebClientId"],
        )
    gateway = f"{endpoint}/_aws/execute-api"
    return Configuration(
        stage=stage,
        http=f"{gateway}/{outputs['HttpApiId']}",
        socket=f"{gateway}/{outputs['SocketApiId']}/{stage}".replace("http", "ws", 1),
        cognito=endpoint,
        web_client_id=outputs["WebClientId"],
        boards=(RATING_BOARD,),
        any_code=True,
    )


def unprotected(outputs: Mapping[str, str]) -> tuple[str, ...]:
    """The resources of a stack, by its outputs, that get their deletion protection with the next
    deploy; a first deploy that fails could not be rolled back otherwise."""
    named = outputs.get("UnprotectedUntilNextDeploy", "")
    return tuple(named.split(", ")) if named else ()


def session_of(stage: str, *, region: str | None) -> boto3.Session:
    """This shell's session, or that of the local stack which runs here. Raises StackFailed."""
    from botocore.exceptions import ProfileNotFound

    if stage == STAGE:
        service.isolate()
        os.environ.update(announcement.tool_variables())
    try:
        return caller.of_shell(stage, region=region).session
    except ProfileNotFound as error:
        raise StackFailed(unreadable(f"Cannot read stage {stage}", error)) from error


def unreadable(what: str, error: Exception) -> str:
    """What failed, why, and what to do next."""
    reason = str(error).rstrip(".")
    return f"{what}: {reason}. `make doctor` says who you are on AWS and what is missing."


def _outputs(session: boto3.Session, name: str) -> Mapping[str, str]:
    client: Any = session.client("cloudformation")
    (stack,) = client.describe_stacks(StackName=name)["Stacks"]
    return {it["OutputKey"]: it["OutputValue"] for it in stack["Outputs"]}
