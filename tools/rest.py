"""What a stage costs a month while nobody uses it, from its packaged template.

`python -m tools.rest` packages `dev` and `prod` and prints the table of docs/cost.md. Each type of
resource has a price here or costs by use alone: of an unknown one nobody can say what it costs.
"""

from __future__ import annotations

import json
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local import service
from tools.cost import (
    FUNCTION_GB,
    LAMBDA_GB_SECONDS,
    LAMBDA_REQUESTS,
    LOG_BYTES,
    LOG_GIGABYTES,
    MONTH_HOURS,
    READ_UNITS,
)

STAGES = ("dev", "prod")
BY_USE = frozenset(
    f"AWS::{kind}"
    for kind in (
        "ApiGatewayV2::Api",
        "ApiGatewayV2::Authorizer",
        "ApiGatewayV2::Deployment",
        "ApiGatewayV2::Integration",
        "ApiGatewayV2::Route",
        "ApiGatewayV2::RouteResponse",
        "Cognito::UserPool",
        "Cognito::UserPoolClient",
        "Cognito::UserPoolDomain",
        "Cognito::UserPoolResourceServer",
        "DynamoDB::Table",
        "ElastiCache::User",
        "ElastiCache::UserGroup",
        "IAM::Policy",
        "IAM::Role",
        "Lambda::EventInvokeConfig",
        "Lambda::EventSourceMapping",
        "Lambda::Function",
        "Lambda::Permission",
        "Logs::LogGroup",
        "S3::Bucket",
        "S3::BucketPolicy",
        "SQS::Queue",
        "WAFv2::WebACLAssociation",
    )
)
"""What costs nothing, or nothing before somebody uses it: requests, items, logs, users."""

CACHE = 0.1 * 0.084 * MONTH_HOURS
"""ElastiCache Serverless for Valkey meters 100 MB at least, at $0.084 a gigabyte and hour."""
ALARM_METRIC = 0.10
SECRET = 0.40
KEY = 1.00
ACL = 5.00
ACL_RULE = 1.00
METRIC = 0.30
METRICS_OF_A_ROUTE = 6
"""Of an HTTP API: Count, 4xx, 5xx, DataProcessed and two latencies. Of sockets as many."""

SCHEDULED_SECONDS = 0.15
"""What a scheduled function runs for on a stage without players."""
SCHEDULED_READS = 40
"""Read units of such a run: the boards of boards.yml with their kept seasons."""
NIGHTS = MONTH_HOURS / 24


class Unpriced(Exception):
    """A resource of which nobody has said what it costs."""


@dataclass(frozen=True, slots=True)
class Part:
    """A row of the table: what it is, how many there are, what they cost a month together."""

    what: str
    count: int
    dollars: float


def parts(template: Mapping[str, Any]) -> list[Part]:
    """What the template's resources cost a month, dearest first; raises Unpriced."""
    counted: dict[str, list[float]] = defaultdict(list)
    resources = template["Resources"]
    for name, resource in resources.items():
        if resource["Type"] in BY_USE:
            continue
        for what, dollars in priced(name, resource, resources):
            counted[what].append(dollars)
    found = [Part(what, len(each), sum(each)) for what, each in counted.items()]
    return sorted(found, key=lambda it: (-it.dollars, it.what))


def priced(
    name: str, resource: Mapping[str, Any], resources: Mapping[str, Any]
) -> Iterable[tuple[str, float]]:
    kind, properties = resource["Type"], resource.get("Properties", {})
    if kind in FLAT:
        what, dollars = FLAT[kind]
        return [(what, dollars(properties))]
    if kind == "AWS::Events::Rule":
        return scheduled(properties, resources)
    if kind == "AWS::ApiGatewayV2::Stage":
        return detailed_metrics(properties, resources)
    raise Unpriced(
        f"{name} is of the type {kind}, which has no price: say in tools/rest.py what it costs, "
        "or that it costs by use."
    )


def _alarm(properties: Mapping[str, Any]) -> float:
    """By the metrics that it looks at, of which metric math may take several."""
    metrics = [it for it in properties.get("Metrics", []) if "MetricStat" in it]
    return ALARM_METRIC * max(len(metrics), 1)


