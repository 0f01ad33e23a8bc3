"""What nobody foresaw: a table that is gone, a right that was lost, a mistake in the code.

Whoever asked gets an answer in the form of the API, and the log one line with the reason.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

import handlers.authorizer
import handlers.boards
import handlers.moderation
import handlers.scores
import handlers.subscriber
from leaderboard import wiring
from leaderboard.adapters.aws.clients import client
from leaderboard.adapters.valkey.connection import Cluster
from tests.integration import aws, aws_calls
from tests.integration.conftest import Dependencies
from tests.integration.events import CONTEXT, Answer, Invocation, answered, frame, request
from tests.integration.valkey import Valkey

Json = dict[str, Any]
pytestmark = pytest.mark.usefixtures("dependencies")
PATH = {"board": "global", "userId": "ann"}
DELTA = {"submissionId": "s1", "delta": 5}
ROUTES: dict[str, tuple[Any, Json | None]] = {
    "GET /boards/{board}/top": (handlers.boards.handler, None),
    "GET /boards/{board}/users/{userId}": (handlers.boards.handler, None),
    "PUT /boards/{board}/users/{userId}/score": (handlers.scores.handler, DELTA),
    "POST /boards/{board}/submissions": (
        handlers.scores.handler,
        {"submissions": [{"userId": "ann", **DELTA}]},
    ),
    "GET /me/scores": (handlers.scores.handler, None),
    "PUT /me": (handlers.scores.handler, {"userName": "Ann"}),
    "POST /socket-tickets": (handlers.scores.handler, {}),
    "DELETE /me": (handlers.moderation.handler, None),
    "GET /users/{userId}/standing": (handlers.moderation.handler, None),
    "DELETE /users/{userId}": (handlers.moderation.handler, None),
}
FRAMES = [
    {"action": "subscribe", "board": "global"},
    {"action": "unsubscribe", "board": "global"},
    {"action": "ping"},
]


def ask(route: str) -> Answer:
    handler, body = ROUTES[route]
    path = {name: value for name, value in PATH.items() if f"{{{name}}}" in route}
    event = request(route, path=path, body=body, user="ann")
    event["requestContext"]["authorizer"]["jwt"]["claims"]["client_id"] = "tool"
    return answered(handler(event, CONTEXT))


def assert_internal(answer: Answer) -> None:
    assert (answer.status, answer.json["code"], answer.json["status"]) == (500, "internal", 500)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json["requestId"] == "request-1"
    for told in ("Traceback", "table", "Exception", "user-score", "arn:"):
        assert told not in answer.text


def the_line(caplog: pytest.LogCaptureFixture, message: str) -> Json:
    """The one line that was logged, which has the reason."""
    (record,) = caplog.records
    assert (record.message, record.levelname) == (message, "ERROR")
    assert record.exc_info
    caplog.clear()
    return vars(record)


@pytest.fixture
def no_tables(cache_server: Valkey) -> None:
    cache_server.client.flushall()
    for table in (aws.SCORES, aws.BOARDS, aws.CONNECTIONS, aws.SUBMISSIONS):
        client("dynamodb").delete_table(TableName=table)


@pytest.fixture
def no_rights(monkeypatch: pytest.MonkeyPatch) -> None:
    def make_api_call(_service: Any, operation: str, _parameters: Json) -> Any:
        refusal: Any = {
            "Error": {"Code": "AccessDeniedException", "Message": "arn:aws:x is not authorized"},
            "ResponseMetadata": {"HTTPStatusCode": 400},
        }
        raise ClientError(refusal, operation)

    aws_calls.take_over(monkeypatch, make_api_call)


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("cause", ["no_tables", "no_rights"])
def test_request_gets_a_problem_and_the_log_one_line(
    request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture, route: str, cause: str
) -> None:
    request.getfixturevalue(cause)
    caplog.clear()
    assert_internal(ask(route))
    line = the_line(caplog, "request")
    assert (line["route"], line["status"], line["code"]) == (route, 500, "internal")


def test_mistake_in_the_code_is_one_too(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def execute_command(*_: Any, **__: Any) -> Any:
        raise KeyError("a mistake of the cache's client")

    monkeypatch.setattr(Cluster, "execute_command", execute_command)
    assert_internal(ask("GET /boards/{board}/top"))
    the_line(caplog, "request")


@pytest.mark.parametrize("frame_sent", FRAMES, ids=lambda it: it["action"])
@pytest.mark.parametrize("cause", ["no_tables", "no_rights"])
def test_frame_gets_an_error_and_the_log_one_line(
    request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture, frame_sent: Json, cause: str
) -> None:
    handlers.subscriber.handler(frame("c-1=", None, "CONNECT"), CONTEXT)
    request.getfixturevalue(cause)
    caplog.clear()
    answer = handlers.subscriber.handler(frame("c-1=", frame_sent), CONTEXT)
    reply = json.loads(answer["body"])
    assert (answer["statusCode"], reply["type"], reply["code"]) == (200, "error", "unavailable")
    assert reply["requestId"] == "request-1"
    line = the_line(caplog, "subscriber")
    assert (line["event"], line["code"]) == ("MESSAGE", "unavailable")


@pytest.mark.parametrize("cause", ["no_tables", "no_rights"])
@pytest.mark.parametrize("kind", ["CONNECT", "DISCONNECT"])
def test_connection_that_cannot_be_kept_is_refused_and_the_log_has_one_line(
    request: pytest.FixtureRequest, caplog: pytest.LogCaptureFixture, kind: str, cause: str
) -> None:
    request.getfixturevalue(cause)
    caplog.clear()
    answer = handlers.subscriber.handler(frame("c-1=", None, kind), CONTEXT)
    assert answer == {"statusCode": 500}
    line = the_line(caplog, "subscriber")
    assert (line["event"], line["code"]) == (kind, "internal")


def test_connection_is_unavailable_while_the_table_is(
    dependencies: Dependencies, caplog: pytest.LogCaptureFixture
) -> None:
    dependencies.down.add("dynamodb")
    answer = handlers.subscriber.handler(frame("c-1=", None, "CONNECT"), CONTEXT)
    assert answer == {"statusCode": 503}
    (record,) = caplog.records
    assert (record.message, vars(record)["code"]) == ("subscriber", "unavailable")


def test_authorizer_that_cannot_tell_says_so_in_one_line(
    no_rights: None,  # noqa: ARG001 - the right to read the key is lost
    caplog: pytest.LogCaptureFixture,
) -> None:
    """It lets nobody in, and refuses nobody for good: the gateway answers 500."""
    event = {
        "methodArn": "arn:aws:execute-api:eu-central-1:123456789012:sockets/test/$connect",
        "queryStringParameters": {"ticket": "x.y.z"},
        "requestContext": {"connectionId": "c", "requestId": "r"},
    }
    with pytest.raises(ClientError):
        handlers.authorizer.handler(event, CONTEXT)
    assert the_line(caplog, "connect")["reason"] == "failed"


def test_answer_does_not_depend_on_the_queue_of_what_could_not_be_read(
    dependencies: Dependencies, caplog: pytest.LogCaptureFixture
) -> None:
    assert dependencies.down == set()
    bad = {"userId": {"S": "ann"}, "boardSeason": {"S": "global#all"}, "userScore": {"S": "x"}}
    client("dynamodb").put_item(TableName=aws.SCORES, Item=bad)
    client("sqs").delete_queue(QueueUrl=aws.ENVIRONMENT["FAILURE_QUEUE_URL"])
    caplog.clear()
    assert ask("GET /me/scores").status == 200
    assert [it.message for it in caplog.records] == ["request", "unreadable", "not queued"]


@dataclass(frozen=True)
class Soon(Invocation):
    """An invocation that has four seconds left."""

    def get_remaining_time_in_millis(self) -> int:
        return 4000


@pytest.mark.parametrize(
    ("route", "operation"),
    [
        ("PUT /boards/{board}/users/{userId}/score", "TransactWriteItems"),
        ("PUT /me", "UpdateItem"),
        ("DELETE /users/{userId}", "TransactWriteItems"),
    ],
)
def test_contention_ends_before_the_function_does(
    monkeypatch: pytest.MonkeyPatch, route: str, operation: str
) -> None:
    through: Any = aws_calls.real()

    def make_api_call(service: Any, name: str, parameters: Json) -> Any:
        if name == operation:
            time.sleep(0.3)  # a table that is busy
            refusal: Any = {
                "Error": {"Code": "TransactionConflictException"},
                "ResponseMetadata": {"HTTPStatusCode": 400},
            }
            raise ClientError(refusal, name)
        return through(service, name, parameters)

    aws_calls.take_over(monkeypatch, make_api_call)
    monkeypatch.setitem(globals(), "CONTEXT", Soon())
    began = time.monotonic()
    answer = ask(route)
    assert (answer.status, answer.json["code"]) == (503, "unavailable")
    assert answer.headers["retry-after"] == "1"
    assert time.monotonic() - began < 4


def test_rows_that_a_busy_table_never_takes_end_before_the_function_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    handlers.subscriber.handler(frame("c-1=", None, "CONNECT"), CONTEXT)
    through: Any = aws_calls.real()

    def make_api_call(service: Any, name: str, parameters: Json) -> Any:
        if name == "BatchWriteItem":
            return {"UnprocessedItems": parameters["RequestItems"]}
        return through(service, name, parameters)

    aws_calls.take_over(monkeypatch, make_api_call)
    soon: Any = Soon()
    answer = handlers.subscriber.handler(frame("c-1=", None, "DISCONNECT"), soon)
    assert answer == {"statusCode": 503}
    assert wiring.connection_table().boards("c-1=") == []
