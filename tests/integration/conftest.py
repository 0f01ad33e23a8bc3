"""The stage that the tests run in: moto for AWS, one Valkey for the whole session."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from joserfc.jwk import RSAKey
from moto import mock_aws
from moto.dynamodb.responses import DynamoHandler
from moto.utilities.utils import load_resource
from redis.exceptions import ConnectionError as CacheConnectionError

import leaderboard.adapters.valkey.connection
from handlers.telemetry import Handler, logger, metrics
from leaderboard.adapters.aws import transport
from leaderboard.adapters.aws.clients import client, session
from leaderboard.adapters.valkey.connection import Cluster
from tests.games import shipping
from tests.integration import aws, aws_calls, rights, shortcuts
from tests.integration.deployed import DeployedValkey
from tests.integration.events import CONTEXT
from tests.integration.story.edges import Rig
from tests.integration.valkey import Valkey

rights.hold()


@pytest.fixture(autouse=True)
def _within_its_role(request: pytest.FixtureRequest) -> Iterator[None]:
    """No function asks AWS for what its role does not allow."""
    rights.refused.clear()
    yield
    # A broken variant may do anything: it is there to be found by its story.
    if not request.node.nodeid.startswith("tests/integration/service/test_mutants.py"):
        assert sorted(set(rights.refused)) == []


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Valkey]:
    """The server; use `cache_server`, which is empty."""
    server = Valkey(tmp_path_factory.mktemp("valkey"))
    yield server
    server.stop()


@pytest.fixture(scope="session")
def deployed_valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedValkey]:
    server = DeployedValkey(tmp_path_factory.mktemp("deployed"))
    yield server
    server.stop()


@pytest.fixture
def cache_server(valkey: Valkey) -> Valkey:
    valkey.client.flushall()
    return valkey


@pytest.fixture(scope="session", autouse=True)
def _one_key_of_user_pools() -> Iterator[None]:
    """moto reads the same key for each pool that is made, which takes it 0.15 s."""
    key = RSAKey.import_key(load_resource("cognitoidp/resources/jwks-private.json"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RSAKey, "import_key", lambda _: key)
        yield


@pytest.fixture(scope="session", autouse=True)
def _shortcuts() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        shortcuts.take(patch)
        yield


@pytest.fixture(scope="session", autouse=True)
def _fresh_clients() -> Iterator[None]:
    """Clients take moto in when they are made; those of other tests may be older than it.

    moto answers at the SDK's event `before-send`, and so does libcurl. The SDK calls every handler,
    so what moto answers must not be sent as well. Servers on loopback are no affair of moto's.
    """
    client.cache_clear()
    session.cache_clear()
    real = transport.use_libcurl

    def use_libcurl(made: Any, **seconds: float) -> None:
        if "://127.0.0.1" in made.meta.endpoint_url:
            real(made, **seconds)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(transport, "use_libcurl", use_libcurl)
        yield


@pytest.fixture
def stage(cache_server: Valkey, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The environment of the functions, with empty tables and an empty cache."""
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    for name, value in {**aws.ENVIRONMENT, "CACHE_ENDPOINT": cache_server.endpoint}.items():
        monkeypatch.setenv(name, value)
    # Read when the module was imported, which may have been before this environment.
    monkeypatch.setattr(metrics.provider, "namespace", "Leaderboard")
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
    level = logger.log_level
    with shipping(), mock_aws(), pytest.MonkeyPatch.context() as patch:
        yield Rig(valkey, patch)
    logger.setLevel(level)  # stories say nothing
    aws.forget()


@dataclass
class Dependencies:
    """What answers and what does not; `invoked` are the events that functions were called with.

    `functions` are those that run when they are called, and are waited for.
    """

    down: set[str] = field(default_factory=set)
    invoked: list[dict[str, Any]] = field(default_factory=list)
    functions: dict[str, Handler] = field(default_factory=dict)

    def invoke(self, name: str, event: dict[str, Any]) -> dict[str, Any]:
        self.invoked.append(event)
        if name not in self.functions:
            return {"StatusCode": 202}
        try:
            answer = self.functions[name](event, CONTEXT)
        except Exception as error:  # noqa: BLE001 - Lambda, too, tells the caller of any
            text = json.dumps({"errorMessage": str(error)})
            return {"FunctionError": "Unhandled", "Payload": io.BytesIO(text.encode())}
        return {"StatusCode": 200, "Payload": io.BytesIO(json.dumps(answer).encode())}


@pytest.fixture
def dependencies(
    stage: None,  # noqa: ARG001 - the clients are those of a stage
    monkeypatch: pytest.MonkeyPatch,
) -> Dependencies:
    """Switches for AWS services and the cache, at the edge of their clients."""
    switches = Dependencies()
    aws_call = aws_calls.real()
    cache_call: Any = Cluster.execute_command

    def make_api_call(service: Any, operation: str, parameters: dict[str, Any]) -> Any:
        name = service.meta.service_model.service_name
        if name in switches.down:
            raise EndpointConnectionError(endpoint_url=name)
        if name == "lambda":
            return switches.invoke(parameters["FunctionName"], json.loads(parameters["Payload"]))
        return aws_call(service, operation, parameters)

    def execute_command(cache: Any, *arguments: Any, **options: Any) -> Any:
        if "cache" in switches.down:
            raise CacheConnectionError("the cache is down")
        return cache_call(cache, *arguments, **options)

    aws_calls.take_over(monkeypatch, make_api_call)
    monkeypatch.setattr(Cluster, "execute_command", execute_command)
    monkeypatch.setattr(leaderboard.adapters.valkey.connection, "OUTAGE_SECONDS", 0)
    return switches
