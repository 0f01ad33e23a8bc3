"""serverless.yml, read as it stands: what CloudFormation resolves stays unresolved."""

from __future__ import annotations

from functools import cache
from typing import Any

import yaml

from tests.structure.source import ROOT


class Loader(yaml.SafeLoader):
    """Keeps CloudFormation's tags as a mapping from the tag to its argument."""


def _tagged(loader: Loader, tag: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        return {tag: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {tag: loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.MappingNode)
    return {tag: loader.construct_mapping(node, deep=True)}


Loader.add_multi_constructor("!", _tagged)


@cache
def service() -> dict[str, Any]:
    text = (ROOT / "serverless.yml").read_text(encoding="utf-8")
    document: dict[str, Any] = yaml.load(text, Loader)  # noqa: S506
    return document


def functions() -> dict[str, dict[str, Any]]:
    declared: dict[str, dict[str, Any]] = service()["functions"]
    return declared


def events(function: str, kind: str) -> list[Any]:
    """A function's events of one kind: strings in the short form, else mappings."""
    return [it[kind] for it in functions()[function].get("events", []) if kind in it]
