"""What the cache says of one ranking: its top, how complete it is, and what was recorded of it."""

from __future__ import annotations

from dataclasses import dataclass

from leaderboard.boards.rules import Order
from leaderboard.boards.snapshots import Score
from leaderboard.ranking.score_state import ScoreState

NEW = "new"
COMPLETE = "complete"
PARTIAL = "partial"

TOTAL_MS = 10_000
"""A total that changed while the top stayed is recorded that long after the last record."""


@dataclass(frozen=True, slots=True)
class Hint:
    """What was last recorded, as the cache remembers it; it only saves a read of the item."""

    revision: int
    version: int
    epoch: str
    digest: str
    total: int
    mixed: bool = False


@dataclass(frozen=True, slots=True)
class CachedTop:
    """The top in the cache, read at one instant; `change` names its state.

    `completeness`: 'new' (started from nothing, not yet confirmed by a record), 'complete' or
    'partial' (a rebuild is filling it). `age_ms`: since the last record, None if there was none.
    `order`: the one that the life began in, whatever the board's rules say by now.
    """

    life: str
    completeness: str
    change: str
    recorded: str
    hint: Hint | None
    age_ms: int | None
    total: int
    scores: tuple[Score, ...]
    order: Order

    @property
    def is_unrecorded(self) -> bool:
        return self.completeness != PARTIAL and self.change != self.recorded

    @property
    def is_total_due(self) -> bool:
        """Whether a total that differs may move the version by itself.

        Of a life that has recorded nothing yet the age is not known: it records first.
        """
        return self.age_ms is not None and self.age_ms >= TOTAL_MS


@dataclass(frozen=True, slots=True)
class ApplyResult:
    """What applying a batch came to: how many records were newer. No top: there is no life."""

    top: CachedTop | None
    applied: int = 0
    rebuild_due: bool = False


@dataclass(frozen=True, slots=True)
class RankingPage:
    """Some of what a ranking holds. `cursor` goes on from there; None at the end.

    A record has the score that the order shows. It has no score if the user was removed, or is
    missing in the order.
    """

    cursor: str | None
    records: tuple[ScoreState, ...]
