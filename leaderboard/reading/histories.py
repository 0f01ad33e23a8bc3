"""Users' histories: the lines that explain a score, newest first, as JSON."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from leaderboard import clock
from leaderboard.boards.seasons import BoardSeason
from leaderboard.errors import UserNotRanked
from leaderboard.history.lines import HistoryLine
from leaderboard.reading import cursors
from leaderboard.reading.ports import LineStore, ScoreIndex

Json = dict[str, Any]


@dataclass(frozen=True)
class Histories:
    """Answers from the tables alone: the cache has no lines."""

    lines: LineStore
    index: ScoreIndex

    def page(
        self, board_season: BoardSeason, user_id: str, *, cursor: str | None, limit: int
    ) -> Json:
        """A page of a user's history: the newest lines, or those older than a cursor says.

        Who is on the board is read consistently, so a user who was hidden or deleted has no history
        from then on. Raises UserNotRanked, and Invalid for a cursor of another history.
        """
        board, season = board_season.board, board_season.season.season
        key = board_season.key
        before = None if cursor is None else cursors.line_of(cursor, key=key, user_id=user_id)
        if not self.index.find(board_season, [user_id]):
            raise UserNotRanked(f"This user has no score on {board} in the season {season}.")
        # One more than is shown tells whether there is a next page.
        found = self.lines.read(user_id, key, before_version=before, limit=limit + 1)
        shown = found[:limit]
        following = None
        if len(found) > limit:
            following = cursors.of_line(shown[-1].write.version, key=key, user_id=user_id)
        return {
            "board": board,
            "season": season,
            "lines": [_line_json(it) for it in shown],
            "nextCursor": following,
        }


def _line_json(line: HistoryLine) -> Json:
    return {
        "at": clock.to_text(line.write.at_ms),
        "userScore": line.user_score,
        "delta": line.delta,
        "rank": line.rank,
        "cause": line.write.cause,
    }
