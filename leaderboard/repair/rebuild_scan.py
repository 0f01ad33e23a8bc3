"""The second step of a rebuild's pass: the table is read, and what it has fills the rankings.

The table is read in segments, side by side. Each segment gathers its states by board-season and
fills them in chunks, sorted, because that is several times faster than one by one. Every state is
checked by its version, as live ones are, so the order does not matter, nor how often a part is
read: an invocation that dies is simply repeated. A fill names the life of the cache that it is for,
and learns from the answer if that life is over.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from leaderboard.boards.catalog import Catalog
from leaderboard.boards.seasons import BoardSeason
from leaderboard.ranking.ports import RankingCache
from leaderboard.ranking.score_state import ScoreState
from leaderboard.repair.kept_seasons import kept_board_season
from leaderboard.repair.patience import patiently
from leaderboard.repair.ports import BoardDirectory, ScoreReader
from leaderboard.repair.rebuild_heartbeat import RebuildHeartbeat
from leaderboard.repair.rebuild_progress import RebuildProgress
from leaderboard.repair.segments import read_segments

Json = dict[str, Any]

CHUNK_RECORDS = 50_000
"""Records that a segment gathers before they are filled, sorted: some 25 MB."""
CHUNK_SECONDS = 5.0
"""How long states may wait for their chunk to become full."""


@dataclass(frozen=True, slots=True)
class FilledChunk:
    """What one chunk of a segment came to.

    `filled` and `lost` are keys of rankings; `unlisted` those that the table has and the pass does
    not. `items` were read for these rankings, and `applied` of them were newer.
    """

    segment: str
    resume_after: Json | None
    filled: tuple[str, ...]
    lost: tuple[str, ...]
    unlisted: frozenset[str]
    items: int
    applied: int


@dataclass(frozen=True)
class RebuildScan:
    """Reads the segments that are left, and fills the rankings of the pass."""

    catalog: Catalog
    boards: BoardDirectory
    scores: ScoreReader
    cache: RankingCache
    now_ms: Callable[[], int]

    def run(
        self, progress: RebuildProgress, *, deadline: float, heartbeat: RebuildHeartbeat
    ) -> RebuildProgress:
        """Read until the end, or until the deadline (of the monotonic clock).

        At least one page of each segment is read. Raises Unavailable.
        """
        unlisted = set[str]()

        def read(segment: str, resume_after: Json | None) -> FilledChunk:
            return self._read_chunk(progress, segment, resume_after, deadline)

        def goes_on() -> bool:
            return bool(progress.unread) and time.monotonic() < deadline

        for chunk in read_segments(read, progress.unread, goes_on=goes_on):
            progress = _with_chunk(progress, chunk)
            progress = heartbeat.beat(progress, filled=chunk.filled)
            unlisted |= chunk.unlisted
        return self._open(progress, unlisted)

    def _read_chunk(
        self, progress: RebuildProgress, segment: str, resume_after: Json | None, deadline: float
    ) -> FilledChunk:
        """Read on in a segment, and fill what came together."""
        only = next(iter(progress.lives), None) if progress.request.is_single else None
        states: dict[str, list[ScoreState]] = defaultdict(list)
        other_keys = set[str]()
        size, until = 0, min(deadline, time.monotonic() + CHUNK_SECONDS)
        while True:
            read = partial(self.scores.read_page, int(segment), progress.segments)
            page = patiently(partial(read, after=resume_after, only=only))
            for key, state in page.states:
                if key in progress.lives:
                    states[key].append(state)
                    size += 1
                else:
                    other_keys.add(key)
            resume_after = page.resume_after
            if resume_after is None or size >= CHUNK_RECORDS or time.monotonic() >= until:
                break
        applied = {key: self._fill(progress, key, some) for key, some in states.items()}
        filled = [key for key, number in applied.items() if number is not None]
        return FilledChunk(
            segment,
            resume_after,
            filled=tuple(filled),
            lost=tuple(key for key, number in applied.items() if number is None),
            unlisted=frozenset(key for key in other_keys if self._is_unlisted(progress, key)),
            items=sum(len(states[key]) for key in filled),
            applied=sum(number or 0 for number in applied.values()),
        )

    def _fill(self, progress: RebuildProgress, key: str, states: list[ScoreState]) -> int | None:
        board_season = BoardSeason.parse(key, self.catalog.find)
        life = progress.lives[key]
        return patiently(lambda: self.cache.fill(board_season, states, life=life))

    def _is_unlisted(self, progress: RebuildProgress, key: str) -> bool:
        """Whether a rebuild of everything lacks a board-season that belongs to this pass."""
        if not progress.request.is_for_all or key in progress.lost:
            return False
        if key <= progress.after or (progress.until is not None and key > progress.until):
            return False
        return kept_board_season(key, catalog=self.catalog, now_ms=self.now_ms()) is not None

    def _open(self, progress: RebuildProgress, unlisted: set[str]) -> RebuildProgress:
        """Give board-seasons that nobody recorded an item, so that a later pass fills them.

        Each invocation does so before it ends: the next one does not know what this one has read.
        """
        opened = [key for key in sorted(unlisted) if patiently(partial(self.boards.open, key))]
        return replace(progress, opened_boards=progress.opened_boards or bool(opened))


def _with_chunk(progress: RebuildProgress, chunk: FilledChunk) -> RebuildProgress:
    unread = {**progress.unread, chunk.segment: chunk.resume_after}
    if chunk.resume_after is None or chunk.segment not in progress.unread:
        del unread[chunk.segment]
    read = replace(
        progress,
        unread=unread,
        items=progress.items + chunk.items,
        applied=progress.applied + chunk.applied,
    )
    return read.without(chunk.lost, lost=True)
