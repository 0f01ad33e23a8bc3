"""Display names and ids: what the service lets onto a board."""

from __future__ import annotations

import re
import unicodedata

MAX_NAME = 32
USER_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")
BOARD = re.compile(r"[a-z0-9-]{1,48}")

JOINERS = "\u200c\u200d"
"""Format characters that scripts and emoji are written with; all others are refused."""

BLANKS = "\u115f\u1160\u2800\u3164\uffa0"
"""Letters and symbols by their category that are drawn as nothing."""


def clean_name(text: str) -> str:
    """The name as it is kept: NFC, trimmed, 1 to 32 characters.

    Raises ValueError for control and direction characters, for line breaks, and for names with
    nothing to see in them.
    """
    if len(text) > 20 * MAX_NAME:  # before the work of normalizing: no name shrinks that much
        raise ValueError(f"a name has at most {MAX_NAME} characters")
    name = unicodedata.normalize("NFC", text).strip()
    if any(_refused(character) for character in name):
        raise ValueError("a name has no control, direction or unassigned characters")
    if not any(_visible(character) for character in name):
        raise ValueError("a name has at least one visible character")
    if len(name) > MAX_NAME:
        raise ValueError(f"a name has at most {MAX_NAME} characters")
    return name


def default_name(user_id: str) -> str:
    """The name of a player who has not picked one; never an e-mail address.

    The cache does not keep it: another one takes another format there.
    """
    return f"player-{user_id[:6]}"


def _visible(character: str) -> bool:
    return character not in BLANKS and unicodedata.category(character)[0] in "LNPS"


def _refused(character: str) -> bool:
    if character in JOINERS or "\U000e0020" <= character <= "\U000e007f":  # the flags' tags
        return False
    return unicodedata.category(character) in {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}
