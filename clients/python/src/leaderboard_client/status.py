"""The status of a client: as the session knows it, in times of its own clock, and as users read it,
in dates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """The state of a client. It is the same object while nothing changed."""

    state: State
    stale_since: datetime | None
    """Up to when the boards shown were known to be the service's own; None while they are."""
    attempt: int
    """Connections lost or failed in a row."""
    retry_at: datetime | None
    """When the next connection is tried, if one is waited for."""
    problems: tuple[Problem, ...] = ()
    """The problems that are not solved yet."""


class StatusKeeper:
    """Makes a status of each condition, once: frameworks compare objects to see a change."""

    def __init__(self, ahead: Callable[[], float]) -> None:
        """`ahead`: the wall clock minus the session's clock, in milliseconds."""
        self._ahead = ahead
        self._condition: Condition | None = None
        self._status: Status | None = None

    def of(self, condition: Condition) -> Status:
        """The status of a condition; the same object for the same condition."""
        if self._status is None or condition is not self._condition:
            self._condition = condition
            self._status = Status(
                state=condition.state,
                stale_since=self._date(condition.stale_at),
                attempt=condition.attempt,
                retry_at=self._date(condition.retry_at),
                problems=condition.problems,
            )
        return self._status

    def _date(self, at: float | None) -> datetime | None:
        if at is None:
            return None
        return datetime.fromtimestamp((at + self._ahead()) / 1000, timezone.utc)
