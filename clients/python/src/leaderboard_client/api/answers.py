"""What the service answers, as frozen values. Times are RFC 3339 text in UTC."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from leaderboard_client.errors import ErrorPlace
from leaderboard_client.frame import Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class Season:
    """A time window of a board, in UTC."""

    season: str
    """`all`, or by the board's schedule `2026-11-23`, `2026-W48`, `2026-11`."""
    starts_at: str | None
    ends_at: str | None
    """The first instant that is not in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Points:
    """Points that the service computes from what a player did: from `min` to `max`."""

    min: int
    max: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """What completing an action is worth, and when its ticket is good."""

    points: int | Points
    evidence: bool
    """Whether it is completed with evidence, which is judged."""
    min_seconds: int
    expires_seconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """How people read a score. Of a `duration` the score is milliseconds."""

    kind: Literal["number", "duration", "percent"]
    decimals: int | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardRules:
    """A board's rules. A pattern is listed with its `*` and stands for every id that it matches."""

    board: str
    title: str
    order: Literal["desc", "asc"]
    operator: Literal["increment", "best", "latest"]
    top_size: int
    season: Season
    """The current one."""
    schedule: Literal["never", "daily", "weekly", "monthly"]
    seasons: tuple[str, ...]
    """The current one and the past ones that are kept, newest first."""
    actions: Mapping[str, Action]
    format: Format
    frame_interval_ms: int
    """Milliseconds between updates over the socket, at present."""
    viewers: int | None
    """How many followed the board at its last update; None is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardList:
    """The answer of `boards`."""

    boards: tuple[BoardRules, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Top:
    """The first entries of a board."""

    board: str
    season: str
    epoch: str | None
    """Names the counter of versions; None before the first score, and past the board's top size."""
    version: int | None
    total: int
    """How many users are ranked, at least."""
    entries: tuple[Entry, ...]
    ends_at: str | None
    since: str | None = None
    """The midnight (UTC) that each entry's `was` is of; None if unknown, and past the top size."""
    degraded: bool = False
    """Whether the answer is the top as last recorded, since the ranking is away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryPage:
    """Entries one after the other."""

    board: str
    season: str
    entries: tuple[Entry, ...]
    total: int
    next_cursor: str | None
    degraded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UserEntry:
    """A user's entry, and who stands around it."""

    board: str
    season: str
    entry: Entry
    total: int
    percentile: float | None
    """The share of the ranked users that stand at this place or below it."""
    around: tuple[Entry, ...]
    """The user and the neighbours on both sides, in board order."""
    degraded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryLine:
    """One accepted write of a user's score."""

    at: str
    user_score: int | None
    """The score after it; None: the score was removed."""
    delta: int
    """What the write added. No score counts as 0."""
    rank: int | None
    """The rank that the write brought; None where it is not known."""
    cause: Literal["action", "trusted_write", "removal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPage:
    """Lines of a user's history, newest first."""

    board: str
    season: str
    lines: tuple[HistoryLine, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QueriedEntries:
    """Some users, ranked among themselves."""

    board: str
    season: str
    entries: tuple[Entry, ...]
    """In board order; `rank` and `place` are those on the whole board."""
    unranked: tuple[str, ...]
    """Who has no entry."""
    degraded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreEntry:
    """A user's score after a write."""

    user_id: str
    user_name: str
    user_score: int
    score_updated_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a write or a completed action did."""

    entry: ScoreEntry | None
    """The score after it; None while the player has none."""
    changed: bool
    """Whether the score moved."""
    replayed: bool
    """Whether this is the first answer again: nothing was written now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A signed permission to complete one action once."""

    ticket: str
    """Opaque; `complete` sends it back."""
    action: str
    points: int | Points
    not_before: str
    expires_at: str
    challenge: Any = None
    """What the game asks, if the action has a challenge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketTicket:
    """A signed permission to open one authenticated socket."""

    ticket: str
    expires_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnScore:
    """One of a player's own scores."""

    board: str
    season: str
    user_score: int
    score_updated_at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnScores:
    """A player's name and scores, those of the current seasons first."""

    user_id: str
    user_name: str
    scores: tuple[OwnScore, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A user's display name."""

    user_id: str
    user_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UserList:
    """The answer of `find_users`."""

    users: tuple[Profile, ...]
    """In the order of their names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingAct:
    """What a moderator did to a user."""

    standing: str
    by: str
    at: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A user's standing: `visible`, `hidden`, `barred` or `deleted`; and the acts, newest first."""

    user_id: str
    standing: str
    acts: tuple[StandingAct, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemAnswer:
    """What the service says of one write of a batch."""

    status: int
    entry: ScoreEntry | None = None
    changed: bool = False
    replayed: bool = False
    code: str | None = None
    detail: str | None = None
    errors: tuple[ErrorPlace, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchAnswer:
    """What the service says of a batch, in its order."""

    results: tuple[ItemAnswer, ...]
