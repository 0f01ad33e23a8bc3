"""The readable page, `docs/http.md`, from the document."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from handlers.http_api import STATUSES, TITLES
from tools.reference.answers import Json


def page(document: Json) -> str:
    return "\n".join(_lines(document)) + "\n"


def _lines(document: Json) -> Iterator[str]:
    schemas = document["components"]["schemas"]
    yield "# The HTTP API"
    yield ""
    yield (
        "Made from the code by `python -m tools.reference`, like [openapi.json](openapi.json), "
        "which every stage serves at `GET /openapi.json`. [protocol.md](protocol.md) is the "
        "WebSocket API."
    )
    yield ""
    yield document["info"]["description"]
    yield "| route | who | what |"
    yield "| --- | --- | --- |"
    for route, operation in operations(document):
        summary = operation["summary"]
        yield f"| [`{route}`](#{_anchor(summary)}) | {_who(operation)} | {summary} |"
    for route, operation in operations(document):
        yield from _operation(route, operation, schemas)
    yield ""
    yield "## Errors"
    yield ""
    yield "| code | status | means |"
    yield "| --- | --- | --- |"
    shown = {code for _, it in operations(document) for code in _codes(it)}
    for code in sorted(shown):
        yield f"| `{code}` | {STATUSES[code].value} | {TITLES[code]} |"
    yield ""
    yield from _schema("Problem", schemas["Problem"])
    yield ""
    yield "## Objects"
    for name in _shared(document):
        yield ""
        yield from _schema(name, schemas[name])


def operations(document: Json) -> Iterator[tuple[str, Json]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def _operation(route: str, operation: Json, schemas: Json) -> Iterator[str]:
    yield ""
    yield f"## {operation['summary']}"
    yield ""
    yield f"`{route}`, by {_who(operation)}"
    if "description" in operation:
        yield ""
        yield operation["description"]
    if "parameters" in operation:
        yield ""
        yield "| parameter | in | is | what |"
        yield "| --- | --- | --- | --- |"
        for it in operation["parameters"]:
            required = "" if it.get("required") else ", optional"
            kind = f"{_kind(it['schema'])}{required}"
            yield f"| `{it['name']}` | {it['in']} | {kind} | {it['description']} |"
    if "requestBody" in operation:
        body = operation["requestBody"]["content"]["application/json"]
        yield ""
        yield from _schema("Body", schemas[_target(body["schema"])], heading="**Body**")
        yield from _example(body)
    for status, answer in operation["responses"].items():
        if status[0] in "23":
            yield ""
            yield from _answer(status, answer, schemas)
    refusals = [
        f"{status} {', '.join(f'`{code}`' for code in codes)}"
        for status, codes in _refusals(operation)
    ]
    if refusals:
        yield ""
        yield f"**Refused** {'; '.join(refusals)}."


def _answer(status: str, answer: Json, schemas: Json) -> Iterator[str]:
    headers = ", ".join(f"`{name}`" for name in answer.get("headers", {}))
    with_headers = f", with {headers}" if headers else ""
    content = answer.get("content", {}).get("application/json")
    if content is None:
        yield f"**{status}** {answer['description']}{with_headers}; no body."
        return
    if "$ref" not in content["schema"]:
        yield f"**{status}**{with_headers}: a JSON object."
        return
    schema = schemas[_target(content["schema"])]
    yield from _schema("Answer", schema, heading=f"**{status}**{with_headers}")
    yield from _example(content)


def _example(content: Json) -> Iterator[str]:
    if "example" in content:
        yield ""
        yield "```json"
        yield _members(content["example"])
        yield "```"


def _members(example: Json) -> str:
    """An object with a line for each of its members."""
    members = (
        f"  {json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}"
        for name, value in example.items()
    )
    return "{\n" + ",\n".join(members) + "\n}"


def _anchor(heading: str) -> str:
    """Where a heading is found on GitHub."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def _schema(name: str, schema: Json, *, heading: str = "") -> Iterator[str]:
    """A table of an object's members."""
    described = schema.get("description", "")
    yield heading or f"### {name}"
    if described:
        yield ""
        yield described
    yield ""
    yield "| member | is | what |"
    yield "| --- | --- | --- |"
    for member, it in schema.get("properties", {}).items():
        optional = "" if member in schema.get("required", []) else ", optional"
        inner = (each.get("description", "") for each in it.get("anyOf", []))
        what = it.get("description") or next(inner, "")
        yield f"| `{member}` | {_kind(it)}{optional} | {what} |"


def _kind(schema: Json) -> str:
    """What a value is, in a few words."""
    if "$ref" in schema:
        name = _target(schema)
        return f"[{name}](#{name.lower()})"
    if "allOf" in schema:
        return _kind(schema["allOf"][0])
    if "anyOf" in schema:
        return " or ".join(_kind(it) for it in schema["anyOf"])
    if "const" in schema:
        return f"`{json.dumps(schema['const'])}`"
    if "enum" in schema:
        return " or ".join(f"`{it}`" for it in schema["enum"])
    if schema.get("type") == "array":
        bounds = _bounds(schema.get("minItems"), schema.get("maxItems"))
        return f"list of {_kind(schema['items'])}{bounds}"
    if schema.get("type") == "object":
        return _object(schema)
    if schema.get("format") == "date-time":
        return "time"
    words = {"string": "text", "integer": "integer", "number": "number", "boolean": "true or false"}
    kind = schema.get("type", "any JSON")
    word = words.get(kind, kind)
    low, high = schema.get("minimum", schema.get("exclusiveMinimum")), schema.get("maximum")
    default = f", {json.dumps(schema['default'])} if left out" if "default" in schema else ""
    large = 2**53 - 1
    if (low, high) == (-large, large):
        return f"{word} within ±(2^53 − 1){default}"
    return f"{word}{_bounds(low, high)}{default}"


def _object(schema: Json) -> str:
    if isinstance(schema.get("additionalProperties"), dict):
        return f"object of {_kind(schema['additionalProperties'])} by name"
    required = schema.get("required", [])
    members = (
        f"`{name}` ({_kind(it)}{'' if name in required else ', optional'})"
        for name, it in schema.get("properties", {}).items()
    )
    return " ".join(["object of", ", ".join(members)])


def _bounds(low: int | None, high: int | None) -> str:
    if low is not None and high is not None:
        return f", {low} to {high}"
    if high is not None:
        return f", at most {high}"
    return f", at least {low}" if low is not None else ""


def _who(operation: Json) -> str:
    if "security" not in operation:
        return "anyone"
    ((scheme, scopes),) = operation["security"][0].items()
    return "players" if scheme == "player" else f"scope `{scopes[0]}`"


def _refusals(operation: Json) -> Iterator[tuple[str, list[str]]]:
    for status, answer in operation["responses"].items():
        problem = answer.get("content", {}).get("application/problem+json")
        if problem:
            yield status, problem["schema"]["allOf"][1]["properties"]["code"]["enum"]


def _codes(operation: Json) -> list[str]:
    return [code for _, codes in _refusals(operation) for code in codes]


def _target(schema: Json) -> str:
    name: str = schema["$ref"].rpartition("/")[2]
    return name


def _shared(document: Json) -> list[str]:
    """The objects that others are made of."""
    schemas = document["components"]["schemas"]
    inner = {name for schema in schemas.values() for name in _targets(schema.get("properties", {}))}
    return sorted(inner)


def _targets(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        if "$ref" in value:
            yield _target(value)
        for it in value.values():
            yield from _targets(it)
    elif isinstance(value, list):
        for it in value:
            yield from _targets(it)
