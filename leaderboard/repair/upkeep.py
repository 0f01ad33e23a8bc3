"""Upkeep: what a rename, a hiding or a removal asks of scores of long ago.

A player may have a score in each of a hundred past seasons. Bringing them up to a new name takes
seconds, so it runs in a function of its own and never holds up a live board. `score_stream` hands
the chores over; each may be done again, and a chore that fails does not hold up the others.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from leaderboard.archive import INDEX_LAG_SECONDS, Archive
from leaderboard.catalog import Catalog
from leaderboard.errors import BoardNotFound, Unavailable, Unreadable
from leaderboard.ingest import Chores
from leaderboard.profiles import Profiles


@dataclass(frozen=True, slots=True)
class Done:
    """What the chores came to: scores brought up to profiles, tops recorded, chores that failed."""

    copied: int
    recorded: int
    failed: int


@dataclass(frozen=True)
class Upkeep:
    catalog: Catalog
    profiles: Profiles
    archive: Archive
    sleep: Callable[[float], None] = time.sleep

    def do(self, chores: Chores) -> Done:
        """Do all that can be done. What failed is worth another try, all of it together."""
        copied = recorded = failed = 0
        for user_id in chores.profiles:
            try:
                copied += self.profiles.copy(user_id)
            except Unreadable:  # it was reported, and trying again does not help
                continue
            except Unavailable:
                failed += 1
        if chores.archived:
            self.sleep(INDEX_LAG_SECONDS)
        for (name, season), user_ids in chores.archived.items():
            try:
                board = self.catalog.find(name)
                recorded += self.archive.update(board, season, user_ids).recorded
            except BoardNotFound:  # boards.yml no longer has it
                continue
            except Unavailable:
                failed += 1
        return Done(copied, recorded, failed)
