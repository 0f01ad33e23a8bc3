"""Cursors: where a page of a board ended, as a text that clients send back unread.

A cursor is the position of the page's last entry, or the version of its last line. A digest binds
it to its board and season, and that of a history to its user. The digest has no key, because a
cursor opens nothing that is not public. It only tells a cursor that was cut or made up from one
that the service gave out.
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
    return _bound(f"{position.user_score}.{position.updated_ms}.{position.user_id}", key)


def from_text(text: str, *, key: str) -> Position:
    """The inverse of `to_text`; raises Invalid for anything that it did not make."""
    position = _position(_content(text))
    if position is None or to_text(position, key=key) != text:
        raise Invalid(
            "This cursor is not of this board and season. Start again without a cursor.",
            path="cursor",
        )
    return position


def of_line(version: int, *, key: str, user_id: str) -> str:
    """The cursor of the lines older than that of a version, of a user's history."""
    return _bound(str(version), f"{key} {user_id}")


def line_of(text: str, *, key: str, user_id: str) -> int:
    """The inverse of `of_line`; raises Invalid for anything that it did not make."""
    content = _content(text)
    if content is not None and content.isdigit():
        version = int(content)
        if of_line(version, key=key, user_id=user_id) == text:
            return version
    raise Invalid(
        "This cursor is not of this user's history. Start again without a cursor.", path="cursor"
    )


def _bound(content: str, key: str) -> str:
    digest = hashlib.sha256(f"{FORMAT} {key} {content}".encode()).digest()[:DIGEST_BYTES]
    return FORMAT + base64.urlsafe_b64encode(digest + content.encode()).decode().rstrip("=")


def _content(text: str) -> str | None:
    """What a cursor says, whatever it is bound to; None for what cannot be a cursor."""
    if len(text) > MAX_CHARACTERS or not text.isascii():
        return None
    encoded = text[len(FORMAT) :]
    try:
        decoded = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
        return decoded[DIGEST_BYTES:].decode("ascii")
    except (binascii.Error, ValueError):
        return None


def _position(content: str | None) -> Position | None:
    try:
        score, updated, user_id = (content or "").split(".", 2)
        position = Position(int(score), int(updated), user_id)
    except ValueError:
        return None
    known = (
        abs(position.user_score) <= MAX_SCORE
        and 0 <= position.updated_ms < 10**TIME_DIGITS
        and USER_ID.fullmatch(user_id)
    )
    return position if known else None
