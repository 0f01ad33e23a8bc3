"""The AsyncAPI 3 document of the WebSocket: what the service takes and what it sends, from the
types that its code is written with."""

from __future__ import annotations

from types import NoneType, UnionType
from typing import (
    Annotated,
    Any,
    Literal,
    NotRequired,
    Union,
    get_args,
    get_origin,
    get_type_hints,
    is_typeddict,
)

import yaml
from pydantic import BaseModel, TypeAdapter

from handlers import subscriber
from leaderboard import clock
from leaderboard.boards.snapshots import DayStart, Score, Snapshot, ranked
from leaderboard.frames import messages, protocol
from leaderboard.frames.messages import diff
from leaderboard.frames.ports import MAX_BOARDS
from tools.reference.document import version
from tools.reference.schemas import Incomplete, Json, clean
from tools.reference.values import VALUES

DESCRIPTION = f"""\
Boards as they move. `protocol.md` has the client's rules, which make of these frames a board that \
is never wrong; clients in JavaScript and Python keep them.

- One JSON object a text frame, UTF-8; at most {subscriber.MAX_FRAME // 1024} KB from a client, \
under {messages.MAX_FRAME // 1024} KB from the service.
- Anyone may connect, with a `ticket` as a player. A browser's `Origin` must be on the stage's \
allow-list.
- A connection lives two hours at most and ten minutes idle.
- Clients ignore members and frames that they do not know.
"""

# What each frame of a client is for, and what answers it.
REQUESTS: dict[str, tuple[type[BaseModel], str, tuple[str, ...]]] = {
    "subscribe": (
        subscriber.Subscribe,
        "Follow a board, from now on or from what one has of it",
        ("snapshot", "current", "error"),
    ),
    "unsubscribe": (subscriber.Unsubscribe, "Follow a board no more", ("unsubscribed", "error")),
    "ping": (
        subscriber.Ping,
        "Ask for the time, and for the places of the boards that one follows",
        ("pong", "error"),
    ),
}
MESSAGES: dict[str, Any] = {
    get_args(get_type_hints(kind)["type"])[0]: kind for kind in get_args(protocol.Message)
}
BROADCAST = ("snapshot", "update")

PUBLISHED = 1_795_421_730_123


def document() -> Json:
    """The whole document; raises Incomplete for a type that it cannot describe."""
    schemas: dict[str, Json] = {}
    described = {
        **{name: _request(name, schemas) for name in REQUESTS},
        **{name: _message(name, schemas) for name in MESSAGES},
    }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Leaderboard: boards as they move",
            "version": version(),
            "description": DESCRIPTION,
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "stage": {
                "host": "{api}.execute-api.{region}.amazonaws.com",
                "protocol": "wss",
                "pathname": "/{stage}",
                "description": "A stage's socket; `npx sls info` and `make dev` print the address.",
                "variables": {
                    "api": {"description": "The API's id"},
                    "region": {"default": "us-east-1", "description": "The stage's Region"},
                    "stage": {"default": "dev", "description": "The stage's name"},
                },
            }
        },
        "channels": {
            "boards": {
                "address": "/",
                "description": f"One connection, for up to {MAX_BOARDS} boards.",
                "messages": {name: _reference("messages", name) for name in described},
                "bindings": {"ws": {"query": QUERY, "bindingVersion": "0.1.0"}},
            }
        },
        "operations": {
            **{name: _operation(name) for name in REQUESTS},
            "broadcast": {
                "action": "send",
                "channel": CHANNEL,
                "summary": "A board's top has changed; sent to everyone who follows it",
                "messages": [_of_channel(name) for name in BROADCAST],
            },
        },
        "components": {"messages": described, "schemas": schemas},
    }


CHANNEL: Json = {"$ref": "#/channels/boards"}
QUERY: Json = {
    "type": "object",
    "properties": {
        "ticket": {
            "type": "string",
            "description": "From `POST /socket-tickets`: good for 60 seconds and one connection",
        }
    },
}


def encoded(shown: Json) -> str:
    """The document as its file has it."""
    text = yaml.dump(shown, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100)
    return f"# Made from the code by `python -m tools.reference`.\n{text}"


