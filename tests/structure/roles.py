"""What each function may, read from the templates as they stand; a test of the package holds it to
what is deployed."""

from __future__ import annotations

from functools import cache
from typing import Any

from tests.structure.source import ROOT
from tests.structure.template import functions
from tools import cloudformation

Json = dict[str, Any]
Rights = dict[str, set[str]]

# Where a role is given rights: the file, and the part of it that a param chooses.
ATTACHED = (("cache.yml", ("valkey",)), ("secret.yml", ("cloudfront", "stack")))


@cache
def _resources(file: str, part: tuple[str, ...] = ()) -> dict[str, Json]:
    document = cloudformation.read(ROOT / "infra" / file)
    for name in part:
        document = document[name]
    resources: dict[str, Json] = document["Resources"]
    return resources


@cache
def rights(function: str) -> Rights:
    """The function's actions by resource, of a stage with a cache and an edge: the resource's name
    in the template, or what a pattern names."""
    role = functions()[function]["role"]
    statements = [
        statement
        for policy in _resources("roles.yml")[role]["Properties"]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
    ]
    for file, part in ATTACHED:
        for resource in _resources(file, part).values():
            if resource["Type"] != "AWS::IAM::Policy":
                continue
            if {"Ref": role} in resource["Properties"]["Roles"]:
                statements += resource["Properties"]["PolicyDocument"]["Statement"]
    granted: Rights = {}
    for statement in statements:
        for resource in _listed(statement["Resource"]):
            granted.setdefault(_name(resource), set()).update(_listed(statement["Action"]))
    return granted


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _name(resource: Json) -> str:
    ((tag, text),) = resource.items()
    if tag == "Sub":
        account = "${AWS::Region}:${AWS::AccountId}:"
        for kind in ("execute-api", "lambda"):
            text = text.removeprefix(f"arn:${{AWS::Partition}}:{kind}:{account}")
        text = text.replace("${self:custom.name}", "leaderboard-dev").replace("${sls:stage}", "dev")
    return str(text).removesuffix(".Arn").removesuffix(".ARN")
