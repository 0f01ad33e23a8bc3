"""Tables that hang: who asks gets an answer before the function's time is over."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

import handlers.authorizer
import handlers.boards
import handlers.moderation
import handlers.score_stream
import handlers.scores
import handlers.subscriber
from leaderboard import retries, wiring
from leaderboard.adapters.aws import clients
from leaderboard.adapters.aws.clients import client
from leaderboard.adapters.aws.transport import OutOfTime
from tests.integration.events import Invocation, answered, frame, request, stream_record
from tests.integration.sink import listening

Json = dict[str, Any]
SECONDS = 3.5
"""What the functions have here; ten on a stage."""


@dataclass(frozen=True)
class Short(Invocation):
    def get_remaining_time_in_millis(self) -> int:
        return round(SECONDS * 1000)


CONTEXT: Any = Short()


@pytest.fixture(autouse=True)
def silent(stage: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:  # noqa: ARG001
    """A server that takes connections and says nothing stands where the tables were."""
    wiring.ticket_keys()()  # what the functions know before
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", f"http://127.0.0.1:{port}")
        client.cache_clear()
        client("dynamodb")  # no part of a request's time on a busy machine
        yield
    client.cache_clear()


BATCH = {
    "submissions": [
        {"userId": f"u-{number}", "submissionId": f"s-{number}", "delta": 1} for number in range(9)
    ]
}
CLAIMS = {"client_id": "moderator", "sub": "moderator"}
REQUESTS: dict[str, tuple[Callable[..., Json], Json]] = {
    "write a score": (
        handlers.scores.handler,
        request(
            "PUT /boards/{board}/users/{userId}/score",
            path={"board": "global", "userId": "ann"},
            body={"delta": 1, "submissionId": "s"},
        ),
    ),
    "take a name": (handlers.scores.handler, request("PUT /me", body={"userName": "A"}, user="a")),
    "own scores": (handlers.scores.handler, request("GET /me/scores", user="a")),
    "past the top": (
        handlers.boards.handler,
        request("GET /boards/{board}/top", path={"board": "global"}, query="limit=50"),
    ),
    "a page": (
        handlers.boards.handler,
        request("GET /boards/{board}/entries", path={"board": "global"}),
    ),
    "friends": (
        handlers.boards.handler,
        request(
            "POST /boards/{board}/entries/query",
            path={"board": "global"},
            body={"userIds": ["ann", "bob"]},
        ),
    ),
    "leave": (handlers.moderation.handler, request("DELETE /me", user="a")),
}


@pytest.mark.parametrize(("function", "event"), REQUESTS.values(), ids=REQUESTS.keys())
def test_request_is_answered_in_time(function: Callable[..., Json], event: Json) -> None:
    began = time.monotonic()
    answer = answered(function(event, CONTEXT))
    assert time.monotonic() - began < SECONDS
    assert (answer.status, answer.json["code"]) == (503, "unavailable")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"] == "1"


def test_batch_is_answered_in_time() -> None:
    event = request("POST /boards/{board}/submissions", path={"board": "global"}, body=BATCH)
    began = time.monotonic()
    answer = answered(handlers.scores.handler(event, CONTEXT))
    assert time.monotonic() - began < SECONDS
    assert [it["code"] for it in answer.json["results"]] == ["unavailable"] * 9


def test_frame_is_answered_in_time() -> None:
    began = time.monotonic()
    answer = handlers.subscriber.handler(frame("c-1=", {"action": "ping"}), CONTEXT)
    assert time.monotonic() - began < SECONDS
    assert json.loads(answer["body"])["code"] == "unavailable"


def test_handshake_is_refused_in_time() -> None:
    began = time.monotonic()
    assert handlers.subscriber.handler(frame("c-1=", None, "CONNECT"), CONTEXT)["statusCode"] == 503
    assert time.monotonic() - began < SECONDS


def test_streams_function_does_not_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """It has nobody who waits: its record is worth each attempt, and fails as before."""
    with listening() as sink:
        sink.otherwise = "silent"
        monkeypatch.setenv("AWS_ENDPOINT_URL", sink.endpoint)
        monkeypatch.delenv("AWS_ENDPOINT_URL_DYNAMODB")
        hurried = clients.client.__wrapped__("dynamodb", seconds=0.3)
        item = {"TableName": "boards-test", "Item": {"boardSeason": {"S": "b#all"}}}
        with retries.within(0.5), pytest.raises(ReadTimeoutError):
            hurried.put_item(**item)
        assert len(sink.posts) == 3
        sink.posts.clear()
        with retries.within(0.5, calls=True), pytest.raises(OutOfTime):
            hurried.put_item(**item)
        assert len(sink.posts) == 1


def test_score_stream_asks_as_often_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []

    def silence(*_: Any) -> Any:
        asked.append(retries.seconds_left())
        raise ReadTimeoutError(endpoint_url="tables")

    monkeypatch.setattr("leaderboard.adapters.aws.transport.Transport.send", silence)
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _: None)
    keys = {"userId": {"S": "ann"}, "boardSeason": {"S": "global#all"}}
    image = {
        **keys,
        "version": {"N": "1"},
        "userName": {"S": "Ann"},
        "userScore": {"N": "1"},
        "scoreUpdatedAt": {"S": "2026-11-23T08:00:00.000Z"},
    }
    answer = handlers.score_stream.handler({"Records": [stream_record(0, keys, image)]}, CONTEXT)
    assert len(answer["batchItemFailures"]) == 1
    assert asked == [float("inf")] * 3
