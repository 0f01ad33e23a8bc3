"""A first deploy that fails can be repeated, and protects what it keeps once it has succeeded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from local import service
from local.stack import STACK_NAME
from tests.stack import Empty, empty
from tests.structure import template
from tools.stage import unprotected

pytestmark = pytest.mark.e2e

KEPT = ("deletionPolicy", "deletionProtection", "poolProtection")
DATA = {
    "BoardsTable",
    "ConnectionsTable",
    "HistoryTable",
    "ScoresTable",
    "SubmissionsTable",
    "UserPool",
}
# Cannot be created, and is tried once everything else is there.
LAST = """
  Last:
    Type: AWS::Logs::LogStream
    DependsOn: [{before}]
    Properties:
      LogGroupName: missing

Outputs:"""
# How to list what has a name that a second deploy would meet.
LISTS = {
    "dynamodb": ("list_tables", "TableNames"),
    "lambda": ("list_functions", "Functions"),
    "iam": ("list_roles", "Roles"),
    "logs": ("describe_log_groups", "logGroups"),
    "sqs": ("list_queues", "QueueUrls"),
    "events": ("list_rules", "Rules"),
    "cloudwatch": ("describe_alarms", "MetricAlarms"),
    "apigatewayv2": ("get_apis", "Items"),
    "secretsmanager": ("list_secrets", "SecretList"),
}


@pytest.fixture(scope="module")
def servers() -> Iterator[Empty]:
    with empty() as servers:
        yield servers


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return service.copy(tmp_path / "service")


def as_prod() -> list[str]:
    """The options that make the local stage keep its data as `prod` does."""
    prod = template.service()["params"]["prod"]
    values = {name: str(prod[name]) for name in KEPT}
    return [it for name, value in values.items() for it in ("--param", f"{name}={value}")]


def left(servers: Empty) -> dict[str, int]:
    """How many of each kind there are."""
    counts = {
        name: len(getattr(servers.client(name), call)().get(key, []))
        for name, (call, key) in LISTS.items()
    }
    pools = servers.client("cognito-idp").list_user_pools(MaxResults=60)["UserPools"]
    return counts | {"cognito-idp": len(pools)}


def outputs(servers: Empty) -> dict[str, str]:
    stacks = servers.client("cloudformation").describe_stacks(StackName=STACK_NAME)["Stacks"]
    return {it["OutputKey"]: it["OutputValue"] for it in stacks[0]["Outputs"]}


def last_statuses(servers: Empty) -> dict[str, str]:
    """What happened to each resource last."""
    events = servers.client("cloudformation").get_paginator("describe_stack_events")
    newest_first = [
        it for page in events.paginate(StackName=STACK_NAME) for it in page["StackEvents"]
    ]
    return {it["LogicalResourceId"]: it["ResourceStatus"] for it in reversed(newest_first)}


def protected(servers: Empty) -> set[str]:
    cloudformation = servers.client("cloudformation")
    physical = {
        it["LogicalResourceId"]: it["PhysicalResourceId"]
        for it in cloudformation.describe_stack_resources(StackName=STACK_NAME)["StackResources"]
    }
    describe = servers.client("dynamodb").describe_table
    found = {
        name
        for name in DATA - {"UserPool"}
        if describe(TableName=physical[name])["Table"]["DeletionProtectionEnabled"]
    }
    pool = servers.client("cognito-idp").describe_user_pool(UserPoolId=physical["UserPool"])
    if pool["UserPool"]["DeletionProtection"] == "ACTIVE":
        found.add("UserPool")
    return found


def test_failed_first_deploy_leaves_nothing_and_the_second_success_protects(
    servers: Empty, folder: Path
) -> None:
    before = left(servers)
    queue = folder / "infra" / "queue.yml"
    text = queue.read_text(encoding="utf-8")
    last = LAST.format(before=", ".join([*sorted(DATA), "VerifyLambdaFunction", "VerifyAlarm"]))
    queue.write_text(text.replace("\nOutputs:", last), encoding="utf-8")
    with pytest.raises(service.ToolFailed, match="Last"):
        servers.deploy(folder, *as_prod())
    statuses = last_statuses(servers)
    assert {statuses[name] for name in DATA} == {"DELETE_COMPLETE"}, "they were created before"
    assert not {it for it in statuses.values() if it in {"DELETE_SKIPPED", "DELETE_FAILED"}}
    assert left(servers) == before

    queue.write_text(text, encoding="utf-8")
    servers.deploy(folder, *as_prod())
    assert protected(servers) == set(), "a failure of this deploy could be rolled back, too"
    assert set(unprotected(outputs(servers))) == DATA

    servers.deploy(folder, *as_prod())
    assert protected(servers) == DATA
    assert unprotected(outputs(servers)) == ()
