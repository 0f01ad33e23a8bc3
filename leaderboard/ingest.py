"""Ingest: score records of many boards in, rankings and records out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from leaderboard.catalog import Catalog
from leaderboard.errors import BoardNotFound, Unavailable
from leaderboard.ranking import PARTIAL, Recorder, ScoreRecord, Top
from leaderboard.rules import Board
from leaderboard.seasons import is_kept, season_at

BoardSeason = tuple[str, str]
Place = tuple[Board, str, Sequence[ScoreRecord]]
"""A board and season with the records that a batch has of it."""


@dataclass(frozen=True, slots=True)
class Chores:
    """What a batch asks of upkeep, which runs beside the path from score to frame.

    The scores of the users in `profiles` are to be brought up to their profiles. `archived` names
    the users whose scores changed in seasons that the cache does not keep: those tops are to be
    recorded from the table. Of a board that was taken out it names who has no score any more.
    """

    profiles: Collection[str] = ()
    archived: Mapping[BoardSeason, Collection[str]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.profiles) + len(self.archived)

    def to_json(self) -> dict[str, Any]:
        return {
            "profiles": list(self.profiles),
            "archived": [
                {"board": board, "season": season, "userIds": list(user_ids)}
                for (board, season), user_ids in self.archived.items()
            ],
        }

    @classmethod
    def from_json(cls, event: Mapping[str, Any]) -> Chores:
        """Raises KeyError and TypeError for an event of another form."""
        archived = {(it["board"], it["season"]): it["userIds"] for it in event.get("archived", ())}
        return cls(tuple(event.get("profiles", ())), archived)


class Upkeep(Protocol):
    def ask(self, chores: Chores) -> None:
        """Have chores done without waiting for them; raises Unavailable."""


class Rebuilds(Protocol):
    def ask(self, board: Board, season: str) -> bool:
        """Have a cold ranking filled; whether a rebuild was started. Raises Unavailable."""


class Departures(Protocol):
    def finish(self, user_id: str) -> None:
        """Have done what follows for a user who may not play; raises Unavailable."""


@dataclass(frozen=True, slots=True)
class Ingested:
    """What a batch came to. `failed` and `behind`, users' profiles, are to be delivered again."""

    taken: int
    recorded: int
    moved: int
    skipped: int
    rebuilds: int
    failed: frozenset[BoardSeason]
    behind: frozenset[str]


@dataclass(frozen=True)
class Ingest:
    catalog: Catalog
    recorder: Recorder
    rebuilds: Rebuilds
    upkeep: Upkeep
    departures: Departures
    now_ms: Callable[[], int]

    def take(
        self,
        batches: Mapping[BoardSeason, Sequence[ScoreRecord]],
        *,
        profiles: Collection[str] = (),
        leaving: Collection[str] = (),
    ) -> Ingested:
        """Apply every board-season's records, then record the tops that changed.

        Current seasons come first, so nothing of a past one holds them up. Of each kind all are
        applied, then all recorded: the waiting that recording may need is shared. No ranking is
        begun for a season that is no longer kept: upkeep records its top. That of a board which
        was taken out is dropped: put back, it must not show who was removed meanwhile; upkeep takes
        these off its recorded top, so that no name stays of who is erased. Upkeep also
        brings the scores of the users in `profiles` up to them; of those, who is `leaving` was
        barred or deleted. What fails because a dependency is down is reported, and holds up nothing
        else.
        """
        count = _Count()
        now = self.now_ms()
        current: list[Place] = []
        past: list[Place] = []
        archived: dict[BoardSeason, list[str]] = {}
        for (name, season), records in batches.items():
            try:
                board = self.catalog.find(name)
            except BoardNotFound:  # boards.yml no longer has it
                count.skipped += len(records)
                with count.failing(name, season):
                    self.recorder.forget(name, season)
                if gone := [it.user_id for it in records if it.score is None]:
                    archived[name, season] = gone
                continue
            is_current = season_at(board.schedule, now).season == season
            (current if is_current else past).append((board, season, records))
        self._rank(current, count)
        archived |= self._rank(past, count)
        self._hand_over(Chores(profiles, archived), count)
        for user_id in leaving:
            try:
                self.departures.finish(user_id)
            except Unavailable:
                count.behind.add(user_id)
        return count.total()

    def _rank(self, places: Sequence[Place], count: _Count) -> dict[BoardSeason, list[str]]:
        """Apply and record; the users of those seasons that the cache does not keep."""
        applied: list[tuple[Board, str, Top, Sequence[ScoreRecord]]] = []
        archived: dict[BoardSeason, list[str]] = {}
        for board, season, records in places:
            with count.failing(board.board, season):
                kept = _is_kept(board, season, self.now_ms())
                result = self.recorder.apply(board, season, records, begin=kept)
                count.taken += result.taken
                if result.top is not None:
                    applied.append((board, season, result.top, records))
                if result.rebuild_due:
                    count.rebuilds += self.rebuilds.ask(board, season)
                if not kept and (result.top is None or result.top.completeness == PARTIAL):
                    archived[board.board, season] = [it.user_id for it in records]
        rested = self.recorder.rest(top for _, _, top, _ in applied)
        for board, season, top, records in applied:
            with count.failing(board.board, season):
                outcome = self.recorder.record(board, season, top, rested_ms=rested)
                count.recorded += outcome.recorded
                count.moved += outcome.moved
                if outcome.rebuild:
                    count.rebuilds += self.rebuilds.ask(board, season)
                if outcome.lost:
                    count.failed.add((board.board, season))
                self.recorder.mix(board, season, top, records, order=outcome.order)
        return archived

    def _hand_over(self, chores: Chores, count: _Count) -> None:
        if chores:
            try:
                self.upkeep.ask(chores)
            except Unavailable:
                count.failed |= chores.archived.keys()
                count.behind |= set(chores.profiles)


@dataclass
class _Count:
    """What a batch comes to, as it goes on."""

    taken: int = 0
    recorded: int = 0
    moved: int = 0
    skipped: int = 0
    rebuilds: int = 0
    failed: set[BoardSeason] = field(default_factory=set)
    behind: set[str] = field(default_factory=set)

    @contextmanager
    def failing(self, board: str, season: str) -> Iterator[None]:
        try:
            yield
        except Unavailable:
            self.failed.add((board, season))

    def total(self) -> Ingested:
        return Ingested(
            self.taken,
            self.recorded,
            self.moved,
            self.skipped,
            self.rebuilds,
            frozenset(self.failed),
            frozenset(self.behind),
        )


def _is_kept(board: Board, season: str, now_ms: int) -> bool:
    try:
        return is_kept(board, season, now_ms)
    except ValueError:  # of a schedule that the board had once
        return False
