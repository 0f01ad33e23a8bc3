"""Ranking: score records become the order of a board, and a changed top becomes a record.

One call to the cache per board-season and batch applies what is newer than what is known; only
when that leaves a top that was not recorded is the board's item written, by compare-and-set on its
`revision`. The revision is known before the top is read: so a newer top never loses to an older
one, with no clock and no order between lives of the cache.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from leaderboard.boards.board_season import BoardSeason
from leaderboard.boards.entries import entries_json
from leaderboard.boards.rules import Order
from leaderboard.boards.snapshots import Score, Snapshot, ranked
from leaderboard.errors import Unavailable

TRIES = 50
BATCH = 1000
"""Records per script call: what one call works off in some tens of milliseconds."""
TOTAL_MS = 10_000
"""A total that changed while the top stayed is recorded that long after the last record."""


@dataclass(frozen=True, slots=True)
class ScoreState:
    """The absolute state of a user's score item at one version.

    No score means that the user is not on the board: a tombstone, or hidden.
    """

    user_id: str
    version: int
    score: Score | None
    order: Order | None = field(default=None, compare=False)
    """The one that the item's key in the index is made by, where that is known."""


@dataclass(frozen=True, slots=True)
class Hint:
    """What was last recorded, as the cache remembers it; it only saves a read."""

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


NEW = "new"
COMPLETE = "complete"
PARTIAL = "partial"


@dataclass(frozen=True, slots=True)
class Applied:
    """What a batch came to. No top: there is no life."""

    top: CachedTop | None
    taken: int = 0
    rebuild_due: bool = False


@dataclass(frozen=True, slots=True)
class RankingPage:
    """Some of what a ranking holds. `cursor` goes on from there; None at the end.

    A record has the score that the order shows: none for who was removed, and none for who is
    missing in the order.
    """

    cursor: str | None
    records: tuple[ScoreState, ...]


class RankingCache(Protocol):
    """The ranking of each board-season. Every call is one round trip and atomic."""

    def apply(
        self,
        board_season: BoardSeason,
        records: Sequence[ScoreState],
        *,
        start: str | None = None,
    ) -> Applied:
        """Take the records that are newer than what is known: at most `BATCH`, one of each user.

        `start` begins a life if there is none, with that completeness. A total that differs from
        the recorded one gives the top a fresh `change`, `TOTAL_MS` after the last record.
        """

    def fill(
        self, board_season: BoardSeason, records: Iterable[ScoreState], *, life: str
    ) -> int | None:
        """Take any number of records, one of each user, into the life that a rebuild fills.

        How many were newer than what was known; None if the life is over. It goes by several
        calls, each with the place of its records in the order: so the more records at a time, the
        faster; a hundred thousand are a good chunk.
        """

    def read(self, board_season: BoardSeason) -> CachedTop | None:
        """The top as it is now, or None if there is no life."""

    def mark(self, board_season: BoardSeason, top: CachedTop, hint: Hint) -> None:
        """Remember a top as recorded."""

    def drop(self, key: str, *, life: str | None = None) -> bool:
        """End that life, or any, if it is not over."""

    def settle(
        self, board_season: BoardSeason, life: str, completeness: str, *, only_new: bool = False
    ) -> bool:
        """Set a life's completeness; one that becomes complete has its top recorded anew.

        False if the life is over, or (with `only_new`) was confirmed already.
        """


@dataclass(frozen=True, slots=True)
class BoardItem:
    """A board's item: the recorded top, what numbers it, and the life of the cache it came from.

    One at revision 0 was opened with its season and has recorded nothing: it is shown as the empty
    board, and says no more of the scores in the table than one that is absent. Of one that is not
    `is_readable` the top is not known: it is shown to nobody, and the next record mends it.

    `order` is the one that counts for this board-season, whatever boards.yml says by now; None
    where nothing has decided it. Of a `mixed` one the index may have keys of both orders.
    """

    snapshot: Snapshot
    revision: int
    life: str
    is_readable: bool = True
    order: Order | None = None
    mixed: bool = False

    @property
    def is_recorded(self) -> bool:
        return self.revision > 0


@dataclass(frozen=True, slots=True)
class BoardRow:
    """A board-season that has an item, as a list of them names it."""

    key: str
    revision: int
    version: int


