"""The names that a stage's resources have on AWS, and how long they may be."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tools.doctor.configuration import Configuration

# The property that names a resource, the most characters that AWS takes, and what people call it.
# The limits are those of each service's Create call.
KINDS: Mapping[str, tuple[str, int, str]] = {
    "AWS::CloudFormation::Stack": ("StackName", 128, "stack"),
    "AWS::CloudFront::Function": ("Name", 64, "CloudFront function"),
    "AWS::CloudWatch::Alarm": ("AlarmName", 255, "alarm"),
    "AWS::Cognito::UserPool": ("UserPoolName", 128, "user pool"),
    "AWS::Cognito::UserPoolDomain": ("Domain", 63, "sign-in domain"),
    "AWS::DynamoDB::Table": ("TableName", 255, "table"),
    "AWS::ElastiCache::ServerlessCache": ("ServerlessCacheName", 40, "cache"),
    "AWS::ElastiCache::User": ("UserId", 40, "cache user"),
    "AWS::ElastiCache::UserGroup": ("UserGroupId", 40, "cache user group"),
    "AWS::Lambda::Function": ("FunctionName", 64, "function"),
    "AWS::Logs::LogGroup": ("LogGroupName", 512, "log group"),
    "AWS::SQS::Queue": ("QueueName", 80, "queue"),
    "AWS::WAFv2::WebACL": ("Name", 128, "web ACL"),
}
# ElastiCache keeps names in lower case, without two hyphens in a row and none at the end; tables,
# functions and domains take more than that.
WELL_FORMED = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
# A sign-in domain must not hold them.
TRADE_MARKS = ("amazon", "aws", "cognito")
# What plugins/prefix.js takes, alone and together with the stage's name.
PREFIX = re.compile(rf"(?!.*({'|'.join(TRADE_MARKS)}))[a-z][a-z0-9]*(-[a-z0-9]+)*-")
WITH_PREFIX = 20
# Part of the stack's id, which stands at the end of the sign-in domain's name.
UNIQUE = "-12345678"


@dataclass(frozen=True, slots=True)
class ResourceName:
    """A name that is the same each time the stage is deployed."""

    type: str
    name: str

    @property
    def kind(self) -> str:
        return KINDS[self.type][2]

    @property
    def limit(self) -> int:
        return KINDS[self.type][1]


def fixed(configuration: Configuration) -> Iterator[ResourceName]:
    """Every name that the stage's stack gives."""
    yield ResourceName("AWS::CloudFormation::Stack", configuration.stack)
    for function in configuration.functions.values():
        yield ResourceName("AWS::Lambda::Function", function)
        yield ResourceName("AWS::Logs::LogGroup", f"/aws/lambda/{function}")
    stack = f"{configuration.service}-{configuration.stage}"
    yield ResourceName("AWS::Logs::LogGroup", f"/aws/http-api/{stack}")
    for kind, name in _declared(configuration):
        yield ResourceName(kind, name)


def of_edge(configuration: Configuration) -> Iterator[ResourceName]:
    """Those of the stack before the stage, which it may get at any time."""
    edge = Configuration(
        configuration.folder / "infra" / "edge",
        configuration.stage,
        {**configuration.options, "serviceRegion": configuration.region},
        configuration.region,
    )
    for kind, name in _declared(edge):
        yield ResourceName(kind, name)


def _declared(configuration: Configuration) -> Iterator[tuple[str, str]]:
    for _, resource in configuration.resources():
        kind = resource["Type"]
        if kind in KINDS:
            name = resource.get("Properties", {}).get(KINDS[kind][0])
            if isinstance(name, str):
                yield kind, name
            elif kind == "AWS::Cognito::UserPoolDomain":
                yield kind, f"{configuration.service}-{configuration.stage}{UNIQUE}"


def longest_stage(configuration: Configuration) -> tuple[int, ResourceName]:
    """How long the stage's name may be, and the name that allows no more."""
    named = [*fixed(configuration), *of_edge(configuration)]
    room = [(name.limit - len(name.name), name) for name in named]
    least, name = min(room, key=lambda it: it[0])
    return len(configuration.stage) + least, name
