"""The rules of a board: what `boards.yml` says, as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

MAX_SCORE = 2**53 - 1
"""The largest score by amount: what JSON numbers and the cache's doubles hold exactly."""


GAME = "game"
"""The package of the game's judges and challenges, beside `boards.yml`; it alone is shipped."""


def is_of_the_game(function: str) -> bool:
    """Whether a `module:function` is in the game's package."""
    module = function.partition(":")[0]
    return module == GAME or module.startswith(f"{GAME}.")


class Order(StrEnum):
    """Whether the higher or the lower score is the better one."""

    DESC = "desc"
    ASC = "asc"


class Operator(StrEnum):
    """What a new amount does to a score: it is added, it counts if better, or it replaces it."""

    INCREMENT = "increment"
    BEST = "best"
    LATEST = "latest"


class Schedule(StrEnum):
    """When a board's season ends and the next one begins (UTC); weeks begin on Monday."""

    NEVER = "never"
    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"


@dataclass(frozen=True, slots=True)
class JudgedPoints:
    """Points that a judge, the `module:function` of that name, computes from a player's evidence.

    They are from `min` to `max`; 0 stands for a `min` that was not given.
    """

    max: int
    judge: str
    min: int | None = None

    @property
    def least(self) -> int:
        """The least that the judge may give."""
        return self.min or 0


@dataclass(frozen=True, slots=True)
class Action:
    """What completing an action is worth, and when.

    `also_on` are the other boards that it counts on. `challenge` is the `module:function` that
    makes what the player is asked.
    """

    points: int | JudgedPoints
    min_seconds: int
    expires_seconds: int
    also_on: tuple[str, ...] = ()
    challenge: str | None = None


class FormatKind(StrEnum):
    """What a score is: a number, a duration in milliseconds, or a percentage."""

    NUMBER = "number"
    DURATION = "duration"
    PERCENT = "percent"


@dataclass(frozen=True, slots=True)
class Format:
    """How people read a score; of a duration the score is milliseconds."""

    kind: FormatKind = FormatKind.NUMBER
    decimals: int | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """How often, and by how many points, a player's actions count; and the highest score."""

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
    format: Format = Format()
    min_score: int = -MAX_SCORE
    negative_points: bool = False
    keep_seasons: int = 4
    """Past seasons that stay in the cache; those before them are read from the table."""
    mixed: bool = False
    """Whether the index may still have keys of the other order: `boards.yml` changed it."""
    pattern: str | None = None
    """The pattern of boards.yml that a board's id matches, if the board is not named there."""
    boards_per_player: int | None = None
    """Boards of its pattern that one player may open by actions."""
    history_days: int = 90
    """How long the lines of a user's history are kept; 0: none are written."""
    listed: bool = True
    """Whether GET /boards names it; everything else works the same."""
