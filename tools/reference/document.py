"""The OpenAPI 3.1 document, put together from the resolvers, the template and the tables."""

from __future__ import annotations

import importlib
import json
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any, TypedDict

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from pydantic.alias_generators import to_camel

from handlers.describing import DESCRIPTIONS
from handlers.http_api import MAX_BODY
from handlers.problems import ProblemJson
from tools import cloudformation
from tools.reference.operations import Guard, operation_of
from tools.reference.schemas import Incomplete, Json, answer_schemas, clean

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


class GatewayErrorJson(TypedDict):
    """The gateway's own error."""

    message: str | None


def document() -> Json:
    """The whole document; raises Incomplete, naming what is to be described."""
    operations: dict[str, Json] = {}
    bodies: dict[str, Json] = {}
    for function, events in http_events().items():
        coded = _coded(function)
        for name, schema in coded.get("components", {}).get("schemas", {}).items():
            if name.endswith("ValidationError"):  # Powertools' own; ours are problems
                continue
            described = clean(schema)
            if bodies.setdefault(name, described) != described:
                raise Incomplete(f"{function}: two schemas are called {name}")
        found = {
            _unnamed(f"{method.upper()} {path}"): (f"{method.upper()} {_camel(path)}", operation)
            for path, methods in coded["paths"].items()
            for method, operation in methods.items()
        }
        declared = {_unnamed(route): guard for route, guard in events.items()}
        if different := found.keys() ^ declared.keys():
            raise Incomplete(
                f"{', '.join(sorted(different))}: only one of serverless.yml and "
                f"handlers/{function}.py has this route"
            )
        for unnamed, guard in declared.items():
            route, operation = found[unnamed]
            operations[route] = operation_of(route, operation, guard)
    answers = [it.answer for it in DESCRIPTIONS.values() if it.answer is not None]
    schemas = {**bodies, **answer_schemas([*answers, ProblemJson, GatewayErrorJson])}
    paths: dict[str, Json] = {}
    # For anyone first, then for players, then for servers; else as serverless.yml has them.
    for route, operation in sorted(operations.items(), key=lambda it: _audience(it[1])):
        method, _, path = route.partition(" ")
        paths.setdefault(path, {})[method.lower()] = operation
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
        "paths": paths,
        "components": {
            "schemas": {name: schemas[name] for name in sorted(_used(paths, schemas))},
            "securitySchemes": SECURITY,
        },
    }


def _audience(operation: Json) -> int:
    """Where in the document a route stands, by who may ask it."""
    ((scheme, _),) = operation["security"][0].items() if "security" in operation else (("", []),)
    return ["", *SECURITY].index(scheme)


def encoded(shown: Json) -> str:
    """The document as its file has it."""
    return json.dumps(shown, ensure_ascii=False, indent=1) + "\n"


@cache
def http_events() -> dict[str, dict[str, Guard]]:
    """Per function, its routes in serverless.yml, each with its authorizer and scopes."""
    functions = cloudformation.read(ROOT / "serverless.yml")["functions"]
    found: dict[str, dict[str, Guard]] = {}
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
            found.setdefault(name, {})[route] = scopes
    return found


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


def _camel(path: str) -> str:
    return re.sub(r"{(\w+)}", lambda it: f"{{{to_camel(it[1])}}}", path)


def _unnamed(route: str) -> str:
    return re.sub(r"{\w+}", "{}", route)


def version() -> str:
    """The version of the project."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    version: str = project["project"]["version"]
    return version
