"""What a session wants done. `Session.step` returns effects, and the client performs them in order.

A link is one try to have a socket. Its number counts up, so a late event of an old link harms
nothing."""

from __future__ import annotations

from dataclasses import dataclass

from leaderboard_client.board import Board, Changes
from leaderboard_client.link import Message
from leaderboard_client.problems import Problem
from leaderboard_client.status import Condition


@dataclass(frozen=True, slots=True)
class Connect:
    """Open a socket for a new link."""

    link: int


@dataclass(frozen=True, slots=True)
class Disconnect:
    """Close the socket of a link. It may be closed already."""

    link: int


@dataclass(frozen=True, slots=True)
class Send:
    """Send a message, as JSON, on a link."""

    link: int
    message: Message


@dataclass(frozen=True, slots=True)
class Fetch:
    """Read the top of a board over HTTP."""

    board: str


@dataclass(frozen=True, slots=True)
class Abort:
    """Give up the read of a board. Its answer is no longer wanted."""

    board: str


@dataclass(frozen=True, slots=True)
class ShowBoard:
    """Give the listeners of a board its new state."""

    board: Board
    changes: Changes


@dataclass(frozen=True, slots=True)
class ShowCondition:
    """Give the listeners of the status its new state."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class ReportProblem:
    """Give the listeners of problems a new one."""

    problem: Problem


Effect = Connect | Disconnect | Send | Fetch | Abort | ShowBoard | ShowCondition | ReportProblem
