"""The sprint: as many sums as possible in 20 seconds."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from game.draws import Draws
from game.evidence import members, whole
from leaderboard.scoring.judges import FAILED, Failed

SECONDS = 20
SUMS = 50
GRACE_MS = 10_000
"""What the network may add between the ticket and the answers: who works longer is too late."""
RIGHT, WRONG = 10, 5
"""What a right answer is worth, and what a wrong one costs: guessing does not pay."""
FASTEST_MS = 400
"""No person reads a sum, works it out and enters the answer quicker than this."""


@dataclass(frozen=True, slots=True)
class Sum:
    """One sum of the sprint."""

    text: str
    result: int


def sums(*, action: str, seed: bytes) -> dict[str, Any]:
    """`{sums, seconds, fastestMs}`: the sums in their order, the time, the floor for an answer."""
    return {
        "sums": [it.text for it in _drawn(seed)],
        "seconds": SECONDS,
        "fastestMs": FASTEST_MS,
    }


def points(*, action: str, seed: bytes, evidence: Any, elapsed_ms: int) -> int | Failed | None:
    """Judge `{answers: [{answer, atMs}]}`: one for each sum from the first on."""
    answers = _read(evidence)
    if answers is None:
        return None
    if elapsed_ms > SECONDS * 1_000 + GRACE_MS:
        return FAILED
    # The first answer needs its time too: the start counts as an answer at 0.
    times = [0, *(at for _, at in answers)]
    too_quick = any(after - before < FASTEST_MS for before, after in pairwise(times))
    if too_quick or times[-1] > min(SECONDS * 1_000, elapsed_ms):
        return FAILED
    right = sum(
        asked.result == answer for asked, (answer, _) in zip(_drawn(seed), answers, strict=False)
    )
    scored = RIGHT * right - WRONG * (len(answers) - right)
    return scored if scored > 0 else FAILED


def _read(evidence: Any) -> list[tuple[int, int]] | None:
    """The answers with their times; None where the form is wrong."""
    read = members(evidence, "answers")
    if read is None or not isinstance(read[0], list) or len(read[0]) > SUMS:
        return None
    answers = []
    for line in read[0]:
        values = [whole(it) for it in members(line, "answer", "atMs") or (None, None)]
        answer, at = values
        if answer is None or at is None or at < 0:
            return None
        answers.append((answer, at))
    return answers


def _drawn(seed: bytes) -> list[Sum]:
    draws = Draws(seed)
    return [_sum(draws, level) for level in range(SUMS)]


def _sum(draws: Draws, level: int) -> Sum:
    """A sum that is harder the later it comes."""
    kind = draws.below(3 if level >= 8 else 2)  # the first ones are + and − alone
    if kind == 2:
        a, b = draws.between(3, 5 + level // 5), draws.between(3, 9)
        return Sum(f"{a} × {b}", a * b)
    highest = 9 + 2 * level
    a, b = draws.between(2, highest), draws.between(2, highest)
    if kind == 1:
        a, b = max(a, b), min(a, b)
        return Sum(f"{a} − {b}", a - b)
    return Sum(f"{a} + {b}", a + b)
