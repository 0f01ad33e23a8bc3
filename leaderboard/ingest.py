"""Ingest: score records of many boards in, rankings and records out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from leaderboard.catalog import Catalog
from leaderboard.errors import BoardNotFound, Unavailable
from leaderboard.profiles import Profiles
from leaderboard.ranking import Recorder, ScoreRecord, Top
from leaderboard.rules import Board

BoardSeason = tuple[str, str]


class Rebuilds(Protocol):
    def start(self, board: str, season: str) -> None:
        """Start a rebuild without waiting for it; raises Unavailable."""


class Departures(Protocol):
    def finish(self, user_id: str) -> None:
        """Have done what follows for a user who may not play; raises Unavailable."""


class Claims(Protocol):
    def release(self, board: Board, season: str) -> None:
        """Give back the claim on a rebuild that could not be started."""


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
    claims: Claims
    profiles: Profiles
    departures: Departures

    def take(self, batches: Mapping[BoardSeason, Sequence[ScoreRecord]]) -> Ingested:
        """Apply every board-season's records, then record the tops that changed.

        First all are applied, then all recorded: the waiting that recording may need is shared.
        A board-season whose dependencies fail is reported and does not hold up the others.
        """
        applied: list[tuple[Board, str, Top | None]] = []
        failed: set[BoardSeason] = set()
        taken = recorded = moved = skipped = rebuilds = 0
        for (name, season), records in batches.items():
            try:
                board = self.catalog.find(name)
            except BoardNotFound:  # boards.yml no longer has it
                skipped += len(records)
                continue
            try:
                result = self.recorder.apply(board, season, records)
                applied.append((board, season, result.top))
                taken += result.taken
                if result.rebuild_due:
                    self._rebuild(board, season)
                    rebuilds += 1
            except Unavailable:
                failed.add((name, season))
        rested = self.recorder.rest(top for _, _, top in applied)
        for board, season, top in applied:
            try:
                outcome = self.recorder.record(board, season, top, rested_ms=rested)
                recorded += outcome.recorded
                moved += outcome.moved
                if outcome.rebuild:
                    self._rebuild(board, season)
                    rebuilds += 1
            except Unavailable:
                failed.add((board.board, season))
        return Ingested(taken, recorded, moved, skipped, rebuilds, frozenset(failed))

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

    def _rebuild(self, board: Board, season: str) -> None:
        try:
            self.rebuilds.start(board.board, season)
        except Unavailable:
            self.claims.release(board, season)
            raise
