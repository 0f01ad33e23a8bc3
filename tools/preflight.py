"""Holds packaged templates to what AWS refuses only when it deploys.

AWS's validator (`cloudformation-validate`) knows the schemas. The rules of `cdk-preflight` know
what schemas leave out: reserved names, lengths, options that exclude each other. Both run offline.
`make preflight` runs this in an environment of its own; the rules come without the CDK, which they
are written for, so they are read from the file that the package ships.
"""

from __future__ import annotations

import argparse
import json
import sys
import tarfile
from collections.abc import Iterable, Iterator, Mapping
from importlib import import_module
from importlib.metadata import files
from pathlib import Path
from typing import Any

BUNDLE = "package/lib/rules.generated.js"
SEVERE = {"ERROR", "FATAL", "WARN"}
IGNORED = {"W3005"}
"""osls names dependencies that references already say."""


def bundle() -> str:
    """The JavaScript that holds the rules, out of the archive in the package."""
    (archive,) = (it for it in files("cdk-preflight") or () if it.name.endswith(".tgz"))
    with tarfile.open(str(archive.locate()), mode="r:gz") as unpacked:
        member = unpacked.extractfile(BUNDLE)
        assert member is not None
        return member.read().decode("utf-8")


def exported(text: str, name: str) -> list[dict[str, Any]]:
    """A list that the bundle exports; it is written as JSON."""
    _, found, rest = text.partition(f"exports.{name} = [")
    if not found:
        raise ValueError(f"{BUNDLE} has no {name}: look at how this cdk-preflight keeps its rules")
    values, _ = json.JSONDecoder().raw_decode("[" + rest)
    return list(values)


def sources(text: str, types: Iterable[str]) -> Iterator[tuple[str, str]]:
    """What the rules share, and those of these types of resources, as names and texts."""
    wanted = set(types)
    for library in exported(text, "BUNDLED_LIBS"):
        yield library["name"], library["rego"]
    for rule in exported(text, "BUNDLED_RULES"):
        if wanted & set(rule["resourceTypes"]):
            yield rule["id"], rule["rego"]


def types_of(template: Mapping[str, Any]) -> set[str]:
    return {resource["Type"] for resource in template["Resources"].values()}


def main() -> int:
    parser = argparse.ArgumentParser(prog="make preflight", description=__doc__)
    parser.add_argument("templates", nargs="+", type=Path)
    templates = parser.parse_args().templates
    types = {kind for it in templates for kind in types_of(json.loads(it.read_text()))}
    validate: Any = import_module("cloudformation_validate")  # its own environment has it
    rules = [
        validate.ExternalRuleSource(name=name, content=content)
        for name, content in sources(bundle(), types)
    ]
    engine = validate.CompositeEngine(validate.CompositeEngineConfig(rego_rules=rules))
    faults = 0
    for template in templates:
        for it in engine.validate_template(str(template)).diagnostics:
            if it.severity.name in SEVERE and it.rule_id not in IGNORED:
                faults += 1
                entity = it.entity.logical_id if it.entity else "template"
                print(f"{template}: {entity}: {it.message} ({it.rule_id})")
    print(f"preflight: {len(rules)} rules, {len(templates)} templates, {faults} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
