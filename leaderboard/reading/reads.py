"""The boards, their tops and their rankings, as JSON.

The cache is asked first, in one call. While it is cold or down the tables answer, in the same
order.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from leaderboard import clock
from leaderboard.boards.catalog import Catalog
from leaderboard.boards.rules import Action, Board, Format, JudgedPoints
from leaderboard.boards.seasons import BoardSeason, kept
from leaderboard.boards.snapshots import entries_json, entry_json, top_json
from leaderboard.errors import CacheUnavailable, UserNotRanked
from leaderboard.ranking.listings import Listing, Position
from leaderboard.ranking.ports import BoardReader, RankingReader
from leaderboard.ranking.tops import kept_top_json, with_item_order
from leaderboard.reading import cursors
from leaderboard.reading.ports import KeptTops, ScoreIndex
from leaderboard.reading.standby import Standby

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class TaggedBody:
    """An answer with the tag that names its content."""

    body: Json
    tag: str


NO_SCORES: Json = {"epoch": None, "version": 0, "total": 0, "since": None, "entries": []}


@dataclass(frozen=True)
class Reads:
    """Answers questions about boards.

    `boards` and `index` are functions that make the tables' readers: while the cache is well they
    are not called, and the function never loads the tables' client.
    """

    catalog: Catalog
    cache: KeptTops
    rankings: RankingReader
    boards: Callable[[], BoardReader]
    index: Callable[[], ScoreIndex]
    now_ms: Callable[[], int]

    def list(self) -> Json:
        """The listed boards and patterns of boards.yml, with their current seasons and paces."""
        listed = {name: board for name, board in self.catalog.rules.items() if board.listed}
        concrete = [board for board in listed if "*" not in board]
        try:
            paces = dict(zip(concrete, self.cache.read_paces(concrete), strict=True))
        except CacheUnavailable:
            paces = {}
        return {"boards": [self._board(it, paces.get(name)) for name, it in listed.items()]}

    def top(self, board_season: BoardSeason, *, limit: int | None) -> TaggedBody:
        """The first entries of a board: up to its top size as recorded, past it as they are now.

        `total` is the ranking's as it is now, while the cache has the whole ranking.
        """
        top_size = board_season.rules.top_size
        if limit is None or limit <= top_size:
            body, degraded = self._recorded(board_season)
            body = {**body, "entries": body["entries"][: limit or top_size]}
            names = (board_season.season.season, body["epoch"] or 0, body["version"], body["total"])
            tag = "-".join(str(it) for it in names)
        else:
            listing, degraded = self._listing(
                board_season, lambda it, by: it.list(by, after=None, limit=limit)
            )
            body = {
                "epoch": None,
                "version": None,
                "total": listing.total,
                **_unmoved(listing),
            }
            tag = hashlib.sha256(json.dumps(body).encode()).hexdigest()[:16]
        ends_at = clock.text_of(board_season.season.ends_ms)
        return TaggedBody(_headed(board_season, degraded, {**body, "endsAt": ends_at}), tag)

    def entries(self, board_season: BoardSeason, *, cursor: str | None, limit: int) -> Json:
        """A page of a board's ranking: from the beginning, or behind where a cursor says.

        Raises Invalid for a cursor that is not of this board-season.
        """
        key = board_season.key
        after = None if cursor is None else cursors.from_text(cursor, key=key)
        listing, degraded = self._listing(
            board_season,
            # One more than is shown tells whether there is a next page.
            lambda it, by: it.list(by, after=after, limit=limit + 1),
        )
        shown = listing.entries[:limit]
        following = None
        if len(listing.entries) > limit:
            last = Position(shown[-1].user_score, shown[-1].updated_ms, shown[-1].user_id)
            following = cursors.to_text(last, key=key)
        body = {
            "entries": entries_json(shown),
            "total": listing.total,
            "nextCursor": following,
        }
        return _headed(board_season, degraded, body)

    def user(self, board_season: BoardSeason, user_id: str, *, around: int) -> Json:
        """A user's entry with up to `around` neighbours on each side, and the share at or below it.

        Raises UserNotRanked.
        """
        listing, degraded = self._listing(
            board_season, lambda it, by: it.around(by, user_id, reach=around)
        )
        own = next((it for it in listing.entries if it.user_id == user_id), None)
        if own is None:
            board, season = board_season.board, board_season.season.season
            raise UserNotRanked(f"This user has no score on {board} in the season {season}.")
        body = {
            "entry": entry_json(own),
            "total": listing.total,
            "percentile": percentile(own.place, listing.total),
            "around": entries_json(listing.entries),
        }
        return _headed(board_season, degraded, body)

    def query(self, board_season: BoardSeason, user_ids: Sequence[str]) -> Json:
        """The entries of those users that are ranked, in board order, and who is not."""
        asked = list(dict.fromkeys(user_ids))
        listing, degraded = self._listing(board_season, lambda it, by: it.find(by, asked))
        ranked = {it.user_id for it in listing.entries}
        body = {
            "entries": entries_json(listing.entries),
            "unranked": [it for it in asked if it not in ranked],
        }
        return _headed(board_season, degraded, body)

    def _recorded(self, board_season: BoardSeason) -> tuple[Json, bool]:
        try:
            kept = self.cache.read_kept_top(board_season.key)
        except CacheUnavailable:
            item = self.boards().read(board_season.key)
            if item is not None and not item.is_readable:
                return self._indexed(with_item_order(board_season, item)), True
            return (NO_SCORES if item is None else json.loads(kept_top_json(item))), True
        body = kept.body
        if body is None:
            item = self.boards().read(board_season.key)
            if item is None:
                return NO_SCORES, False
            if not item.is_readable:
                return self._indexed(with_item_order(board_season, item)), True
            body = kept_top_json(item)
            with contextlib.suppress(CacheUnavailable):
                self.cache.keep_top(board_season.key, revision=item.revision, body=body)
        recorded: Json = json.loads(body)
        # A board that has recorded nothing says so, whatever is on its way.
        if kept.total is None or not recorded["version"]:
            return recorded, False
        return {**recorded, "total": kept.total}, False

    def _indexed(self, board_season: BoardSeason) -> Json:
        """The top by the index, where the recorded one cannot be read."""
        standby = Standby(self.index(), 0)
        listing = standby.list(board_season, after=None, limit=board_season.rules.top_size)
        return {"epoch": None, "version": None, "total": listing.total, **_unmoved(listing)}

    def _listing(
        self, board_season: BoardSeason, ask: Callable[[RankingReader, BoardSeason], Listing | None]
    ) -> tuple[Listing, bool]:
        """What the ranking answers, or the index in its place; and whether it was the index.

        Both answer in the order that counts for the season. The ranking knows it; the index is told
        the one that the board's item says. A board that was never recorded is empty, unless the
        cache is down: then nothing can be recorded, so the index is asked all the same.
        """
        down = False
        try:
            listing = ask(self.rankings, board_season)
        except CacheUnavailable:
            listing, down = None, True
        if listing is not None:
            return listing, False
        item = self.boards().read(board_season.key)
        recorded = item is not None and item.is_recorded
        if not recorded and not down:
            return Listing((), 0), False
        standby = Standby(self.index(), item.snapshot.total if item and recorded else 0)
        return ask(standby, with_item_order(board_season, item)) or Listing((), 0), True

    def _board(self, board: Board, pace: str | None) -> Json:
        season = BoardSeason.at(board, self.now_ms()).season
        known: Json = json.loads(pace) if pace else {}
        return {
            "board": board.board,
            "title": board.title,
            "order": board.order,
            "operator": board.operator,
            "topSize": board.top_size,
            "season": {
                "season": season.season,
                "startsAt": clock.text_of(season.starts_ms),
                "endsAt": clock.text_of(season.ends_ms),
            },
            "schedule": board.schedule,
            "seasons": kept(board.schedule, season, board.keep_seasons),
            "actions": {
                name: {
                    "points": points_json(action),
                    "evidence": isinstance(action.points, JudgedPoints),
                    "minSeconds": action.min_seconds,
                    "expiresSeconds": action.expires_seconds,
                }
                for name, action in board.actions.items()
            },
            "format": _format_json(board.format),
            "frameIntervalMs": known.get("frameIntervalMs") or board.frame_interval_ms,
            "viewers": known.get("viewers"),
        }


def _unmoved(listing: Listing) -> Json:
    """A top that comes from elsewhere than its record: nothing tells how it was at midnight."""
    return {"since": None, "entries": top_json(listing.entries, None)}


def points_json(action: Action) -> int | Json:
    """What an action is worth: a number, or `{min, max}` where a judge decides."""
    points = action.points
    if isinstance(points, JudgedPoints):
        return {"min": points.least, "max": points.max}
    return points


def _format_json(it: Format) -> Json:
    said = {"kind": it.kind, "decimals": it.decimals, "unit": it.unit}
    return {name: value for name, value in said.items() if value is not None}


def percentile(place: int | None, total: int) -> float | None:
    """The share of the ranked users, in percent, that are at this place or below it.

    It is not rounded, so only the first place has 100. None if the place is not known. A recorded
    total may be smaller than the place of somebody who came later.
    """
    if place is None:
        return None
    among = max(total, place)
    return 100 * (among - place + 1) / among


def _headed(board_season: BoardSeason, degraded: bool, body: Json) -> Json:
    """An answer with the board and season that it is about, and `degraded` if it is from tables."""
    return {
        "board": board_season.board,
        **({"degraded": True} if degraded else {}),
        "season": board_season.season.season,
        **body,
    }
