"""The OpenAPI 3.1 document, put together from the resolvers, the template and the tables."""

from __future__ import annotations

import importlib
import json
import re
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from pydantic.alias_generators import to_camel
from pydantic.json_schema import models_json_schema

from handlers.http_api import MAX_BODY, STATUSES, TITLES
from leaderboard.boards.names import BOARD
from tools import cloudformation
from tools.reference import answers
from tools.reference.answers import Json
from tools.reference.operations import OPERATIONS, Operation

ROOT = Path(__file__).parent.parent.parent
DESCRIPTION = f"""\
Boards, tops and rankings for anyone; tickets and scores for players; trusted writes and \
moderation for servers. What moves live is sent over the WebSocket API.

- JSON is camelCase. Times are RFC 3339 in UTC with milliseconds. Scores are integers within \
±(2^53 − 1). Ranks begin at 1.
- A `userId` is 1 to 64 of `A–Z a–z 0–9 . _ : -`, a board 1 to 48 of `a–z 0–9 -`.
- Numbers in JSON are read by their value: `1500.0` and `15e2` are 1500. Query parameters are \
digits. JSON is UTF-8 without a byte order mark; a member that stands twice, `NaN` and `Infinity` \
are refused.
- A query parameter given twice is refused. An unknown one is refused by POST, PUT and DELETE, and \
ignored by GET and HEAD; but `offset` and `page` are always refused: pages go by `cursor`. A body \
has at most {MAX_BODY // 1024} KB unless its route says otherwise, and nothing unknown in it.
- The service's errors are problem details (RFC 9457) with a stable `code`. The gateway itself \
answers 401 (no valid token), 403 (a scope is missing), 404 (no such route) and 429 (too many \
requests at once) with `{{"message": …}}`. A web ACL before the stage answers 413 and 429 with the \
service's own problem, but as `application/json` and without a `requestId`.
- 403 (`edge_required`): the stage stands behind a CDN, and is to be asked through it.
- 500 (`internal`): an unexpected error. Every request may be repeated; if it fails again, give \
the `requestId` to those who run the service.
- 503 (`unavailable`): not done, or not confirmed; try again after `Retry-After`. Every request \
may be repeated.
- 409 (`unreadable`): an import or a hand has stored something that cannot be read. Nothing was \
done, and trying again does not help: an operator must mend the item, and was told. Only what \
asks for that item is refused.
- Reads come from the cache. While it is down or being filled, and for seasons past the board's \
`keepSeasons`, they come from the tables, in the same order, with `degraded: true` beside `board`: \
the top as last recorded, other reads with ranks and places for the first 100 of the board and \
null past them, and with `total` as last recorded.
- Public reads may be cached for a second (`Cache-Control`), by a CDN as well. An answer of 1 KB \
or more comes in gzip to who sends `Accept-Encoding: gzip`.
- A `season` is `all` for a board without a schedule, else `2026-11-23`, `2026-W48` (ISO week) or \
`2026-11`, in UTC. Past seasons stay readable; one that has not begun is refused.
"""

PARAMETERS: dict[str, Json] = {
    "board": {
        "description": "A board's id, or one that matches a pattern of `boards.yml`",
        "schema": {"type": "string", "pattern": f"^{BOARD.pattern}$"},
        "example": "global",
    },
    "userId": {"description": "The user", "example": "ada"},
    "season": {
        "description": "The season; the current one if left out",
        "example": "2026-W48",
    },
    "reason": {
        "description": "Why, for the record of the act: 1 to 500 characters after trimming, no "
        "control characters and no line breaks",
        "example": "a bot",
    },
    "limit": {"description": "How many entries at most"},
    "cursor": {"description": "`nextCursor` of the page before"},
    "around": {"description": "How many neighbours on each side at most"},
}

SECURITY: dict[str, Json] = {
    "player": {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "A player's access token, from the stage's Cognito pool, where players sign "
        "up and in by themselves. Its scope keeps id tokens and machines' tokens out.",
    },
    "machine": {
        "type": "oauth2",
        "description": "A server's access token, by client credentials; good for an hour: keep it.",
        "flows": {
            "clientCredentials": {
                "tokenUrl": "https://auth.example/oauth2/token",
                "scopes": {
                    "leaderboard/scores.write": "Write scores",
                    "leaderboard/moderate": "Remove scores, hide, bar and erase users",
                },
            }
        },
    },
}