class _Dumper(yaml.SafeDumper):
    """Writes what stands twice twice, and several lines as such."""

    def ignore_aliases(self, _data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def _operation(name: str) -> Json:
    _, summary, replies = REQUESTS[name]
    return {
        "action": "receive",
        "channel": CHANNEL,
        "summary": summary,
        "messages": [_of_channel(name)],
        "reply": {"channel": CHANNEL, "messages": [_of_channel(it) for it in replies]},
    }


def _request(name: str, schemas: dict[str, Json]) -> Json:
    model, summary, _ = REQUESTS[name]
    schema = clean(model.model_json_schema(ref_template="#/components/schemas/{model}"))
    schemas |= schema.pop("$defs", {})
    schemas[model.__name__] = schema
    return {
        "name": name,
        "summary": summary,
        "payload": _reference("schemas", model.__name__),
        "examples": [{"payload": EXAMPLES[name]}],
    }


def _message(name: str, schemas: dict[str, Json]) -> Json:
    kind = MESSAGES[name]
    return {
        "name": name,
        "summary": _said(kind),
        "payload": schema_of(kind, schemas),
        "examples": [{"payload": EXAMPLES[name]}],
    }


def schema_of(hint: Any, schemas: dict[str, Json]) -> Json:
    """The JSON schema of a type of `leaderboard.frames.protocol`."""
    if is_typeddict(hint):
        name = hint.__name__.removesuffix("Message").removesuffix("Json")
        if name not in schemas:
            schemas[name] = {}  # its place, among those that it needs
            schemas[name] = _object(hint, schemas)
        return _reference("schemas", name)
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _value(arguments[1], schemas)
    if origin is Literal:
        return {"const": arguments[0]} if len(arguments) == 1 else {"enum": list(arguments)}
    if origin in (Union, UnionType):
        return {"anyOf": [schema_of(it, schemas) for it in arguments]}
    if origin is list:
        return {"type": "array", "items": schema_of(arguments[0], schemas)}
    if origin is dict:
        return {"type": "object", "additionalProperties": schema_of(arguments[1], schemas)}
    if hint in PLAIN:
        return {"type": PLAIN[hint]}
    raise Incomplete(f"there is no schema of {hint}")


PLAIN: dict[Any, str] = {str: "string", NoneType: "null"}


def _value(name: str, schemas: dict[str, Json]) -> Json:
    if name not in VALUES:
        raise Incomplete(f"nothing is said of {name}")
    schemas[name] = clean(TypeAdapter(VALUES[name]).json_schema())
    return _reference("schemas", name)


def _object(kind: Any, schemas: dict[str, Json]) -> Json:
    hints = get_type_hints(kind, include_extras=True)
    needless = {name for name, hint in hints.items() if get_origin(hint) is NotRequired}
    properties = {
        name: schema_of(get_args(hint)[0] if name in needless else hint, schemas)
        for name, hint in hints.items()
    }
    return {
        "type": "object",
        "description": _said(kind),
        "properties": properties,
        "required": [name for name in hints if name not in needless],
    }


def _said(kind: Any) -> str:
    return " ".join((kind.__doc__ or "").split())


def _reference(kind: str, name: str) -> Json:
    return {"$ref": f"#/components/{kind}/{name}"}


def _of_channel(name: str) -> Json:
    return {"$ref": f"#/channels/boards/messages/{name}"}


def _top(version: int, *scores: Score) -> Snapshot:
    day = DayStart(clock.day_of(PUBLISHED), {"ada": 2, "cyd": 1})
    return Snapshot("global", "all", "9f31c0de", version, 1204, ranked(scores), day)


ADA = Score("ada", "Ada", 990, PUBLISHED - 60_000)
GRACE = Score("grace", "Grace", 970, PUBLISHED - 123)
BEFORE = _top(41, ADA, Score("cyd", "Cyd", 940, PUBLISHED - 90_000))
AFTER = _top(43, ADA, GRACE)

EXAMPLES: dict[str, Any] = {
    "subscribe": {
        "action": "subscribe",
        "board": "global",
        "have": {"epoch": "9f31c0de", "version": 41},
    },
    "unsubscribe": {"action": "unsubscribe", "board": "global"},
    "ping": {"action": "ping"},
    "snapshot": messages.snapshot_json(AFTER, ends_ms=None, published_ms=PUBLISHED),
    "update": messages.update_json(diff(BEFORE, AFTER), published_ms=PUBLISHED),
    "current": messages.current_json(AFTER),
    "unsubscribed": messages.unsubscribed_json("global"),
    "pong": messages.pong_json([AFTER], now_ms=PUBLISHED),
    "error": messages.error_json(
        "board_not_found", "There is no such board.", request_id="b1c9f0e2", board="globe"
    ),
}
