"""A deployed stage's addresses, from its stack's outputs, for a page that is served from here."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from local import announcement, service
from local.page import Configuration
from local.stack import RATING_BOARD, STAGE, StackFailed

if TYPE_CHECKING:
    import boto3

# What serverless.yml deploys to, unless it is told otherwise.
REGION = "eu-central-1"


def stack_name(stage: str, *, prefix: str) -> str:
    """The stage's stack; `prefix` is its param of that name."""
    return f"{prefix}leaderboard-{stage}"


def configuration(stage: str, *, region: str | None, prefix: str) -> Configuration:
    """What the page must know of the stage; with this shell's credentials, or those of the local
    stack that runs here. Raises StackFailed."""
    import boto3
    from botocore.exceptions import BotoCoreError, ClientError

    if stage == STAGE:
        service.isolate()
        os.environ.update(announcement.tool_variables())
    region = region or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION")
    session = boto3.Session(region_name=region or REGION)
    stack = stack_name(stage, prefix=prefix)
    try:
        outputs = _outputs(session, stack)
    except (BotoCoreError, ClientError) as error:
        raise StackFailed(f"Cannot read stack {stack} in {session.region_name}: {error}") from error
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


def _outputs(session: boto3.Session, name: str) -> Mapping[str, str]:
    client: Any = session.client("cloudformation")
    (stack,) = client.describe_stacks(StackName=name)["Stacks"]
    return {it["OutputKey"]: it["OutputValue"] for it in stack["Outputs"]}
