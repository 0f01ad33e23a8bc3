"""Packages a stage of the service as a deployment would, in a folder of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local import service

# A file that is not there: the functions' packages take most of the time, and few tests need them.
WITHOUT_PACKAGES = ("--param", "requirements=none.txt")
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