GUARDED = {401: "No valid token", 403: "The token lacks the scope"}


class Incomplete(Exception):
    """The code has something that the reference says nothing of."""


def document() -> Json:
    """The whole document; raises Incomplete, naming what is to be described."""
    paths: dict[str, Json] = {}
    schemas = answer_schemas()
    for function, events in http_events().items():
        coded = _coded(function)
        for name, schema in coded.get("components", {}).get("schemas", {}).items():
            if name.endswith("ValidationError"):  # Powertools' own; ours are problems
                continue
            described = clean(schema)
            if schemas.setdefault(name, described) != described:
                raise Incomplete(f"{function}: two schemas are called {name}")
        for path, methods in coded["paths"].items():
            for method, found in methods.items():
                route = f"{method.upper()} {_camel(path)}"
                if route not in OPERATIONS:
                    raise Incomplete(f"{route} of handlers/{function}.py: no such operation there")
                scopes = events[_unnamed(route)]
                operation = _operation(route, found, OPERATIONS[route], scopes)
                paths.setdefault(_camel(path), {})[method] = operation
    routes = list(OPERATIONS)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Leaderboard",
            "version": version(),
            "summary": "A live leaderboard for one's own AWS account",
            "description": DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": ".", "description": "The stage that served this document"}],
        "paths": {
            path: dict(
                sorted(methods.items(), key=lambda it: routes.index(f"{it[0].upper()} {path}"))
            )
            for path, methods in sorted(paths.items(), key=lambda it: _first(routes, *it))
        },
        "components": {
            "schemas": {name: schemas[name] for name in sorted(_used(paths, schemas))},
            "securitySchemes": SECURITY,
        },
    }


def encoded(shown: Json) -> str:
    return json.dumps(shown, ensure_ascii=False, indent=1) + "\n"


@cache
def http_events() -> dict[str, dict[str, tuple[str, list[str]] | None]]:
    """Per function, its routes in the template, each with its authorizer and scopes."""
    functions = cloudformation.read(ROOT / "serverless.yml")["functions"]
    found: dict[str, dict[str, tuple[str, list[str]] | None]] = {}
    for name, function in functions.items():
        for event in function.get("events", []):
            it = event.get("httpApi")
            if it is None:
                continue
            if isinstance(it, str):
                route, scopes = it, None
            else:
                route = f"{it['method']} {it['path']}"
                guard = it.get("authorizer")
                scopes = (guard["name"], guard["scopes"]) if guard else None
            found.setdefault(name, {})[_unnamed(route)] = scopes
    return found


def answer_schemas() -> dict[str, Json]:
    models = [
        it
        for it in vars(answers).values()
        if isinstance(it, type)
        and issubclass(it, answers.Answer)
        and it not in (answers.Answer, answers.OfBoard)
    ]
    _, found = models_json_schema(
        [(model, "serialization") for model in models],
        ref_template="#/components/schemas/{model}",
    )
    return {name: _without_defaults(clean(it)) for name, it in found["$defs"].items()}


def _used(value: Any, schemas: Json) -> set[str]:
    """The schemas that are referred to, and those that they are made of."""
    found: set[str] = set()
    text = json.dumps(value)
    while names := set(re.findall(r"#/components/schemas/(\w+)", text)) - found:
        found |= names
        text = json.dumps([schemas[name] for name in names])
    return found


def _coded(function: str) -> Json:
    app: APIGatewayHttpResolver = importlib.import_module(f"handlers.{function}").app
    shown: Json = json.loads(app.get_openapi_json_schema())
    return shown


