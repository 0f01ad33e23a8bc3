"""The state of one user's score at one version: what the stream and the table deliver."""

from __future__ import annotations

from dataclasses import dataclass, field

from leaderboard.boards.rules import Order
from leaderboard.boards.snapshots import Score


@dataclass(frozen=True, slots=True)
class ScoreState:
    """The absolute state of a user's score item at one version.

    No score means that the user is not on the board: a tombstone, or hidden.
    """

    user_id: str
    version: int
    score: Score | None
    order: Order | None = field(default=None, compare=False)
    """The order that the item's key in the index is made by, where that is known."""
