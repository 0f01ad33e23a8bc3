"""What a plan asks for while it runs.

A plan is a generator. It yields steps, is sent what came of each, and returns its result. So all
that is decided (what to send, when again, with which token) is written once. `sync_api` and
`async_api` each have a loop of a few lines that performs the steps in its own way.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass
from typing import Any, TypeVar

from leaderboard_client.api.exchange import Request

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Exchange:
    """Send this request; the plan gets a Response or a NoResponse."""

    request: Request[Any]


@dataclass(frozen=True, slots=True)
class Authorize:
    """Get a token; the plan gets a text. One caller at a time, so that many of them who wait for a
    new token cause one request."""

    rejected: str | None
    """The token that the service has just refused; not that one again."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait for a random time between these seconds."""

    least: float
    most: float


@dataclass(frozen=True, slots=True)
class CallFunction:
    """Call the user's own token function; the plan gets what it returns."""

    function: Callable[[], str | Awaitable[str | None] | None]


Step = Exchange | Authorize | Pause | CallFunction
Plan = Generator[Step, Any, T]
