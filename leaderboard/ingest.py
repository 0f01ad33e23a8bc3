"""Ingest: score records of many boards in, rankings and records out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from leaderboard.archive import INDEX_LAG_SECONDS, Archive
from leaderboard.catalog import Catalog
from leaderboard.errors import BoardNotFound, Unavailable
from leaderboard.profiles import Profiles
from leaderboard.ranking import PARTIAL, Recorded, Recorder, ScoreRecord, Top
from leaderboard.rules import Board
from leaderboard.seasons import is_kept

BoardSeason = tuple[str, str]


class Rebuilds(Protocol):
    def ask(self, board: Board, season: str) -> bool:
        """Have a cold ranking filled; whether a rebuild was started. Raises Unavailable."""


class Departures(Protocol):
    def finish(self, user_id: str) -> None:
        """Have done what follows for a user who may not play; raises Unavailable."""


@dataclass(frozen=True, slots=True)
class Ingested:
    """What a batch came to. `failed` are to be delivered again."""

    taken: int
    recorded: int
    moved: int
    skipped: int
    rebuilds: int
    failed: frozenset[BoardSeason]


@dataclass(frozen=True)
class Ingest:
    catalog: Catalog
    recorder: Recorder
    rebuilds: Rebuilds
    profiles: Profiles
    departures: Departures
    archive: Archive
    now_ms: Callable[[], int]

    def take(self, batches: Mapping[BoardSeason, Sequence[ScoreRecord]]) -> Ingested:
        """Apply every board-season's records, then record the tops that changed.

        First all are applied, then all recorded: the waiting that recording may need is shared.
        No ranking is begun for a season that is no longer kept: its top is made from the table,
        after all others. A board-season whose dependencies fail is reported and does not hold up
        the others.
        """
        count = _Count()
        applied: list[tuple[Board, str, Top]] = []
        archived: list[tuple[Board, str, Sequence[ScoreRecord]]] = []
        for (name, season), records in batches.items():
            try:
                board = self.catalog.find(name)
            except BoardNotFound:  # boards.yml no longer has it
                count.skipped += len(records)
                continue
            with count.failing(name, season):
                kept = _is_kept(board, season, self.now_ms())
                result = self.recorder.apply(board, season, records, begin=kept)
                count.taken += result.taken
                if result.top is not None:
                    applied.append((board, season, result.top))
                if result.rebuild_due:
                    count.rebuilds += self.rebuilds.ask(board, season)
                if not kept and (result.top is None or result.top.completeness == PARTIAL):
                    archived.append((board, season, records))
        rested = self.recorder.rest(top for _, _, top in applied)
        for board, season, top in applied:
            with count.failing(board.board, season):
                outcome = self.recorder.record(board, season, top, rested_ms=rested)
                count.note(outcome)
                if outcome.rebuild:
                    count.rebuilds += self.rebuilds.ask(board, season)
        if archived:
            self.recorder.sleep(INDEX_LAG_SECONDS)
        for board, season, records in archived:
            with count.failing(board.board, season):
                count.note(self.archive.update(board, season, [it.user_id for it in records]))
        return count.total()

    def copy_profile(self, user_id: str, *, leaves: bool = False) -> bool:
        """Finish what a user's profile asks for; whether it could be done.

        It is copied to the user's scores; and who was barred or deleted `leaves`.
        """
        try:
            self.profiles.copy(user_id)
            if leaves:
                self.departures.finish(user_id)
        except Unavailable:
            return False
        return True


@dataclass
class _Count:
    """What a batch comes to, as it goes on."""

    taken: int = 0
    recorded: int = 0
    moved: int = 0
    skipped: int = 0
    rebuilds: int = 0
    failed: set[BoardSeason] = field(default_factory=set)

    @contextmanager
    def failing(self, board: str, season: str) -> Iterator[None]:
        try:
            yield
        except Unavailable:
            self.failed.add((board, season))

    def note(self, outcome: Recorded) -> None:
        self.recorded += outcome.recorded
        self.moved += outcome.moved

    def total(self) -> Ingested:
        return Ingested(
            self.taken,
            self.recorded,
            self.moved,
            self.skipped,
            self.rebuilds,
            frozenset(self.failed),
        )


def _is_kept(board: Board, season: str, now_ms: int) -> bool:
    try:
        return is_kept(board, season, now_ms)
    except ValueError:  # of a schedule that the board had once
        return False