FLAT: Mapping[str, tuple[str, Callable[[Mapping[str, Any]], float]]] = {
    "AWS::CloudWatch::Alarm": ("alarms", _alarm),
    "AWS::ElastiCache::ServerlessCache": ("the cache's minimum", lambda _: CACHE),
    "AWS::KMS::Key": ("keys", lambda _: KEY),
    "AWS::SecretsManager::Secret": (
        "secrets with their replicas",
        lambda it: SECRET * (2 if "ReplicaRegions" in it else 1),
    ),
    "AWS::WAFv2::WebACL": (
        "web ACLs with their rules",
        lambda it: ACL + ACL_RULE * len(it["Rules"]),
    ),
}
"""What a resource costs a month, whatever else is in the template."""


def detailed_metrics(
    stage: Mapping[str, Any], resources: Mapping[str, Any]
) -> Iterator[tuple[str, float]]:
    """At most, once every route is called."""
    if stage["DefaultRouteSettings"].get("DetailedMetricsEnabled"):
        for resource in resources.values():
            of_this = resource.get("Properties", {}).get("ApiId") == stage["ApiId"]
            if resource["Type"] == "AWS::ApiGatewayV2::Route" and of_this:
                yield "routes with detailed metrics", METRIC * METRICS_OF_A_ROUTE


def scheduled(rule: Mapping[str, Any], resources: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """A function that a schedule runs; only its own time, reads and log line."""
    if rule["State"] != "ENABLED":
        return
    expression = rule["ScheduleExpression"]
    if expression == "rate(1 minute)":
        what, runs = "functions that run each minute", 60.0 * MONTH_HOURS
    elif expression.startswith("cron(") and expression.endswith(" * * ? *)"):
        what, runs = "functions that run each night", NIGHTS
    else:
        raise Unpriced(f"tools/rest.py does not know how often {expression} runs.")
    for target in rule["Targets"]:
        function = resources[target["Arn"]["Fn::GetAtt"][0]]["Properties"]
        gigabytes = function.get("MemorySize", 1024 * FUNCTION_GB) / 1024
        yield (
            what,
            runs
            * (
                LAMBDA_REQUESTS
                + SCHEDULED_SECONDS * gigabytes * LAMBDA_GB_SECONDS
                + SCHEDULED_READS * READ_UNITS
                + LOG_BYTES / 1e9 * LOG_GIGABYTES
            ),
        )


def total(found: Sequence[Part]) -> float:
    return sum(it.dollars for it in found)


def table(stages: Mapping[str, Mapping[str, Any]]) -> str:
    """The table of docs/cost.md, with a column for each stage's template."""
    found = {stage: {it.what: it for it in parts(it)} for stage, it in stages.items()}
    wanted = dict.fromkeys(what for each in found.values() for what in each)
    lines = [
        f"| dollars a month | {' | '.join(f'`{it}`' for it in found)} |",
        f"| --- |{' --- |' * len(found)}",
    ]
    for what in wanted:
        cells = [_cell(each.get(what)) for each in found.values()]
        lines.append(f"| {what} | {' | '.join(cells)} |")
    totals = [f"**${total([*each.values()]):.2f}**" for each in found.values()]
    return "\n".join([*lines, f"| **at rest** | {' | '.join(totals)} |"])


def _cell(part: Part | None) -> str:
    return "-" if part is None else f"{part.count}: ${part.dollars:.2f}"


def template_of(stage: str) -> dict[str, Any]:
    """Packages a stage without its Python packages, which cost nothing."""
    with tempfile.TemporaryDirectory(prefix="leaderboard-rest-") as folder:
        copied = service.copy(Path(folder) / "service")
        without_packages = ["--param", "requirements=none.txt"]
        service.run(["package", "--stage", stage, *without_packages], folder=copied, variables={})
        packaged = copied / ".serverless" / "cloudformation-template-update-stack.json"
        template: dict[str, Any] = json.loads(packaged.read_text())
        return template


if __name__ == "__main__":
    print(table({stage: template_of(stage) for stage in STAGES}))
