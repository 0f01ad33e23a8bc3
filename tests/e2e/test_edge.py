"""The edge's own stack, deployed into the emulator: what it makes, and what removing it leaves."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

from leaderboard.edge import HEADER
from local import service as deployment
from local.page import FOLDERS, MEDIA_TYPES
from local.service import ROOT
from local.stack import variables
from tests.stack import Running

pytestmark = pytest.mark.e2e

REGION = "us-east-1"
STAGE = "edge-test"


@dataclass(frozen=True)
class Edge:
    """A deployed edge, and how to deploy and remove it again."""

    folder: Path
    session: boto3.Session
    endpoint: str
    secret: str
    addresses: Mapping[str, str]

    def client(self, name: str) -> Any:
        return self.session.client(name, endpoint_url=self.endpoint)  # type: ignore[call-overload]

    def sls(self, command: str, *, version: str = "") -> None:
        chosen = {
            "httpApiId": self.addresses["http"].rpartition("/")[2],
            "socketApiId": "sockets",
            "webClientId": self.addresses["webClientId"],
            "edgeSecret": self.secret,
            "serviceRegion": self.addresses["region"],
        }
        options = [it for pair in chosen.items() for it in ("--param", "=".join(pair))]
        deployment.run(
            [command, "--stage", STAGE, *options],
            folder=self.folder,
            variables={
                **variables(self.endpoint, self.addresses["cache"]),
                "EDGE_SECRET_VERSION": version or self.version(),
            },
        )

    def version(self) -> str:
        answer = self.client("secretsmanager").get_secret_value(SecretId=self.secret)
        version: str = answer["VersionId"]
        return version

    def outputs(self) -> dict[str, str]:
        (stack,) = self.client("cloudformation").describe_stacks(
            StackName=f"leaderboard-edge-{self.addresses['region']}-{STAGE}"
        )["Stacks"]
        return {it["OutputKey"]: it["OutputValue"] for it in stack["Outputs"]}

    def origins(self) -> dict[str, Any]:
        answer = self.client("cloudfront").get_distribution_config(
            Id=self.outputs()["DistributionId"]
        )
        items: list[dict[str, Any]] = answer["DistributionConfig"]["Origins"]["Items"]
        return {it["Id"]: it for it in items}

    def objects(self) -> dict[str, Any]:
        bucket = self.outputs()["PageBucketName"]
        s3 = self.client("s3")
        keys = [it["Key"] for it in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]
        return {key: s3.get_object(Bucket=bucket, Key=key) for key in keys}


@pytest.fixture(scope="module")
def edge(stack: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Edge]:
    copied = deployment.copy(tmp_path_factory.mktemp("edge") / "service")
    for folder in FOLDERS.values():
        shutil.copytree(folder, copied / folder.relative_to(ROOT))
    addresses = stack.addresses
    session = boto3.Session(
        aws_access_key_id=addresses["accessKeyId"],
        aws_secret_access_key=addresses["secretAccessKey"],
        region_name=REGION,
    )
    made = Edge(copied / "infra" / "edge", session, addresses["cognito"], "edge-secret", addresses)
    made.client("secretsmanager").create_secret(
        Name=made.secret, SecretString=json.dumps({"key": "first-value"})
    )
    made.sls("deploy")
    yield made
    made.client("secretsmanager").delete_secret(
        SecretId=made.secret, ForceDeleteWithoutRecovery=True
    )


def sent(origins: dict[str, Any], name: str) -> dict[str, str]:
    headers = origins[name].get("CustomHeaders", {}).get("Items", [])
    return {it["HeaderName"]: it["HeaderValue"] for it in headers}


def test_page_is_up_with_its_types_and_how_long_each_file_may_be_kept(edge: Edge) -> None:
    expected = {
        prefix.removeprefix("/") + path.relative_to(folder).as_posix(): path
        for prefix, folder in FOLDERS.items()
        for path in folder.rglob("*")
        if path.suffix in MEDIA_TYPES
    }
    found = edge.objects()
    assert set(found) == {*expected, "config.json"}
    for key, path in expected.items():
        assert found[key]["Body"].read() == path.read_bytes(), key
        assert found[key]["ContentType"] == MEDIA_TYPES[path.suffix], key
        kept = "immutable" in found[key]["CacheControl"]
        assert kept == (path.suffix == ".woff2"), key


def test_page_knows_its_stage(edge: Edge) -> None:
    url = edge.outputs()["EdgeUrl"]
    configuration = edge.objects()["config.json"]
    assert configuration["ContentType"] == "application/json"
    assert json.loads(configuration["Body"].read()) == {
        "stage": STAGE,
        "http": f"{url}/api",
        "socket": f"{url.replace('https', 'wss')}/ws",
        "cognito": f"https://cognito-idp.{edge.addresses['region']}.amazonaws.com/",
        "webClientId": edge.addresses["webClientId"],
        "boards": [],
        "anyCode": False,
    }


def test_deploy_after_a_rotation_sends_the_new_value_and_clears_old_files(edge: Edge) -> None:
    assert sent(edge.origins(), "http") == {HEADER: "first-value"}
    assert sent(edge.origins(), "page") == {}
    edge.client("secretsmanager").put_secret_value(
        SecretId=edge.secret, SecretString=json.dumps({"key": "second-value"})
    )
    bucket = edge.outputs()["PageBucketName"]
    edge.client("s3").put_object(Bucket=bucket, Key="client/old.js", Body=b"gone")
    edge.sls("deploy")
    assert sent(edge.origins(), "http") == {HEADER: "second-value"}
    assert sent(edge.origins(), "socket") == {HEADER: "second-value"}
    assert "client/old.js" not in edge.objects()


def test_removing_the_edge_empties_its_bucket_and_leaves_nothing(edge: Edge) -> None:
    bucket = edge.outputs()["PageBucketName"]
    edge.sls("remove")
    left = [it["Name"] for it in edge.client("s3").list_buckets()["Buckets"]]
    assert bucket not in left
    assert not [it for it in left if "edge" in it]
