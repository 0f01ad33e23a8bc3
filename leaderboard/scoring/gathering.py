"""Gathering: the items that a write is decided over, and the board that it opens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from leaderboard.boards.board_season import split_key
from leaderboard.boards.rules import Board
from leaderboard.errors import BoardLimit
from leaderboard.scoring.decisions import Profile, ScoreItem, refuse
from leaderboard.scoring.ports import BoardOpening, ScoreStore
from leaderboard.scoring.profiles import unnamed


def gather(
    store: ScoreStore, user_id: str, keys: Sequence[str]
) -> tuple[list[ScoreItem], Profile | None]:
    """The items of the keys to decide on and, where a name comes from the profile, that one."""
    if len(keys) > 1:
        found, known = store.read_several(user_id, keys)
    else:
        known = [store.read(user_id, keys[0])]
        found = None
        if known[0] is None or known[0].is_new:
            found = store.read_profile(user_id)
    profile = found or unnamed(user_id)
    items: list[ScoreItem] = []
    for key, item in zip(keys, known, strict=True):
        if item is not None and not item.is_new:
            items.append(item)
            continue
        board, season = split_key(key)
        first = item or ScoreItem(
            user_id=user_id, board=board, season=season, user_name="", profile_version=0
        )
        items.append(
            replace(
                first,
                user_name=profile.user_name,
                standing=profile.standing,
                profile_version=profile.version,
            )
        )
    return items, profile if any(it.is_new for it in items) else None


def opening_of(store: ScoreStore, board: Board, item: ScoreItem) -> BoardOpening | None:
    """The board as one more that the player opens by an action, if it is counted and is one more.

    Whoever has an item there has opened it. Raises Barred, and BoardLimit where the player has
    opened as many as its pattern allows.
    """
    if board.pattern is None or board.boards_per_player is None or item.version:
        return None
    refuse(item.standing)
    opened = store.read_opened(item.user_id, board.pattern)
    if board.board in opened:
        return None
    if len(opened) >= board.boards_per_player:
        raise BoardLimit(
            f"A player may open at most {board.boards_per_player} boards of {board.pattern!r}; "
            "play on one that you opened."
        )
    return BoardOpening(board.pattern, board.board, board.boards_per_player)
