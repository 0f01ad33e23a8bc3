"""HTTP as values: a request, and what becomes of it. Nothing is sent here."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import quote, urlencode

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
JSON_TYPE = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request(Generic[T_co]):
    """A request to one of the service's routes, or to Cognito, and how to read its answer."""

    method: str
    url: str
    """A path that begins with `/` is the API's; anything else is a whole address."""
    read: Callable[[Response], T_co]
    """Makes the answer of it. Raises DamagedFrame if it is not one."""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None
    signed: bool = False
    """Whether it needs a token."""
    repeatable: bool = True
    """Whether it may be sent again when nobody knows whether it was done."""
    timeout: float | None = None
    """Seconds; None is the client's own timeout."""


@dataclass(frozen=True, slots=True)
class Response:
    """A whole answer. The names of headers are in small letters."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body as JSON. Raises ValueError or RecursionError for anything else."""
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class NoResponse:
    """A request that got no answer."""

    reason: str
    """For people."""
    unsent: bool
    """Whether it surely never reached a server."""
    error: BaseException | None = None
    timed_out: bool = False
    """Whether nothing came in time, while the address could be reached."""


def path(*parts: str, **query: object) -> str:
    """A path of these parts; what is None in the query is left out."""
    found = "".join(f"/{quote(it, safe='')}" for it in parts)
    given = {name: it for name, it in query.items() if it is not None}
    return f"{found}?{urlencode(given)}" if given else found


def json_body(value: object) -> bytes:
    """A body of JSON, as short as it can be."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
