"""One board in one of its seasons. Each score, ranking and recorded top belongs to one.

It is made once, where a request or a stored item comes in. Everything below takes it whole.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from leaderboard.boards.rules import Board, Schedule
from leaderboard.boards.seasons import ALL, Season, before, parse_season, season_at
from leaderboard.errors import Invalid

SEPARATOR = "#"
"""Neither a board's id nor a season's name contains it."""


def key_of(board: str, season: str) -> str:
    """The key of a board-season, `global#all`: in the tables, in the cache and in reports."""
    return f"{board}{SEPARATOR}{season}"


def split_key(key: str) -> tuple[str, str]:
    """The board and the season of a key. The season is empty if the text is not such a key.

    For items that must be readable although `boards.yml` no longer has their board. Everything
    else takes `BoardSeason.parse`.
    """
    board, _, season = key.partition(SEPARATOR)
    return board, season


@dataclass(frozen=True, slots=True)
class BoardSeason:
    """A board's rules, and one of its seasons with its bounds."""

    rules: Board
    season: Season

    @classmethod
    def at(cls, rules: Board, ms: int) -> BoardSeason:
        """The board in the season that an instant falls in."""
        return cls(rules, season_at(rules.schedule, ms))

    @classmethod
    def asked(
        cls, rules: Board, season: str | None, *, now_ms: int, future: bool = False
    ) -> BoardSeason:
        """The season that a request means: the one it names, the current one if it names none.

        Raises Invalid for a season that the board cannot have, and for one that has not begun. With
        `future` the latter is allowed: the functions that operators call look at whatever is
        stored, and a score may be stored by a clock that is ahead.
        """
        if season is None:
            return cls.at(rules, now_ms)
        try:
            named = parse_season(rules.schedule, season)
        except ValueError as error:
            raise Invalid(str(error), path="season") from error
        if not future and named.starts_ms is not None and named.starts_ms > now_ms:
            raise Invalid("This season has not begun.", path="season")
        return cls(rules, named)

    @classmethod
    def stored(cls, rules: Board, season: str) -> BoardSeason:
        """The season that a stored item names, in the past or in the future.

        It may be one of a schedule that the board had once. That has no bounds here, and
        `is_of_schedule` is false.
        """
        try:
            return cls(rules, parse_season(rules.schedule, season))
        except ValueError:
            return cls(rules, Season(season, None, None))

    @classmethod
    def parse(cls, key: str, find: Callable[[str], Board]) -> BoardSeason:
        """What a stored key names. `find` gives a board's rules, and raises BoardNotFound."""
        board, season = split_key(key)
        return cls.stored(find(board), season)

    @property
    def board(self) -> str:
        """The board's id."""
        return self.rules.board

    @property
    def key(self) -> str:
        """The key in the tables and the cache, e.g. `weekly#2026-W48`."""
        return key_of(self.rules.board, self.season.season)

    @property
    def is_of_schedule(self) -> bool:
        """Whether the board's schedule of today has this season."""
        if self.rules.schedule is Schedule.NEVER:
            return self.season.season == ALL
        return self.season.starts_ms is not None

    def is_current(self, now_ms: int) -> bool:
        """Whether it is the season of that instant."""
        return self.season.season == season_at(self.rules.schedule, now_ms).season

    def is_kept(self, now_ms: int) -> bool:
        """Whether the cache keeps its ranking: of the current season, of the last `keep_seasons`
        past ones, and of those to come."""
        if not self.is_of_schedule:
            return False
        current = season_at(self.rules.schedule, now_ms)
        oldest = before(self.rules.schedule, current, self.rules.keep_seasons)
        return (
            self.season.starts_ms is None
            or oldest.starts_ms is None
            or self.season.starts_ms >= oldest.starts_ms
        )
