"""The catalog: the rules of every board of a deployment, found by the board's id."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from fnmatch import translate
from functools import cached_property

from leaderboard.boards.rules import Board
from leaderboard.boards.seasons import BoardSeason
from leaderboard.boards.snapshots import BOARD
from leaderboard.errors import BoardNotFound


@dataclass(frozen=True)
class Catalog:
    """The boards by name and by pattern, as `boards_file` read them."""

    rules: Mapping[str, Board]

    @cached_property
    def _patterns(self) -> list[tuple[re.Pattern[str], Board]]:
        by_length = sorted((it for it in self.rules if "*" in it), key=len, reverse=True)
        return [(re.compile(translate(pattern)), self.rules[pattern]) for pattern in by_length]

    def find(self, board: str) -> Board:
        """The board of that id: a concrete name wins over a pattern, the longest pattern wins.

        Raises BoardNotFound if nothing in `boards.yml` matches.
        """
        rules = self.ruling(board)
        if rules is None:
            raise BoardNotFound(f"There is no board {board[:48]!r}; GET /boards lists the boards.")
        return rules if rules.board == board else replace(rules, board=board, pattern=rules.board)

    def ruling(self, board: str) -> Board | None:
        """The rules that hold for a board, under the name or pattern that `boards.yml` has."""
        if BOARD.fullmatch(board):
            if board in self.rules:
                return self.rules[board]
            for pattern, rules in self._patterns:
                if pattern.fullmatch(board):
                    return rules
        return None

    def has(self, board: str) -> bool:
        """Whether `find` would find it."""
        try:
            self.find(board)
        except BoardNotFound:
            return False
        return True


def lost_by_schedule(catalog: Catalog, scored: Iterable[str]) -> list[str]:
    """The boards whose scores a changed schedule would hide, one line for people each.

    `scored` are the keys of the board-seasons that have scores, e.g. `global#all`.
    """
    seasons: dict[str, str] = {}
    for key in scored:
        try:
            board_season = BoardSeason.parse(key, catalog.find)
        except BoardNotFound:
            continue
        if not board_season.is_of_schedule:
            seasons.setdefault(board_season.board, board_season.season.season)
    return [
        f"{board}: its schedule is {catalog.find(board).schedule} now, and it has scores in the "
        f"season {season!r}, which nobody would see any more. Leave its schedule as it was, and "
        "give a board with the new one another name."
        for board, season in sorted(seasons.items())
    ]
