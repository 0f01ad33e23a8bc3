"""What AWS says about an account: facts, and an error in a sentence where it does not say them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectionError as NoConnection,
    HTTPClientError,
)

from tools.doctor.checks import REQUESTS_QUOTA, Deployed, Executions, Identity, Mail
from tools.doctor.names import ResourceName
from tools.doctor.rights import Right

# Services say "there is none" in their own ways.
NOT_FOUND = ("NotFound", "NonExistent", "NoSuch", "DoesNotExist")
REFUSED = ("AccessDenied", "Unauthorized", "NotAuthorized", "Forbidden")


class NotAsked(Exception):
    """The account did not answer; the text says why."""


def known_regions(session: boto3.Session) -> frozenset[str]:
    """Every Region that this SDK has heard of."""
    return frozenset(
        region
        for partition in session.get_available_partitions()
        for region in session.get_available_regions("dynamodb", partition)
    )


@contextmanager
def asking(right: str) -> Iterator[None]:
    """Turns what AWS refuses into a sentence that names the right it takes."""
    try:
        yield
    except ClientError as error:
        code = error.response["Error"].get("Code", "")
        if any(it in code for it in REFUSED):
            raise NotAsked(f"the right {right} is missing") from error
        message = error.response["Error"].get("Message") or code
        raise NotAsked(f"{right}: {message.rstrip('.')}") from error
    except (NoConnection, HTTPClientError) as error:
        raise NotAsked(f"{right}: no answer from AWS") from error
    except BotoCoreError as error:
        raise NotAsked(f"{right}: {error}") from error


def found(right: str, call: Callable[..., Any], **arguments: Any) -> Any:
    """What a call answers; None if there is no such thing. Raises NotAsked."""
    with asking(right):
        try:
            return call(**arguments)
        except ClientError as error:
            if is_absence(error):
                return None
            raise


def is_absence(error: ClientError) -> bool:
    said = error.response["Error"]
    # CloudFormation has one code for all that is wrong with a request.
    return "does not exist" in said.get("Message", "") or any(
        it in said.get("Code", "") for it in NOT_FOUND
    )


class Account:
    """The caller's account in one Region. Each method asks once, within `seconds`."""

    def __init__(self, session: boto3.Session, *, seconds: float) -> None:
        self._session = session
        self._config = Config(
            connect_timeout=seconds, read_timeout=seconds, retries={"total_max_attempts": 2}
        )
        # boto3's sessions are not to be used by several threads at once.
        self._lock = threading.Lock()

    @property
    def region(self) -> str:
        return str(self._session.region_name)

    @cached_property
    def partition(self) -> str:
        return str(self._session.get_partition_for_region(self.region))

    def enabled_regions(self) -> frozenset[str]:
        client = self._client("account")
        with asking("account:ListRegions"):
            pages = client.get_paginator("list_regions").paginate(
                RegionOptStatusContains=["ENABLED", "ENABLED_BY_DEFAULT"]
            )
            return frozenset(it["RegionName"] for page in pages for it in page["Regions"])

    def identity(self) -> Identity:
        """Raises ClientError and BotoCoreError: what is wrong with credentials is a finding."""
        answer = self._client("sts").get_caller_identity()
        return Identity(account=answer["Account"], arn=answer["Arn"])

    def executions(self, functions: Collection[str]) -> Executions:
        """Lambda's concurrency, with what these functions have reserved."""
        client = self._client("lambda")
        with asking("lambda:GetAccountSettings"):
            limits = client.get_account_settings()["AccountLimit"]
        limit, unreserved = limits["ConcurrentExecutions"], limits["UnreservedConcurrentExecutions"]
        own = 0
        # Most accounts reserve nothing, and need not be asked for each function.
        for function in functions if unreserved < limit else ():
            right = "lambda:GetFunctionConcurrency"
            reserved = found(right, client.get_function_concurrency, FunctionName=function)
            own += (reserved or {}).get("ReservedConcurrentExecutions", 0)
        return Executions(limit=limit, unreserved=unreserved, own=own)

    def requests(self) -> int:
        """Requests a second for all APIs of the Region.

        Service Quotas says what AWS granted. In Regions with a lower default it may say the usual
        one all the same, and the gateway's own account the one that holds: the smaller counts.
        """
        said, reasons = [], []
        for ask in (self._granted_requests, self._gateways_requests):
            try:
                said.append(ask())
            except NotAsked as reason:
                reasons.append(str(reason))
        if not said:
            raise NotAsked("; ".join(reasons))
        return int(min(said))

    def _granted_requests(self) -> float:
        client = self._client("service-quotas")
        wanted = {"ServiceCode": "apigateway", "QuotaCode": REQUESTS_QUOTA}
        answer = found("servicequotas:GetServiceQuota", client.get_service_quota, **wanted)
        if answer is None:
            # Nobody ever asked for another one in this account.
            with asking("servicequotas:GetAWSDefaultServiceQuota"):
                answer = client.get_aws_default_service_quota(**wanted)
        return float(answer["Quota"]["Value"])

    def _gateways_requests(self) -> float:
        with asking("apigateway:GET"):
            account = self._client("apigateway").get_account()
        return float(account["throttleSettings"]["rateLimit"])

    def mail(self, identity: str) -> Mail:
        client = self._client("sesv2")
        with asking("ses:GetAccount"):
            account = client.get_account()
        right = "ses:GetEmailIdentity"
        sender = found(right, client.get_email_identity, EmailIdentity=identity) or {}
        return Mail(
            production=account["ProductionAccessEnabled"],
            enabled=account["SendingEnabled"],
            daily=int(account["SendQuota"]["Max24HourSend"]),
            verified=sender.get("VerifiedForSendingStatus", False),
        )

    def stack(self, name: str, *, region: str | None = None) -> Deployed | None:
        """None if there is no such stack."""
        client = self._client("cloudformation", region=region)
        answer = found("cloudformation:DescribeStacks", client.describe_stacks, StackName=name)
        if answer is None:
            return None
        (stack,) = answer["Stacks"]
        outputs = {it["OutputKey"]: it["OutputValue"] for it in stack.get("Outputs", [])}
        return Deployed(status=stack["StackStatus"], outputs=outputs)

    def owned(self, stack: str) -> frozenset[str]:
        """The names of what the stack has."""
        client = self._client("cloudformation")
        pages = client.get_paginator("list_stack_resources")
        right = "cloudformation:ListStackResources"
        listed = found(right, lambda: list(pages.paginate(StackName=stack))) or []
        ids = [
            resource.get("PhysicalResourceId", "")
            for page in listed
            for resource in page["StackResourceSummaries"]
        ]
        # Some are URLs or ARNs, and a web ACL's is its name, id and scope.
        return frozenset(
            name for it in ids for name in (it, it.rsplit("/", 1)[-1], it.split("|", 1)[0])
        )

    def existing(self, names: Sequence[ResourceName]) -> list[ResourceName]:
        """Those of these names that something has, of one type."""
        (kind,) = {name.type for name in names}
        right, lookup = LOOKUPS[kind]
        with asking(right):
            taken = lookup(self._client, [it.name for it in names])
        return [name for name in names if name.name in taken]

    def missing(self, principal: str, right: Right) -> bool:
        """Whether a principal's policies lack a right, as far as IAM can tell."""
        client = self._client("iam")
        context = [
            {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": "string"}
            for key, value in right.context.items()
        ]
        with asking("iam:SimulatePrincipalPolicy"):
            answer = client.simulate_principal_policy(
                PolicySourceArn=principal,
                ActionNames=[right.action],
                ResourceArns=[right.resource],
                ContextEntries=context,
            )
        (result,) = answer["EvaluationResults"]
        undecided = bool(result.get("MissingContextValues"))
        return result["EvalDecision"] != "allowed" and not undecided

    def principal(self, identity: Identity) -> str:
        """The role or user whose policies count for a caller."""
        kind, _, rest = identity.arn.rpartition(":")[2].partition("/")
        if kind != "assumed-role":
            return identity.arn
        role = rest.split("/")[0]
        with asking("iam:GetRole"):
            # Its path is not in the caller's ARN.
            return str(self._client("iam").get_role(RoleName=role)["Role"]["Arn"])

    def _client(self, service: str, *, region: str | None = None) -> Any:
        with self._lock:
            maker: Any = self._session.client
            return maker(service, region_name=region or self.region, config=self._config)


Clients = Callable[[str], Any]


def _one_by_one(
    service: str, operation: str, argument: str
) -> Callable[[Clients, list[str]], set[str]]:
    """Asks for each name with one call."""

    def lookup(clients: Clients, names: list[str]) -> set[str]:
        ask = getattr(clients(service), operation)
        found = set()
        for name in names:
            try:
                ask(**{argument: name})
            except ClientError as error:
                if not is_absence(error):
                    raise
            else:
                found.add(name)
        return found

    return lookup


def _log_groups(clients: Clients, names: list[str]) -> set[str]:
    pages = clients("logs").get_paginator("describe_log_groups")
    prefixes = {
        name.rpartition("-")[0] if name.startswith("/aws/lambda/") else name for name in names
    }
    found = {
        group["logGroupName"]
        for prefix in prefixes
        for page in pages.paginate(logGroupNamePrefix=prefix)
        for group in page["logGroups"]
    }
    return found & set(names)


def _alarms(clients: Clients, names: list[str]) -> set[str]:
    answer = clients("cloudwatch").describe_alarms(AlarmNames=names, MaxRecords=100)
    return {it["AlarmName"] for it in answer["MetricAlarms"]}


def _web_acls(clients: Clients, names: list[str]) -> set[str]:
    client = clients("wafv2")
    marker: dict[str, str] = {}
    found: set[str] = set()
    while True:
        page = client.list_web_acls(Scope="REGIONAL", Limit=100, **marker)
        found |= {it["Name"] for it in page["WebACLs"]}
        if not page.get("NextMarker") or not page["WebACLs"]:
            return found & set(names)
        marker = {"NextMarker": page["NextMarker"]}


# The types whose names are taken once for an account and Region: the right it takes to look, and
# how to.
LOOKUPS: Mapping[str, tuple[str, Callable[[Clients, list[str]], set[str]]]] = {
    "AWS::CloudWatch::Alarm": ("cloudwatch:DescribeAlarms", _alarms),
    "AWS::DynamoDB::Table": (
        "dynamodb:DescribeTable",
        _one_by_one("dynamodb", "describe_table", "TableName"),
    ),
    "AWS::ElastiCache::ServerlessCache": (
        "elasticache:DescribeServerlessCaches",
        _one_by_one("elasticache", "describe_serverless_caches", "ServerlessCacheName"),
    ),
    "AWS::ElastiCache::User": (
        "elasticache:DescribeUsers",
        _one_by_one("elasticache", "describe_users", "UserId"),
    ),
    "AWS::ElastiCache::UserGroup": (
        "elasticache:DescribeUserGroups",
        _one_by_one("elasticache", "describe_user_groups", "UserGroupId"),
    ),
    "AWS::Lambda::Function": (
        "lambda:GetFunctionConfiguration",
        _one_by_one("lambda", "get_function_configuration", "FunctionName"),
    ),
    "AWS::Logs::LogGroup": ("logs:DescribeLogGroups", _log_groups),
    "AWS::SQS::Queue": ("sqs:GetQueueUrl", _one_by_one("sqs", "get_queue_url", "QueueName")),
    "AWS::WAFv2::WebACL": ("wafv2:ListWebACLs", _web_acls),
}