class BoardStore(Protocol):
    """The table of boards. Reads are consistent."""

    def read(self, key: str) -> BoardItem | None: ...

    def write(self, item: BoardItem, *, read_revision: int) -> bool:
        """Write an item if the stored one is at that revision; False if it is not.

        0: absent, or opened and never recorded.
        """

    def mix(self, key: str) -> None:
        """Note, in an item that was recorded, that the index may have keys of both orders."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What recording came to; `rebuild` names a life that must be filled before it may record.

    Of a life that is `lost` already, what was applied to it is to be applied again. `order` is the
    one that counts, where the life was in another.
    """

    recorded: bool = False
    moved: bool = False
    rebuild: str | None = None
    lost: bool = False
    order: Order | None = None


NOTHING = Recorded()


class OtherOrder(Exception):
    """A life of the cache is in another order than the one that counts for its board-season."""

    def __init__(self, life: str, order: Order) -> None:
        super().__init__(life)
        self.life = life
        self.order = order


class PutBack(Exception):
    """A life of the cache knows a record that the table does not: a backup was put back."""

    def __init__(self, life: str) -> None:
        super().__init__(life)
        self.life = life


@dataclass(frozen=True)
class Recorder:
    """Applies score records and records changed tops."""

    cache: RankingCache
    boards: BoardStore
    interval_ms: int
    sleep: Callable[[float], None] = time.sleep

    def apply(
        self, board_season: BoardSeason, records: Iterable[ScoreState], *, begin: bool = True
    ) -> Applied:
        """Apply a batch of one board-season; start a life of the cache if there is none.

        A board-season that has no item starts empty and complete; one that has an item starts
        partial, to be filled by a rebuild. With `begin` false none is started: no top tells that
        there is none. Raises Unavailable.
        """
        newest: dict[str, ScoreState] = {}
        for record in records:
            known = newest.get(record.user_id)
            if known is None or record.version > known.version:
                newest[record.user_id] = record
        batch = list(newest.values())
        applied = Applied(None)
        for start in range(0, len(batch), BATCH):
            part = batch[start : start + BATCH]
            latest = self.cache.apply(board_season, part)
            if latest.top is None:
                if not begin:
                    return latest
                latest = self.begin(board_season, part)
            applied = Applied(
                latest.top, applied.taken + latest.taken, applied.rebuild_due or latest.rebuild_due
            )
        return applied

    def begin(self, board_season: BoardSeason, records: Sequence[ScoreState]) -> Applied:
        """Apply records, and begin a life for them if there is none.

        Never a partial life where there is no item: it would take scores that are not recorded,
        and once it is lost nothing tells that there were any.
        """
        item = self.boards.read(board_season.key)
        start = PARTIAL if item is not None and item.is_recorded else NEW
        return self.cache.apply(in_force(board_season, item), records, start=start)

    def forget(self, key: str) -> None:
        """End the life of a board-season that is no more. Raises Unavailable."""
        self.cache.drop(key)

    def mix(
        self,
        board_season: BoardSeason,
        top: CachedTop,
        records: Iterable[ScoreState],
        *,
        order: Order | None = None,
    ) -> None:
        """Note that a recorded board-season's index has keys of both orders, where records say so.

        Until its first record nothing says which order counts: two releases may have taken a score
        each. `order` is the one that counts, if not the top's. Raises Unavailable.
        """
        is_known = top.hint is not None and top.hint.mixed
        counts = order or top.order
        if not is_known and any(it.order not in (None, counts) for it in records):
            self.boards.mix(board_season.key)

    def rest(self, tops: Iterable[CachedTop | None]) -> int:
        """Wait once for all tops of a batch that were recorded too lately; the milliseconds."""
        longest = max((self._wait_ms(top) for top in tops), default=0)
        if longest > 0:
            self.sleep(longest / 1000)
        return max(longest, 0)

    def record(
        self, board_season: BoardSeason, top: CachedTop | None, *, rested_ms: int = 0
    ) -> Recorded:
        """Record a board-season's top, unless nothing is left to record.

        `top` is as `apply` returned it, `rested_ms` how long `rest` waited since. A board that was
        recorded less than the interval ago waits out the rest and is read again. Raises
        Unavailable, also for a life that is lost before its top was recorded: what was applied
        to it is to be applied again.
        """
        if top is None:
            return NOTHING
        try:
            return self._record(board_season, self._rested(board_season, top, rested_ms))
        except OtherOrder as other:
            # A rebuild fills a life in the order that counts now.
            dropped = self.cache.drop(board_season.key, life=other.life)
            return Recorded(rebuild=other.life, lost=not dropped, order=other.order)
        except PutBack as known:
            dropped = self.cache.drop(board_season.key, life=known.life)
            return Recorded(rebuild=known.life, lost=not dropped)

    def _record(self, board_season: BoardSeason, top: CachedTop) -> Recorded:
        if not top.is_unrecorded:
            return NOTHING
        hint = top.hint
        if hint is None and top.completeness != NEW:
            hint, top = self._reread(board_season, top)
        total_due = top.is_total_due
        for _ in range(TRIES):
            if not top.is_unrecorded:
                return NOTHING
            if hint is None and not top.scores:  # a board without scores has no version
                return NOTHING
            item = next_item(
                board_season,
                top.scores,
                total=top.total,
                life=top.life,
                order=top.order,
                hint=hint,
                total_due=total_due,
            )
            if self.boards.write(item, read_revision=hint.revision if hint else 0):
                recorded = hint_of(item)
                self.cache.mark(board_season, top, recorded)
                moved = hint is None or recorded.version != hint.version
                return Recorded(recorded=True, moved=moved)
            stored = self._recorded(board_season, top)
            if hint is not None and (stored is None or stored.revision < hint.revision):
                raise PutBack(top.life)
            if top.completeness == NEW and stored is not None and stored.life != top.life:
                # This life began as if the board had no item: it lacks what came before it.
                is_there = self.cache.settle(board_season, top.life, PARTIAL, only_new=True)
                return Recorded(rebuild=top.life, lost=not is_there)
            hint = None if stored is None else hint_of(stored)
            total_due = False  # most likely somebody else has just recorded
            top = self._read(board_season)
        raise Unavailable(f"{board_season.key} is recorded by too many at once.")

    def _wait_ms(self, top: CachedTop | None) -> int:
        if top is None or not top.is_unrecorded or top.age_ms is None:
            return 0
        return self.interval_ms - top.age_ms

    def _rested(self, board_season: BoardSeason, top: CachedTop, rested_ms: int) -> CachedTop:
        """The top once its board may be recorded again; others may record it meanwhile."""
        for _ in range(TRIES):
            wait = self._wait_ms(top)
            if wait <= 0:
                break
            if wait > rested_ms:
                self.sleep((wait - rested_ms) / 1000)
            rested_ms = 0
            top = self._read(board_season)
        return top

    def _read(self, board_season: BoardSeason) -> CachedTop:
        top = self.cache.read(board_season)
        if top is None:
            raise Unavailable(f"The ranking of {board_season.key} was lost.")
        return top

    def _reread(self, board_season: BoardSeason, top: CachedTop) -> tuple[Hint | None, CachedTop]:
        """The revision first, the top after it: the order that compare-and-set relies on."""
        item = self._recorded(board_season, top)
        return (None if item is None else hint_of(item)), self._read(board_season)

    def _recorded(self, board_season: BoardSeason, top: CachedTop) -> BoardItem | None:
        """The item with what was recorded; None if nothing ever was. Raises OtherOrder."""
        item = self.boards.read(board_season.key)
        if item is not None and item.order not in (None, top.order):
            raise OtherOrder(top.life, item.order)
        return item if item is not None and item.is_recorded else None


