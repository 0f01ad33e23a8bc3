"""What a judge may answer instead of points."""

from __future__ import annotations

from enum import Enum


class Failed(Enum):
    """The attempt failed: its ticket is used up, and nothing is scored."""

    FAILED = "failed"


FAILED = Failed.FAILED
