"""What an image of the stream of the table of scores says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from leaderboard.ranking.score_state import ScoreState


@dataclass(frozen=True, slots=True)
class ScoreImage:
    """A score, or what is left of a removed one; `key` is that of its board-season."""

    key: str
    state: ScoreState


@dataclass(frozen=True, slots=True)
class ProfileImage:
    """A user's profile. `is_leaving`: the user was barred or deleted."""

    user_id: str
    is_leaving: bool


ImageReader: TypeAlias = Callable[[Mapping[str, Any]], ScoreImage | ProfileImage | None]
"""Reads a typed image. None: the item is of no use to rankings.

Raises AttributeError, KeyError, TypeError and ValueError for an image that is not understood.
"""
