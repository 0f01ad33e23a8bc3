"""A board-season's item in the table of boards: the recorded top, and what the next one says."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace

from leaderboard.boards.board_season import BoardSeason
from leaderboard.boards.entries import entries_json
from leaderboard.boards.rules import Order
from leaderboard.boards.snapshots import Score, Snapshot, ranked
from leaderboard.ranking.cached_top import Hint


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
    """The item that records a top, next to what the hint says of the one before.

    Its version is one higher if the top differs, or if the total differs and `total_due`. Else the
    total stays as it was: a version has one total, and a difference is recorded once it is due.
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
