"""serverless.yml, read as it stands: what CloudFormation resolves stays unresolved."""

from __future__ import annotations

from functools import cache
from typing import Any

from tests.structure.source import ROOT
from tools import cloudformation


@cache
def service() -> dict[str, Any]:
    return cloudformation.read(ROOT / "serverless.yml")


def functions() -> dict[str, dict[str, Any]]:
    declared: dict[str, dict[str, Any]] = service()["functions"]
    return declared


def events(function: str, kind: str) -> list[Any]:
    """A function's events of one kind: strings in the short form, else mappings."""
    return [it[kind] for it in functions()[function].get("events", []) if kind in it]
