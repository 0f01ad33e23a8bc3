"""Ids, and the names of players who have not picked one."""

from __future__ import annotations

import re
from hashlib import sha256

USER_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}")
BOARD = re.compile(r"[a-z0-9-]{1,48}")
UNPICKED = "player-"
MAX_NAME = 32
"""Characters of a display name: what keeps the largest frame below API Gateway's 32 KB."""


def default_name(user_id: str) -> str:
    """The name of a player who has not picked one; never an e-mail address.

    Of a digest, since ids of one origin begin alike. The cache does not keep it: another one takes
    another format there.
    """
    return UNPICKED + sha256(user_id.encode()).hexdigest()[:6]
