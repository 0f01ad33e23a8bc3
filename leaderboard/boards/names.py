"""The form of ids, and the names of players who have not chosen one."""

from __future__ import annotations

import re
from hashlib import sha256

USER_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")
BOARD = re.compile(r"[a-z0-9-]{1,48}")
UNPICKED = "player-"
MAX_NAME = 32
"""Characters of a display name. It keeps the largest frame below API Gateway's 32 KB."""


def default_name(user_id: str) -> str:
    """The name of a player who has not chosen one: `player-` and six characters of a digest.

    It is never an e-mail address. A digest, because ids of one origin often begin alike. The cache
    computes it anew, so another form needs another format number there.
    """
    return UNPICKED + sha256(user_id.encode()).hexdigest()[:6]
