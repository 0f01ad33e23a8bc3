"""What a session is told. Each fact from outside is one event, and `Session.step` takes it."""

from __future__ import annotations

from dataclasses import dataclass

from leaderboard_client.frame import Snapshot
from leaderboard_client.problems import Problem

NO_ANSWER = "The service did not answer in time"


@dataclass(frozen=True, slots=True)
class Follow:
    """A board has its first listener."""

    board: str


@dataclass(frozen=True, slots=True)
class Unfollow:
    """A board has lost its last listener."""

    board: str


@dataclass(frozen=True, slots=True)
class SocketOpened:
    """The socket of a link is open."""

    link: int


@dataclass(frozen=True, slots=True)
class MessageReceived:
    """A message came in on a link. It may be anything, also damaged."""

    link: int
    text: object


@dataclass(frozen=True, slots=True)
class SocketLost:
    """The socket of a link has ended, or never opened."""

    link: int
    problem: Problem | None = None
    """What somebody has to put right; None if trying again may be enough."""


@dataclass(frozen=True, slots=True)
class ReadSucceeded:
    """The top of a board came over HTTP."""

    board: str
    top: Snapshot


@dataclass(frozen=True, slots=True)
class ReadFailed:
    """The top of a board did not come over HTTP."""

    board: str
    problem: Problem | None = None
    """The service's own refusal; None if the service itself did not answer."""
    retry_after: float = 0
    """How long the service asks to wait, in milliseconds."""
    failure: str = NO_ANSWER
    """What came instead of an answer, as the beginning of a sentence."""
    foreign: bool = False
    """Whether an answer came that this service does not give."""


@dataclass(frozen=True, slots=True)
class Close:
    """The client is closed for good."""


@dataclass(frozen=True, slots=True)
class Tick:
    """Nothing happened, but time has passed: `Session.due` is reached."""


Event = (
    Follow
    | Unfollow
    | SocketOpened
    | MessageReceived
    | SocketLost
    | ReadSucceeded
    | ReadFailed
    | Close
    | Tick
)
