"""A completion: a ticket sent in with evidence, and what the game says of it when it is asked."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from leaderboard.boards.rules import Action, JudgedPoints
from leaderboard.errors import Invalid
from leaderboard.scoring import judges
from leaderboard.scoring.judges import Points
from leaderboard.scoring.tickets import ActionTicket

MAX_EVIDENCE_BYTES = 4 * 1024
DIGEST_BYTES = 12


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a player sent with a ticket, which may be JSON's null."""

    value: Any


@dataclass(frozen=True)
class Completion:
    """A ticket that a player sends in. The game is asked at most once for each of its answers.

    `action` is the one that `boards.yml` has now under the ticket's name, if it has one.
    """

    ticket: ActionTicket
    action: Action | None
    evidence: Evidence | None
    now_ms: int

    @cached_property
    def rules(self) -> str | None:
        """The digest that the ticket would have now. Raises JudgeFailed."""
        if self.action is None:
            return None
        asked = challenge(self.action, name=self.ticket.action, seed=self.ticket.seed)
        return digest(self.action, asked)

    @cached_property
    def points(self) -> Points:
        """What the action is worth. Raises JudgeFailed, and Invalid for malformed evidence."""
        assert self.action is not None
        worth = self.action.points
        if not isinstance(worth, JudgedPoints):
            return worth
        assert self.evidence is not None
        points = judges.judged(
            worth,
            action=self.ticket.action,
            seed=self.ticket.seed,
            evidence=self.evidence.value,
            elapsed_ms=self.now_ms - self.ticket.issued_ms,
        )
        if points is None:
            raise Invalid("This evidence does not have the form of the action's.", path="evidence")
        return points

    def require_evidence(self) -> None:
        """Raises Invalid where evidence is missing, not asked for, or too large."""
        assert self.action is not None
        judged = isinstance(self.action.points, JudgedPoints)
        if judged and self.evidence is None:
            raise Invalid("This action is judged by evidence; send it.", path="evidence")
        if self.evidence is None:
            return
        if not judged:
            raise Invalid("This action has fixed points: leave the evidence out.", path="evidence")
        size = len(judges.canonical(self.evidence.value).encode(errors="surrogatepass"))
        if size > MAX_EVIDENCE_BYTES:
            raise Invalid(
                f"Evidence has at most {MAX_EVIDENCE_BYTES // 1024} KB as JSON; this has {size} "
                "bytes.",
                path="evidence",
            )


def challenge(action: Action, *, name: str, seed: bytes) -> str | None:
    """What the player is asked, as JSON; None for an action that asks nothing. May raise
    JudgeFailed."""
    if action.challenge is None:
        return None
    return judges.challenge_text(action.challenge, action=name, seed=seed)


def digest(action: Action, asked: str | None) -> str:
    """Names an action's whole rule and what was asked: another one if either changes."""
    text = judges.canonical({"rule": asdict(action), "asked": asked})
    found = hashlib.sha256(text.encode()).digest()[:DIGEST_BYTES]
    return base64.urlsafe_b64encode(found).decode()
