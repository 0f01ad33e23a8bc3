"""Rebuild: fill rankings from the table, beside live scores.

A rebuild goes over the table of scores in passes. Each pass lists its rankings
(`rebuild_targets`), reads the table and fills them (`rebuild_scan`), and completes, sweeps and
records them (`rebuild_completion`). One pass is enough unless boards turn up that have no item,
there are too many boards for one, or the cache is lost meanwhile. An invocation whose time runs out
hands its progress over to the next one, which resumes there.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, replace

from leaderboard.boards.catalog import Catalog
from leaderboard.boards.seasons import BoardSeason
from leaderboard.errors import Unavailable
from leaderboard.ranking.ports import RankingCache
from leaderboard.repair.patience import patiently
from leaderboard.repair.ports import RebuildClaims
from leaderboard.repair.rebuild_completion import RebuildCompletion
from leaderboard.repair.rebuild_heartbeat import RebuildHeartbeat, Report
from leaderboard.repair.rebuild_progress import RebuildProgress, RebuildRequest
from leaderboard.repair.rebuild_scan import RebuildScan
from leaderboard.repair.rebuild_targets import RebuildTargets

MAX_ATTEMPTS = 3
"""How many lives of the cache one rebuild may see lost before it gives up."""
MAX_INVOCATIONS = 500
"""Invocations that one rebuild may take: far more than any table needs."""


@dataclass(frozen=True)
class Rebuild:
    """Runs the passes of a rebuild, one after another."""

    catalog: Catalog
    targets: RebuildTargets
    scan: RebuildScan
    completion: RebuildCompletion
    cache: RankingCache
    claims: RebuildClaims
    segments: int
    now_ms: Callable[[], int]

    def begin(self, request: RebuildRequest) -> RebuildProgress:
        """The progress of a rebuild that has done nothing.

        Raises BoardNotFound, and Invalid for a season that the board cannot have.
        """
        if request.board is not None:
            rules = self.catalog.find(request.board)
            asked = BoardSeason.asked(
                rules, request.season or None, now_ms=self.now_ms(), future=True
            )
            request = replace(request, season=asked.season.season)
        return RebuildProgress(request, self.segments, request.run or secrets.token_hex(8))

    def resume(
        self, progress: RebuildProgress, *, seconds: float, report: Report = lambda _: None
    ) -> RebuildProgress:
        """Work for that long at most; the progress then, `finished` or not.

        `report` is called with the progress every ten seconds or so. Raises Unavailable when the
        tables or the cache do not answer for a minute, or the cache was lost again and again. The
        same progress may be resumed again then.
        """
        now = time.monotonic()
        deadline = now + seconds
        heartbeat = RebuildHeartbeat(
            catalog=self.catalog,
            cache=self.cache,
            claims=self.claims,
            report=report,
            beat_at=now,
            reported_at=now,
        )
        while True:
            progress = self._run_pass(progress, deadline=deadline, heartbeat=heartbeat)
            if not progress.is_pass_done:
                if progress.invocations >= MAX_INVOCATIONS:
                    raise Unavailable(
                        f"The rebuild is not done after {MAX_INVOCATIONS} invocations, and was "
                        "given up. Read its log, and start it again with more segments."
                    )
                return replace(progress, invocations=progress.invocations + 1)
            following = self._next_pass(progress)
            if following is None:
                return replace(progress, finished=True)
            progress = following
            if time.monotonic() >= deadline:
                return progress

    def _run_pass(
        self, progress: RebuildProgress, *, deadline: float, heartbeat: RebuildHeartbeat
    ) -> RebuildProgress:
        """As much of a pass as there is time for."""
        if not progress.is_listed:
            progress = self.targets.begin_lives(heartbeat.beat(progress))
        progress = self.scan.run(progress, deadline=deadline, heartbeat=heartbeat)
        if progress.unread:
            return progress
        return self.completion.run(progress, deadline=deadline, heartbeat=heartbeat)

    def _next_pass(self, done: RebuildProgress) -> RebuildProgress | None:
        """The next pass: over further boards, over lost ones, or over new ones.

        None: nothing is left, and nobody asked for another rebuild meanwhile.
        """
        if done.lost and done.attempts >= MAX_ATTEMPTS:
            raise Unavailable(
                f"The cache was lost {MAX_ATTEMPTS} times while {done.lost[0]} was rebuilt."
            )
        if done.until is not None:
            return done.next_pass(
                done.request, after=done.until, lost=done.lost, opened_boards=done.opened_boards
            )
        if done.lost:
            request = done.request if done.request.is_single else RebuildRequest(cold=True)
            return done.next_pass(request, attempts=done.attempts + 1)
        if done.opened_boards:
            return done.next_pass(RebuildRequest(unrecorded=True))
        if not done.request.is_single and patiently(lambda: self.claims.end(done.run)):
            return done.next_pass(RebuildRequest(cold=True), attempts=1)
        return None
