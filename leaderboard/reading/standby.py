"""Answers from the table's index, while the ranking in the cache cannot give them.

They have the same entries in the same order. But an index cannot say how many scores stand before
one. So the first entries of a board are read and counted; past them ranks and places are null.
"""

from __future__ import annotations

import builtins
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from leaderboard.boards import order
from leaderboard.boards.seasons import BoardSeason
from leaderboard.boards.snapshots import Entry, Score, ranked
from leaderboard.ranking.listings import Listing, Position
from leaderboard.reading.ports import ScoreIndex

List = builtins.list


@dataclass(frozen=True)
class Standby:
    """A RankingReader over an index.

    `total` is the number of ranked users as last recorded. `counted` is how many entries are read
    to know ranks by.
    """

    index: ScoreIndex
    total: int
    counted: int = 100

    def list(self, board_season: BoardSeason, *, after: Position | None, limit: int) -> Listing:
        size = limit if after is None else self.counted
        first = self._first(board_season, size)
        start = 0 if after is None else bisect_right(first.keys, _key(board_season, after))
        entries = [*first.entries[start : start + limit]]
        if not first.is_whole and len(entries) < limit:
            last = first.last if after is None or start < len(first.keys) else after
            rest = self.index.after(board_season, last, limit - len(entries))
            entries += _unranked(rest)
        return self._listing(entries)

    def around(self, board_season: BoardSeason, user_id: str, *, reach: int) -> Listing:
        known = self.index.find(board_season, [user_id])
        if not known:
            return self._listing([])
        (own,) = known
        first = self._first(board_season, self.counted, known=known, asked=[user_id])
        if own in first.ranks:
            at = first.ranks[own]
            entries = [*first.entries[max(0, at - reach) : at + reach + 1]]
            missing = reach - (len(first.entries) - 1 - at)
            if missing > 0 and not first.is_whole:
                # One more than wanted: the index may still have the user at an earlier place.
                behind = self.index.after(board_season, first.last, missing + 1)
                entries += _unranked(_others(behind, [it.user_id for it in entries]))[:missing]
            return self._listing(entries)
        if reach == 0:
            return self._listing(_unranked(known))
        position = _position(own)
        before = self.index.before(board_season, position, reach + 1)
        behind = self.index.after(board_season, position, reach + 1)
        near = [
            *_others(before, [user_id])[-reach:],
            own,
            *_others(behind, [user_id])[:reach],
        ]
        return self._listing(first.numbered(near))

    def find(self, board_season: BoardSeason, user_ids: Sequence[str]) -> Listing:
        known = self.index.find(board_season, user_ids)
        if not known:
            return self._listing([])
        first = self._first(board_season, self.counted, known=known, asked=user_ids)
        known.sort(key=lambda it: _key(board_season, it))
        return self._listing(first.numbered(known))

    def _first(
        self,
        board_season: BoardSeason,
        size: int,
        *,
        known: Iterable[Score] = (),
        asked: Sequence[str] = (),
    ) -> CountedEntries:
        """The first entries of a board.

        Of the users `asked` for it takes what is `known`: the index may have older scores.
        """
        found = self.index.best(board_season, size)
        is_whole = len(found) < size
        merged = [*_others(found, asked), *known]
        merged.sort(key=lambda it: _key(board_season, it))
        if not is_whole:
            horizon = _key(board_season, found[-1])
            merged = [it for it in merged if _key(board_season, it) <= horizon]
        return CountedEntries(
            entries=ranked(merged),
            keys=[_key(board_season, it) for it in merged],
            ranks={it: at for at, it in enumerate(merged)},
            last=_position(found[-1]) if found else Position(0, 0, ""),
            is_whole=is_whole,
        )

    def _listing(self, entries: Sequence[Entry]) -> Listing:
        """`total` never says less than what is shown."""
        shown = max((it.rank or 0 for it in entries), default=0)
        return Listing(tuple(entries), max(self.total, shown, len(entries)))


@dataclass(frozen=True)
class CountedEntries:
    """The first entries of a board, which are numbered, and where what was read ends.

    `ranks` has each score's number in `entries`, from 0. `is_whole`: the board has no more.
    """

    entries: tuple[Entry, ...]
    keys: List[tuple[int, int, str]]
    ranks: dict[Score, int]
    last: Position
    is_whole: bool

    def numbered(self, scores: Iterable[Score]) -> List[Entry]:
        """The scores as entries, ranked as far as these reach."""
        return [
            self.entries[self.ranks[it]] if it in self.ranks else _unranked([it])[0]
            for it in scores
        ]


def _position(score: Score) -> Position:
    return Position(score.user_score, score.updated_ms, score.user_id)


def _key(board_season: BoardSeason, at: Score | Position) -> tuple[int, int, str]:
    return order.sort_key(board_season.rules.order, at.user_score, at.updated_ms, at.user_id)


def _others(scores: Iterable[Score], user_ids: Sequence[str]) -> List[Score]:
    left_out = set(user_ids)
    return [it for it in scores if it.user_id not in left_out]


def _unranked(scores: Iterable[Score]) -> List[Entry]:
    return [
        Entry(None, None, it.user_id, it.user_name, it.user_score, it.updated_ms) for it in scores
    ]
