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
import urllib3

from leaderboard.edge import HEADER
from local import service as deployment
from local.page import FOLDERS, MEDIA_TYPES
from local.service import ROOT
from local.stack import variables
from tests.stack import Running

pytestmark = pytest.mark.e2e

REGION = "us-east-1"
STAGE = "edge-test"
ORIGINS = "https://play.example,https://club.example"
ANCESTORS = "https://blog.example"


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
            "allowedOrigins": ORIGINS,
            "frameAncestors": ANCESTORS,
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
        (stack,) = self.client("cloudformation").describe_stacks(StackName=self.stack)["Stacks"]
        return {it["OutputKey"]: it["OutputValue"] for it in stack["Outputs"]}

    @property
    def stack(self) -> str:
        return f"leaderboard-edge-{self.addresses['region']}-{STAGE}"

    def distribution(self) -> dict[str, Any]:
        answer = self.client("cloudfront").get_distribution_config(
            Id=self.outputs()["DistributionId"]
        )
        config: dict[str, Any] = answer["DistributionConfig"]
        return config

    def origins(self) -> dict[str, Any]:
        return {it["Id"]: it for it in self.distribution()["Origins"]["Items"]}

    def behaviors(self) -> dict[str, Any]:
        config = self.distribution()
        return {
            "*": config["DefaultCacheBehavior"],
            **{it["PathPattern"]: it for it in config["CacheBehaviors"]["Items"]},
        }

    def headers(self, path: str) -> dict[str, Any]:
        """What the edge adds to the answers of a path."""
        policy = self.client("cloudfront").get_response_headers_policy(
            Id=self.behaviors()[path]["ResponseHeadersPolicyId"]
        )["ResponseHeadersPolicy"]
        config: dict[str, Any] = policy["ResponseHeadersPolicyConfig"]
        return config

    def web_acl(self) -> dict[str, Any]:
        # The emulator gives a rule's text as it is, where AWS's tools want it in base64.
        _, _, named = self.distribution()["WebACLId"].rpartition("webacl/")
        name, _, identifier = named.partition("/")
        answer = urllib3.request(
            "POST",
            self.endpoint,
            headers={
                "x-amz-target": "AWSWAF_20190729.GetWebACL",
                "content-type": "application/x-amz-json-1.1",
            },
            body=json.dumps({"Name": name, "Id": identifier, "Scope": "CLOUDFRONT"}),
        )
        found: dict[str, Any] = answer.json()["WebACL"]
        return found

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


def test_errors_are_not_kept(edge: Edge) -> None:
    kept = edge.distribution()["CustomErrorResponses"]["Items"]
    assert {it["ErrorCode"]: it["ErrorCachingMinTTL"] for it in kept} == dict.fromkeys(
        (404, 500, 502, 503, 504), 0
    )


def test_reads_are_kept_by_what_the_api_knows_and_by_the_asking_page(edge: Edge) -> None:
    behaviors = edge.behaviors()
    policies = {path: it["CachePolicyId"] for path, it in behaviors.items()}
    assert policies["/api/boards*"] == policies["/api/openapi.json"] == policies["/api/users"]
    assert policies["/api/*"] == policies["/ws"] != policies["/api/boards*"]
    policy = edge.client("cloudfront").get_cache_policy(Id=policies["/api/boards*"])["CachePolicy"]
    key = policy["CachePolicyConfig"]["ParametersInCacheKeyAndForwardedToOrigin"]
    assert key["HeadersConfig"]["Headers"]["Items"] == ["Origin"]
    assert set(key["QueryStringsConfig"]["QueryStrings"]["Items"]) == {
        *("around", "cursor", "limit", "name", "season"),
        *("offset", "page"),
    }


def test_other_pages_load_the_client_package_and_named_ones_show_the_page(edge: Edge) -> None:
    client = edge.headers("/client/*")
    assert client["CorsConfig"]["AccessControlAllowOrigins"]["Items"] == ORIGINS.split(",")
    assert client["CustomHeadersConfig"]["Items"] == [
        {"Header": "Cross-Origin-Resource-Policy", "Value": "cross-origin", "Override": True}
    ]
    page = edge.headers("*")
    assert "CorsConfig" not in page
    policy = page["SecurityHeadersConfig"]["ContentSecurityPolicy"]["ContentSecurityPolicy"]
    assert f"; frame-ancestors {ANCESTORS}; " in policy


def test_web_acl_sees_whole_batches_and_counts_reads_writes_and_sockets(edge: Edge) -> None:
    rules = {it["Name"]: it for it in edge.web_acl()["Rules"]}
    size = rules["body-size"]["Statement"]["SizeConstraintStatement"]["Size"]
    assert int(size) == 64 * 1024
    limits = {
        name: int(it["Statement"]["RateBasedStatement"]["Limit"])
        for name, it in rules.items()
        if "RateBasedStatement" in it["Statement"]
    }
    assert limits == {"reads": 60_000, "writes": 600, "connects": 200}
    answers = {
        name: it["Action"]["Block"]["CustomResponse"]
        for name, it in rules.items()
        if "Action" in it
    }
    assert {name: int(it["ResponseCode"]) for name, it in answers.items()} == {
        "body-size": 413,
        "reads": 429,
        "writes": 429,
        "connects": 429,
    }
    # The emulator's web ACL forgets this, so it is asked what was deployed.
    deployed = edge.client("cloudformation").get_template(StackName=edge.stack)["TemplateBody"]
    acl = deployed["Resources"]["WebAcl"]["Properties"]
    seen = acl["AssociationConfig"]["RequestBody"]
    assert seen == {"CLOUDFRONT": {"DefaultSizeInspectionLimit": "KB_64"}}
    bodies = {it["CustomResponseBodyKey"] for it in answers.values()}
    assert bodies == set(acl["CustomResponseBodies"])


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


def test_edge_that_was_removed_is_deployed_again_under_its_names(edge: Edge) -> None:
    edge.sls("deploy")
    try:
        assert sent(edge.origins(), "http") == {HEADER: "second-value"}
        assert "index.html" in edge.objects()
    finally:
        edge.sls("remove")
