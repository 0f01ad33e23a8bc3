"""What players send in: evidence that is right, or wrong, for a ticket of the shipped games.

Only who holds the stack's key knows the seed, and so what is right; a player finds it out by
playing.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Any

from game import quiz
from leaderboard.scoring.judges import FAILED
from tests.e2e.service import Json, Player, Service, part
from tests.e2e.signing import Signer

LATE_MS = 22_000
"""So long ago an attempt began: every game can be over, and none is too late."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """A ticket whose time has come, and what was asked with it."""

    ticket: str
    challenge: Any
    seed: bytes

    def answer(self, *, right: bool = True) -> Json:
        """The quiz's evidence."""
        found = [
            answer
            for answer in range(4)
            if right
            is (
                quiz.points(
                    action="quiz", seed=self.seed, evidence={"answer": answer}, elapsed_ms=3_000
                )
                is not FAILED
            )
        ]
        return {"answer": found[0]}

    def sums(self, count: int) -> Json:
        """The sprint's evidence: the first sums, each right, half a second apart."""
        answers = [
            {"answer": calculated(text), "atMs": 500 * number}
            for number, text in enumerate(self.challenge["sums"][:count], start=1)
        ]
        return {"answers": answers}

    def touches(self) -> Json:
        """The lap's evidence: every number in its order, a fifth of a second apart."""
        cells = self.challenge["cells"]
        last = max(it for it in cells if it is not None)
        return {
            "touches": [
                {"cell": cells.index(number), "atMs": 200 * number} for number in range(1, last + 1)
            ]
        }


def begin(
    service: Service,
    signer: Signer,
    player: Player,
    board: str,
    action: str,
    *,
    before_ms: int = LATE_MS,
) -> Attempt:
    """An attempt that was begun so long ago: tests do not wait for a game to be played."""
    issued = service.ticket(player, board, action)
    claims = part(issued["ticket"], 1)
    began = claims["issued"] - before_ms
    ticket = signer.changed(issued["ticket"], issued=began, notBefore=began)
    return Attempt(ticket, issued["challenge"], seed_of(signer, ticket))


def seed_of(signer: Signer, ticket: str) -> bytes:
    return hmac.digest(signer.key.encode(), b"seed:" + part(ticket, 1)["jti"].encode(), "sha256")


def calculated(text: str) -> int:
    left, sign, right = text.split()
    a, b = int(left), int(right)
    if sign == "+":
        return a + b
    return a * b if sign == TIMES else a - b


TIMES = "\u00d7"
