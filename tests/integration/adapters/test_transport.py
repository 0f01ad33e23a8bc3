"""The SDK's calls over libcurl: held to a server on loopback, through the client of the tables."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import pycurl
import pytest
from botocore.credentials import Credentials
from botocore.exceptions import (
    ClientError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ReadTimeoutError,
    SSLError,
)

from leaderboard.adapters.aws import clients, transport
from leaderboard.errors import Unavailable
from tests.integration.signature import signed_by_botocore
from tests.integration.sink import Mishap, Sink, certified, listening

READ_SECONDS = 0.3
REGION = "eu-west-3"
TABLE = ""
"""The tables' calls have the root as their path: to the server all are of one name."""


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> Credentials:
    held = Credentials("AKIDEXAMPLE", "secret/key+of=nobody", "token/of+a=session")
    monkeypatch.setattr(transport, "credentials", held.get_frozen_credentials)
    monkeypatch.setenv("AWS_REGION", REGION)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    return held


@pytest.fixture
def sink() -> Iterator[Sink]:
    with listening() as server:
        yield server


@pytest.fixture
def tables(sink: Sink, monkeypatch: pytest.MonkeyPatch) -> Any:
    return connected(sink.endpoint, monkeypatch, attempts=2)


def connected(endpoint: str, monkeypatch: pytest.MonkeyPatch, *, attempts: int = 1) -> Any:
    monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    return clients.client.__wrapped__("dynamodb", seconds=READ_SECONDS, attempts=attempts)


@contextmanager
def full_backlog() -> Iterator[str]:
    """A server that takes no connection more: those that wait for it are as many as may wait."""
    with ExitStack() as sockets:
        server = sockets.enter_context(socket.socket())
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        for _ in range(4):
            waiting = sockets.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(server.getsockname())
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def write(tables: Any, name: str = "Ada") -> Any:
    item = {"userId": {"S": "ada"}, "userName": {"S": name}}
    return tables.put_item(TableName="user-score-test", Item=item)


def test_call_arrives_whole(sink: Sink, tables: Any) -> None:
    assert write(tables, "Näme ☃ 🎲")["ResponseMetadata"]["HTTPStatusCode"] == 200
    (post,) = sink.posts
    assert post.json["Item"]["userName"] == {"S": "Näme ☃ 🎲"}
    assert post.headers["X-Amz-Target"] == "DynamoDB_20120810.PutItem"
    assert post.headers["Content-Type"] == "application/x-amz-json-1.0"
    assert post.headers["User-Agent"].startswith(clients.USER_AGENT)
    assert "Expect" not in post.headers


def test_signature_is_the_one_that_botocore_makes(
    sink: Sink, tables: Any, key: Credentials
) -> None:
    write(tables, "Näme ☃ 🎲")
    (post,) = sink.posts
    expected = signed_by_botocore(post, key, sink, service="dynamodb", region=REGION)
    assert post.headers["Authorization"] == expected
    for name in ("content-type", "host", "x-amz-date", "x-amz-security-token", "x-amz-target"):
        assert name in expected


def test_key_of_now_signs(sink: Sink, tables: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tables)
    for newer in (Credentials("AKIDNEWER", "other", "token-2"), Credentials("AKIDUSER", "third")):
        monkeypatch.setattr(transport, "credentials", newer.get_frozen_credentials)
        write(tables)
        post = sink.posts[-1]
        expected = signed_by_botocore(post, newer, sink, service="dynamodb", region=REGION)
        assert post.headers["Authorization"] == expected
    tokens = [
        {name.lower(): value for name, value in post.headers.items()}.get("x-amz-security-token")
        for post in sink.posts
    ]
    assert tokens == ["token/of+a=session", "token-2", None]


def test_the_tables_alone_go_this_way(sink: Sink, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", sink.endpoint)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    made: list[Any] = []
    curl = pycurl.Curl

    def handle() -> Any:
        made.append(curl())
        return made[-1]

    monkeypatch.setattr(pycurl, "Curl", handle)
    calls: dict[str, Callable[[Any], Any]] = {
        "dynamodb": lambda it: it.list_tables(),
        "lambda": lambda it: it.list_functions(),
        "sqs": lambda it: it.list_queues(),
    }
    ours = set()
    for service, call in calls.items():
        made.clear()
        with suppress(ClientError):
            call(clients.client.__wrapped__(service, attempts=1))
        ours |= {service} if made else set()
    assert ours == {"dynamodb"}


def test_calls_share_a_connection(sink: Sink, tables: Any) -> None:
    for _ in range(5):
        write(tables)
    assert len({post.socket for post in sink.posts}) == 1


def test_calls_of_several_threads_go_side_by_side(sink: Sink, tables: Any) -> None:
    sink.delay = 0.1
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda number: write(tables, f"user {number}"), range(8)))
    assert len(answers) == 8
    assert sink.most_at_once > 1
    assert len({post.json["Item"]["userName"]["S"] for post in sink.posts}) == 8


@pytest.mark.parametrize("status", [400, 413])
def test_refusal_is_the_clients_error(sink: Sink, tables: Any, status: int) -> None:
    sink.otherwise = status
    with pytest.raises(ClientError) as raised:
        write(tables)
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert raised.value.response["Error"]["Message"] == "no"


@pytest.mark.parametrize("mishap", [500, 503, "reset", "cut", "silent"])
def test_what_may_pass_is_tried_again(sink: Sink, tables: Any, mishap: int | Mishap) -> None:
    sink.answers[TABLE].append(mishap)
    assert write(tables)["ResponseMetadata"]["RetryAttempts"] == 1
    assert [post.status for post in sink.posts] == [mishap, 200]


def test_connection_that_the_server_closed_is_opened_anew(sink: Sink, tables: Any) -> None:
    sink.otherwise = "closes"
    for _ in range(3):
        assert write(tables)["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert len({post.socket for post in sink.posts}) == 3


@pytest.mark.parametrize(
    ("mishap", "error"), [("reset", ConnectionClosedError), ("silent", ReadTimeoutError)]
)
def test_what_lasts_is_the_sdks_error(
    sink: Sink, tables: Any, mishap: Mishap, error: type[Exception]
) -> None:
    sink.otherwise = mishap
    with pytest.raises(error):
        write(tables)
    with pytest.raises(Unavailable), clients.translated():
        write(tables)


def test_nobody_there(monkeypatch: pytest.MonkeyPatch) -> None:
    with listening() as gone:
        endpoint = gone.endpoint
    tables = connected(endpoint, monkeypatch)
    with pytest.raises(EndpointConnectionError):
        write(tables)


def test_host_that_does_not_take_the_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clients, "CONNECT_SECONDS", 0.2)
    with full_backlog() as endpoint:
        tables = connected(endpoint, monkeypatch)
        with pytest.raises(ConnectTimeoutError):
            write(tables)


def test_tls_takes_only_whom_the_sdk_trusts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with certified(tmp_path) as (context, trusted), listening(context) as sink:
        stranger = connected(sink.endpoint, monkeypatch)
        with pytest.raises(SSLError):
            write(stranger)
        monkeypatch.setattr(transport, "CA_FILE", trusted)
        known = connected(sink.endpoint, monkeypatch)
        assert write(known)["ResponseMetadata"]["HTTPStatusCode"] == 200
