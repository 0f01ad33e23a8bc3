"""What the ranking asks of the cache, of the table of boards and of other functions.

The stages behind it (frames, reading, repair) use the same Protocols where they ask the same thing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from leaderboard.boards.seasons import BoardSeason
from leaderboard.ranking.listings import Listing, Position
from leaderboard.ranking.score_state import ScoreState
from leaderboard.ranking.tops import ApplyResult, BoardItem, CachedTop, Hint
from leaderboard.ranking.upkeep_tasks import UpkeepTasks

BATCH = 1000
"""Records of a batch of the stream, and of a call of `RankingCache.apply`: tens of milliseconds."""


class TopReader(Protocol):
    """Reads the top of a ranking. Raises CacheUnavailable."""

    def read(self, board_season: BoardSeason) -> CachedTop | None:
        """The top as it is now, or None if there is no life."""


class RankingCache(TopReader, Protocol):
    """The ranking of each board-season, as those who change it see it.

    Every call is one round trip and atomic, except `fill`. Every call raises CacheUnavailable.
    """

    def apply(
        self,
        board_season: BoardSeason,
        states: Sequence[ScoreState],
        *,
        start: str | None = None,
    ) -> ApplyResult:
        """Apply the states that are newer than what is known: at most `BATCH`, one of each user.

        `start` begins a life if there is none, with that completeness. A total that differs from
        the recorded one gives the top a fresh `change_id`, `TOTAL_MS` after the last record.
        """

    def fill(
        self, board_season: BoardSeason, states: Iterable[ScoreState], *, life: str
    ) -> int | None:
        """Apply any number of states, one of each user, to the life that a rebuild fills.

        The answer is how many were newer than what was known; None if the life is over. Records
        that are close in the board's order go to the cache in one call. So the more states at a
        time, the faster; a hundred thousand are a good number.
        """

    def remember_recorded(self, board_season: BoardSeason, top: CachedTop, hint: Hint) -> None:
        """Remember that a top was recorded, and what the record said."""

    def drop(self, key: str, *, life: str | None = None) -> bool:
        """Forget a board-season's ranking: its life is over.

        With a `life` only that one. The answer is whether it is gone.
        """

    def set_completeness(
        self, board_season: BoardSeason, life: str, completeness: str, *, only_new: bool = False
    ) -> bool:
        """Set a life's completeness; one that becomes complete has its top recorded again.

        False if the life is over, or (with `only_new`) was confirmed already.
        """


class RankingReader(Protocol):
    """Reads of the rankings. None: the ranking cannot answer (there is none, or it is not whole).

    Each call is one round trip, sees one instant, and raises CacheUnavailable.
    """

    def list(
        self, board_season: BoardSeason, *, after: Position | None, limit: int
    ) -> Listing | None:
        """Up to `limit` entries from the beginning, or from the first one behind a position."""

    def around(self, board_season: BoardSeason, user_id: str, *, reach: int) -> Listing | None:
        """A user's entry with up to `reach` on each side; no entries if the user is not ranked."""

    def find(self, board_season: BoardSeason, user_ids: Sequence[str]) -> Listing | None:
        """The entries of those users that are ranked, each once."""


class BoardReader(Protocol):
    """Reads the table of boards. Raises Unavailable."""

    def read(self, key: str) -> BoardItem | None:
        """The item of a board-season, read consistently; None if it has none."""


class BoardStore(BoardReader, Protocol):
    """The table of boards, as those who record see it. Raises Unavailable."""

    def write(self, item: BoardItem, *, read_revision: int, keep_day: bool = False) -> bool:
        """Write an item if the stored one is at that revision; False if it is not.

        Revision 0: the item is absent, or was opened and never recorded. With `keep_day` the
        stored day stays, whatever the item says of it.
        """

    def remember_mixed_order(self, key: str) -> None:
        """Note, in an item that was recorded, that the index may have keys of both orders."""


class Rebuilds(Protocol):
    """Fills rankings that are cold."""

    def ask(self, board_season: BoardSeason) -> bool:
        """Have a cold ranking filled; whether a rebuild was started. Raises Unavailable."""


class UpkeepStarter(Protocol):
    """Starts the function that does the slow work of a batch."""

    def ask(self, tasks: UpkeepTasks) -> None:
        """Have the tasks done without waiting for them; raises Unavailable."""


class ModerationStarter(Protocol):
    """Starts the function that moderates."""

    def finish(self, user_id: str) -> None:
        """Have done what follows for a user who was barred or deleted; raises Unavailable."""
