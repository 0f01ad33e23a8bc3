"""Lua scripts of the folder `scripts/`, put together from their shared parts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha1
from pathlib import Path


@dataclass(frozen=True)
class Script:
    """A Lua script, sent by its digest, and whole only where the server does not have it."""

    source: str

    @cached_property
    def digest(self) -> str:
        """The name that the server knows the script by."""
        return sha1(self.source.encode(), usedforsecurity=False).hexdigest()


def script(*names: str) -> Script:
    """The script of these files, one after the other: first those that define functions."""
    folder = Path(__file__).parent / "scripts"
    return Script("\n".join((folder / name).read_text(encoding="utf-8") for name in names))
