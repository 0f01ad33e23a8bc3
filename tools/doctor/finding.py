"""What a check found: one line, and what to do if something is wrong."""

from __future__ import annotations

from dataclasses import dataclass

OK, NOTE, WRONG = "ok", "note", "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line about one topic. A note stops nothing."""

    level: str
    topic: str
    text: str

    def __str__(self) -> str:
        return f"{self.level:<5}  {self.topic:<11}  {self.text}"
