"""A player whose sockets went without a word: their rows must not lock it out."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

import handlers.subscriber
from leaderboard import wiring
from leaderboard.adapters.aws.clients import client
from leaderboard.adapters.dynamodb import connections
from leaderboard.frames.subscriptions import TRIED_AT_ONCE
from tests.integration import aws, aws_calls
from tests.integration.events import CONTEXT, frame

Json = dict[str, Any]
MOST = 20


@dataclass
class Gateway:
    """API Gateway's management API: which connections are open, and which it was asked about."""

    open: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    down: bool = False
    passed: float = 0.0
    """Seconds that have passed."""

    def get_connection(self, connection_id: str) -> Json:
        self.asked.append(connection_id)
        if self.down:
            raise EndpointConnectionError(endpoint_url="gateway")
        if connection_id in self.open:
            return {"ConnectedAt": "2026-11-23T08:15:30Z"}
        gone: Any = {
            "Error": {"Code": "GoneException"},
            "ResponseMetadata": {"HTTPStatusCode": 410},
        }
        raise wiring.connections_api().client.exceptions.GoneException(gone, "GetConnection")

    def connect(self, connection_id: str, user: str = "ann") -> int:
        event = frame(connection_id, None, "CONNECT")
        event["requestContext"]["authorizer"] = {"userId": user}
        status: int = handlers.subscriber.handler(event, CONTEXT)["statusCode"]
        if status == 200:
            self.open.add(connection_id)
        return status

    def fill(self, user: str = "ann") -> list[str]:
        names = [f"{user}-{number:02}=" for number in range(MOST)]
        for name in names:
            assert self.connect(name, user) == 200
            self.passed += 1
        return names


@pytest.fixture
def gateway(
    stage: None,  # noqa: ARG001 - the tables
    monkeypatch: pytest.MonkeyPatch,
) -> Gateway:
    it = Gateway()
    through: Any = aws_calls.real()

    def make_api_call(service: Any, operation: str, parameters: Json) -> Any:
        if operation == "GetConnection":
            return it.get_connection(parameters["ConnectionId"])
        return through(service, operation, parameters)

    aws_calls.take_over(monkeypatch, make_api_call)
    began = time.time()
    monkeypatch.setattr(
        "leaderboard.adapters.dynamodb.connections.time.time", lambda: began + it.passed
    )
    return it


def rows(user: str = "ann") -> set[str]:
    found = client("dynamodb").scan(TableName=aws.CONNECTIONS)["Items"]
    return {it["connectionId"]["S"] for it in found if it["audience"]["S"] == f"user#{user}"}


def test_sockets_that_are_gone_lock_nobody_out(gateway: Gateway) -> None:
    gateway.fill()
    gateway.open.clear()
    gateway.passed += 60
    assert gateway.connect("new=") == 200
    assert len(gateway.asked) <= TRIED_AT_ONCE
    assert "new=" in rows()
    # What was forgotten made room for others.
    assert [gateway.connect(f"newer-{n}=") for n in range(3)] == [200, 200, 200]


def test_forgotten_socket_leaves_nothing_behind(gateway: Gateway) -> None:
    names = gateway.fill()
    for name in names:
        wiring.subscriptions().subscribe(name, "global")
    gateway.open.clear()
    gateway.passed += 60
    assert gateway.connect("new=") == 200
    found = client("dynamodb").scan(TableName=aws.CONNECTIONS)["Items"]
    assert not {names[0]} & {it["connectionId"]["S"] for it in found}


def test_row_that_outlived_its_connections_own_is_forgotten_too(gateway: Gateway) -> None:
    names = gateway.fill()
    for name in names:
        client("dynamodb").delete_item(TableName=aws.CONNECTIONS, Key=connections.own(name))
    gateway.open.clear()
    gateway.passed += 60
    assert gateway.connect("new=") == 200


def test_one_that_is_gone_is_found_in_the_end_wherever_it_stands(gateway: Gateway) -> None:
    names = gateway.fill()
    gateway.open.discard(names[13])
    gateway.passed += 60
    statuses = iter(lambda: gateway.connect("new="), 200)
    assert sum(1 for _ in statuses) < 500
    assert rows() == {*names, "new="} - {names[13]}


def test_open_sockets_are_kept_and_one_more_is_refused_at_little_cost(gateway: Gateway) -> None:
    names = gateway.fill()
    gateway.passed += 60
    assert gateway.connect("new=") == 429
    assert rows() == set(names)
    assert len(gateway.asked) <= TRIED_AT_ONCE
    assert names[0] in gateway.asked  # the oldest


def test_socket_that_is_just_opening_is_not_taken_for_gone(gateway: Gateway) -> None:
    """The gateway does not know a connection before `$connect` is answered."""
    names = gateway.fill()
    gateway.open.clear()
    assert gateway.connect("new=") == 429
    assert gateway.asked == []
    assert rows() == set(names)


def test_nobody_is_asked_while_there_is_room(gateway: Gateway) -> None:
    gateway.passed += 3600
    assert gateway.connect("new=") == 200
    assert gateway.asked == []


@pytest.mark.parametrize("code", [None, "ForbiddenException", "LimitExceededException"])
def test_gateway_that_does_not_tell_forgets_nobody(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, code: str | None
) -> None:
    names = gateway.fill()
    gateway.passed += 60
    gateway.down = True

    def refuse(connection_id: str) -> Json:
        gateway.asked.append(connection_id)
        refusal: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPStatusCode": 403}}
        raise ClientError(refusal, "GetConnection")

    if code is not None:
        monkeypatch.setattr(gateway, "get_connection", refuse)
    assert gateway.connect("new=") == (500 if code == "ForbiddenException" else 429)
    assert len(gateway.asked) == 1
    assert rows() == set(names)