def _operation(
    route: str, found: Json, described: Operation, scopes: tuple[str, list[str]] | None
) -> Json:
    method, _, path = route.partition(" ")
    shown: Json = {
        "operationId": _name(found["operationId"], method, path),
        "summary": described.summary,
    }
    if described.description:
        shown["description"] = described.description
    if scopes is not None:
        shown["security"] = [{scopes[0]: scopes[1]}]
    if "parameters" in found:
        shown["parameters"] = [_parameter(it) for it in found["parameters"]]
    if described.tagged:
        shown.setdefault("parameters", []).append(
            {
                "name": "If-None-Match",
                "in": "header",
                "description": "The `ETag` of your last answer",
                "schema": {"type": "string"},
            }
        )
    if "requestBody" in found:
        ((_, content),) = found["requestBody"]["content"].items()
        body: Json = {"schema": clean(content["schema"])}
        if described.request is not None:
            body["example"] = described.request
        shown["requestBody"] = {"required": True, "content": {"application/json": body}}
    responses = dict(_responses(method, path, described, scopes))
    if method == "HEAD":  # the headers of GET, and no body
        for response in responses.values():
            response.pop("content", None)
    shown["responses"] = responses
    return shown


def _responses(
    method: str, path: str, described: Operation, scopes: tuple[str, list[str]] | None
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
        content: Json = {"schema": _reference(described.answer.__name__)}
        if described.example is not None:
            content["example"] = described.example
        done["content"] = {"application/json": content}
    elif described.status == 200:
        done["content"] = {"application/json": {"schema": {"type": "object"}}}
    yield str(described.status), done
    if described.tagged:
        yield "304", {"description": "Nothing has changed since that `ETag`", "headers": headers}
    by_status: dict[int, list[str]] = {status: [] for status in (GUARDED if scopes else {})}
    for code in sorted([*described.codes, *_codes_of_all(method, path)]):
        by_status.setdefault(STATUSES[code].value, []).append(code)
    for status, codes in sorted(by_status.items()):
        yield str(status), _refusal(status, codes, guarded=scopes is not None)
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
    if name not in PARAMETERS:
        raise Incomplete(f"the parameter {name} is not described")
    schema = clean(found["schema"])
    if "anyOf" in schema:  # left out is not null in a query
        (schema,) = (it for it in schema["anyOf"] if it != {"type": "null"})
    described = PARAMETERS[name]
    return {
        "name": name,
        "in": found["in"],
        "required": found["required"],
        **described,
        "schema": {**schema, **described.get("schema", {})},
    }


def clean(schema: Any) -> Any:
    """Without the titles that pydantic makes of names, and with whole numbers as such."""
    if isinstance(schema, list):
        return [clean(it) for it in schema]
    if isinstance(schema, float) and schema.is_integer():
        return int(schema)
    if not isinstance(schema, dict):
        return schema
    return {
        name: clean(it)
        for name, it in schema.items()
        if not (name == "title" and isinstance(it, str))
    }


def _without_defaults(schema: Any) -> Any:
    """An answer has no defaults: what is not required may be left out."""
    if isinstance(schema, list):
        return [_without_defaults(it) for it in schema]
    if not isinstance(schema, dict):
        return schema
    return {name: _without_defaults(it) for name, it in schema.items() if name != "default"}


def _reference(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _camel(path: str) -> str:
    return re.sub(r"{(\w+)}", lambda it: f"{{{to_camel(it[1])}}}", path)


def _unnamed(route: str) -> str:
    return re.sub(r"{\w+}", "{}", route)


def _name(operation_id: str, method: str, path: str) -> str:
    """`readTop` of `read_top_boards__board__top_get`: the function's name and nothing else."""
    behind = len(re.sub(r"\W", "_", re.sub(r"{(\w+)}", lambda it: f"{{{_snake(it[1])}}}", path)))
    name = to_camel(operation_id[: -(behind + len(method) + 1)])
    return f"{name}Head" if method == "HEAD" else name


def _snake(name: str) -> str:
    return re.sub(r"[A-Z]", lambda it: f"_{it[0].lower()}", name)


def _first(routes: list[str], path: str, methods: Json) -> int:
    return min(routes.index(f"{method.upper()} {path}") for method in methods)


def version() -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    version: str = project["project"]["version"]
    return version
