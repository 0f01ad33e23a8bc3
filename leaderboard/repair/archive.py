"""The archive: recorded tops of seasons whose rankings the cache no longer keeps.

A rename, a removal or a hiding of somebody who played long ago still changes such a top. It is
made again from the table then, without a ranking. Who may be in it comes from the index, from the
recorded top and from the records themselves. What each of them has comes from the table, read
consistently.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from leaderboard.boards import order
from leaderboard.boards.seasons import BoardSeason
from leaderboard.boards.snapshots import Score, ranked
from leaderboard.errors import Unavailable
from leaderboard.ranking.ports import BoardStore
from leaderboard.ranking.recorder import NOTHING_RECORDED, TRIES, RecordResult
from leaderboard.ranking.score_state import ScoreState
from leaderboard.ranking.tops import BoardItem, hint_of, next_item, with_item_order
from leaderboard.repair.ports import USERS_AT_ONCE, OrderIndex, ScoreReader

INDEX_LAG_SECONDS = 1.0
"""What the index, which is eventually consistent, is given to show what was just written."""
MARGIN = 10
"""Read behind the top at first, for those whom the index still shows and the table does not."""


@dataclass(frozen=True, slots=True)
class TableTop:
    """A top by the table. `total`: None where it is not known.

    `mixed`: the index has keys of this board-season in another order as well.
    """

    scores: tuple[Score, ...]
    total: int | None
    mixed: bool


@dataclass(frozen=True)
class Archive:
    """Records tops from the table, without a ranking."""

    boards: BoardStore
    scores: ScoreReader
    index: OrderIndex

    def update(self, board_season: BoardSeason, user_ids: Iterable[str]) -> RecordResult:
        """Record the top that the table has now, where these users have changed.

        The revision is known first and the scores are read after it, as for any record: so it may
        be late or repeated. A user who changed since the index was read has a record of their own
        still to come, which names them. Raises Unavailable.
        """
        changed = set(user_ids)
        for _ in range(TRIES):
            item = self.boards.read(board_season.key)
            if item is not None and not item.is_recorded:
                item = None
            shown = {entry.user_id for entry in item.snapshot.entries} if item else set()
            in_item_order = with_item_order(board_season, item)
            top = self._read_top(in_item_order, sorted(changed | shown))
            if item is None and not top.scores:
                return NOTHING_RECORDED
            following = _item_of(in_item_order, top, item)
            revision = item.revision if item else 0
            if self.boards.write(following, read_revision=revision, keep_day=True):
                moved = item is None or following.snapshot.version != item.snapshot.version
                return RecordResult(recorded=True, moved=moved)
        raise Unavailable(_raced(board_season.key))

    def remove_users(self, key: str, user_ids: Iterable[str]) -> RecordResult:
        """Take those users off a recorded top who have no score any more.

        That is for a board that boards.yml no longer has. Without its rules nobody else can be put
        in their places: that waits until the board is back. A top that cannot be read becomes an
        empty one, for nobody knows whose names are in it. Raises Unavailable.
        """
        users = set(user_ids)
        for _ in range(TRIES):
            item = self.boards.read(key)
            if item is None or not item.is_recorded:
                return NOTHING_RECORDED
            top = item.snapshot
            named = [entry.user_id for entry in top.entries if entry.user_id in users]
            states = self.scores.read_states(key, named)
            gone = set(named) - {it.user_id for it in states if it.score is not None}
            if not gone and item.is_readable:
                return NOTHING_RECORDED
            left = ranked(
                Score(it.user_id, it.user_name, it.user_score, it.updated_ms)
                for it in top.entries
                if it.user_id not in gone
            )
            total = max(top.total - len(gone), len(left))
            snapshot = replace(
                top,
                version=top.version + 1,
                total=total,
                entries=left,
                day=top.day and top.day.without(gone),
            )
            following = replace(
                item, snapshot=snapshot, revision=item.revision + 1, life="", is_readable=True
            )
            if self.boards.write(following, read_revision=item.revision):
                return RecordResult(recorded=True, moved=True)
        raise Unavailable(_raced(key))

    def _read_top(self, board_season: BoardSeason, named: Sequence[str]) -> TableTop:
        """The top by the table, of these users and of those that the index has in front.

        The index is read further until it reaches past the last of the top.
        """
        known = self._read(board_season, named)
        rules = board_season.rules
        limit = rules.top_size + MARGIN
        while True:
            best = self.index.best(board_season, limit)
            unknown = [it.user_id for it in best if it.user_id not in known]
            known |= self._read(board_season, unknown)
            states = [it for it in known.values() if it is not None]
            scores = sorted(
                (it.score for it in states if it.score is not None),
                key=lambda it: _sort_key(board_season, it),
            )
            top = tuple(scores[: rules.top_size])
            mixed = any(it.order not in (None, rules.order) for it in states)
            if len(best) < limit:
                return TableTop(top, len(scores), mixed)
            # Behind where the index was read to, there may be others.
            is_full = len(top) == rules.top_size
            reached = _sort_key(board_season, best[-1])
            if is_full and _sort_key(board_season, top[-1]) <= reached:
                return TableTop(top, None, mixed)
            limit *= 2

    def _read(
        self, board_season: BoardSeason, user_ids: Sequence[str]
    ) -> dict[str, ScoreState | None]:
        found: dict[str, ScoreState | None] = dict.fromkeys(user_ids)
        for start in range(0, len(user_ids), USERS_AT_ONCE):
            some = user_ids[start : start + USERS_AT_ONCE]
            for state in self.scores.read_states(board_season.key, some):
                found[state.user_id] = state
        return found


def _item_of(board_season: BoardSeason, top: TableTop, item: BoardItem | None) -> BoardItem:
    """The item that records a top after the stored one, which has no life of the cache."""
    total = top.total
    if total is None:
        total = max(len(top.scores), item.snapshot.total if item else 0)
    following = next_item(
        board_season,
        top.scores,
        total=total,
        life="",
        order=board_season.rules.order,
        hint=hint_of(item) if item else None,
        total_due=False,
        day=None,
    )
    # Nobody follows this season: its total needs no version of its own.
    snapshot = replace(following.snapshot, total=total)
    return replace(following, snapshot=snapshot, mixed=following.mixed or top.mixed)


def _raced(key: str) -> str:
    return f"Others recorded {key} each time before this could. It is tried again."


def _sort_key(board_season: BoardSeason, score: Score) -> tuple[int, int, str]:
    board_order = board_season.rules.order
    return order.sort_key(board_order, score.user_score, score.updated_ms, score.user_id)
