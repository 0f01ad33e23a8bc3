"""What the repairs ask of the cache, of the tables and of other functions.

Where they ask what the ranking asks as well, they use the Protocols of `ranking.ports`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from leaderboard.boards.rules import Order
from leaderboard.boards.seasons import BoardSeason
from leaderboard.boards.snapshots import Score
from leaderboard.history.lines import HistoryLine
from leaderboard.ranking.listings import Position
from leaderboard.ranking.ports import BoardReader, RankingCache, RankingReader
from leaderboard.ranking.score_state import ScoreState
from leaderboard.ranking.tops import BoardItem, BoardRow, RankingPage

Json = dict[str, Any]

USERS_AT_ONCE = 100
"""The most users that one call of `ScoreReader.read_states` asks for."""


@dataclass(frozen=True, slots=True)
class ScanPage:
    """Some states of a segment, each with the key of its board-season.

    `resume_after` says where the segment goes on; None: it is at its end.
    """

    states: Sequence[tuple[str, ScoreState]]
    resume_after: Json | None


class SegmentPage(Protocol):
    """What one page of a segment came to. `resume_after`: where it goes on; None: at its end."""

    @property
    def segment(self) -> str:
        """The segment that the page is of."""

    @property
    def resume_after(self) -> Json | None:
        """Where the segment goes on; None: at its end."""


class ScoreReader(Protocol):
    """Reads the table of scores, consistently. Raises Unavailable."""

    def read_page(
        self, segment: int, segments: int, *, after: Json | None, only: str | None
    ) -> ScanPage:
        """A page of a segment of the table, or of one board-season alone (`only`, a key).

        Tombstones are included.
        """

    def read_states(self, key: str, user_ids: Sequence[str]) -> list[ScoreState]:
        """The states of these users, `USERS_AT_ONCE` at most; who has no item is left out."""


class HistoryEraser(Protocol):
    """Deletes lines of histories. Raises Unavailable."""

    def erase(self, user_id: str, *, deadline: float) -> tuple[int, bool]:
        """Delete a user's lines until that time of the monotonic clock: how many, and whether all
        are gone."""


class ScoreHistories(Protocol):
    """Scores beside their histories, both read consistently. Raises Unavailable."""

    def read_last_writes(
        self, segment: int, segments: int, *, after: Json | None, only: str
    ) -> tuple[list[HistoryLine], Json | None]:
        """The last writes of a page of a segment of the table of scores, of one board-season, as
        the lines that they should have; and where the segment goes on."""

    def find_last_write(self, user_id: str, key: str) -> HistoryLine | None:
        """The last write of one user's score; None if its item remembers none."""

    def read_lines(self, user_id: str, key: str) -> list[HistoryLine]:
        """All lines of a user on a board-season, newest first."""


class OrderIndex(Protocol):
    """The index `board-top`: the table's own order of each board. It may lag a little."""

    def best(self, board_season: BoardSeason, limit: int) -> list[Score]:
        """The first scores, in board order. Raises Unavailable."""

    def after(self, board_season: BoardSeason, position: Position, limit: int) -> list[Score]:
        """The first scores behind a position, in board order. Raises Unavailable."""


class RepairCache(RankingCache, RankingReader, Protocol):
    """The rankings as repairs see them: changed, listed, and read out whole."""

    def dump(
        self, board_season: BoardSeason, *, life: str, cursor: str | None = None
    ) -> RankingPage | None:
        """A page of everybody in a ranking; None if that life is over. Raises CacheUnavailable."""


class BoardDirectory(BoardReader, Protocol):
    """Which board-seasons have an item. Raises Unavailable."""

    def list_all(self) -> Iterator[list[BoardRow]]:
        """Every board-season that has an item, by page."""

    def list_some(self, after: str | None, limit: int) -> tuple[list[BoardRow], str | None]:
        """A page of them, behind the key `after`; and the last key of it if there may be more."""

    def open(self, key: str) -> bool:
        """Write the empty board of a season that has no item; False if it has one."""


class RuleStore(BoardDirectory, Protocol):
    """What the table of boards remembers of the rules that count. Raises Unavailable."""

    def change_order(self, item: BoardItem, order: Order) -> bool:
        """Let another order count for a board-season; False if its item has moved meanwhile."""


class ShardMemory(Protocol):
    """Remembers the most write shards that the stage ever had."""

    @property
    def write_shards(self) -> int:
        """How many it has now."""

    def remember_shards(self) -> None:
        """Remember how many it has now, if there never were more. Raises Unavailable."""


class FollowedBoards(Protocol):
    """Which boards have viewers. Raises Unavailable."""

    def followed(self) -> Iterable[str]:
        """The boards that somebody followed in the last hours, each once, in any order."""

    def has_viewers(self, board: str) -> bool:
        """Whether somebody follows the board now."""


class RunMemory(Protocol):
    """What one run of a scheduled function leaves for the next. Raises CacheUnavailable.

    It is kept in the cache. What is lost is only done again.
    """

    def drop(self, key: str) -> bool:
        """Forget a ranking; False if a rebuild is filling it, so that it stays."""

    def read_rollover(self) -> str | None:
        """How far the rollover of seasons is."""

    def keep_rollover(self, text: str) -> None:
        """Remember how far the rollover of seasons is."""

    def read_rules(self) -> str | None:
        """Which rules were seen, and since when."""

    def keep_rules(self, text: str) -> None:
        """Remember which rules were seen, and since when."""

    def read_misses(self) -> Mapping[str, str]:
        """What the last verification found different, by the keys of the board-seasons."""

    def keep_miss(self, key: str, text: str | None) -> None:
        """Remember what differs on a board-season; None: nothing does."""

    def read_resume_after(self) -> str | None:
        """The key that the last verification came to; None: it begins again."""

    def keep_resume_after(self, key: str | None) -> None:
        """Remember the key that this verification came to."""


class RebuildClaims(Protocol):
    """Who rebuilds whatever is cold. Raises CacheUnavailable.

    It only saves work: nothing goes wrong if two rebuilds run at once.
    """

    def claim(self, run: str) -> bool:
        """Claim the rebuild for a run. False: another one is alive, and will go round again."""

    def hold(self, run: str) -> None:
        """Say that the run is alive."""

    def give_back(self, run: str) -> None:
        """Give up a claim whose rebuild could not be started."""

    def end(self, run: str) -> bool:
        """End the run; True if somebody asked for another rebuild meanwhile."""


class BoardClaims(Protocol):
    """Which board's rebuild a function of the stream has claimed."""

    def release(self, board_season: BoardSeason) -> None:
        """Give up the claim on one board's rebuild that could not be started.

        Raises CacheUnavailable.
        """


class RebuildLauncher(Protocol):
    """Starts the function `rebuild` without waiting for it. Raises Unavailable."""

    def start(self, board_season: BoardSeason, run: str) -> None:
        """Rebuild a board-season and whatever else is cold."""

    def start_again(self, board_season: BoardSeason) -> None:
        """Rebuild a ranking that is whole, but wrong."""