def in_force(board_season: BoardSeason, item: BoardItem | None) -> BoardSeason:
    """The board-season with the order that its item says."""
    rules = board_season.rules
    if item is None or (item.order in (None, rules.order) and not item.mixed):
        return board_season
    return replace(
        board_season, rules=replace(rules, order=item.order or rules.order, mixed=item.mixed)
    )


def hint_of(item: BoardItem) -> Hint:
    it = item.snapshot
    assert it.epoch is not None
    return Hint(item.revision, it.version, it.epoch, _digest(it), it.total, item.mixed)


def next_item(
    board_season: BoardSeason,
    scores: Sequence[Score],
    *,
    total: int,
    life: str,
    order: Order,
    hint: Hint | None,
    total_due: bool,
) -> BoardItem:
    """The item that records a top after what the hint says.

    It is a version on if the top differs, or the total where that is due. Else the total stays as
    it was: a version has one total, and what differs is recorded when it is due.
    """
    snapshot = Snapshot(
        board=board_season.board,
        season=board_season.season.season,
        epoch=hint.epoch if hint else secrets.token_hex(4),
        version=1,
        total=total,
        entries=ranked(scores),
    )
    if hint is None:
        return BoardItem(snapshot, revision=1, life=life, order=order)
    moved = _digest(snapshot) != hint.digest or (total_due and total != hint.total)
    snapshot = replace(
        snapshot, version=hint.version + int(moved), total=total if moved else hint.total
    )
    revision = hint.revision + 1
    return BoardItem(snapshot, revision=revision, life=life, order=order, mixed=hint.mixed)


def _digest(snapshot: Snapshot) -> str:
    body = json.dumps(entries_json(snapshot.entries)).encode()
    return hashlib.sha256(body).hexdigest()[:32]
