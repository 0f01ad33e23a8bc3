"""The quiz: one question with four choices; a right answer is worth more the quicker it comes."""

from __future__ import annotations

from typing import Any

from game import questions
from game.draws import Draws
from game.evidence import members, whole
from game.questions import Question
from leaderboard.scoring.judges import FAILED, Failed

MOST, LEAST = 10, 4
FULL_MS = 6_000
"""So long a right answer is worth the most: time to read the question and the choices."""
POINT_MS = 3_000
"""Each such time after that costs a point."""


def question(*, action: str, seed: bytes) -> dict[str, Any]:
    """`{question, choices}`: the text and four choices, in the order that the seed gives them."""
    asked, choices = _laid_out(seed)
    return {"question": asked.text, "choices": choices}


def points(*, action: str, seed: bytes, evidence: Any, elapsed_ms: int) -> int | Failed | None:
    """Judge `{answer}`, the index of a choice: 10 points, fewer when slow, at least 4."""
    read = members(evidence, "answer")
    answer = whole(read[0]) if read else None
    asked, choices = _laid_out(seed)
    if answer is None or not 0 <= answer < len(choices):
        return None
    if choices[answer] != asked.right:
        return FAILED
    late = max(0, elapsed_ms - FULL_MS)
    return max(LEAST, MOST - -(-late // POINT_MS))


def _laid_out(seed: bytes) -> tuple[Question, list[str]]:
    draws = Draws(seed)
    asked = questions.drawn(draws)
    return asked, draws.mixed([asked.right, *asked.wrong])
