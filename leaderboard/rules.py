"""The rules of a board: what `boards.yml` says, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

MAX_SCORE = 2**53 - 1
"""The largest score by amount: what JSON numbers and the cache's doubles hold exactly."""


class Order(StrEnum):
    DESC = "desc"
    ASC = "asc"


class Operator(StrEnum):
    INCREMENT = "increment"
    BEST = "best"
    LATEST = "latest"


class Schedule(StrEnum):
    NEVER = "never"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


@dataclass(frozen=True, slots=True)
class Reported:
    """Points that the client reports, from 0 (or below, where the board allows it) to `max`."""

    max: int


@dataclass(frozen=True, slots=True)
class Action:
    """What completing an action is worth, and when.

    `also_on` are the other boards that it counts on, `check` the `module:function` that judges what
    was reached.
    """

    points: int | Reported
    min_seconds: int
    expires_seconds: int
    also_on: tuple[str, ...] = ()
    check: str | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    actions_per_minute: int | None = None
    points_per_hour: int | None = None
    max_score: int = MAX_SCORE


@dataclass(frozen=True, slots=True)
class Board:
    """One board with its rules; `board` is the id, or the pattern in a list of rules."""

    board: str
    title: str
    order: Order = Order.DESC
    operator: Operator = Operator.INCREMENT
    top_size: int = 10
    schedule: Schedule = Schedule.NEVER
    frame_interval_ms: int = 250
    actions: Mapping[str, Action] = field(default_factory=dict)
    limits: Limits = Limits()
    min_score: int = -MAX_SCORE
    negative_points: bool = False
    keep_seasons: int = 4
    """Past seasons that stay in the cache; those before them are read from the table."""
