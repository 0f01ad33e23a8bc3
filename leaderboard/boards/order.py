"""The total order of a board: the better score, then the earlier one, then the user id.

It is written here once, in three forms that sort alike: a Python key, the index's string, and the
cache's pair of a number and a member.
"""

from __future__ import annotations

import re

from leaderboard.boards.rules import Order

OFFSET = 2**53
SCORE_DIGITS = 17
TIME_DIGITS = 13
"""Milliseconds fit until the year 2286."""


def signed(order: Order, score: int) -> int:
    """The score as a number of which the lower one is the better."""
    return -score if order is Order.DESC else score


def sort_key(order: Order, score: int, updated_ms: int, user_id: str) -> tuple[int, int, str]:
    """The order as a Python key: the better entry has the smaller one."""
    return (signed(order, score), updated_ms, user_id)


MARKS = {Order.ASC: "a", Order.DESC: "d"}
"""What keys of the index begin with: the order that they are made by."""
MADE = {mark: made for made, mark in MARKS.items()}
BEHIND = "~"
"""Makes of what some keys begin with a string behind them all."""
OTHER = {Order.ASC: Order.DESC, Order.DESC: Order.ASC}


def index_key(order: Order, score: int, updated_ms: int, user_id: str) -> str:
    """The sort key of the index `board-top`: fixed width, so that strings sort as entries do."""
    return f"{index_score(order, score)}{updated_ms:0{TIME_DIGITS}d}{user_id}"


def index_score(order: Order, score: int) -> str:
    """What the keys of all who have this score begin with, and nobody else's."""
    return f"{MARKS[order]}{signed(order, score) + OFFSET:0{SCORE_DIGITS}d}"


TIME_BYTES = 6
"""What holds every time of thirteen digits."""


NAME_MARK = b"\0"
"""Between the user id and the name: less than any character of an id."""


def member(updated_ms: int, user_id: str, name: str = "") -> bytes:
    """The member of the cache's sorted set: equal scores sort by it, byte for byte.

    Time and user id decide; the name behind them, if there is one, is only carried.
    """
    place = updated_ms.to_bytes(TIME_BYTES, "big") + pack(user_id)
    return place + NAME_MARK + name.encode() if name else place


def split_member(packed: bytes) -> tuple[int, str, str]:
    """Time, user id and name of a member."""
    updated_ms = int.from_bytes(packed[:TIME_BYTES], "big")
    # The digits of a UUID may have zero bytes; nothing else does.
    digits_end = TIME_BYTES + UUID_BYTES if _PACKED_LIKE_UUID.match(packed, TIME_BYTES) else 0
    place, _, name = packed[digits_end or TIME_BYTES :].partition(NAME_MARK)
    if not digits_end:
        return updated_ms, place.decode(), name.decode()
    return updated_ms, unpack(packed[TIME_BYTES:digits_end] + place), name.decode()


# User ids are often UUIDs, and the cache keeps each of them twice. So their digits are packed, two
# to a byte, in a way that keeps the order by code point among all ids, UUIDs or not. It saves 24 %
# of the bytes a user where no name was picked (153 instead of 201), and 14 % with names of 13
# characters (187 instead of 217). Measured with the loading of `python -m bench ranking`, one
# million users, November 2026.

HEAD = 9
"""Characters of a UUID that stay as they are: what does not begin like one is not packed."""
TAIL_BYTES = 12
UUID_BYTES = HEAD + TAIL_BYTES
_ZEROS = bytes(TAIL_BYTES)
_LIKE_UUID = re.compile(r"[0-9a-f]{8}-")
_PACKED_LIKE_UUID = re.compile(rb"[0-9a-f]{8}-")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def pack(user_id: str) -> bytes:
    """A user id as bytes that sort as ids do; a UUID (lower case, with hyphens) takes 21.

    What only begins like a UUID stands right behind the last UUID before it in the order: that
    one's digits, then the id's own text. The UUID whose digits after the head are all zero is left
    to that rule, so that there is always one before.
    """
    head, tail = user_id[:HEAD], user_id[HEAD:]
    if _UUID.fullmatch(user_id):
        digits = bytes.fromhex(tail.replace("-", ""))
        if digits != _ZEROS:
            return head.encode() + digits
    elif not _LIKE_UUID.match(user_id):
        return user_id.encode()
    return head.encode() + _last_before(tail).to_bytes(TAIL_BYTES, "big") + tail.encode()


def unpack(packed: bytes) -> str:
    """The inverse of `pack`."""
    if not _PACKED_LIKE_UUID.match(packed):
        return packed.decode()
    head, digits, rest = packed[:HEAD], packed[HEAD:UUID_BYTES], packed[UUID_BYTES:]
    if rest or digits == _ZEROS:
        return (head + rest).decode()
    return head.decode() + _tail(digits.hex())


def _tail(digits: str) -> str:
    """The 24 digits of a UUID after its head, with their hyphens."""
    return f"{digits[:4]}-{digits[4:8]}-{digits[8:12]}-{digits[12:]}"


def _last_before(tail: str) -> int:
    """The largest number that a UUID's tail writes and that does not stand behind this text."""
    low, high = 0, 1 << 8 * TAIL_BYTES
    while high - low > 1:
        middle = (low + high) // 2
        if _tail(f"{middle:0{2 * TAIL_BYTES}x}") <= tail:
            low = middle
        else:
            high = middle
    return low
