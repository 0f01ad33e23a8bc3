"""Holds answers to docs/openapi.json: each status, media type and member is described there."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jsonschema import Draft202012Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

Json = dict[str, Any]
DOCUMENT = Path(__file__).parents[2] / "docs" / "openapi.json"
HERE = "urn:described"


def assert_described(
    method: str, path: str, status: int, headers: Mapping[str, str], data: bytes
) -> None:
    """An answer of a route is one that the document has; of other paths nothing is said."""
    operation = _operation(method, path.partition("?")[0])
    if operation is None:
        return
    where = f"{method} {path[:80]}: {status}"
    media = headers.get("content-type", "").partition(";")[0]
    responses = _document()["paths"][operation][method.lower()]["responses"]
    by_gateway = status >= 400 and media == "application/json"
    name = "default" if by_gateway else str(status)
    assert name in responses, f"{where} is not described"
    described = responses[name]
    missing = [it for it in described.get("headers", {}) if it not in headers]
    assert missing == [], f"{where} lacks headers that are described"
    content = described.get("content")
    if content is None:
        assert data == b"", f"{where} has a body, which is not described"
        return
    assert media in content, f"{where} is {media}, which is not described"
    errors = _validator(operation, method.lower(), name, media).iter_errors(json.loads(data))
    found = [f"{it.json_path}: {it.message}"[:300] for it in errors]
    assert found == [], f"{where} is not as described: {found}"


@cache
def _document() -> Json:
    document: Json = json.loads(DOCUMENT.read_text(encoding="utf-8"))
    for schema in document["components"]["schemas"].values():
        if "properties" in schema:  # clients are to expect more; the tests know that there is none
            schema["additionalProperties"] = False
    return document


@cache
def _paths() -> list[tuple[str, re.Pattern[str]]]:
    """The templates of the document, and what a path of each looks like."""
    forms = []
    for template in _document()["paths"]:
        parts = (re.escape(it) for it in re.split(r"{\w+}", template))
        forms.append((template, re.compile("[^/]+".join(parts))))
    return forms


def _operation(method: str, path: str) -> str | None:
    for template, form in _paths():
        if form.fullmatch(path) and method.lower() in _document()["paths"][template]:
            return template
    return None


@cache
def _registry() -> Registry[Any]:
    resource = Resource.from_contents(_document(), default_specification=DRAFT202012)
    registry: Registry[Any] = Registry().with_resource(HERE, resource)
    return registry


@cache
def _validator(path: str, method: str, status: str, media: str) -> Draft202012Validator:
    steps = ["paths", path, method, "responses", status, "content", media, "schema"]
    pointer = "/".join(quote(it.replace("~", "~0").replace("/", "~1")) for it in steps)
    return Draft202012Validator({"$ref": f"{HERE}#/{pointer}"}, registry=_registry())
