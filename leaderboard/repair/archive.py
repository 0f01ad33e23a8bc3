"""The archive: recorded tops of seasons whose rankings the cache no longer keeps.

A rename, a removal or a hiding of somebody who played long ago still changes such a top. It is
made anew from the table then, without a ranking: who may be in it comes from the index, from the
recorded top and from the records themselves; what each of them has from the table, consistently.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from leaderboard.boards import order
from leaderboard.boards.board_season import BoardSeason
from leaderboard.boards.snapshots import Score, ranked
from leaderboard.errors import Unavailable
from leaderboard.ranking.board_item import hint_of, next_item, with_item_order
from leaderboard.ranking.ports import BoardStore
from leaderboard.ranking.recorder import NOTHING_RECORDED, TRIES, RecordResult
from leaderboard.ranking.score_state import ScoreState

INDEX_LAG_SECONDS = 1.0
"""What the index, which is eventually consistent, is given to show what its neighbours wrote."""
MARGIN = 10
"""Read behind the top at first, for those whom the index still shows and the table does not."""
AT_A_TIME = 100


class Index(Protocol):
    def best(self, board_season: BoardSeason, limit: int) -> list[Score]: ...


class ScoreReader(Protocol):
    def read_records(self, key: str, user_ids: Sequence[str]) -> list[ScoreState]:
        """What the table has of these users (100 at most), read consistently."""


@dataclass(frozen=True, slots=True)
class Found:
    """A top by the table. `total`: None where it is not known. Of a `mixed` one the index has keys
    in another order."""

    scores: tuple[Score, ...]
    total: int | None
    mixed: bool


@dataclass(frozen=True)
class Archive:
    boards: BoardStore
    scores: ScoreReader
    index: Index

    def update(self, board_season: BoardSeason, user_ids: Iterable[str]) -> RecordResult:
        """Record the top that the table has now, where these users have changed.

        The revision is known first and the scores are read after it, as for any record: so it may
        be late or done again. Whoever changed since the index was read has a record of their own
        still to come, which names them. Raises Unavailable.
        """
        changed = set(user_ids)
        for _ in range(TRIES):
            item = self.boards.read(board_season.key)
            if item is not None and not item.is_recorded:
                item = None
            shown = {entry.user_id for entry in item.snapshot.entries} if item else set()
            ordered = with_item_order(board_season, item)
            found = self._top(ordered, sorted(changed | shown))
            if item is None and not found.scores:
                return NOTHING_RECORDED
            hint = hint_of(item) if item else None
            total = found.total
            if total is None:
                total = max(len(found.scores), item.snapshot.total if item else 0)
            following = next_item(
                board_season,
                found.scores,
                total=total,
                life="",
                order=ordered.rules.order,
                hint=hint,
                total_due=False,
            )
            # Nobody follows this season: its total needs no version of its own.
            following = replace(
                following,
                snapshot=replace(following.snapshot, total=total),
                mixed=following.mixed or found.mixed,
            )
            if self.boards.write(following, read_revision=hint.revision if hint else 0):
                moved = hint is None or following.snapshot.version != hint.version
                return RecordResult(recorded=True, moved=moved)
        raise Unavailable(f"{board_season.key} is recorded by too many at once.")

    def take_off(self, key: str, user_ids: Iterable[str]) -> RecordResult:
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
            records = self.scores.read_records(key, named)
            gone = set(named) - {it.user_id for it in records if it.score is not None}
            if not gone and item.is_readable:
                return NOTHING_RECORDED
            left = ranked(
                Score(it.user_id, it.user_name, it.user_score, it.updated_ms)
                for it in top.entries
                if it.user_id not in gone
            )
            total = max(top.total - len(gone), len(left))
            snapshot = replace(top, version=top.version + 1, total=total, entries=left)
            following = replace(
                item, snapshot=snapshot, revision=item.revision + 1, life="", is_readable=True
            )
            if self.boards.write(following, read_revision=item.revision):
                return RecordResult(recorded=True, moved=True)
        raise Unavailable(f"{key} is recorded by too many at once.")

    def _top(self, board_season: BoardSeason, named: Sequence[str]) -> Found:
        known = self._read(board_season, named)
        rules = board_season.rules
        limit = rules.top_size + MARGIN
        while True:
            best = self.index.best(board_season, limit)
            known |= self._read(
                board_season, [it.user_id for it in best if it.user_id not in known]
            )
            records = [it for it in known.values() if it is not None]
            scores = sorted(
                (it.score for it in records if it.score is not None),
                key=lambda it: _key(board_season, it),
            )
            top = tuple(scores[: rules.top_size])
            mixed = any(it.order not in (None, rules.order) for it in records)
            if len(best) < limit:
                return Found(top, len(scores), mixed)
            # Behind where the index was read to, there may be others.
            if len(top) == rules.top_size and _key(board_season, top[-1]) <= _key(
                board_season, best[-1]
            ):
                return Found(top, None, mixed)
            limit *= 2

    def _read(
        self, board_season: BoardSeason, user_ids: Sequence[str]
    ) -> dict[str, ScoreState | None]:
        found: dict[str, ScoreState | None] = dict.fromkeys(user_ids)
        for start in range(0, len(user_ids), AT_A_TIME):
            some = user_ids[start : start + AT_A_TIME]
            for record in self.scores.read_records(board_season.key, some):
                found[record.user_id] = record
        return found


def _key(board_season: BoardSeason, score: Score) -> tuple[int, int, str]:
    return order.sort_key(
        board_season.rules.order, score.user_score, score.updated_ms, score.user_id
    )
