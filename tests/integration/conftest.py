"""The stage that the tests run in: moto for AWS, one Valkey for the whole session."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Lock
from typing import Any

import pytest
from moto import mock_aws
from moto.dynamodb.responses import DynamoHandler

from leaderboard.adapters.aws import client
from tests.integration import aws
from tests.integration.story.edges import Rig
from tests.integration.valkey import Valkey


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """The server; use `cache_server`, which is empty."""
    server = Valkey(tmp_path_factory.mktemp("valkey"))
    yield server
    server.stop()


@pytest.fixture
def cache_server(valkey: Valkey) -> Valkey:
    valkey.client.flushall()
    return valkey


@pytest.fixture(scope="session", autouse=True)
def _fresh_clients() -> None:
    """Clients take moto in when they are made; those of other tests may be older than it."""
    client.cache_clear()


@pytest.fixture
def stage(cache_server: Valkey, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The environment of the functions, with empty tables and an empty cache."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    for name, value in {**aws.ENVIRONMENT, "CACHE_ENDPOINT": cache_server.endpoint}.items():
        monkeypatch.setenv(name, value)
    one_at_a_time = Lock()
    real = DynamoHandler.call_action

    def call_action(handler: DynamoHandler) -> Any:
        with one_at_a_time:  # moto checks a condition and writes in two steps
            return real(handler)

    monkeypatch.setattr(DynamoHandler, "call_action", call_action)
    with mock_aws():
        aws.create_resources()
        aws.forget()
        yield
    aws.forget()


@pytest.fixture(scope="module")
def rig(valkey: Valkey) -> Iterator[Rig]:
    """The product connected to the worlds of stories."""
    with mock_aws(), pytest.MonkeyPatch.context() as patch:
        yield Rig(valkey, patch)
    aws.forget()
