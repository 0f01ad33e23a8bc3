"""The package runs: built as for a deployment, but for this machine's processor, each handler in a
clean process as Lambda starts it, against the local stack."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from local import runtime
from local.runtime import Environment, Runtime
from tests.package.packaging import package
from tests.stack import Running
from tests.structure.template import functions

pytestmark = [pytest.mark.package, pytest.mark.e2e]

# How many connections a function may open for its first answer, by what they lead to. On AWS each
# is a TLS handshake that somebody waits for.
CONNECTIONS: dict[str, dict[str, int]] = {
    "authorizer": {},
    "board_stream": {"cache": 1, "dynamodb": 1},
    "boards": {"cache": 1, "dynamodb": 1},
    "fanout": {"dynamodb": 1},
    # Lines are written side by side.
    "history_stream": {"cache": 1, "dynamodb": 2},
    "moderation": {"dynamodb": 1},
    # It reads the table's segments side by side.
    "rebuild": {"cache": 1, "dynamodb": 4},
    "score_stream": {"cache": 1, "dynamodb": 1},
    "scores": {"dynamodb": 1, "secrets_manager": 1},
    "seasons": {"cache": 1, "dynamodb": 1},
    "subscriber": {"dynamodb": 1},
    "upkeep": {"dynamodb": 1},
    "verify": {"cache": 1, "dynamodb": 1},
}
SERVICES = ("dynamodb", "secrets_manager", "sqs", "lambda", "cognito_identity_provider")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Runtime:
    if reason := runtime.missing():
        pytest.skip(f"the package runs on the functions' Python: {reason}")
    return runtime.install(tmp_path_factory.mktemp("runtime"))


@pytest.fixture(scope="module")
def task(client: Runtime, tmp_path_factory: pytest.TempPathFactory) -> Path:  # noqa: ARG001 - skips
    """The archive for this machine's processor, unpacked."""
    options = ("--param", f"architecture={runtime.architecture()}")
    made = package(tmp_path_factory.mktemp("here") / "service", stage="dev", options=options)
    folder = tmp_path_factory.mktemp("task")
    with ZipFile(made.archive) as archive:
        archive.extractall(folder)
    return folder


class Counted:
    """A way to a server that counts the connections made over it."""

    def __init__(self, target: str) -> None:
        host, _, port = target.rpartition(":")
        self._target = (host, int(port))
        self._server = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self._server.getsockname()[1]}"
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._server.accept()
            except OSError:  # closed
                return
            self.connections += 1
            far = socket.create_connection(self._target)
            # The emulator answers to its own name alone.
            names = (self.address.encode(), ":".join(map(str, self._target)).encode())
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=_carry, args=(source, sink, names), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()


def _carry(source: socket.socket, sink: socket.socket, names: tuple[bytes, bytes]) -> None:
    with source, sink:
        try:
            while data := source.recv(65536):
                sink.sendall(data.replace(*names))
            sink.shutdown(socket.SHUT_RDWR)
        except OSError:  # the other direction has ended
            return


@contextmanager
def environment(
    client: Runtime, task: Path, stack: Running, function: str, log: Path
) -> Iterator[tuple[Environment, dict[str, Counted]]]:
    """An environment of a function, whose connections are counted by what they lead to."""
    endpoint = stack.addresses["cognito"]
    with ExitStack() as opened:

        def counted(target: str) -> Counted:
            way = Counted(target)
            opened.callback(way.close)
            return way

        ways = {name: counted(endpoint.rpartition("/")[2]) for name in SERVICES}
        ways["cache"] = counted(stack.addresses["cache"])
        variables = runtime.variables_of(
            function, endpoint=endpoint, cache=ways["cache"].address
        ) | {
            f"AWS_ENDPOINT_URL_{name.upper()}": f"http://{ways[name].address}" for name in SERVICES
        }
        handler = f"handlers/{function}.handler"
        started = runtime.started(client, task, handler, variables, log=log)
        yield opened.enter_context(started), ways


@pytest.mark.parametrize("function", CONNECTIONS)
def test_handler_answers_its_first_event_over_few_connections(
    client: Runtime, task: Path, stack: Running, tmp_path: Path, function: str
) -> None:
    with environment(client, task, stack, function, tmp_path / "log") as (started, ways):
        assert all(way.connections == 0 for way in ways.values()), "the import asks nobody"
        answer, _ = started.invoke(runtime.first_event(function))
        assert is_good(answer), answer
        made = {name: way.connections for name, way in ways.items() if way.connections}
        most = CONNECTIONS[function]
        assert all(number <= most.get(name, 0) for name, number in made.items()), made


def is_good(answer: Any) -> bool:
    """Whether an answer says that nothing failed; an error would have been raised before."""
    if "statusCode" in answer:
        return bool(200 <= answer["statusCode"] < 300)
    return not answer.get("batchItemFailures") and not answer.get("failed")


def test_every_function_is_started() -> None:
    assert set(CONNECTIONS) == set(runtime.FIRST) == set(functions())
