"""A stage with an edge: its APIs answer only what came through it."""

from __future__ import annotations

import json
from typing import Any

import pytest

import handlers.authorizer
import handlers.boards
from leaderboard import edge
from leaderboard.adapters.aws import keys
from leaderboard.adapters.aws.clients import client
from tests.integration import aws
from tests.integration.conftest import Dependencies
from tests.integration.events import CONTEXT, Answer, answered, request

Json = dict[str, Any]
SECRET = "leaderboard-edge"
FIRST, SECOND, THIRD = "first" * 8, "second" * 8, "third" * 8


@pytest.fixture(autouse=True)
def stage_with_an_edge(dependencies: Dependencies, monkeypatch: pytest.MonkeyPatch) -> Dependencies:
    client("secretsmanager").create_secret(Name=SECRET, SecretString=json.dumps({"key": FIRST}))
    monkeypatch.setenv("EDGE_SECRET", SECRET)
    aws.forget()
    return dependencies


def rotate(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new version, and time enough for every function to read it."""
    client("secretsmanager").put_secret_value(
        SecretId=SECRET, SecretString=json.dumps({"key": value})
    )
    monkeypatch.setattr(keys, "CACHED_SECONDS", -1)


def read(**headers: str) -> Answer:
    event = request("GET /boards/{board}/top", path={"board": "global"}, headers=headers)
    return answered(handlers.boards.handler(event, CONTEXT))


def connect(headers: dict[str, list[str]]) -> str:
    event = {
        "methodArn": "arn:aws:execute-api:eu-central-1:123456789012:sockets/test/$connect",
        "multiValueHeaders": headers,
        "requestContext": {"connectionId": "c", "requestId": "r"},
    }
    policy = handlers.authorizer.handler(event, CONTEXT)
    effect: str = policy["policyDocument"]["Statement"][0]["Effect"]
    return effect


def test_request_that_came_through_the_edge_is_answered() -> None:
    assert read(**{edge.HEADER: FIRST}).status == 200
    assert connect({edge.HEADER.title(): [FIRST]}) == "Allow"


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {edge.HEADER: ""},
        {edge.HEADER: "wrong"},
        {edge.HEADER: FIRST[:-1]},
        {edge.HEADER: FIRST.upper()},
        # The gateway joins a header that is there twice.
        {edge.HEADER: f"{FIRST},{FIRST}"},
        {edge.HEADER: f"wrong,{FIRST}"},
        {edge.HEADER: "é" * 40},
        {"x-forwarded-for": "127.0.0.1", f"{edge.HEADER}s": FIRST},
    ],
)
def test_request_that_went_around_the_edge_is_refused(headers: dict[str, str]) -> None:
    answer = read(**headers)
    assert answer.status == 403
    assert answer.json["code"] == "edge_required"
    assert FIRST not in answer.text


@pytest.mark.parametrize("values", [[], ["wrong"], [FIRST, FIRST], ["wrong", FIRST]])
def test_socket_that_went_around_the_edge_is_refused(values: list[str]) -> None:
    assert connect({edge.HEADER.title(): values} if values else {}) == "Deny"


def test_two_values_are_good_while_the_secret_is_rotated(monkeypatch: pytest.MonkeyPatch) -> None:
    rotate(SECOND, monkeypatch)
    assert [read(**{edge.HEADER: it}).status for it in (FIRST, SECOND)] == [200, 200]
    rotate(THIRD, monkeypatch)
    assert [read(**{edge.HEADER: it}).status for it in (FIRST, SECOND, THIRD)] == [403, 200, 200]


def test_rotation_reaches_a_warm_function_within_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(**{edge.HEADER: FIRST}).status == 200
    rotate(SECOND, monkeypatch)
    assert read(**{edge.HEADER: SECOND}).status == 200


def test_request_is_not_let_in_while_the_secret_cannot_be_read(
    stage_with_an_edge: Dependencies,
) -> None:
    stage_with_an_edge.down.add("secretsmanager")
    answer = read(**{edge.HEADER: FIRST})
    assert (answer.status, answer.json["code"]) == (503, "unavailable")


def test_secret_that_was_read_stays_good_while_it_cannot_be_read_again(
    stage_with_an_edge: Dependencies, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert read(**{edge.HEADER: FIRST}).status == 200
    monkeypatch.setattr(keys, "CACHED_SECONDS", -1)
    stage_with_an_edge.down.add("secretsmanager")
    assert read(**{edge.HEADER: FIRST}).status == 200
    assert read(**{edge.HEADER: SECOND}).status == 403


def test_secret_is_in_no_log(capsys: pytest.CaptureFixture[str]) -> None:
    read(**{edge.HEADER: FIRST})
    read(**{edge.HEADER: SECOND})
    connect({edge.HEADER.title(): [SECOND]})
    written = capsys.readouterr()
    assert FIRST not in written.out + written.err
    assert SECOND not in written.out + written.err
