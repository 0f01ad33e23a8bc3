"""The operation of a route: what it takes, answers and refuses."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

from pydantic.alias_generators import to_camel

from handlers.describing import DESCRIPTIONS, Description
from handlers.problems import STATUSES, TITLES
from tools.reference.schemas import Incomplete, Json, clean, schema_name

Guard = tuple[str, list[str]] | None
"""An authorizer of the template and the scopes that it asks for; None: anyone may ask."""
GUARDED = {401: "No valid token", 403: "The token lacks the scope"}


def description_of(route: str, operation_id: str) -> tuple[str, str, str, Description]:
    """Of a route: the name of its function in camelCase, its summary, its text, and the rest.

    Raises Incomplete for a route that says nothing of itself.
    """
    method, _, path = route.partition(" ")
    function = _function(operation_id, method, path)
    if function not in DESCRIPTIONS:
        raise Incomplete(f"{route}: {function} has no @describe")
    described = DESCRIPTIONS[function]
    first, _, rest = inspect.cleandoc(described.docstring).partition("\n\n")
    summary, text = " ".join(first.split()).removesuffix("."), " ".join(rest.split())
    if not summary:
        raise Incomplete(f"{route}: {function} has no docstring, which is its summary")
    if method == "HEAD":
        summary, text = f"{summary} (headers only)", "The headers of `GET`, and no body."
    return to_camel(function), summary, text, described


def operation_of(route: str, found: Json, guard: Guard) -> Json:
    """A route's operation; `found` is what Powertools says of it. Raises Incomplete."""
    method, _, path = route.partition(" ")
    name, summary, text, described = description_of(route, found["operationId"])
    shown: Json = {
        "operationId": f"{name}Head" if method == "HEAD" else name,
        "summary": summary,
    }
    if text:
        shown["description"] = text
    if guard is not None:
        shown["security"] = [{guard[0]: guard[1]}]
    parameters = [_parameter(it) for it in found.get("parameters", [])]
    if described.tagged:
        parameters.append(
            {
                "name": "If-None-Match",
                "in": "header",
                "description": "The `ETag` of your last answer",
                "schema": {"type": "string"},
            }
        )
    if parameters:
        shown["parameters"] = parameters
    if "requestBody" in found:
        ((_, content),) = found["requestBody"]["content"].items()
        body: Json = {"schema": clean(content["schema"])}
        if described.request is not None:
            body["example"] = described.request
        shown["requestBody"] = {"required": True, "content": {"application/json": body}}
    responses = dict(_responses(method, path, described, guard))
    if method == "HEAD":  # the headers of GET, and no body
        for response in responses.values():
            response.pop("content", None)
    shown["responses"] = responses
    return shown


def _responses(
    method: str, path: str, described: Description, guard: Guard
) -> Iterator[tuple[str, Json]]:
    done: Json = {"description": "Done"}
    headers: Json = {}
    if described.tagged:
        headers["ETag"] = {"description": "Names the content", "schema": {"type": "string"}}
    if described.cached or described.tagged:
        headers["Cache-Control"] = {"schema": {"type": "string"}}
    if headers:
        done["headers"] = headers
    if described.answer is not None:
        content: Json = {"schema": _reference(schema_name(described.answer))}
        if described.example is not None:
            content["example"] = described.example
        done["content"] = {"application/json": content}
    elif described.status == 200:
        done["content"] = {"application/json": {"schema": {"type": "object"}}}
    yield str(described.status), done
    if described.tagged:
        yield "304", {"description": "Nothing has changed since that `ETag`", "headers": headers}
    by_status: dict[int, list[str]] = {status: [] for status in (GUARDED if guard else {})}
    for code in sorted([*(it.code for it in described.refuses), *_codes_of_all(method, path)]):
        by_status.setdefault(STATUSES[code].value, []).append(code)
    for status, codes in sorted(by_status.items()):
        yield str(status), _refusal(status, codes, guarded=guard is not None)
    yield "default", {"description": "The gateway's own error", **_gateway()}


def _codes_of_all(method: str, path: str) -> Iterator[str]:
    """What every route like this one refuses with."""
    yield from ("edge_required", "internal", "invalid", "unavailable")
    if "{board}" in path:
        yield "board_not_found"
    if method not in {"GET", "HEAD"}:
        yield "body_too_large"


def _refusal(status: int, codes: list[str], *, guarded: bool) -> Json:
    shown: Json = {"description": "; ".join(f"{TITLES[it]} (`{it}`)" for it in codes)}
    if status in (429, 503):
        shown["headers"] = {
            "Retry-After": {"description": "Seconds", "schema": {"type": "integer", "minimum": 1}}
        }
    content: Json = {}
    if codes:
        properties: Json = {"status": {"const": status}, "code": {"enum": codes}}
        required = ["errors"] if codes == ["invalid"] else []
        content["application/problem+json"] = {
            "schema": {
                "allOf": [
                    _reference("Problem"),
                    {"properties": properties, **({"required": required} if required else {})},
                ]
            }
        }
    if guarded and status in GUARDED:
        shown["description"] = "; ".join(filter(None, [GUARDED[status], shown["description"]]))
        content |= _gateway()["content"]
    return {**shown, "content": content}


def _gateway() -> Json:
    return {"content": {"application/json": {"schema": _reference("GatewayError")}}}


def _parameter(found: Json) -> Json:
    name = to_camel(found["name"])
    if "description" not in found:
        raise Incomplete(f"the parameter {name} has no description")
    schema = {key: it for key, it in clean(found["schema"]).items() if key != "description"}
    if "anyOf" in schema:  # left out is not null in a query
        (kind,) = (it for it in schema.pop("anyOf") if it != {"type": "null"})
        schema = {**kind, **schema}
    return {
        "name": name,
        "in": found["in"],
        "required": found["required"],
        "description": found["description"],
        "schema": schema,
    }


def _reference(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _function(operation_id: str, method: str, path: str) -> str:
    """`read_top` of `read_top_boards__board__top_get`: the name of the route's function."""
    behind = len(re.sub(r"\W", "_", re.sub(r"{(\w+)}", lambda it: f"{{{_snake(it[1])}}}", path)))
    return operation_id[: -(behind + len(method) + 1)]


def _snake(name: str) -> str:
    return re.sub(r"[A-Z]", lambda it: f"_{it[0].lower()}", name)
