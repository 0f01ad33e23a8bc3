"""A deployed stage, as this shell's credentials show it: its stack's outputs and its addresses."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConfigParseError,
    ConnectionError as NoConnection,
    HTTPClientError,
    InvalidRegionError,
    NoCredentialsError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)

from leaderboard_client.loopback import is_loopback
from local import announcement, service
from local.stack import STAGE, StackFailed
from tools import caller
from tools.cloudformation import UnreadableTemplate
from tools.doctor.configuration import Configuration

# What all tools need of a stage's stack; one whose deploy failed or goes on may lack it.
NEEDED = ("HttpApiId", "SocketApiId", "UserPoolId", "WebClientId")
# Where the edge is, whatever the stage's Region.
EDGE_REGION = "us-east-1"
SIGN_IN = "Set AWS_PROFILE or run `aws sso login`."
REFUSED_CREDENTIALS = frozenset(
    (
        *("ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId", "RequestExpired"),
        *("SignatureDoesNotMatch", "UnrecognizedClientException", "AuthFailure"),
    )
)
# What `sls` takes.
NAME = re.compile(r"[A-Za-z0-9-]+")
PATIENCE = Config(
    connect_timeout=5, read_timeout=15, retries={"mode": "standard", "total_max_attempts": 2}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A client of the user pool that has a secret."""

    id: str
    secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A stage that is deployed."""

    name: str
    stack: str
    """The stack's name, with which its resources' names begin."""
    account: str
    outputs: Mapping[str, str]
    edge: str | None
    """The edge's URL, which then is the only way to the APIs."""
    session: boto3.Session

    @property
    def region(self) -> str:
        return self.session.region_name

    @property
    def http(self) -> str:
        return f"{self.edge}/api" if self.edge else self.api

    @property
    def api(self) -> str:
        """The HTTP API's own address, whether or not there is an edge."""
        if endpoint := _endpoint():
            return f"{_gateway(endpoint)}/{self.outputs['HttpApiId']}"
        return self.outputs["HttpUrl"]

    @property
    def socket(self) -> str:
        if self.edge:
            return f"{self.edge}/ws".replace("http", "ws", 1)
        if endpoint := _endpoint():
            api = f"{_gateway(endpoint)}/{self.outputs['SocketApiId']}"
            return f"{api}/{self.name}".replace("http", "ws", 1)
        return self.outputs["SocketUrl"]

    @property
    def cognito(self) -> str:
        """Where the pool's public calls are answered."""
        return _endpoint() or f"https://cognito-idp.{self.region}.amazonaws.com/"

    @property
    def emulated(self) -> bool:
        """Whether the local stack's emulator stands for AWS."""
        return _endpoint() is not None

    @property
    def token_url(self) -> str:
        """Where clients with a secret get their tokens."""
        if endpoint := _endpoint():
            return f"{endpoint}/oauth2/token"
        domain = self.outputs["AuthDomainName"]
        return f"https://{domain}.auth.{self.region}.amazoncognito.com/oauth2/token"

    def client(self, name: str) -> Any:
        """A client of one of AWS's services."""
        return self.session.client(name, config=PATIENCE)  # type: ignore[call-overload]

    def secret_client(self, name: str) -> Client:
        """`machine` or `moderator`. Raises StackFailed."""
        output = f"{name.capitalize()}ClientId"
        if output not in self.outputs:
            raise StackFailed(f"Stage {self.name} has no client {name}: deploy it again.")
        client_id = self.outputs[output]
        try:
            found = self.client("cognito-idp").describe_user_pool_client(
                UserPoolId=self.outputs["UserPoolId"], ClientId=client_id
            )
        except (BotoCoreError, ClientError) as error:
            raise StackFailed(
                f"Cannot read the secret of the client {name}: "
                f"{reason(error, right='cognito-idp:DescribeUserPoolClient')}"
            ) from error
        return Client(id=client_id, secret=found["UserPoolClient"]["ClientSecret"])


def stack_name(stage: str, *, prefix: str) -> str:
    """The stage's stack; `prefix` is its param of that name, if serverless.yml does not say it.
    Raises StackFailed."""
    return f"{_prefix(stage, prefix)}leaderboard-{stage}"


def edge_stack_name(stage: str, *, prefix: str, region: str) -> str:
    """The stack of its edge, which names the Region of the stage."""
    return f"{_prefix(stage, prefix)}leaderboard-edge-{region}-{stage}"


def _prefix(stage: str, told: str) -> str:
    try:
        return told or str(Configuration(service.ROOT, stage).param("prefix") or "")
    except UnreadableTemplate as error:
        raise StackFailed(str(error)) from error


