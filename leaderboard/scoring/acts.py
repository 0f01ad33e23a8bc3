"""Acts: what moderators did to a user, with who, when and why."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, replace
from typing import Any

from leaderboard.scoring.items import next_version

MAX_REASON = 500
MAX_ACTS = 200
MAX_ACTS_BYTES = 256 * 1024
"""An item of the table holds 400 KB."""


@dataclass(frozen=True, slots=True)
class Act:
    """What a moderator did: the standing after it, who, when and why."""

    standing: str
    by: str
    at_ms: int
    reason: str

    @property
    def size(self) -> int:
        """Bytes that it takes, about."""
        return len(self.reason.encode()) + len(self.by) + 100


@dataclass(frozen=True, slots=True)
class ActLog:
    """The acts on a user, the newest first; version 0 stands for one that does not exist.

    `unread` are stored acts that cannot be read: they are kept as they are, and shown to nobody.
    """

    user_id: str
    acts: tuple[Act, ...] = ()
    version: int = 0
    unread: tuple[Any, ...] = ()

    def with_act(self, act: Act) -> ActLog:
        """The history a version on; the oldest acts leave it past MAX_ACTS and MAX_ACTS_BYTES."""
        kept: list[Act] = []
        size = 0
        for it in (act, *self.acts[: MAX_ACTS - 1]):
            size += it.size
            if size > MAX_ACTS_BYTES:
                break
            kept.append(it)
        return replace(self, acts=tuple(kept), version=next_version(self.version, now_ms=act.at_ms))

    def ends_with(self, act: Act) -> bool:
        """Whether the newest act is that one at another time: then it is a request sent again."""
        return bool(self.acts) and replace(self.acts[0], at_ms=act.at_ms) == act


def clean_reason(text: str) -> str:
    """The reason as it is kept: trimmed, 1 to 500 characters. Raises ValueError for control
    characters and line breaks."""
    reason = text.strip()
    if any(unicodedata.category(it) in {"Cc", "Cs", "Zl", "Zp"} for it in reason):
        raise ValueError("a reason has no control characters and no line breaks")
    if not 1 <= len(reason) <= MAX_REASON:
        raise ValueError(f"a reason has 1 to {MAX_REASON} characters")
    return reason
