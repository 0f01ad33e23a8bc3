"""The status of a session, in times of the session's own clock. The client makes a `Status` of
it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from leaderboard_client.problems import Problem

State = Literal["idle", "connecting", "live", "reconnecting", "polling", "closed"]
"""
- `idle`: no board is followed
- `connecting`: no socket has been live yet
- `live`: the socket is open and the service has answered for every board on it
- `reconnecting`: the socket is lost, or does not answer; another try is under way or planned
- `polling`: as `reconnecting`, and meanwhile the boards are read over HTTP
- `closed`: by `close()`
"""


@dataclass(frozen=True, slots=True)
class Condition:
    """The status of a session. Times are milliseconds of the session's clock."""

    state: State
    stale_at: float | None
    """Up to when the boards shown were known to be right; None while they are."""
    attempt: int
    """Connections lost or failed in a row."""
    retry_at: float | None
    """When the next connection is tried; None if none is waited for."""
    problems: tuple[Problem, ...] = ()
    """Problems that are not solved yet."""