def find(stage: str, *, region: str | None, prefix: str = "") -> Stage:
    """The stage, in that Region or where this shell works; `prefix` as for `stack_name`.
    Raises StackFailed."""
    session = session_for(stage, region=region)
    where, name = session.region_name, stack_name(stage, prefix=prefix)
    edge = edge_stack_name(stage, prefix=prefix, region=where)
    try:
        stack = _stack(session.client("cloudformation", config=PATIENCE), name)
        if stack is None:
            raise StackFailed(_missing(session, stage, name))
        outputs = _outputs(stack)
        if missing := [it for it in NEEDED if it not in outputs]:
            raise StackFailed(
                f"Stage {stage} ({where}) is not deployed to its end: its stack {name} is "
                f"{stack['StackStatus']} and has no output {missing[0]}. `make doctor "
                f"STAGE={stage}` says what to do."
            )
        return Stage(
            name=stage,
            stack=name,
            account=str(stack["StackId"]).split(":")[4],
            outputs=outputs,
            edge=_edge(session, stage, edge, wanted="EdgeSecretReplica" in outputs),
            session=session,
        )
    except (BotoCoreError, ClientError) as error:
        raise StackFailed(f"Cannot read stage {stage} ({where}): {reason(error)}") from error


def session_for(stage: str, *, region: str | None) -> boto3.Session:
    """This shell's credentials, or for the stage `local` those of the local stack.
    Raises StackFailed."""
    if not NAME.fullmatch(stage):
        raise StackFailed(
            f'"{stage}" is no name of a stage: those have letters, digits and hyphens.'
        )
    if stage == STAGE and not is_loopback(os.environ.get("AWS_ENDPOINT_URL", "")):
        service.isolate()
        os.environ.update(announcement.tool_variables())
    try:
        return caller.of_shell(stage, region=region).session
    except (ConfigParseError, ProfileNotFound, caller.EndpointUnusable) as error:
        raise StackFailed(f"Cannot read stage {stage}: {reason(error)}") from error


def unprotected(outputs: Mapping[str, str]) -> tuple[str, ...]:
    """The resources of a stack, by its outputs, that get their deletion protection with the next
    deploy; a first deploy that fails could not be rolled back otherwise."""
    named = outputs.get("UnprotectedUntilNextDeploy", "")
    return tuple(named.split(", ")) if named else ()


def reason(error: Exception, *, right: str = "cloudformation:DescribeStacks") -> str:
    """What AWS's refusal means, and what to do next."""
    match error:
        case NoCredentialsError() | PartialCredentialsError():
            return f"no AWS credentials. {SIGN_IN}"
        case ProfileNotFound():
            return f"{error}. Set AWS_PROFILE to one of `aws configure list-profiles`."
        case SSOError() | TokenRetrievalError():
            return f"your sign-in has expired. {SIGN_IN}"
        case HTTPClientError() | NoConnection():
            host = _endpoint() or "AWS in this Region"
            return (
                f"{host} does not answer. Check the Region's name (--region, AWS_REGION), "
                "AWS_ENDPOINT_URL and the network."
            )
        case InvalidRegionError():
            return "that is no name of a Region. Set --region or AWS_REGION, e.g. eu-central-1."
        case ClientError() if error.response["Error"]["Code"] in REFUSED_CREDENTIALS:
            code = error.response["Error"]["Code"]
            return f"AWS does not accept these credentials ({code}). {SIGN_IN}"
        case ClientError() if "AccessDenied" in error.response["Error"]["Code"]:
            return f"these credentials lack a right; it takes {right}."
        case ClientError() if "does not exist" in error.response["Error"].get("Message", ""):
            return (
                "it is not deployed there. Check --stage, the Region (--region, AWS_REGION) and "
                "AWS_PROFILE."
            )
    return str(error)


def _missing(session: boto3.Session, stage: str, name: str) -> str:
    account = session.client("sts", config=PATIENCE).get_caller_identity()["Account"]
    return (
        f"There is no stage {stage} in {session.region_name} of account {account}: no stack "
        f"{name}. Check --stage, the Region (--region, AWS_REGION) and AWS_PROFILE, "
        f"or deploy it: make deploy STAGE={stage}"
    )


def _edge(session: boto3.Session, stage: str, name: str, *, wanted: bool) -> str | None:
    client = session.client("cloudformation", region_name=EDGE_REGION, config=PATIENCE)
    try:
        stack = _stack(client, name)
    except (BotoCoreError, ClientError):
        # Who may read this Region alone can still use a stage without an edge.
        if wanted:
            raise
        return None
    if stack is None and wanted:
        raise StackFailed(
            f"Stage {stage} answers only through its edge, and there is no stack "
            f"{name} in {EDGE_REGION}: deploy it as infra/edge/README.md says."
        )
    return None if stack is None else _outputs(stack).get("EdgeUrl")


def _stack(client: Any, name: str) -> Mapping[str, Any] | None:
    try:
        (stack,) = client.describe_stacks(StackName=name)["Stacks"]
    except ClientError as error:
        if "does not exist" in error.response["Error"].get("Message", ""):
            return None
        raise
    found: Mapping[str, Any] = stack
    return found


def _outputs(stack: Mapping[str, Any]) -> Mapping[str, str]:
    return {it["OutputKey"]: it["OutputValue"] for it in stack.get("Outputs", [])}


def _endpoint() -> str | None:
    """The emulator's, in whose place AWS has a host for each service."""
    return os.environ.get("AWS_ENDPOINT_URL") or None


def _gateway(endpoint: str) -> str:
    return f"{endpoint}/_aws/execute-api"
