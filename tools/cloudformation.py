"""CloudFormation's YAML as its files have it: a tag (`!Ref Name`) is read as a mapping from its
name to its argument (`{"Ref": "Name"}`)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml


class UnreadableTemplate(Exception):
    """A file is missing or is no YAML; the text says which, and where."""


class _TemplateLoader(yaml.SafeLoader):
    """Safe, and takes any tag."""


def _tagged(loader: _TemplateLoader, tag: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        return {tag: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {tag: loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.MappingNode)
    return {tag: loader.construct_mapping(node, deep=True)}


_TemplateLoader.add_multi_constructor("!", _tagged)


def read(path: Path) -> dict[str, Any]:
    """Raises UnreadableTemplate."""
    try:
        document: Any = yaml.load(path.read_text(encoding="utf-8"), _TemplateLoader)  # noqa: S506
    except OSError as error:
        raise UnreadableTemplate(f"{path.name} cannot be read: {error.strerror}.") from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f", line {mark.line + 1}" if mark else ""
        raise UnreadableTemplate(f"{path.name}{where}: {error.problem}.") from error
    except ValueError as error:
        raise UnreadableTemplate(f"{path.name} is no text in UTF-8: {error}.") from error
    if not isinstance(document, dict):
        raise UnreadableTemplate(f"{path.name} is not a mapping of names to values.")
    return document
