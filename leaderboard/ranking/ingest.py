"""Ingest: a batch of scores of many boards comes in; rankings and recorded tops come out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from leaderboard.boards.catalog import Catalog
from leaderboard.boards.seasons import BoardSeason
from leaderboard.errors import BoardNotFound, Unavailable
from leaderboard.ranking.ports import ModerationStarter, Rebuilds, UpkeepStarter
from leaderboard.ranking.recorder import Recorder
from leaderboard.ranking.score_state import ScoreState
from leaderboard.ranking.tops import PARTIAL, CachedTop
from leaderboard.ranking.upkeep_tasks import UpkeepTasks

Batch = tuple[BoardSeason, Sequence[ScoreState]]
"""A board-season with the scores that the stream delivered of it."""


@dataclass
class IngestResult:
    """What a batch came to, counted while it is applied.

    The stream must deliver again the board-seasons of `failed` (by key) and the profiles of
    `failed_profiles` (by user).
    """

    applied: int = 0
    recorded: int = 0
    moved: int = 0
    skipped: int = 0
    rebuilds: int = 0
    failed: set[str] = field(default_factory=set)
    failed_profiles: set[str] = field(default_factory=set)

    @contextmanager
    def failing(self, key: str) -> Iterator[None]:
        """Note a board-season as failed if a dependency is down, and go on."""
        try:
            yield
        except Unavailable:
            self.failed.add(key)


@dataclass(frozen=True)
class Ingest:
    """Applies what the stream of scores delivers. What fails holds up nothing else."""

    catalog: Catalog
    recorder: Recorder
    rebuilds: Rebuilds
    upkeep: UpkeepStarter
    moderation: ModerationStarter
    now_ms: Callable[[], int]

    def apply(
        self,
        batches: Mapping[str, Sequence[ScoreState]],
        *,
        profiles: Collection[str] = (),
        leaving: Collection[str] = (),
    ) -> IngestResult:
        """Apply every board-season's scores, given by its key, then record the tops that changed.

        Current seasons come first, so that past ones do not hold them up. A season that is no
        longer kept gets no new ranking: upkeep records its top. Upkeep also copies the profiles of
        the users in `profiles` to their scores. Those of them who are `leaving` were barred or
        deleted. What fails because a dependency is down is reported in the result.
        """
        done = IngestResult()
        now = self.now_ms()
        current: list[Batch] = []
        past: list[Batch] = []
        archived: dict[str, list[str]] = {}
        for key, states in batches.items():
            try:
                board_season = BoardSeason.parse(key, self.catalog.find)
            except BoardNotFound:
                archived |= self._forget_board(key, states, done)
                continue
            is_current = board_season.is_current(now)
            (current if is_current else past).append((board_season, states))
        self._rank(current, done)
        archived |= self._rank(past, done)
        self._start_upkeep(UpkeepTasks(profiles, archived), done)
        for user_id in leaving:
            try:
                self.moderation.finish(user_id)
            except Unavailable:
                done.failed_profiles.add(user_id)
        return done

    def _forget_board(
        self, key: str, states: Sequence[ScoreState], done: IngestResult
    ) -> dict[str, list[str]]:
        """Drop the ranking of a board that boards.yml no longer has.

        If the board comes back, its ranking must not show users who were removed meanwhile. Upkeep
        takes these users off the recorded top, so that no name of an erased user stays.
        """
        done.skipped += len(states)
        with done.failing(key):
            self.recorder.forget(key)
        removed = [it.user_id for it in states if it.score is None]
        return {key: removed} if removed else {}

    def _rank(self, batches: Sequence[Batch], done: IngestResult) -> dict[str, list[str]]:
        """Apply all, then record all: so they share one wait for their boards' intervals.

        The answer has the users of those seasons that the cache does not keep.
        """
        changed: list[tuple[BoardSeason, CachedTop, Sequence[ScoreState]]] = []
        archived: dict[str, list[str]] = {}
        for board_season, states in batches:
            with done.failing(board_season.key):
                kept = board_season.is_kept(self.now_ms())
                result = self.recorder.apply(board_season, states, begin=kept)
                done.applied += result.applied
                if result.top is not None:
                    changed.append((board_season, result.top, states))
                if result.rebuild_due:
                    done.rebuilds += self.rebuilds.ask(board_season)
                if not kept and (result.top is None or result.top.completeness == PARTIAL):
                    archived[board_season.key] = [it.user_id for it in states]
        waited = self.recorder.wait_for_interval(top for _, top, _ in changed)
        for board_season, top, states in changed:
            with done.failing(board_season.key):
                outcome = self.recorder.record(board_season, top, waited_ms=waited)
                done.recorded += outcome.recorded
                done.moved += outcome.moved
                if outcome.rebuild:
                    done.rebuilds += self.rebuilds.ask(board_season)
                if outcome.lost:
                    done.failed.add(board_season.key)
                self.recorder.remember_mixed_order(board_season, top, states, order=outcome.order)
        return archived

    def _start_upkeep(self, tasks: UpkeepTasks, done: IngestResult) -> None:
        if tasks.profiles or tasks.archived:
            try:
                self.upkeep.ask(tasks)
            except Unavailable:
                done.failed |= tasks.archived.keys()
                done.failed_profiles |= set(tasks.profiles)
