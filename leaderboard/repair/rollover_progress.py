"""How far a season rollover is, as one run of `seasons` leaves it for the next."""

from __future__ import annotations

import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RolloverProgress:
    """Which seasons were begun, and what of the table of boards is still to be read.

    `passes` are the readings of the whole table that are left. `resume_after` is the key that the
    one under way came to; None: it is at the beginning.
    """

    seasons: str = ""
    passes: int = 0
    resume_after: str | None = None

    @classmethod
    def from_text(cls, text: str | None) -> RolloverProgress:
        """From what was kept. Text of another form names seasons that are not today's."""
        if not text or not text.startswith("{"):
            return cls(text or "")
        image = json.loads(text)
        return cls(image["turns"], image["passes"], image["place"])

    def to_text(self) -> str:
        """With the names that every release reads."""
        return json.dumps(
            {"turns": self.seasons, "passes": self.passes, "place": self.resume_after}
        )

    def begin(self, seasons: str, *, needs_pass: bool) -> RolloverProgress:
        """With new seasons: a pass that is under way goes on, and a whole one follows it."""
        if not needs_pass:
            return RolloverProgress(seasons)
        return RolloverProgress(seasons, 2 if self.resume_after else 1, self.resume_after)

    def after_page(self, resume_after: str | None) -> RolloverProgress:
        """After a page of the table; None: it was the last one of its pass."""
        return RolloverProgress(self.seasons, self.passes - (resume_after is None), resume_after)
