"""The check of a stage that has an edge, through an edge of this machine. The stack is one of its
own, since its functions are changed as `edge: cloudfront` deploys them."""

from __future__ import annotations

import json
import socket
from urllib.parse import urlsplit

import pytest

from tests.e2e.edge_proxy import serving
from tests.e2e.service import Service
from tests.e2e.tables import Tables
from tests.e2e.test_smoke import (
    PATIENT,
    STEPS,
    assert_nothing_is_left,
    deployed,
    failures,
    smoke,
    surroundings,
)
from tests.stack import running

pytestmark = pytest.mark.e2e

SECRET = "leaderboard-edge"
VALUE = "what-the-edge-adds"


def require_edge(tables: Tables) -> None:
    """From now on the APIs answer only what has the edge's header."""
    tables.client("secretsmanager").create_secret(
        Name=SECRET, SecretString=json.dumps({"key": VALUE})
    )
    functions = tables.client("lambda")
    for name in ("boards", "scores", "moderation", "authorizer"):
        function = f"leaderboard-local-{name}"
        set_before = functions.get_function_configuration(FunctionName=function)["Environment"]
        functions.update_function_configuration(
            FunctionName=function,
            Environment={"Variables": {**set_before["Variables"], "EDGE_SECRET": SECRET}},
        )


def test_stage_with_an_edge_is_checked_through_it() -> None:
    with running() as stack:
        tables = Tables(stack.addresses)
        with (
            serving(stack.addresses, VALUE) as url,
            deployed(
                tables, f"leaderboard-edge-{stack.addresses['region']}-local", {"EdgeUrl": url}
            ),
        ):
            beside = failures(smoke(surroundings(stack)))
            assert set(beside) == {"edge"}
            assert "answers 200 to anybody, beside the edge" in beside["edge"]

            require_edge(tables)
            run = smoke(surroundings(stack), *PATIENT)
            through = Service({**stack.addresses, "http": f"{url}/api"})
            assert_nothing_is_left(through, tables)
    assert (run.returncode, run.stderr) == (0, ""), run
    edge, boards, *others = run.stdout.splitlines()[1:-1]
    assert edge.startswith("ok    edge")
    assert edge.endswith(f"{url}, and no way beside it")
    assert boards.endswith(f"at {url}/api")
    assert len(others) == len(STEPS) - 1


def test_edge_proxy_closes_what_is_open_when_it_ends() -> None:
    with socket.create_server(("127.0.0.1", 0)) as gateway:
        address = f"127.0.0.1:{gateway.getsockname()[1]}"
        addresses = {"http": f"http://{address}", "socket": f"ws://{address}/local"}
        with serving(addresses, VALUE) as url:
            viewer = socket.create_connection(("127.0.0.1", urlsplit(url).port or 0), timeout=5)
            viewer.sendall(b"GET /ws HTTP/1.1\r\nupgrade: websocket\r\n\r\n")
            behind, _ = gateway.accept()
        with viewer, behind:
            assert viewer.recv(1) == b""
