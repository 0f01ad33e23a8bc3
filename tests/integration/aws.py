"""What the functions use of AWS, in moto: the tables as infra/tables.yml declares them, the failure
queue, and the secret that signs tickets."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from leaderboard import wiring
from leaderboard.adapters.aws.clients import client
from leaderboard.adapters.valkey.connection import ValkeyConnection
from tools import cloudformation

ROOT = Path(__file__).parents[2]
REGION = "eu-central-1"
STAGE = "test"
QUEUE = "failures"
SECRET = "leaderboard-tickets"
SCORES, BOARDS = f"user-score-{STAGE}", f"boards-{STAGE}"
CONNECTIONS, SUBMISSIONS = f"connections-{STAGE}", f"submissions-{STAGE}"
HISTORY = f"history-{STAGE}"

ENVIRONMENT = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_REGION": REGION,
    "AWS_DEFAULT_REGION": REGION,
    # moto answers 404 to streams and tables under the account's own host name.
    "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",
    "STAGE": STAGE,
    "SCORES_TABLE": SCORES,
    "BOARDS_TABLE": BOARDS,
    "CONNECTIONS_TABLE": CONNECTIONS,
    "SUBMISSIONS_TABLE": SUBMISSIONS,
    "HISTORY_TABLE": HISTORY,
    "TICKET_SECRET": SECRET,
    "WEBSOCKET_API_ID": "sockets",
    "FAILURE_QUEUE_URL": f"https://sqs.{REGION}.amazonaws.com/123456789012/{QUEUE}",
    "REBUILD_FUNCTION": "leaderboard-test-rebuild",
    "REBUILD_SEGMENTS": "2",
    "MODERATION_FUNCTION": "leaderboard-test-moderation",
    "UPKEEP_FUNCTION": "leaderboard-test-upkeep",
    "USER_POOL_ID": "eu-central-1_players",
    "FANOUT_FUNCTION": "leaderboard-test-fanout",
    "ALLOWED_ORIGINS": "https://game.example",
    "POWERTOOLS_SERVICE_NAME": "leaderboard",
    "POWERTOOLS_METRICS_NAMESPACE": "Leaderboard",
    "POWERTOOLS_LOG_LEVEL": "INFO",
}


def create_resources() -> None:
    """Inside mock_aws: everything that a stage has before its first request."""
    for definition in _tables():
        client("dynamodb").create_table(**definition)
    client("sqs").create_queue(QueueName=QUEUE)
    client("secretsmanager").create_secret(Name=SECRET, SecretString=json.dumps({"key": "k" * 64}))


def forget() -> None:
    """Drop what an execution environment keeps between its invocations, and close it."""
    for cached in (wiring.cache_connection, wiring.read_connection):
        if cached.cache_info().currsize:
            close(cached())
    # A test may have taken the cache off, so that each invocation has a part of its own.
    if hasattr(wiring.sender, "cache_info") and wiring.sender.cache_info().currsize:
        delivery: Any = wiring.sender().delivery
        delivery.close()
    for part in vars(wiring).values():
        if hasattr(part, "cache_clear"):
            part.cache_clear()


def replace_part(patch: pytest.MonkeyPatch, name: str, part: object) -> None:
    """Put something in the place of a part of the service, wherever the composition root has it."""
    for module in (wiring, wiring.adapters, wiring.path, wiring.repair):
        if name in vars(module):
            patch.setattr(module, name, part)


def close(used: ValkeyConnection) -> None:
    """Close the connections of a cache that has any."""
    if "client" in vars(used):
        used.client.close()


@cache
def _tables() -> list[dict[str, Any]]:
    template = cloudformation.read(ROOT / "infra" / "tables.yml")
    taken = ("BillingMode", "AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes")
    definitions = []
    for resource in template["Resources"].values():
        properties = resource["Properties"]
        definition = {name: properties[name] for name in taken if name in properties}
        name = properties["TableName"].removeprefix("${param:prefix}")
        definition["TableName"] = name.replace("${sls:stage}", STAGE)
        if "StreamSpecification" in properties:
            stream = {"StreamEnabled": True, **properties["StreamSpecification"]}
            definition["StreamSpecification"] = stream
        definitions.append(definition)
    return definitions
