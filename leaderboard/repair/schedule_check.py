"""Finds boards whose scores a changed schedule would hide.

A deploy asks before it begins. The schedule gives each season its name, so under another schedule
nobody would look at the seasons that have scores.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from leaderboard.boards.boards_file import parse
from leaderboard.boards.catalog import lost_by_schedule
from leaderboard.repair.ports import BoardDirectory

SHOWN = 100
"""Board-seasons that are named."""


@dataclass(frozen=True)
class ScheduleCheck:
    """Holds the board-seasons of the table to schedules that a deploy wants."""

    boards: BoardDirectory

    def find_stranded(self, schedules: Mapping[str, str]) -> list[str]:
        """What boards with these schedules (by name or pattern) would hide, a line each.

        Raises Unavailable.
        """
        wanted = parse({"boards": {name: {"schedule": it} for name, it in schedules.items()}})
        # At revision 0 one was opened with its season, and has no scores.
        scored = (row.key for page in self.boards.list_all() for row in page if row.revision > 0)
        return lost_by_schedule(wanted, scored)[:SHOWN]
