"""Reads: the boards and their tops. The cache first, the tables when it is cold or down."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from leaderboard import messages
from leaderboard.catalog import Catalog
from leaderboard.errors import CacheUnavailable, Invalid
from leaderboard.ranking import COMPLETE, BoardItem, Top
from leaderboard.rules import Board, Reported
from leaderboard.seasons import Season, parse_season, season_at
from leaderboard.snapshots import Score, ranked

Json = dict[str, Any]


class Copies(Protocol):
    """What the cache keeps for readers. Every call raises CacheUnavailable while it is down."""

    def read_copy(self, board: str, season: str) -> str | None: ...

    def keep_copy(self, board: str, season: str, *, revision: int, body: str) -> None: ...

    def read_paces(self, boards: Sequence[str]) -> list[str | None]: ...

    def read(self, board: Board, season: str, *, size: int | None = None) -> Top | None: ...


class BoardReader(Protocol):
    def read(self, board: str, season: str) -> BoardItem | None: ...


class Index(Protocol):
    def best(self, board: Board, season: str, limit: int) -> list[Score]: ...


@dataclass(frozen=True, slots=True)
class Page:
    """An answer with the tag that names its content."""

    body: Json
    tag: str


def copy_of(item: BoardItem) -> str:
    """What the cache keeps of a board's item."""
    snapshot = item.snapshot
    return messages.encode(
        {
            "epoch": snapshot.epoch,
            "version": snapshot.version,
            "total": snapshot.total,
            "entries": messages.entries_json(snapshot.entries),
        }
    )


NO_SCORES: Json = {"epoch": None, "version": 0, "total": 0, "entries": []}


@dataclass(frozen=True)
class Reads:
    catalog: Catalog
    cache: Copies
    boards: BoardReader
    index: Index
    now_ms: Callable[[], int]

    def list(self) -> Json:
        """Every board and pattern of boards.yml, with its current season and pace."""
        concrete = [board for board in self.catalog.rules if "*" not in board]
        try:
            paces = dict(zip(concrete, self.cache.read_paces(concrete), strict=True))
        except CacheUnavailable:
            paces = {}
        rules = self.catalog.rules.items()
        return {"boards": [self._board(it, paces.get(name)) for name, it in rules]}

    def top(self, board: str, *, season: str | None, limit: int | None) -> Page:
        """The first entries of a board: up to its top size as recorded, past it as they are now.

        Raises BoardNotFound, and Invalid for a season that is none or has not begun.
        """
        rules = self.catalog.find(board)
        named = self._season(rules, season)
        if limit is None or limit <= rules.top_size:
            body, degraded = self._recorded(rules, named)
            body = {**body, "entries": body["entries"][: limit or rules.top_size]}
            tag = "-".join(str(it) for it in (named.season, body["epoch"] or 0, body["version"]))
        else:
            body, degraded = self._live(rules, named, limit)
            tag = hashlib.sha256(json.dumps(body).encode()).hexdigest()[:16]
        shown: Json = {
            "board": board,
            **({"degraded": True} if degraded else {}),
            "season": named.season,
            **body,
            "endsAt": messages.text_of(named.ends_ms),
        }
        return Page(shown, tag)

    def _recorded(self, board: Board, season: Season) -> tuple[Json, bool]:
        try:
            kept = self.cache.read_copy(board.board, season.season)
            if kept is not None:
                copy: Json = json.loads(kept)
                return copy, False
        except CacheUnavailable:
            item = self.boards.read(board.board, season.season)
            return (NO_SCORES if item is None else json.loads(copy_of(item))), True
        item = self.boards.read(board.board, season.season)
        if item is None:
            return NO_SCORES, False
        body = copy_of(item)
        with contextlib.suppress(CacheUnavailable):
            self.cache.keep_copy(board.board, season.season, revision=item.revision, body=body)
        return json.loads(body), False

    def _live(self, board: Board, season: Season, limit: int) -> tuple[Json, bool]:
        """More than the recorded top: from the ranking, or from the index while that is away."""
        down = False
        try:
            top = self.cache.read(board, season.season, size=limit)
        except CacheUnavailable:
            top, down = None, True
        if top is not None and top.completeness == COMPLETE:
            return _unversioned(top.scores, top.total), False
        item = self.boards.read(board.board, season.season)
        if item is None or not item.is_recorded:
            return {**NO_SCORES, "version": None}, down
        scores = self.index.best(board, season.season, limit)
        return _unversioned(scores, max(item.snapshot.total, len(scores))), True

    def _season(self, board: Board, season: str | None) -> Season:
        now = self.now_ms()
        if season is None:
            return season_at(board.schedule, now)
        try:
            named = parse_season(board.schedule, season)
        except ValueError as error:
            raise Invalid(str(error), path="season") from error
        if named.starts_ms is not None and named.starts_ms > now:
            raise Invalid("This season has not begun.", path="season")
        return named

    def _board(self, board: Board, pace: str | None) -> Json:
        season = season_at(board.schedule, self.now_ms())
        known: Json = json.loads(pace) if pace else {}
        return {
            "board": board.board,
            "title": board.title,
            "order": board.order,
            "operator": board.operator,
            "topSize": board.top_size,
            "season": {
                "season": season.season,
                "startsAt": messages.text_of(season.starts_ms),
                "endsAt": messages.text_of(season.ends_ms),
            },
            "actions": {
                name: {
                    "points": points_json(action.points),
                    "minSeconds": action.min_seconds,
                    "expiresSeconds": action.expires_seconds,
                }
                for name, action in board.actions.items()
            },
            "frameIntervalMs": known.get("frameIntervalMs") or board.frame_interval_ms,
            "viewers": known.get("viewers"),
        }


def points_json(points: int | Reported) -> int | Json:
    return {"max": points.max} if isinstance(points, Reported) else points


def _unversioned(scores: Sequence[Score], total: int) -> Json:
    return {
        "epoch": None,
        "version": None,
        "total": total,
        "entries": messages.entries_json(ranked(scores)),
    }
