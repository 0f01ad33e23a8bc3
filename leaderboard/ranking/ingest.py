"""Ingest: score records of many boards in, rankings and records out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Protocol

from leaderboard.boards.board_season import BoardSeason, key_of, split_key
from leaderboard.boards.catalog import Catalog
from leaderboard.errors import BoardNotFound, Unavailable
from leaderboard.ranking.recorder import PARTIAL, CachedTop, Recorder, ScoreState

Batch = tuple[BoardSeason, Sequence[ScoreState]]
"""A board-season with the records that the stream delivered of it."""


@dataclass(frozen=True, slots=True)
class Chores:
    """What a batch asks of upkeep, which runs beside the path from score to frame.

    The scores of the users in `profiles` are to be brought up to their profiles. `archived` names
    by their keys the board-seasons that the cache does not keep, and whose scores changed there:
    those tops are to be recorded from the table. Of a board that was taken out it names who has no
    score any more.
    """

    profiles: Collection[str] = ()
    archived: Mapping[str, Collection[str]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.profiles) + len(self.archived)

    def to_json(self) -> dict[str, Any]:
        return {
            "profiles": list(self.profiles),
            "archived": [
                {"board": board, "season": season, "userIds": list(user_ids)}
                for key, user_ids in self.archived.items()
                for board, season in [split_key(key)]
            ],
        }

    @classmethod
    def from_json(cls, event: Mapping[str, Any]) -> Chores:
        """Raises KeyError and TypeError for an event of another form."""
        archived = {
            key_of(it["board"], it["season"]): it["userIds"] for it in event.get("archived", ())
        }
        return cls(tuple(event.get("profiles", ())), archived)


class Upkeep(Protocol):
    def ask(self, chores: Chores) -> None:
        """Have chores done without waiting for them; raises Unavailable."""


class Rebuilds(Protocol):
    def ask(self, board_season: BoardSeason) -> bool:
        """Have a cold ranking filled; whether a rebuild was started. Raises Unavailable."""


class Departures(Protocol):
    def finish(self, user_id: str) -> None:
        """Have done what follows for a user who may not play; raises Unavailable."""


@dataclass(frozen=True, slots=True)
class IngestResult:
    """What a batch came to. `failed` and `behind`, users' profiles, are to be delivered again."""

    taken: int
    recorded: int
    moved: int
    skipped: int
    rebuilds: int
    failed: frozenset[str]
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
        batches: Mapping[str, Sequence[ScoreState]],
        *,
        profiles: Collection[str] = (),
        leaving: Collection[str] = (),
    ) -> IngestResult:
        """Apply every board-season's records, by its key, then record the tops that changed.

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
        current: list[Batch] = []
        past: list[Batch] = []
        archived: dict[str, list[str]] = {}
        for key, records in batches.items():
            try:
                board_season = BoardSeason.parse(key, self.catalog.find)
            except BoardNotFound:  # boards.yml no longer has it
                count.skipped += len(records)
                with count.failing(key):
                    self.recorder.forget(key)
                if gone := [it.user_id for it in records if it.score is None]:
                    archived[key] = gone
                continue
            is_current = board_season.is_current(now)
            (current if is_current else past).append((board_season, records))
        self._rank(current, count)
        archived |= self._rank(past, count)
        self._hand_over(Chores(profiles, archived), count)
        for user_id in leaving:
            try:
                self.departures.finish(user_id)
            except Unavailable:
                count.behind.add(user_id)
        return count.total()

    def _rank(self, batches: Sequence[Batch], count: _Count) -> dict[str, list[str]]:
        """Apply and record; the users of those seasons that the cache does not keep."""
        applied: list[tuple[BoardSeason, CachedTop, Sequence[ScoreState]]] = []
        archived: dict[str, list[str]] = {}
        for board_season, records in batches:
            with count.failing(board_season.key):
                kept = board_season.is_kept(self.now_ms())
                result = self.recorder.apply(board_season, records, begin=kept)
                count.taken += result.taken
                if result.top is not None:
                    applied.append((board_season, result.top, records))
                if result.rebuild_due:
                    count.rebuilds += self.rebuilds.ask(board_season)
                if not kept and (result.top is None or result.top.completeness == PARTIAL):
                    archived[board_season.key] = [it.user_id for it in records]
        rested = self.recorder.rest(top for _, top, _ in applied)
        for board_season, top, records in applied:
            with count.failing(board_season.key):
                outcome = self.recorder.record(board_season, top, rested_ms=rested)
                count.recorded += outcome.recorded
                count.moved += outcome.moved
                if outcome.rebuild:
                    count.rebuilds += self.rebuilds.ask(board_season)
                if outcome.lost:
                    count.failed.add(board_season.key)
                self.recorder.mix(board_season, top, records, order=outcome.order)
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
    failed: set[str] = field(default_factory=set)
    behind: set[str] = field(default_factory=set)

    @contextmanager
    def failing(self, key: str) -> Iterator[None]:
        try:
            yield
        except Unavailable:
            self.failed.add(key)

    def total(self) -> IngestResult:
        return IngestResult(
            self.taken,
            self.recorded,
            self.moved,
            self.skipped,
            self.rebuilds,
            frozenset(self.failed),
            frozenset(self.behind),
        )
