"""Packages a stage of the service as a deployment would, in a folder of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local import service

# What the edge's stack would ask a deployed stage for.
EDGE = {
    "httpApiId": "a1b2c3d4e5",
    "socketApiId": "f6g7h8i9j0",
    "webClientId": "web-client",
    "edgeSecret": "edge-secret",
    "serviceRegion": "eu-central-1",
}
SECRET_VERSION = "01234567-89ab-cdef-0123-456789abcdef"

# A file that is not there: the functions' packages take most of the time, and few tests need them.
# Their bytecode takes the functions' Python, which is not on every machine.
WITHOUT_PACKAGES = ("--param", "requirements=none.txt", "--param", "bytecode=none")
# Without a sender a protected stage is refused.
SENDER = ("--param", "email=ses", "--param", "emailFrom=no-reply@play.example.com")


@dataclass(frozen=True, slots=True)
class Package:
    """What a deployment would upload."""

    template: Mapping[str, Any]
    archive: Path

    @property
    def resources(self) -> Mapping[str, Any]:
        resources: Mapping[str, Any] = self.template["Resources"]
        return resources

    def properties(self, name: str) -> Mapping[str, Any]:
        properties: Mapping[str, Any] = self.resources[name]["Properties"]
        return properties

    def of_type(self, kind: str) -> dict[str, Mapping[str, Any]]:
        """The properties of each resource of a type, by name."""
        return {
            name: resource.get("Properties", {})
            for name, resource in self.resources.items()
            if resource["Type"] == kind
        }

    def functions(self) -> dict[str, Mapping[str, Any]]:
        """The functions' properties, by the name that serverless.yml gives them."""
        return {
            properties["FunctionName"].split("-")[-1]: properties
            for properties in self.of_type("AWS::Lambda::Function").values()
        }


def package(folder: Path, *, stage: str, options: tuple[str, ...] = ()) -> Package:
    """Packages a copy of the service, as for an account."""
    return package_copy(service.copy(folder), stage=stage, options=options, variables={})


def package_edge(
    folder: Path, *, stage: str = "dev", version: str = SECRET_VERSION, **chosen: str
) -> Package:
    """Packages a copy of the edge's stack, as for an account."""
    variables = {"EDGE_SECRET_VERSION": version} if version else {}
    copied = service.copy(folder) / "infra" / "edge"
    return package_copy(copied, stage=stage, options=params(**(EDGE | chosen)), variables=variables)


def params(**chosen: str) -> tuple[str, ...]:
    """The options that choose them."""
    return tuple(it for pair in chosen.items() for it in ("--param", "=".join(pair)))


def package_copy(
    copied: Path, *, stage: str, options: tuple[str, ...], variables: dict[str, str]
) -> Package:
    service.run(["package", "--stage", stage, *options], folder=copied, variables=variables)
    return packaged(copied)


def packaged(copied: Path) -> Package:
    """What was packaged there before."""
    output = copied / ".serverless"
    template = json.loads((output / "cloudformation-template-update-stack.json").read_text())
    return Package(template=template, archive=output / "leaderboard.zip")
