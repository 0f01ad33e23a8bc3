"""Two services of one stage in one account: the second has a prefix, and tables of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from local import service as deployment
from local.stack import STAGE, variables
from tests.e2e.service import Service
from tests.e2e.test_smoke import PATIENT, smoke, surroundings
from tests.e2e.waiting import await_value
from tests.integration.valkey import Valkey
from tests.stack import Running
from tools.stage import stack_name

pytestmark = pytest.mark.e2e

PREFIX = "second-"
BOARD = "rating-of-two"


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Valkey]:
    """The second service's own, as its name gives it one on AWS."""
    server = Valkey(tmp_path / "cache")
    yield server
    server.stop()


def test_service_with_a_prefix_lives_beside_another_and_leaves_nothing(
    stack: Running, cache: Valkey, tmp_path: Path
) -> None:
    addresses = stack.addresses
    endpoint = addresses["cognito"]
    folder = deployment.copy(tmp_path / "service")
    chosen = ["--stage", STAGE, "--param", f"prefix={PREFIX}"]
    environment = variables(endpoint, cache.endpoint) | {
        "LOG_FILE": addresses["log"],
        "SLS_AWS_MONITORING_FREQUENCY": "250",
    }
    session = boto3.Session(
        aws_access_key_id=addresses["accessKeyId"],
        aws_secret_access_key=addresses["secretAccessKey"],
        region_name=addresses["region"],
    )
    first = Service(addresses)
    first.write(BOARD, "ann", score=10)
    tables = session.client("dynamodb", endpoint_url=endpoint)
    before = set(tables.list_tables()["TableNames"])

    deployment.run(["deploy", *chosen], folder=folder, variables=environment)
    try:
        made = set(tables.list_tables()["TableNames"]) - before
        assert made == {f"{PREFIX}{name}" for name in before}
        (described,) = session.client("cloudformation", endpoint_url=endpoint).describe_stacks(
            StackName=stack_name(STAGE, prefix=PREFIX)
        )["Stacks"]
        outputs = {it["OutputKey"]: it["OutputValue"] for it in described["Outputs"]}
        http = f"{endpoint}/_aws/execute-api/{outputs['HttpApiId']}"
        assert http != addresses["http"]
        assert Service({**addresses, "http": http}).top(BOARD)["version"] == 0
        checked = smoke(surroundings(stack), "--prefix", PREFIX, *PATIENT)
        assert checked.returncode == 0, checked
    finally:
        deployment.run(["remove", *chosen], folder=folder, variables=environment)
    assert set(tables.list_tables()["TableNames"]) == before
    top = await_value(
        lambda: (it := first.top(BOARD))["entries"] and it, what="the first service's board"
    )
    assert [it["userId"] for it in top["entries"]] == ["ann"]
