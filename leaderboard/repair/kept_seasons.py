"""Which stored board-seasons have a ranking: boards of boards.yml, in seasons that are kept."""

from __future__ import annotations

from leaderboard.boards.catalog import Catalog
from leaderboard.boards.seasons import BoardSeason
from leaderboard.errors import BoardNotFound


def kept_board_season(key: str, *, catalog: Catalog, now_ms: int) -> BoardSeason | None:
    """The board-season of a stored key; None if the cache keeps no ranking of it.

    That is so if boards.yml no longer has the board, or if the season ended too long ago.
    """
    try:
        board_season = BoardSeason.parse(key, catalog.find)
    except BoardNotFound:
        return None
    return board_season if board_season.is_kept(now_ms) else None
