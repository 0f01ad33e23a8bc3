"""Removes or corrects ranking entries that the table does not have.

Filling brings a ranking everything that the table has. It cannot tell what the table no longer has:
a failover may revive somebody whose tombstone has expired, and a restored table is behind the
ranking. So the ranking is read in its order beside the index, which has the same order. An entry
that the index lacks, or has with another score, is looked up in the table and takes what is there.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from leaderboard.boards import order
from leaderboard.boards.seasons import BoardSeason
from leaderboard.boards.snapshots import Entry, Score
from leaderboard.ranking.listings import Position
from leaderboard.ranking.score_state import ScoreState
from leaderboard.repair.ports import USERS_AT_ONCE, OrderIndex, RepairCache, ScoreReader

Json = dict[str, Any]

PAGE = 1000
"""Entries that are compared at a time."""
RECENT_MS = 60_000
"""Who has no item is removed by a version this much older than now. A first score that is written
in this moment, by a clock that is behind, is newer than that."""


@dataclass(frozen=True, slots=True)
class SweepResult:
    """What a sweep came to: how many entries it corrected, and how it ended.

    `resume_after`: time ran out at that position. `needs_rebuild`: the ranking shows an entry that
    the version check does not let go, so it has to be dropped and filled again.
    """

    corrected: int = 0
    resume_after: Json | None = None
    life_is_over: bool = False
    needs_rebuild: bool = False


@dataclass(frozen=True)
class Sweep:
    """Compares rankings with the index, and corrects them from the table."""

    cache: RepairCache
    index: OrderIndex
    scores: ScoreReader
    now_ms: Callable[[], int]

    def run(
        self, board_season: BoardSeason, *, life: str, resume_after: Json | None, deadline: float
    ) -> SweepResult:
        """Sweep one ranking from a position on, until a deadline (of the monotonic clock).

        At least one page is compared. Raises Unavailable.
        """
        after = None if resume_after is None else Position(**resume_after)
        corrected = 0
        while True:
            entries = self._entries(board_season, after)
            if entries is None:
                return SweepResult(corrected, life_is_over=True)
            if not entries:
                return SweepResult(corrected)
            positions = [_position(it) for it in entries]
            differing = set(positions) - self._indexed(board_season, after, until=positions[-1])
            if differing:
                states = self._states(board_season, differing)
                newer = self.cache.fill(board_season, states, life=life)
                if newer is None:
                    return SweepResult(corrected, life_is_over=True)
                corrected += newer
                if self._still_shows(board_season, after, differing - _shown_by(states)):
                    return SweepResult(corrected, needs_rebuild=True)
            after = positions[-1]
            if time.monotonic() >= deadline:
                return SweepResult(corrected, resume_after=asdict(after))

    def _entries(
        self, board_season: BoardSeason, after: Position | None
    ) -> tuple[Entry, ...] | None:
        listing = self.cache.list(board_season, after=after, limit=PAGE)
        return None if listing is None else listing.entries

    def _indexed(
        self, board_season: BoardSeason, after: Position | None, *, until: Position
    ) -> set[Position]:
        """What the index has behind a position, as far as another one at least."""
        found: set[Position] = set()
        while True:
            scores = (
                self.index.best(board_season, PAGE)
                if after is None
                else self.index.after(board_season, after, PAGE)
            )
            found |= {_position(it) for it in scores}
            if len(scores) < PAGE:
                return found
            after = _position(scores[-1])
            if _sort_key(board_season, after) >= _sort_key(board_season, until):
                return found

    def _states(self, board_season: BoardSeason, differing: Iterable[Position]) -> list[ScoreState]:
        """What the table has of these users; of who has no item, that there is no score."""
        before = self.now_ms() - RECENT_MS
        users = sorted({it.user_id for it in differing})
        known: dict[str, ScoreState] = {}
        for start in range(0, len(users), USERS_AT_ONCE):
            some = users[start : start + USERS_AT_ONCE]
            states = self.scores.read_states(board_season.key, some)
            known |= {it.user_id: it for it in states}
        return [known.get(it) or ScoreState(it, before, None) for it in users]

    def _still_shows(
        self, board_season: BoardSeason, after: Position | None, wrong: set[Position]
    ) -> bool:
        """Whether the ranking has some of these wrong positions after all.

        Users who score meanwhile have moved on; the version check keeps the others.
        """
        if not wrong:
            return False
        entries = self._entries(board_season, after)
        return entries is not None and any(_position(it) in wrong for it in entries)


def _position(it: Entry | Score) -> Position:
    return Position(it.user_score, it.updated_ms, it.user_id)


def _shown_by(states: Sequence[ScoreState]) -> set[Position]:
    return {_position(it.score) for it in states if it.score is not None}


def _sort_key(board_season: BoardSeason, it: Position) -> tuple[int, int, str]:
    board_order = board_season.rules.order
    return order.sort_key(board_order, it.user_score, it.updated_ms, it.user_id)
