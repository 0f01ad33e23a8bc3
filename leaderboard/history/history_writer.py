"""Writes the lines of a batch of the score stream, each with the rank that its write brought.

The ranking is changed by another reader of the same stream, which may be behind this one. So a
write that the ranking does not know yet is asked for again, for `wait_seconds` at most. A line is
worth more than its rank: what the ranking does not know by then, or cannot say because the cache is
down, is written without a rank.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from leaderboard.boards.catalog import Catalog
from leaderboard.boards.seasons import BoardSeason
from leaderboard.errors import BoardNotFound, CacheUnavailable, Unavailable
from leaderboard.history.lines import HistoryLine
from leaderboard.history.ports import HistoryStore, RankFinder
from leaderboard.ranking.ports import UpkeepStarter
from leaderboard.ranking.upkeep_tasks import UpkeepTasks
from leaderboard.retries import carried

SIDE_BY_SIDE = 8
"""Lines that are written at once: fewer than the connections that the table's client keeps."""
USERS_AT_ONCE = 200
"""Users of one question to the ranking, which others wait behind for a millisecond or so."""
PAUSE_SECONDS = 0.05
"""The first pause before the ranking is asked again; each is twice the one before."""

Waiting = list[tuple[BoardSeason, list[HistoryLine]]]
"""Lines whose writes the ranking is asked for, by board-season."""


@dataclass(frozen=True, slots=True)
class HistoryResult:
    """What a batch came to: lines written, those that were there already, those with a rank.

    `failed` are the lines that could not be written.
    `erasing_failed`: nobody could be asked to erase the histories of deleted users.
    """

    written: int
    repeated: int
    ranked: int
    failed: Collection[HistoryLine]
    erasing_failed: bool


@dataclass(frozen=True)
class HistoryWriter:
    """Writes lines once, whatever the stream delivers twice."""

    catalog: Catalog
    store: HistoryStore
    rankings: RankFinder
    upkeep: UpkeepStarter
    wait_seconds: float
    now_ms: Callable[[], int]

    def write(self, lines: Sequence[HistoryLine], *, erased: Collection[str]) -> HistoryResult:
        """Write the lines, and have the histories of the `erased` users deleted after that.

        A user's tombstone comes behind the user's writes in the stream: so nothing is written for
        the user once the deletion has begun, unless it is delivered again together with it.
        """
        ranks = self._ranks(lines)
        ranked = [it.with_rank(ranks.get(it)) for it in lines]
        outcomes: list[bool | None] = []
        if ranked:
            # The first one makes the client, which threads must not do.
            outcomes.append(self._write(ranked[0]))
            with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
                outcomes += pool.map(carried(self._write), ranked[1:])
        failed = [it for it, done in zip(lines, outcomes, strict=True) if done is None]
        return HistoryResult(
            written=outcomes.count(True),
            repeated=outcomes.count(False),
            ranked=sum(it.rank is not None for it in ranked),
            failed=failed,
            erasing_failed=not self._erase(erased),
        )

    def _write(self, line: HistoryLine) -> bool | None:
        try:
            return self.store.write(line)
        except Unavailable:
            return None

    def _erase(self, erased: Collection[str]) -> bool:
        if erased:
            try:
                self.upkeep.ask(UpkeepTasks(histories=sorted(erased)))
            except Unavailable:
                return False
        return True

    def _ranks(self, lines: Sequence[HistoryLine]) -> dict[HistoryLine, int]:
        """The ranks that writes brought, as far as the rankings say."""
        deadline = time.monotonic() + self.wait_seconds
        ranks: dict[HistoryLine, int] = {}
        pause = PAUSE_SECONDS
        waiting = self._ranked(lines)
        while waiting:
            try:
                waiting = self._ask(waiting, ranks)
            except CacheUnavailable:
                break
            if not waiting or time.monotonic() + pause > deadline:
                break
            time.sleep(pause)
            pause *= 2
        return ranks

    def _ranked(self, lines: Sequence[HistoryLine]) -> Waiting:
        """The newest line of each user, where the cache ranks its write.

        A user's older ones were overtaken: the ranking never had their scores, or no longer has.
        """
        by_key: dict[str, dict[str, HistoryLine]] = {}
        for line in lines:
            by_key.setdefault(line.key, {})[line.user_id] = line
        found: Waiting = []
        for key, newest in by_key.items():
            try:
                board_season = BoardSeason.parse(key, self.catalog.find)
            except BoardNotFound:  # it was taken out of boards.yml
                continue
            scored = [it for it in newest.values() if it.user_score is not None]
            if scored and board_season.is_kept(self.now_ms()):
                found.append((board_season, scored))
        return found

    def _ask(self, waiting: Waiting, ranks: dict[HistoryLine, int]) -> Waiting:
        """Ask the rankings once; the answer is what they do not know yet."""
        left: Waiting = []
        for board_season, lines in waiting:
            unknown: list[HistoryLine] = []
            for start in range(0, len(lines), USERS_AT_ONCE):
                some = lines[start : start + USERS_AT_ONCE]
                known = self.rankings.known_ranks(board_season, [it.user_id for it in some])
                if known is None:  # it is being filled
                    continue
                for line in some:
                    found = known.get(line.user_id)
                    if found is None or found.version < line.write.version:
                        unknown.append(line)
                    elif found.version == line.write.version and found.rank is not None:
                        ranks[line] = found.rank
            if unknown:
                left.append((board_season, unknown))
        return left
