"""Whether the boards shown are still the service's own, and if not, since when.

A board is fresh while its connection is live and not silent, has answered for it, and nothing newer
is known. Each message then moves the board's time of freshness on; where that time stops, the board
is stale since. A polled board is fresh while its reads succeed, although it may be an interval
late."""

from __future__ import annotations

import math

from leaderboard_client.followed_board import FollowedBoard
from leaderboard_client.session_parts import SessionParts
from leaderboard_client.status import State


def doubt_times(parts: SessionParts) -> list[float]:
    """The times at which a silent connection, or the end of a board's season, makes boards
    doubtful."""
    current = parts.connections.current
    doubts = [
        it.next_season_at(parts.offset) + parts.timing.doubt_after for it in parts.boards.values()
    ]
    return [current.doubt_at, *doubts] if current else doubts


def stale_at(parts: SessionParts, *, state: State, now: float) -> float:
    """Since when one of the boards may not be the service's own any more; infinity if all are."""
    times = [_stale_at(parts, board, state=state, now=now) for board in parts.boards.values()]
    return min(times, default=math.inf)


def _stale_at(parts: SessionParts, board: FollowedBoard, *, state: State, now: float) -> float:
    """The same of one board; infinity also if nothing of it is shown."""
    if board.following.held is None or board.refused:
        return math.inf
    current = parts.connections.current
    was_fresh = board.fresh
    board.fresh = state == "live" and _is_fresh(parts, board, now)
    if state == "live" and (board.fresh or was_fresh):
        board.fresh_at = current.heard_at if current else now
    polled = state == "polling" and board.poll.failures == 0 and not board.following.behind
    return math.inf if board.fresh or polled else board.fresh_at


def _is_fresh(parts: SessionParts, board: FollowedBoard, now: float) -> bool:
    current = parts.connections.current
    if current is None or not current.is_answered(board.name) or now >= current.doubt_at:
        return False
    # The next season may take a moment to come.
    late = now >= board.next_season_at(parts.offset) + parts.timing.doubt_after
    return not board.following.behind and not late
