"""The reference of the HTTP API says what the code does, and is OpenAPI that others can read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012
from urllib3 import HTTPHeaderDict

from tests.e2e.described import assert_described
from tests.structure.test_routes import HTTP, coded_routes, unnamed
from tools.reference.__main__ import DOCUMENT, FRAMES, PAGE, generated
from tools.reference.document import document
from tools.reference.operations import OPERATIONS
from tools.reference.page import operations

Json = dict[str, Any]


@cache
def shown() -> Json:
    return document()


def validator(schema: Json) -> Draft202012Validator:
    resource = Resource.from_contents(shown(), default_specification=DRAFT202012)
    registry: Registry[Any] = Registry().with_resource("urn:reference", resource)
    text = json.dumps(schema).replace("#/components", "urn:reference#/components")
    return Draft202012Validator(json.loads(text), registry=registry)


def examples() -> Iterator[tuple[str, Json, Any]]:
    for route, operation in operations(shown()):
        bodies = [operation.get("requestBody", {}), *operation["responses"].values()]
        for body in bodies:
            for content in body.get("content", {}).values():
                if "example" in content:
                    yield route, content["schema"], content["example"]


@pytest.mark.parametrize("path", [DOCUMENT, PAGE, FRAMES], ids=lambda it: it.name)
def test_file_is_what_the_code_has(path: Path) -> None:
    """`python -m tools.reference` writes it."""
    assert path.read_text(encoding="utf-8") == generated()[path]


def test_document_is_openapi() -> None:
    errors = [it.message for it in OpenAPIV31SpecValidator(shown()).iter_errors()]
    assert errors == []


def test_document_has_every_route_and_no_other() -> None:
    coded = {route for function in HTTP for route in coded_routes(function)}
    assert {unnamed(route) for route, _ in operations(shown())} == coded


def test_operations_have_names_of_their_own() -> None:
    names = [it["operationId"] for _, it in operations(shown())]
    assert len(set(names)) == len(names)
    assert all(name.isidentifier() for name in names)
    assert "readTop" in names


def test_examples_are_what_their_schemas_say() -> None:
    wrong = [
        f"{route}: {error.message}"
        for route, schema, example in examples()
        for error in validator(schema).iter_errors(example)
    ]
    assert wrong == []
    assert len(list(examples())) > len(shown()["paths"])


def test_every_answer_with_a_body_has_an_example() -> None:
    described = [OPERATIONS[route] for route, _ in operations(shown())]
    assert [it.summary for it in described if it.answer is not None and it.example is None] == []


def test_guarded_routes_name_their_scopes() -> None:
    guards = {route: it.get("security") for route, it in operations(shown())}
    assert guards["GET /boards"] is None
    assert guards["PUT /me"] == [{"player": ["aws.cognito.signin.user.admin"]}]
    assert guards["PUT /boards/{board}/users/{userId}/score"] == [
        {"machine": ["leaderboard/scores.write"]}
    ]


def test_document_that_is_served_is_small() -> None:
    """A response of Lambda has 6 MB at most, and one reads this over a telephone, too."""
    assert DOCUMENT.stat().st_size < 200_000


# The end-to-end tests hold every answer to the document: what they would let pass.

BOARDS: Json = OPERATIONS["GET /boards"].example or {}
PROBLEM: Json = {
    "type": "urn:leaderboard:problem:board_not_found",
    "title": "No such board",
    "status": 404,
    "detail": "There is none.",
    "code": "board_not_found",
    "requestId": "r",
}
AS_JSON = {"content-type": "application/json"}
AS_PROBLEM = {"content-type": "application/problem+json"}
CACHED = {**AS_JSON, "cache-control": "public, max-age=1"}
TOP = {**AS_JSON, "etag": '"t"', "cache-control": "public, max-age=1"}


def held(method: str, path: str, status: int, headers: dict[str, str], body: Any) -> None:
    assert_described(method, path, status, HTTPHeaderDict(headers), json.dumps(body).encode())


def test_described_answers_pass() -> None:
    held("GET", "/boards", 200, CACHED, BOARDS)
    held("GET", "/boards/gone/top?limit=3", 404, AS_PROBLEM, PROBLEM)
    held("GET", "/boards/global/top", 200, TOP, OPERATIONS["GET /boards/{board}/top"].example)
    held("PUT", "/me", 401, AS_JSON, {"message": "Unauthorized"})
    assert_described("GET", "/boards/global/top", 304, HTTPHeaderDict(TOP), b"")
    held("GET", "/no-such-route", 200, {}, "anything")


@pytest.mark.parametrize(
    ("method", "path", "status", "headers", "body"),
    [
        ("GET", "/boards", 200, CACHED, {**BOARDS, "more": 1}),
        ("GET", "/boards", 200, CACHED, {}),
        ("GET", "/boards", 200, AS_JSON, BOARDS),
        ("GET", "/boards", 200, {**CACHED, **AS_PROBLEM}, BOARDS),
        ("GET", "/boards", 201, CACHED, BOARDS),
        ("GET", "/boards", 404, AS_PROBLEM, PROBLEM),
        ("GET", "/boards", 500, AS_JSON, {"message": "Internal Server Error", "stack": []}),
        ("GET", "/boards/gone/top", 404, AS_PROBLEM, {**PROBLEM, "code": "user_not_ranked"}),
        ("GET", "/boards/gone/top", 404, AS_PROBLEM, {**PROBLEM, "status": 422}),
        ("GET", "/boards/gone/top", 404, AS_PROBLEM, {**PROBLEM, "stack": []}),
        ("GET", "/boards/gone/top", 304, TOP, "a body"),
        ("GET", "/boards/global/top", 200, AS_JSON, OPERATIONS["GET /boards/{board}/top"].example),
        ("PUT", "/me", 422, AS_PROBLEM, {**PROBLEM, "status": 422, "code": "invalid"}),
    ],
)
def test_answer_that_is_not_described_is_told(
    method: str, path: str, status: int, headers: dict[str, str], body: Any
) -> None:
    with pytest.raises(AssertionError):
        held(method, path, status, headers, body)
