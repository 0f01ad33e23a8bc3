"""The total order of a board: better score first, then whoever reached it first, then the user id.

Written here once, in three forms that sort alike: a Python key, the index's string, and the
cache's pair of a number and a member.
"""

from __future__ import annotations

from leaderboard.rules import Order

OFFSET = 2**53
SCORE_DIGITS = 17
TIME_DIGITS = 13
"""Milliseconds fit until the year 2286."""


def signed(order: Order, score: int) -> int:
    """The score as a number of which the lower one is the better."""
    return -score if order is Order.DESC else score


def sort_key(order: Order, score: int, updated_ms: int, user_id: str) -> tuple[int, int, str]:
    return (signed(order, score), updated_ms, user_id)


def index_key(order: Order, score: int, updated_ms: int, user_id: str) -> str:
    """The sort key of the index `board-top`: fixed width, so that strings sort as entries do."""
    return f"{signed(order, score) + OFFSET:0{SCORE_DIGITS}d}{member(updated_ms, user_id)}"


def member(updated_ms: int, user_id: str) -> str:
    """The member of the cache's sorted set: equal scores sort by it, byte for byte."""
    return f"{updated_ms:0{TIME_DIGITS}d}{user_id}"


def split_member(text: str) -> tuple[int, str]:
    return int(text[:TIME_DIGITS]), text[TIME_DIGITS:]
