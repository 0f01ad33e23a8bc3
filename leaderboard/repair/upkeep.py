"""Upkeep: what a rename, a hiding or a removal asks of scores of long ago.

A player may have a score in each of a hundred past seasons. Bringing them up to a new name takes
seconds, so it runs in a function of its own and never holds up a live board. `score_stream` hands
the tasks over. Each may be repeated, and a task that fails does not hold up the others.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

from leaderboard.boards.catalog import Catalog
from leaderboard.boards.seasons import BoardSeason
from leaderboard.errors import BoardNotFound, Unreadable
from leaderboard.ranking.recorder import RecordResult
from leaderboard.ranking.upkeep_tasks import UpkeepTasks
from leaderboard.repair.archive import INDEX_LAG_SECONDS, Archive
from leaderboard.repair.ports import HistoryEraser
from leaderboard.scoring.profiles import Profiles


@dataclass(frozen=True, slots=True)
class UpkeepResult:
    """What the tasks came to: scores brought up to profiles, tops recorded, lines of histories
    erased; the tasks that failed, with what each raised, and those that time ran out for."""

    copied: int
    recorded: int
    erased: int
    failed: UpkeepTasks
    unfinished: UpkeepTasks
    reasons: tuple[Exception, ...]


@dataclass(frozen=True)
class Upkeep:
    """Brings scores up to profiles, records tops of seasons of long ago, erases histories."""

    catalog: Catalog
    profiles: Profiles
    archive: Archive
    histories: HistoryEraser
    sleep: Callable[[float], None] = time.sleep

    def run(self, tasks: UpkeepTasks, *, seconds: float) -> UpkeepResult:
        """Do all that can be done, whatever one of the tasks raises.

        After so many seconds no further lines are erased: a history may have a hundred thousand.
        """
        deadline = time.monotonic() + seconds
        copied = recorded = 0
        profiles: list[str] = []
        archived: dict[str, Collection[str]] = {}
        reasons: list[Exception] = []
        for user_id in tasks.profiles:
            try:
                copied += self.profiles.copy(user_id)
            except Unreadable:  # it was reported, and trying again does not help
                continue
            except Exception as error:  # noqa: BLE001 - it holds up no other
                profiles.append(user_id)
                reasons.append(error)
        if tasks.archived:
            self.sleep(INDEX_LAG_SECONDS)
        for key, user_ids in tasks.archived.items():
            try:
                recorded += self._record(key, user_ids).recorded
            except Exception as error:  # noqa: BLE001
                archived[key] = user_ids
                reasons.append(error)
        erased, histories, unfinished = self._erase(tasks.histories, deadline, reasons)
        return UpkeepResult(
            copied=copied,
            recorded=recorded,
            erased=erased,
            failed=UpkeepTasks(profiles=profiles, archived=archived, histories=histories),
            unfinished=UpkeepTasks(histories=unfinished),
            reasons=tuple(reasons),
        )

    def _erase(
        self, user_ids: Collection[str], deadline: float, reasons: list[Exception]
    ) -> tuple[int, list[str], list[str]]:
        """Erase histories: how many lines, whose failed, and whose are not finished."""
        erased = 0
        failed: list[str] = []
        unfinished: list[str] = []
        for user_id in user_ids:
            try:
                count, finished = self.histories.erase(user_id, deadline=deadline)
            except Exception as error:  # noqa: BLE001 - it holds up no other
                failed.append(user_id)
                reasons.append(error)
                continue
            erased += count
            if not finished:
                unfinished.append(user_id)
        return erased, failed, unfinished

    def _record(self, key: str, user_ids: Collection[str]) -> RecordResult:
        try:
            board_season = BoardSeason.parse(key, self.catalog.find)
        except BoardNotFound:  # boards.yml no longer has it
            return self.archive.remove_users(key, user_ids)
        return self.archive.update(board_season, user_ids)
