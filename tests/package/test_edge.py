"""What the edge's own stack asks AWS for."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

import handlers.trusted_scores
from handlers.http_api import MAX_BODY, PAGE_NUMBERS, admit
from handlers.problems import STATUSES, TITLES
from leaderboard.boards.snapshots import MAX_NAME
from leaderboard.edge import HEADER
from leaderboard.reading.cursors import MAX_CHARACTERS
from local import service
from local.page import Configuration
from tests.package.packaging import (
    SECRET_VERSION,
    WITHOUT_PACKAGES,
    Package,
    package,
    package_edge,
    params,
)
from tools.reference.__main__ import DOCUMENT

pytestmark = pytest.mark.package

README = Path(__file__).parents[2] / "infra" / "edge" / "README.md"
# https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/add-origin-custom-headers.html
# "Custom headers that CloudFront can't add to origin requests", as it was in November 2026.
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
# AWS's own policies by their ids.
KEPT_AS_THE_FILE_SAYS = "658327ea-f89d-4fab-a63d-7e88639e58f6"
NEVER_KEPT = "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
# Seconds that CloudFront waits for an origin, unless told otherwise.
ORIGIN_SECONDS = 30
# AWS's rules SizeRestrictions_QUERYSTRING and SizeRestrictions_URIPATH.
MAX_QUERY, MAX_PATH = 2048, 1024
# What CloudFront keeps for 10 seconds, unless told otherwise.
KEPT_ERRORS = {404, 500, 502, 503, 504}

Json = Mapping[str, Any]


@pytest.fixture(scope="module")
def edge(tmp_path_factory: pytest.TempPathFactory) -> Package:
    folder = tmp_path_factory.mktemp("edge") / "service"
    return package_edge(folder)


@pytest.fixture(scope="module")
def framed(tmp_path_factory: pytest.TempPathFactory) -> Package:
    """An edge whose page others show, and whose client package others load."""
    return package_edge(
        tmp_path_factory.mktemp("framed") / "service",
        frameAncestors="https://blog.example https://club.example",
        allowedOrigins="https://play.example,https://club.example",
    )


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
        "/client/*": "page",
        "/ws": "socket",
        "/api/boards*": "http",
        "/api/openapi.json": "http",
        "/api/users": "http",
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
    assert kept == {"/api/boards*", "/api/openapi.json", "/api/users"}
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
    assert known >= {"around", "cursor", "limit", "name", "season"}
    policy = edge.properties("PublicReads")["CachePolicyConfig"]
    queries = policy["ParametersInCacheKeyAndForwardedToOrigin"]["QueryStringsConfig"]
    assert queries["QueryStringBehavior"] == "whitelist"
    assert set(queries["QueryStrings"]) == known | {*PAGE_NUMBERS}


def test_every_get_that_the_edge_may_keep_is_for_anyone(dev: Package) -> None:
    for route in dev.of_type("AWS::ApiGatewayV2::Route").values():
        if re.match(r"GET (/boards\b|/openapi.json|/users$)", route["RouteKey"]):
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
    assert set(rules) == {"body-size", "writes", "connects", "reads", "bad-inputs", "common"}
    assert sorted(it["Priority"] for it in rules.values()) == [0, 1, 2, 3, 4, 5]
    for name in ("reads", "writes", "connects"):
        rate = rules[name]["Statement"]["RateBasedStatement"]
        assert (rate["AggregateKeyType"], rate["EvaluationWindowSec"]) == ("IP", 60)
        assert rules[name]["Action"]["Block"]["CustomResponse"]["ResponseCode"] == 429


def web_acl_rule(edge: Package, name: str) -> Json:
    (rule,) = (it for it in edge.properties("WebAcl")["Rules"] if it["Name"] == name)
    return rule  # type: ignore[no-any-return]


def test_web_acl_takes_each_body_that_the_service_takes_and_no_larger_one(edge: Package) -> None:
    seen = edge.properties("WebAcl")["AssociationConfig"]["RequestBody"]["CLOUDFRONT"]
    kilobytes = int(seen["DefaultSizeInspectionLimit"].removeprefix("KB_"))
    rule = web_acl_rule(edge, "body-size")
    size = rule["Statement"]["SizeConstraintStatement"]
    assert (size["ComparisonOperator"], size["FieldToMatch"]) == (
        "GT",
        # What is larger than what the web ACL sees is larger than what a route takes.
        {"Body": {"OversizeHandling": "MATCH"}},
    )
    assert size["Size"] == kilobytes * 1024 == handlers.trusted_scores.MAX_BATCH_BODY >= MAX_BODY
    assert rule["Action"]["Block"]["CustomResponse"]["ResponseCode"] == 413
    (common,) = (it for it in edge.properties("WebAcl")["Rules"] if it["Name"] == "common")
    overrides = common["Statement"]["ManagedRuleGroupStatement"]["RuleActionOverrides"]
    # AWS's own limit is 8 KB.
    assert {"Name": "SizeRestrictions_BODY", "ActionToUse": {"Count": {}}} in overrides


@pytest.mark.parametrize(
    ("rule", "code", "headers"),
    [
        ("body-size", "body_too_large", {}),
        *(
            (
                rule,
                "rate_limited",
                {"retry-after": "60", "access-control-expose-headers": "retry-after"},
            )
            for rule in ("reads", "writes", "connects")
        ),
    ],
)
def test_page_can_read_what_the_web_acl_answers_in_place_of_the_service(
    edge: Package, rule: str, code: str, headers: dict[str, str]
) -> None:
    answer = web_acl_rule(edge, rule)["Action"]["Block"]["CustomResponse"]
    body = edge.properties("WebAcl")["CustomResponseBodies"][answer["CustomResponseBodyKey"]]
    assert body["ContentType"] == "APPLICATION_JSON"
    problem = json.loads(body["Content"])
    assert problem.pop("detail")
    assert problem == {
        "type": f"urn:leaderboard:problem:{code}",
        "title": TITLES[code],
        "status": STATUSES[code],
        "code": code,
    }
    assert answer["ResponseCode"] == STATUSES[code]
    sent = {it["Name"].lower(): it["Value"] for it in answer["ResponseHeaders"]}
    # A web ACL refuses a content-type of one's own.
    assert sent == {"access-control-allow-origin": "*"} | headers
    if "retry-after" in headers:
        rate = web_acl_rule(edge, rule)["Statement"]["RateBasedStatement"]
        assert int(sent["retry-after"]) == rate["EvaluationWindowSec"]


def test_full_batch_with_the_longest_ids_and_names_passes_both(edge: Package) -> None:
    submission = {
        "userId": "u" * 64,
        "submissionId": "s" * 64,
        "userName": "\N{GRINNING FACE}" * MAX_NAME,
        "delta": -(2**53 - 1),
    }
    # As most tools write it: every letter outside ASCII as \u escapes.
    body = json.dumps({"submissions": [submission] * handlers.trusted_scores.MAX_BATCH})
    assert len(body) > MAX_BODY
    assert (
        len(body) < web_acl_rule(edge, "body-size")["Statement"]["SizeConstraintStatement"]["Size"]
    )
    event = {
        "routeKey": "POST /boards/{board}/submissions",
        "rawQueryString": "",
        "headers": {},
        "pathParameters": {"board": "global"},
        "requestContext": {"stage": "$default", "http": {"method": "POST"}},
        "body": body,
        "isBase64Encoded": False,
    }
    admitted = admit(event, max_body=handlers.trusted_scores.MAX_BATCH_BODY)
    assert len(json.loads(admitted["body"])["submissions"]) == handlers.trusted_scores.MAX_BATCH


def test_longest_path_and_query_pass_the_web_acl() -> None:
    # Each letter of an id may be sent as three.
    longest = f"/api/boards/{'b' * 48 * 3}/users/{'u' * 64 * 3}/score"
    assert len(longest) <= MAX_PATH
    query = f"cursor={'c' * MAX_CHARACTERS * 3}&limit=100&season=2026-11-23&around=50"
    assert len(query) <= MAX_QUERY


def test_edge_waits_as_long_as_the_slowest_answer_takes(edge: Package, behind: Package) -> None:
    answering = ("scores", "boards", "moderation", "authorizer", "subscriber")
    for origin in distribution(edge)["Origins"]:
        waits = origin.get("CustomOriginConfig", {}).get("OriginReadTimeout", ORIGIN_SECONDS)
        assert waits >= max(behind.functions()[it]["Timeout"] for it in answering)


def test_rates_of_an_address_leave_room_for_one_player_and_not_for_a_whole_api(
    edge: Package, behind: Package
) -> None:
    def limit(name: str) -> int:
        rate = web_acl_rule(edge, name)["Statement"]["RateBasedStatement"]["Limit"]
        return int(rate)

    boards = yaml.safe_load((README.parents[2] / "boards.yml").read_text(encoding="utf-8"))
    (gateway,) = (
        it["DefaultRouteSettings"]["ThrottlingRateLimit"]
        for name, it in behind.of_type("AWS::ApiGatewayV2::Stage").items()
        if name == "HttpApiStage"
    )
    # A thousand that read each second, of the two thousand that the API answers.
    assert limit("reads") * 2 <= int(gateway) * 60
    # A player takes a ticket and sends a score for each action.
    actions = max(
        it.get("limits", {}).get("actionsPerMinute", 0) for it in boards["boards"].values()
    )
    assert limit("writes") >= 10 * actions * 2
    sockets = behind.functions()["subscriber"]["Environment"]["Variables"]["CONNECTIONS_PER_USER"]
    assert limit("connects") >= 10 * int(sockets)


def test_edge_lets_through_what_the_apis_know(edge: Package, behind: Package) -> None:
    cors = behind.properties("HttpApi")["CorsConfiguration"]
    for path, behavior in behaviors(edge).items():
        if path.startswith("/api"):
            assert set(cors["AllowMethods"]) <= set(behavior["AllowedMethods"])


def test_errors_are_not_kept(edge: Package) -> None:
    kept = {
        it["ErrorCode"]: it["ErrorCachingMinTTL"]
        for it in distribution(edge)["CustomErrorResponses"]
    }
    assert kept == dict.fromkeys(KEPT_ERRORS, 0)
    # Only how long: the service's own answer stays.
    assert not [it for it in distribution(edge)["CustomErrorResponses"] if "ResponseCode" in it]


def applies(statement: Json, *, path: str, method: str) -> bool:
    """Whether a statement of the web ACL is about such a request."""
    match statement:
        case {"AndStatement": {"Statements": parts}}:
            return all(applies(it, path=path, method=method) for it in parts)
        case {"NotStatement": {"Statement": it}}:
            return not applies(it, path=path, method=method)
        case {"RegexMatchStatement": {"FieldToMatch": {"Method": _}, "RegexString": pattern}}:
            return re.search(pattern, method) is not None
        case {"ByteMatchStatement": {"PositionalConstraint": "EXACTLY", "SearchString": text}}:
            return bool(path == text)
        case {"ByteMatchStatement": {"PositionalConstraint": "STARTS_WITH", "SearchString": text}}:
            return bool(path.startswith(text))
    raise AssertionError(statement)


def described(edge: Package, pattern: str, behavior: Json) -> str:
    """The line that the README should have about a behaviour."""
    policy = edge.properties("PublicReads")["CachePolicyConfig"]
    key = policy["ParametersInCacheKeyAndForwardedToOrigin"]
    queries = sorted(key["QueryStringsConfig"]["QueryStrings"])
    names = [f"`{it}`" for it in (*queries, *key["HeadersConfig"]["Headers"])]
    kept, parts = {
        KEPT_AS_THE_FILE_SAYS: ("as the file says", "the path"),
        NEVER_KEPT: ("never", "none"),
        "PublicReads": (
            f"as the answer says, {policy['MaxTTL']} s at most",
            "the path, " + ", ".join(names),
        ),
    }[_policy(behavior)]
    errors = {it["ErrorCachingMinTTL"] for it in distribution(edge)["CustomErrorResponses"]}
    assert errors == {0}
    path = pattern.replace("*", "x" if pattern != "*" else "/index.html")
    rates = []
    for rule in edge.properties("WebAcl")["Rules"]:
        rate = rule["Statement"].get("RateBasedStatement")
        methods = behavior["AllowedMethods"]
        if rate and any(
            applies(rate["ScopeDownStatement"], path=path, method=it) for it in methods
        ):
            rates.append(f"`{rule['Name']}` {int(rate['Limit']):,}")
    cells = (
        f"`{pattern}`",
        f"`{behavior['TargetOriginId']}`",
        " ".join(behavior["AllowedMethods"]),
        kept,
        parts,
        "never",
        ", ".join(sorted(rates)) or "none",
    )
    return f"| {' | '.join(cells)} |"


def _policy(behavior: Json) -> str:
    policy = behavior["CachePolicyId"]
    return str(policy["Ref"] if isinstance(policy, dict) else policy)


def test_readme_says_of_each_path_what_is_kept_by_what_key_and_how_often(edge: Package) -> None:
    expected = [described(edge, *pair) for pair in behaviors(edge).items()]
    table = README.read_text(encoding="utf-8").partition("## Each path\n")[2].partition("##")[0]
    rows = [it for it in table.splitlines() if it.startswith("| `")]
    assert sorted(rows) == sorted(expected)


def test_answers_for_one_page_are_kept_for_that_page_alone(edge: Package, behind: Package) -> None:
    """The API names the asking page in its answer, one of those allowed."""
    assert behind.properties("HttpApi")["CorsConfiguration"]["AllowOrigins"] != ["*"]
    key = edge.properties("PublicReads")["CachePolicyConfig"][
        "ParametersInCacheKeyAndForwardedToOrigin"
    ]
    assert key["HeadersConfig"] == {"HeaderBehavior": "whitelist", "Headers": ["Origin"]}
    assert key["CookiesConfig"] == {"CookieBehavior": "none"}


def headers_policy(edge: Package, path: str) -> Json:
    name = behaviors(edge)[path]["ResponseHeadersPolicyId"]["Ref"]
    config: Json = edge.properties(name)["ResponseHeadersPolicyConfig"]
    return config


def test_other_pages_load_the_client_package_and_nothing_else_of_the_page(
    framed: Package, edge: Package
) -> None:
    client = headers_policy(framed, "/client/*")
    assert client["CorsConfig"]["AccessControlAllowOrigins"] == {
        "Items": {"Fn::Split": [",", "https://play.example,https://club.example"]}
    }
    assert client["CorsConfig"]["AccessControlAllowCredentials"] is False
    assert client["CustomHeadersConfig"]["Items"] == [
        {"Header": "Cross-Origin-Resource-Policy", "Value": "cross-origin", "Override": True}
    ]
    for path, behavior in behaviors(edge).items():
        if path != "/client/*" and "ResponseHeadersPolicyId" in behavior:
            assert "CorsConfig" not in headers_policy(edge, path), path


def test_pages_that_may_show_the_page_within_their_own_are_a_param(
    framed: Package, edge: Package
) -> None:
    def ancestors(package: Package, path: str) -> str:
        policy = headers_policy(package, path)["SecurityHeadersConfig"]["ContentSecurityPolicy"]
        text = policy["ContentSecurityPolicy"]
        parts = text["Fn::Join"][1] if isinstance(text, dict) else text.split("; ")
        (found,) = (it for it in parts if it.startswith("frame-ancestors "))
        return str(found).removeprefix("frame-ancestors ")

    assert ancestors(edge, "*") == "'none'"
    assert ancestors(framed, "*") == "https://blog.example https://club.example"
    assert ancestors(framed, "/api/*") == ancestors(framed, "/client/*") == "'none'"


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


def test_stage_whose_edge_is_not_there_yet_has_the_secret_and_answers_everybody(
    tmp_path: Path,
) -> None:
    options = (*WITHOUT_PACKAGES, *params(edge="open"))
    opened = package(tmp_path / "service", stage="dev", options=options)
    assert "EdgeSecretReplica" in opened.template["Outputs"]
    asking = [
        name
        for name, it in opened.functions().items()
        if it["Environment"]["Variables"].get("EDGE_SECRET")
    ]
    assert asking == []


def test_secret_has_a_replica_where_the_edge_reads_it(behind: Package) -> None:
    replica = behind.properties("EdgeSecret")["ReplicaRegions"]["Fn::If"]
    assert replica == ["NeedsReplica", [{"Region": "us-east-1"}], {"Ref": "AWS::NoValue"}]
    assert "EdgeSecretReplica" in behind.template["Outputs"]


def test_readme_closes_the_apis_when_the_edge_answers_and_opens_them_before_it_goes() -> None:
    def commands(heading: str) -> list[str]:
        text = (
            README.read_text(encoding="utf-8").partition(f"## {heading}\n")[2].partition("\n## ")[0]
        )
        return re.findall(r"edge=\w+|infra/edge && .*sls \w+|curl", text)

    assert [it.split()[-1] for it in commands("Deploy")] == [
        "edge=open",
        "deploy",
        "curl",
        "edge=cloudfront",
    ]
    assert [it.split()[-1] for it in commands("Remove")] == ["edge=open", "remove", "edge=none"]


def test_stage_without_an_edge_has_no_secret_of_one(dev: Package) -> None:
    assert "EdgeSecret" not in dev.resources
    assert dev.functions()["boards"]["Environment"]["Variables"]["EDGE_SECRET"] == ""


def test_prods_user_pool_has_a_web_acl(prod: Package) -> None:
    association = prod.properties("PoolAclAssociation")
    assert association["ResourceArn"] == {"Fn::GetAtt": ["UserPool", "Arn"]}
    assert prod.properties("PoolAcl")["Scope"] == "REGIONAL"
