"""What the edge's own stack asks AWS for."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from handlers.http import PAGE_NUMBERS
from leaderboard.edge import HEADER
from local import service
from local.page import Configuration
from reference.__main__ import DOCUMENT
from tests.package.packaging import SECRET_VERSION, Package, package_edge

pytestmark = pytest.mark.package

# AWS, "Custom headers that CloudFront can't add to origin requests".
REFUSED_HEADERS = {
    "cache-control",
    "connection",
    "content-length",
    "cookie",
    "host",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "max-forwards",
    "pragma",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "range",
    "request-range",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "x-real-ip",
}
REFUSED_BEGINNINGS = ("x-amz-", "x-edge-")
Json = Mapping[str, Any]


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Package:
    folder = tmp_path_factory.mktemp("edge") / "service"
    return package_edge(folder)


def distribution(edge: Package) -> Json:
    config: Json = edge.properties("Distribution")["DistributionConfig"]
    return config


def behaviors(edge: Package) -> dict[str, Json]:
    config = distribution(edge)
    return {
        "*": config["DefaultCacheBehavior"],
        **{it["PathPattern"]: it for it in config["CacheBehaviors"]},
    }


def rewritten(edge: Package, function: str, uri: str) -> str:
    """What a function of the distribution makes of a path."""
    code = edge.properties(function)["FunctionCode"]
    call = f"{code}\nconsole.log(handler({{request: {{uri: {json.dumps(uri)}}}}}).uri);"
    done = subprocess.run(["node", "-e", call], capture_output=True, text=True, check=True)  # noqa: S607
    return done.stdout.strip()


def test_stack_is_not_packaged_without_a_version_of_the_secret(tmp_path: Path) -> None:
    with pytest.raises(service.ToolFailed, match="secretVersion"):
        package_edge(tmp_path / "service", version="")


def test_paths_lead_to_the_page_the_api_and_the_socket(edge: Package) -> None:
    assert {path: it["TargetOriginId"] for path, it in behaviors(edge).items()} == {
        "*": "page",
        "/ws": "socket",
        "/api/boards*": "http",
        "/api/openapi.json": "http",
        "/api/*": "http",
    }
    origins = {it["Id"]: it for it in distribution(edge)["Origins"]}
    assert origins["http"]["DomainName"] == "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com"
    assert origins["socket"]["DomainName"] == "f6g7h8i9j0.execute-api.eu-central-1.amazonaws.com"
    assert origins["socket"]["OriginPath"] == "/dev"


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("/api/boards", "/boards"),
        ("/api/boards/global/top", "/boards/global/top"),
        ("/api/boards/a%2Fapi/top", "/boards/a%2Fapi/top"),
        ("/api", "/"),
        ("/api/", "/"),
        ("/apis", "/apis"),
    ],
)
def test_api_sees_its_own_paths(edge: Package, uri: str, expected: str) -> None:
    assert rewritten(edge, "ApiPath", uri) == expected


@pytest.mark.parametrize("uri", ["/ws", "/ws/"])
def test_socket_api_sees_its_stage_alone(edge: Package, uri: str) -> None:
    assert rewritten(edge, "SocketPath", uri) == "/"


def test_only_public_reads_are_kept(edge: Package) -> None:
    kept = {
        path
        for path, it in behaviors(edge).items()
        if it["CachePolicyId"] == {"Ref": "PublicReads"}
    }
    assert kept == {"/api/boards*", "/api/openapi.json"}
    policy = edge.properties("PublicReads")["CachePolicyConfig"]
    # As long as an answer says, a minute at most; not at all one that does not say.
    assert (policy["MinTTL"], policy["DefaultTTL"], policy["MaxTTL"]) == (0, 0, 60)


def test_query_that_no_read_knows_does_not_pass_the_edge_s_cache(edge: Package) -> None:
    """The key has what reads know, and what they refuse: all else answers what is kept."""
    paths = json.loads(DOCUMENT.read_text(encoding="utf-8"))["paths"]
    known = {
        it["name"]
        for methods in paths.values()
        for it in methods.get("get", {}).get("parameters", [])
        if it["in"] == "query"
    }
    assert known >= {"around", "cursor", "limit", "season"}
    policy = edge.properties("PublicReads")["CachePolicyConfig"]
    queries = policy["ParametersInCacheKeyAndForwardedToOrigin"]["QueryStringsConfig"]
    assert queries["QueryStringBehavior"] == "whitelist"
    assert set(queries["QueryStrings"]) == known | {*PAGE_NUMBERS}


def test_every_get_that_the_edge_may_keep_is_for_anyone(dev: Package) -> None:
    for route in dev.of_type("AWS::ApiGatewayV2::Route").values():
        if re.match(r"GET (/boards\b|/openapi.json)", route["RouteKey"]):
            assert route.get("AuthorizationType", "NONE") == "NONE", route["RouteKey"]


def test_nothing_goes_without_tls(edge: Package) -> None:
    policies = {it["ViewerProtocolPolicy"] for it in behaviors(edge).values()}
    assert policies <= {"https-only", "redirect-to-https"}
    for origin in distribution(edge)["Origins"]:
        if "CustomOriginConfig" in origin:
            assert origin["CustomOriginConfig"] == {
                "OriginProtocolPolicy": "https-only",
                "OriginSSLProtocols": ["TLSv1.2"],
            }


def test_apis_get_the_secret_of_the_version_named(edge: Package) -> None:
    for origin in distribution(edge)["Origins"]:
        sent = {it["HeaderName"]: it["HeaderValue"] for it in origin.get("OriginCustomHeaders", [])}
        expected = f"{{{{resolve:secretsmanager:edge-secret:SecretString:key::{SECRET_VERSION}}}}}"
        assert sent == ({} if origin["Id"] == "page" else {HEADER: expected})


def test_cloudfront_can_add_every_header_that_the_edge_sends(edge: Package) -> None:
    sent = {
        header["HeaderName"].lower()
        for origin in distribution(edge)["Origins"]
        for header in origin.get("OriginCustomHeaders", [])
    }
    assert sent == {HEADER}
    assert not sent & REFUSED_HEADERS
    assert not [it for it in sent if it.startswith(REFUSED_BEGINNINGS)]


def test_page_is_served_under_the_policy_that_it_is_tested_under(edge: Package) -> None:
    tested = Configuration(
        stage="dev",
        http="https://edge.example/api",
        socket="wss://edge.example/ws",
        cognito="https://cognito-idp.eu-central-1.amazonaws.com/",
        web_client_id="web-client",
    ).security_headers()
    config = edge.properties("PageHeaders")["ResponseHeadersPolicyConfig"]
    own = {it["Header"]: it["Value"] for it in config["CustomHeadersConfig"]["Items"]}
    security = config["SecurityHeadersConfig"]
    separator, parts = security["ContentSecurityPolicy"]["ContentSecurityPolicy"]["Fn::Join"]
    # Behind the edge the APIs are the page's own origin.
    policy = tested["Content-Security-Policy"]
    policy = policy.replace(" https://edge.example", "").replace(" wss://edge.example", "")
    assert separator.join(parts) == policy
    assert own | {
        "Content-Security-Policy": policy,
        "Referrer-Policy": security["ReferrerPolicy"]["ReferrerPolicy"],
        "X-Content-Type-Options": "nosniff",
    } == {**tested, "Content-Security-Policy": policy}
    assert security["StrictTransportSecurity"]["AccessControlMaxAgeSec"] >= 31_536_000


def test_pages_bucket_is_for_the_distribution_alone(edge: Package) -> None:
    bucket = edge.properties("PageBucket")
    assert set(bucket["PublicAccessBlockConfiguration"].values()) == {True}
    statements = edge.properties("PageBucketPolicy")["PolicyDocument"]["Statement"]
    (allowed,) = (it for it in statements if it["Effect"] == "Allow")
    assert allowed["Principal"] == {"Service": "cloudfront.amazonaws.com"}
    assert allowed["Action"] == "s3:GetObject"
    assert "AWS:SourceArn" in allowed["Condition"]["StringEquals"]
    (origin,) = (it for it in distribution(edge)["Origins"] if it["Id"] == "page")
    assert origin["OriginAccessControlId"] == {"Fn::GetAtt": ["PageAccess", "Id"]}


def test_requests_pass_the_web_acl(edge: Package) -> None:
    assert distribution(edge)["WebACLId"] == {"Fn::GetAtt": ["WebAcl", "Arn"]}
    acl = edge.properties("WebAcl")
    assert acl["Scope"] == "CLOUDFRONT"
    rules = {it["Name"]: it for it in acl["Rules"]}
    assert set(rules) == {"body-size", "writes", "connects", "bad-inputs", "common"}
    assert sorted(it["Priority"] for it in rules.values()) == [0, 1, 2, 3, 4]
    for name in ("writes", "connects"):
        rate = rules[name]["Statement"]["RateBasedStatement"]
        assert (rate["AggregateKeyType"], rate["EvaluationWindowSec"]) == ("IP", 60)
    # As much as a batch of trusted writes may have.
    assert rules["body-size"]["Statement"]["SizeConstraintStatement"]["Size"] == 64 * 1024


def test_web_acl_shows_no_token_to_who_reads_its_samples(edge: Package) -> None:
    hidden = {
        it["Field"]["FieldType"]: it["Field"].get("FieldKeys")
        for it in edge.properties("WebAcl")["DataProtectionConfig"]["DataProtections"]
    }
    assert hidden == {"SINGLE_HEADER": ["authorization"], "QUERY_STRING": None, "BODY": None}


def test_domain_of_ones_own_is_served_by_modern_tls_alone(tmp_path: Path) -> None:
    certificate = (
        "arn:aws:acm:us-east-1:123456789012:certificate/00000000-1111-2222-3333-444444444444"
    )
    own = package_edge(
        tmp_path / "service",
        domain="own",
        domainName="play.example.com",
        certificateArn=certificate,
    )
    assert distribution(own)["Aliases"] == ["play.example.com"]
    assert distribution(own)["ViewerCertificate"] == {
        "AcmCertificateArn": certificate,
        "SslSupportMethod": "sni-only",
        "MinimumProtocolVersion": "TLSv1.2_2021",
    }


def test_functions_that_answer_requests_know_the_secret(behind: Package) -> None:
    knowing = {
        name
        for name, properties in behind.functions().items()
        if properties["Environment"]["Variables"].get("EDGE_SECRET") == {"Ref": "EdgeSecret"}
    }
    answering = {"authorizer"} | {
        name
        for name, properties in behind.functions().items()
        if any(
            permission["Principal"] == "apigateway.amazonaws.com"
            and "HttpApi" in json.dumps(permission["SourceArn"])
            and behind.properties(permission["FunctionName"]["Fn::GetAtt"][0]) == properties
            for permission in behind.of_type("AWS::Lambda::Permission").values()
        )
    }
    assert knowing == answering
    roles = {it["Ref"] for it in behind.properties("EdgeSecretAccess")["Roles"]}
    assert roles == {
        properties["Role"]["Fn::GetAtt"][0]
        for name, properties in behind.functions().items()
        if name in answering
    }


def test_secret_has_a_replica_where_the_edge_reads_it(behind: Package) -> None:
    replica = behind.properties("EdgeSecret")["ReplicaRegions"]["Fn::If"]
    assert replica == ["NeedsReplica", [{"Region": "us-east-1"}], {"Ref": "AWS::NoValue"}]
    assert "EdgeSecretReplica" in behind.template["Outputs"]


def test_stage_without_an_edge_has_no_secret_of_one(dev: Package) -> None:
    assert "EdgeSecret" not in dev.resources
    assert dev.functions()["boards"]["Environment"]["Variables"]["EDGE_SECRET"] == ""


def test_prods_user_pool_has_a_web_acl(prod: Package) -> None:
    association = prod.properties("PoolAclAssociation")
    assert association["ResourceArn"] == {"Fn::GetAtt": ["UserPool", "Arn"]}
    assert prod.properties("PoolAcl")["Scope"] == "REGIONAL"
