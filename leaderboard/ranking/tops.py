"""A board-season's top: as the cache has it, as the table records it, and the next record."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace

from leaderboard.boards.rules import Order
from leaderboard.boards.seasons import BoardSeason
from leaderboard.boards.snapshots import (
    DayStart,
    Score,
    Snapshot,
    encode,
    entries_json,
    ranked,
    since_json,
    top_json,
)
from leaderboard.ranking.score_state import ScoreState

NEW = "new"
COMPLETE = "complete"
PARTIAL = "partial"

TOTAL_MS = 10_000
"""A total that changed while the top stayed is recorded that long after the last record."""


@dataclass(frozen=True, slots=True)
class Hint:
    """What was last recorded, as the cache remembers it; it only saves a read of the item.

    `day_ms`: the midnight that the item has the ranks of, 0 if it has none.
    """

    revision: int
    version: int
    epoch: str
    digest: str
    total: int
    mixed: bool = False
    day_ms: int = 0


@dataclass(frozen=True, slots=True)
class CachedTop:
    """The top in the cache, read at one instant; `change_id` names its state.

    `completeness`: 'new' (started from nothing, not yet confirmed by a record), 'complete' or
    'partial' (a rebuild is filling it). `age_ms`: since the last record, None if there was none.
    `order`: the one that the life began in, whatever the board's rules say by now.
    """

    life: str
    completeness: str
    change_id: str
    recorded_change_id: str
    hint: Hint | None
    age_ms: int | None
    total: int
    scores: tuple[Score, ...]
    order: Order

    @property
    def is_unrecorded(self) -> bool:
        """Whether there is a top to record. A partial ranking has none."""
        return self.completeness != PARTIAL and self.change_id != self.recorded_change_id

    @property
    def is_total_due(self) -> bool:
        """Whether a total that differs may move the version by itself.

        Of a life that has recorded nothing yet the age is not known: it records first.
        """
        return self.age_ms is not None and self.age_ms >= TOTAL_MS


@dataclass(frozen=True, slots=True)
class ApplyResult:
    """What applying a batch came to: how many states were newer. No top: there is no life."""

    top: CachedTop | None
    applied: int = 0
    rebuild_due: bool = False


@dataclass(frozen=True, slots=True)
class RankingPage:
    """Some of what a ranking holds. `cursor` goes on from there; None at the end.

    A state has the score that the order shows. It has no score if the user was removed, or is
    missing in the order.
    """

    cursor: str | None
    states: tuple[ScoreState, ...]


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
        """Whether a top was ever recorded here."""
        return self.revision > 0


@dataclass(frozen=True, slots=True)
class BoardRow:
    """A board-season that has an item, as a list of them names it.

    `life`: of the cache, whose ranking was recorded last; empty if the top came from the table.
    """

    key: str
    revision: int
    version: int
    life: str


def with_item_order(board_season: BoardSeason, item: BoardItem | None) -> BoardSeason:
    """The board-season with the order that its item says, which counts whatever the rules say."""
    rules = board_season.rules
    if item is None or (item.order in (None, rules.order) and not item.mixed):
        return board_season
    return replace(
        board_season, rules=replace(rules, order=item.order or rules.order, mixed=item.mixed)
    )


def hint_of(item: BoardItem) -> Hint:
    """What the cache remembers of an item that was recorded."""
    it = item.snapshot
    assert it.epoch is not None
    return Hint(
        revision=item.revision,
        version=it.version,
        epoch=it.epoch,
        digest=_digest(it),
        total=it.total,
        mixed=item.mixed,
        day_ms=it.day.at_ms if it.day else 0,
    )


def day_start(item: BoardItem | None, *, day_ms: int) -> DayStart:
    """The top at that midnight, of which the item that its day's first record replaces is left."""
    entries = item.snapshot.entries if item else ()
    return DayStart(day_ms, {it.user_id: rank for rank, it in enumerate(entries, start=1)})


def next_item(
    board_season: BoardSeason,
    scores: Sequence[Score],
    *,
    total: int,
    life: str,
    order: Order,
    hint: Hint | None,
    total_due: bool,
    day: DayStart | None,
) -> BoardItem:
    """The item that records a top, next to what the hint says of the one before.

    Its version is one higher if the top differs, or if the total differs and `total_due`. Else the
    total stays as it was: a version has one total, and a difference is recorded once it is due.
    The first record of a `day` moves the version as well. Without one the item's day goes on, of
    which the hint says only when it began.
    """
    snapshot = Snapshot(
        board=board_season.board,
        season=board_season.season.season,
        epoch=hint.epoch if hint else secrets.token_hex(4),
        version=1,
        total=total,
        entries=ranked(scores),
        day=day or (DayStart(hint.day_ms, {}) if hint and hint.day_ms else None),
    )
    if hint is None:
        return BoardItem(snapshot, revision=1, life=life, order=order)
    moved = (
        day is not None or _digest(snapshot) != hint.digest or (total_due and total != hint.total)
    )
    snapshot = replace(
        snapshot, version=hint.version + int(moved), total=total if moved else hint.total
    )
    revision = hint.revision + 1
    return BoardItem(snapshot, revision=revision, life=life, order=order, mixed=hint.mixed)


def _digest(snapshot: Snapshot) -> str:
    body = json.dumps(entries_json(snapshot.entries)).encode()
    return hashlib.sha256(body).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class KeptTop:
    """What the cache keeps of the recorded top, and how many the ranking holds now.

    No body: it is not kept. No total: the ranking cannot tell, because it is not whole.
    """

    body: str | None
    total: int | None


def kept_top_json(item: BoardItem) -> str:
    """What the cache keeps of a board's item, as JSON."""
    snapshot = item.snapshot
    return encode(
        {
            "epoch": snapshot.epoch,
            "version": snapshot.version,
            "total": snapshot.total,
            "since": since_json(snapshot.day),
            "entries": top_json(snapshot.entries, snapshot.day),
        }
    )
