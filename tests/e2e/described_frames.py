"""Holds frames to docs/asyncapi.yaml: each that the service sends is described there, and it takes
those of clients that are, and no other."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft7Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT7

Json = dict[str, Any]
DOCUMENT = Path(__file__).parents[2] / "docs" / "asyncapi.yaml"
HERE = "urn:described"


def assert_sent(frame: Any) -> None:
    """A frame of the service is one that the document has."""
    kind = str(frame.get("type")) if isinstance(frame, dict) else "no object"
    assert kind in sent(), f"{str(frame)[:200]} is not described"
    found = [f"{it.json_path}: {it.message}"[:300] for it in _validator(kind).iter_errors(frame)]
    assert found == [], f"{kind} is not as described: {found}"


def is_taken(message: Any) -> bool:
    """Whether a client's message is one that the document has."""
    action = message.get("action") if isinstance(message, dict) else None
    return isinstance(action, str) and action in taken() and _validator(action).is_valid(message)


def taken() -> set[str]:
    """The names of what the service receives."""
    return _named("receive")


def sent() -> set[str]:
    """The names of what the service sends, by itself or as a reply."""
    replies = (it["reply"]["messages"] for it in _operations("receive"))
    return _named("send") | {_name(it) for messages in replies for it in messages}


def _named(action: str) -> set[str]:
    return {_name(it) for operation in _operations(action) for it in operation["messages"]}


def _name(reference: Json) -> str:
    name: str = reference["$ref"].rpartition("/")[2]
    return name


def _operations(action: str) -> list[Json]:
    return [it for it in _document()["operations"].values() if it["action"] == action]


@cache
def _document() -> Json:
    document: Json = yaml.safe_load(DOCUMENT.read_text(encoding="utf-8"))
    for schema in document["components"]["schemas"].values():
        # Clients are to expect more, and so does the service; the tests know that it sends none.
        if "properties" in schema and "action" not in schema["properties"]:
            schema.setdefault("additionalProperties", False)
    return document


@cache
def _validator(name: str) -> Draft7Validator:
    resource = Resource.from_contents(_document(), default_specification=DRAFT7)
    registry: Registry[Any] = Registry().with_resource(HERE, resource)
    return Draft7Validator(
        {"$ref": f"{HERE}#/components/messages/{name}/payload"}, registry=registry
    )
