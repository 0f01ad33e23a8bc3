"""Recording: newer scores become the order of a board, and a changed top becomes a record.

One call to the cache per board-season and batch applies the scores that are newer than what is
known. Only when that leaves a top that was not recorded, the board's item is written, by
compare-and-set on its `revision`. The revision is known before the top is read. So a newer top
never loses to an older one, with no clock, and with no order between lives of the cache.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from leaderboard import clock
from leaderboard.boards.rules import Order
from leaderboard.boards.seasons import BoardSeason
from leaderboard.errors import Unavailable
from leaderboard.ranking.ports import BoardStore, RankingCache
from leaderboard.ranking.score_state import ScoreState
from leaderboard.ranking.tops import (
    NEW,
    PARTIAL,
    ApplyResult,
    BoardItem,
    CachedTop,
    Hint,
    day_start,
    hint_of,
    next_item,
    with_item_order,
)

TRIES = 50
"""How often one function loses the compare-and-set to others before it gives up."""


@dataclass(frozen=True, slots=True)
class RecordResult:
    """What recording came to; `rebuild` names a life that must be filled before it may record.

    `lost`: that life is over, so what was applied to it must be applied again. `order` is the one
    that counts for the board-season, where the life was in another.
    """

    recorded: bool = False
    moved: bool = False
    rebuild: str | None = None
    lost: bool = False
    order: Order | None = None


NOTHING_RECORDED = RecordResult()


class WrongLife(Exception):
    """A life of the cache must not be recorded: it has to end, and a rebuild fills another one.

    Either it is in another order than the one that counts, which is then given. Or it knows a
    record that the table does not have, because the table was restored from a backup.
    """

    def __init__(self, life: str, *, order: Order | None = None) -> None:
        super().__init__(life)
        self.life = life
        self.order = order


@dataclass(frozen=True)
class Recorder:
    """Applies scores to rankings and records changed tops, a board at most once an interval."""

    cache: RankingCache
    boards: BoardStore
    interval_ms: int
    sleep: Callable[[float], None] = time.sleep
    now_ms: Callable[[], int] = clock.now_ms

    def apply(
        self, board_season: BoardSeason, states: Iterable[ScoreState], *, begin: bool = True
    ) -> ApplyResult:
        """Apply a batch of one board-season (`BATCH` at most); start a life if there is none.

        A board-season that has no item starts empty and complete; one that has an item starts
        partial, to be filled by a rebuild. With `begin` false none is started, and the answer has
        no top where there is none. Raises Unavailable.
        """
        newest: dict[str, ScoreState] = {}
        for state in states:
            known = newest.get(state.user_id)
            if known is None or state.version > known.version:
                newest[state.user_id] = state
        batch = list(newest.values())
        done = self.cache.apply(board_season, batch)
        if done.top is None and begin:
            return self.begin_life(board_season, batch)
        return done

    def begin_life(self, board_season: BoardSeason, states: Sequence[ScoreState]) -> ApplyResult:
        """Apply states, and begin a life for them if there is none.

        Never a partial life where there is no item: it would take scores that are not recorded,
        and once it is lost nothing tells that there were any.
        """
        item = self.boards.read(board_season.key)
        start = PARTIAL if item is not None and item.is_recorded else NEW
        return self.cache.apply(with_item_order(board_season, item), states, start=start)

    def forget(self, key: str) -> None:
        """End the life of a board-season that `boards.yml` no longer has. Raises Unavailable."""
        self.cache.drop(key)

    def remember_mixed_order(
        self,
        board_season: BoardSeason,
        top: CachedTop,
        states: Iterable[ScoreState],
        *,
        order: Order | None = None,
    ) -> None:
        """Note that a recorded board-season's index has keys of both orders, where states say so.

        Until its first record nothing says which order counts, so two releases may each have
        written a score. `order` is the one that counts, if not the top's. Raises Unavailable.
        """
        is_known = top.hint is not None and top.hint.mixed
        counts = order or top.order
        if not is_known and any(it.order not in (None, counts) for it in states):
            self.boards.remember_mixed_order(board_season.key)

    def wait_for_interval(self, tops: Iterable[CachedTop | None]) -> int:
        """Wait once for all tops whose boards were recorded too lately; the milliseconds waited."""
        longest = max((self._wait_ms(top) for top in tops), default=0)
        if longest > 0:
            self.sleep(longest / 1000)
        return max(longest, 0)

    def record(
        self, board_season: BoardSeason, top: CachedTop | None, *, waited_ms: int = 0
    ) -> RecordResult:
        """Record a board-season's top, unless nothing is left to record.

        `top` is as `apply` returned it, `waited_ms` how long `wait_for_interval` waited since. A
        board that was recorded less than the interval ago waits for the rest of it and is read
        again. Raises Unavailable, also for a life that is lost before its top was recorded: what
        was applied to it must be applied again.
        """
        if top is None:
            return NOTHING_RECORDED
        try:
            return self._record(board_season, self._after_interval(board_season, top, waited_ms))
        except WrongLife as wrong:
            dropped = self.cache.drop(board_season.key, life=wrong.life)
            return RecordResult(rebuild=wrong.life, lost=not dropped, order=wrong.order)

    def _record(self, board_season: BoardSeason, top: CachedTop) -> RecordResult:
        """Write the top by compare-and-set, until it is written or somebody else wrote it.

        Several functions may record one board at the same time. Each knows a revision first, by
        the hint or by a read of the item, and reads the top of the cache after it. Its write counts
        only while the item is still at that revision. So the last writer has read the newest
        top: a write that is refused learns the new revision, reads the top again, and finds either
        nothing left to record or a top that is newer than the one that won.

        The first record of a day needs the item that it replaces, for it holds the top of midnight.
        """
        day_ms = clock.day_of(self.now_ms())
        stored, hint = None, top.hint
        is_needed = top.completeness != NEW if hint is None else hint.day_ms < day_ms
        if top.is_unrecorded and is_needed:
            stored, top = self._read_again(board_season, top)
            hint = self._hint_of(stored, top, known=hint)
        total_due = top.is_total_due
        for _ in range(TRIES):
            # A board without scores has no version.
            if not top.is_unrecorded or (hint is None and not top.scores):
                return NOTHING_RECORDED
            is_first = hint is None or hint.day_ms < day_ms
            item = next_item(
                board_season,
                top.scores,
                total=top.total,
                life=top.life,
                order=top.order,
                hint=hint,
                total_due=total_due,
                day=day_start(stored, day_ms=day_ms) if is_first else None,
            )
            revision = hint.revision if hint else 0
            if self.boards.write(item, read_revision=revision, keep_day=not is_first):
                recorded = hint_of(item)
                self.cache.remember_recorded(board_season, top, recorded)
                moved = hint is None or recorded.version != hint.version
                return RecordResult(recorded=True, moved=moved)
            stored = self._recorded_item(board_season, top)
            hint = self._hint_of(stored, top, known=hint)
            if top.completeness == NEW and stored is not None and stored.life != top.life:
                # This life began as if the board had no item: it lacks what came before it.
                is_there = self.cache.set_completeness(
                    board_season, top.life, PARTIAL, only_new=True
                )
                return RecordResult(rebuild=top.life, lost=not is_there)
            total_due = False  # most likely somebody else has just recorded
            top = self._read(board_season)
        raise Unavailable(f"{board_season.key} is recorded by too many at once.")

    def _wait_ms(self, top: CachedTop | None) -> int:
        if top is None or not top.is_unrecorded or top.age_ms is None:
            return 0
        return self.interval_ms - top.age_ms

    def _after_interval(
        self, board_season: BoardSeason, top: CachedTop, waited_ms: int
    ) -> CachedTop:
        """The top once its board may be recorded again; others may record it meanwhile."""
        for _ in range(TRIES):
            wait = self._wait_ms(top)
            if wait <= 0:
                break
            if wait > waited_ms:
                self.sleep((wait - waited_ms) / 1000)
            waited_ms = 0
            top = self._read(board_season)
        return top

    def _read(self, board_season: BoardSeason) -> CachedTop:
        top = self.cache.read(board_season)
        if top is None:
            raise Unavailable(f"The ranking of {board_season.key} was lost.")
        return top

    def _read_again(
        self, board_season: BoardSeason, top: CachedTop
    ) -> tuple[BoardItem | None, CachedTop]:
        """The revision first, the top after it: the order that compare-and-set relies on."""
        return self._recorded_item(board_season, top), self._read(board_season)

    def _hint_of(
        self, stored: BoardItem | None, top: CachedTop, *, known: Hint | None
    ) -> Hint | None:
        """What an item says of the last record. Raises WrongLife if it is behind what is known."""
        if known is not None and (stored is None or stored.revision < known.revision):
            raise WrongLife(top.life)  # the table was restored from a backup
        return None if stored is None else hint_of(stored)

    def _recorded_item(self, board_season: BoardSeason, top: CachedTop) -> BoardItem | None:
        """The item with what was recorded; None if nothing ever was. Raises WrongLife."""
        item = self.boards.read(board_season.key)
        if item is not None and item.order not in (None, top.order):
            raise WrongLife(top.life, order=item.order)
        return item if item is not None and item.is_recorded else None
