"""serverless.yml as far as a stage's names and limits stand in it. `sls print` would say the same,
and takes seconds."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Any

from local.service import ROOT
from tools import cloudformation
from tools.caller import UNLESS_TOLD

THROW_AWAY, PROTECTED = "throw-away", "protected"
# Whose params every protected stage has, and those under the params of every stage.
MODEL, UNDER_ALL = "prod", "default"
# The innermost variable: what is inside is resolved first.
VARIABLE = re.compile(r"\$\{(?P<source>[a-z]+)(?:\((?P<file>[^(){}]*)\))?:?(?P<address>[^${}]*)}")


def _at(document: Any, path: str) -> Any:
    for key in filter(None, path.split(".")):
        document = document.get(key) if isinstance(document, dict) else None
    return document


def _whole(name: str, value: Any) -> int:
    """Raises Unreadable."""
    if str(value).isdecimal():
        return int(value)
    raise cloudformation.UnreadableTemplate(
        f'{name} is "{value}" in the params. It takes a whole number, without a sign.'
    )


@dataclass(frozen=True)
class Configuration:
    """The service's folder, read for one stage."""

    folder: Path
    stage: str
    # What `--param` would say.
    options: Mapping[str, str] = field(default_factory=dict)
    region: str = UNLESS_TOLD

    @cached_property
    def document(self) -> Mapping[str, Any]:
        """Raises Unreadable, as all that reads it."""
        document = self._load("serverless.yml")
        params = document.get("params")
        if not isinstance(params, dict):
            raise cloudformation.UnreadableTemplate("serverless.yml has no params.")
        for stage, own in params.items():
            if own is not None and not isinstance(own, dict):
                raise cloudformation.UnreadableTemplate(
                    f'serverless.yml: the params of "{stage}" are not a mapping of names to values.'
                )
        return document

    @cached_property
    def kinds(self) -> Mapping[str, list[str]]:
        text = (ROOT / "plugins" / "stages.json").read_text(encoding="utf-8")
        kinds: Mapping[str, list[str]] = json.loads(text)
        return kinds

    @property
    def kind(self) -> str | None:
        """What the stage's name, or its own params, say it is; None if neither does."""
        own = self.document["params"].get(self.stage) if self.stage != UNDER_ALL else None
        if own and own.get("kind") is not None:
            return str(own["kind"])
        named = (
            kind
            for kind, patterns in self.kinds.items()
            if any(fnmatchcase(self.stage, pattern) for pattern in patterns)
        )
        return next(named, None if own is None else THROW_AWAY)

    @cached_property
    def params(self) -> Mapping[str, Any]:
        """The stage's params, as `sls` puts them together."""
        named = self.document["params"]
        model = named.get(MODEL) if self.kind == PROTECTED else None
        layers = [named.get(UNDER_ALL), model, named.get(self.stage), self.options]
        # Null leaves a param as it was.
        return {
            name: value
            for layer in layers
            for name, value in (layer or {}).items()
            if value is not None
        }

    def param(self, name: str) -> Any:
        """A param's value; None if it has none."""
        return self.resolved(self.params.get(name))

    def number(self, name: str) -> int:
        """A param that is a whole number. Raises Unreadable."""
        return _whole(name, self.param(name))

    @property
    def service(self) -> str:
        """The service's name with its prefix, as plugins/prefix.js gives it to `sls`."""
        return str(self.resolved(self.document["custom"]["service"]))

    @property
    def stack(self) -> str:
        named = self.document["provider"].get("stackName")
        return str(self.resolved(named)) if named else f"{self.service}-{self.stage}"

    @property
    def functions(self) -> Mapping[str, str]:
        """The functions' names on AWS, by their names in serverless.yml."""
        return {
            key: str(self.resolved(function.get("name", f"{self.service}-{self.stage}-{key}")))
            for key, function in self.document["functions"].items()
        }

    @property
    def reservations(self) -> Mapping[str, int]:
        """The concurrency that the stage reserves, by the functions' names on AWS."""
        wanted = {
            key: self.resolved(function.get("reservedConcurrency"))
            for key, function in self.document["functions"].items()
        }
        return {
            self.functions[key]: _whole(f"reservedConcurrency of {key}", value)
            for key, value in wanted.items()
            if value not in (None, "", "null")
        }

    @property
    def boards(self) -> tuple[str, ...]:
        """The boards of boards.yml that are no patterns, and that viewers are shown."""
        named = self._load("boards.yml").get("boards")
        if not isinstance(named, dict) or not all(isinstance(it, dict) for it in named.values()):
            raise cloudformation.UnreadableTemplate("boards.yml has no boards with rules.")
        return tuple(
            name for name, rules in named.items() if "*" not in name and rules.get("listed", True)
        )

    def resources(self) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """The resources that the service declares itself: logical name, resource."""
        declared = self.document.get("resources", {})
        for part in declared if isinstance(declared, list) else [declared]:
            resolved = self.resolved(part) or {}
            yield from resolved.get("Resources", {}).items()

    def resolved(self, value: Any) -> Any:
        """A value with its variables resolved. One that nothing here can tell stays as it is."""
        if isinstance(value, dict):
            return {name: self.resolved(it) for name, it in value.items()}
        if isinstance(value, list):
            return [self.resolved(it) for it in value]
        return self._text(value) if isinstance(value, str) else value

    def _text(self, text: str) -> Any:
        start = 0
        while match := VARIABLE.search(text, start):
            found = self._value(**match.groupdict())
            if match[0] == text:
                return text if found == text else self.resolved(found)
            if found == match[0]:
                start = match.end()
            else:
                text = text.replace(match[0], str(found))
        return text

    def _value(self, source: str, file: str | None, address: str) -> Any:
        first, *fallbacks = (it.strip() for it in address.split(","))
        match source:
            case "self" if first == "provider.region":
                return self.region
            case "self" if (at := _at(self.document, first)) is not None:
                return at
            case "sls" if first == "stage":
                return self.stage
            case "param":
                for name in (first, *(it.removeprefix("param:") for it in fallbacks)):
                    if name in self.params:
                        return self.params[name]
                return None
            case "file" if file and file.endswith(".yml"):
                found = _at(self._load(file), first)
                return fallbacks[0].strip("'") if found is None and fallbacks else found
        return f"${{{source}{f'({file})' if file else ''}:{address}}}"

    def _load(self, name: str) -> Mapping[str, Any]:
        return cloudformation.read(self.folder / name)
