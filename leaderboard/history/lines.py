"""The lines of a user's history: one for each accepted write of the score."""

from __future__ import annotations

from dataclasses import dataclass, replace

from leaderboard.scoring.items import LastWrite


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One write of a user's score on the board-season of that key.

    `user_score` is the score after it, None after a removal. `rank` is None where it is not known.
    """

    user_id: str
    key: str
    write: LastWrite
    user_score: int | None
    rank: int | None = None

    @property
    def delta(self) -> int:
        """What the write added; no score counts as 0."""
        return (self.user_score or 0) - (self.write.score_before or 0)

    def with_rank(self, rank: int | None) -> HistoryLine:
        """The line with the rank that the write brought."""
        return replace(self, rank=rank)


@dataclass(frozen=True, slots=True)
class ErasedUser:
    """A user who was deleted: the history goes, too."""

    user_id: str
