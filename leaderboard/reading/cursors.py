"""Cursors: where a page of a board ended, as a text that clients send back unread.

A cursor is the position of the page's last entry, with a digest that binds it to its board and
season. The digest has no key, because a cursor opens nothing that is not public. It only tells a
cursor that was cut or made up from one that the service gave out.
"""

from __future__ import annotations

import base64
import binascii
import hashlib

from leaderboard.boards.order import TIME_DIGITS
from leaderboard.boards.rules import MAX_SCORE
from leaderboard.boards.snapshots import USER_ID
from leaderboard.errors import Invalid
from leaderboard.ranking.listings import Position

FORMAT = "1"
DIGEST_BYTES = 9
MAX_CHARACTERS = 160
"""More than the longest: 17 digits and a sign, 13 digits, a user id of 64, in base64."""


def to_text(position: Position, *, key: str) -> str:
    """The cursor of the page behind a position, on the board-season of that key."""
    content = f"{position.user_score}.{position.updated_ms}.{position.user_id}"
    bound = f"{FORMAT} {key} {content}".encode()
    digest = hashlib.sha256(bound).digest()[:DIGEST_BYTES]
    return FORMAT + base64.urlsafe_b64encode(digest + content.encode()).decode().rstrip("=")


def from_text(text: str, *, key: str) -> Position:
    """The inverse of `to_text`; raises Invalid for anything that it did not make."""
    position = _position(text)
    if position is None or to_text(position, key=key) != text:
        raise Invalid(
            "This cursor is not of this board and season. Start again without a cursor.",
            path="cursor",
        )
    return position


def _position(text: str) -> Position | None:
    if len(text) > MAX_CHARACTERS or not text.isascii():
        return None
    encoded = text[len(FORMAT) :]
    try:
        content = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))[DIGEST_BYTES:]
        score, updated, user_id = content.decode("ascii").split(".", 2)
        position = Position(int(score), int(updated), user_id)
    except (binascii.Error, ValueError):
        return None
    known = (
        abs(position.user_score) <= MAX_SCORE
        and 0 <= position.updated_ms < 10**TIME_DIGITS
        and USER_ID.fullmatch(user_id)
    )
    return position if known else None
