"""How the sample players play: from what a person sees on the page to what that person does, with
the times and the mistakes of people. The secrets of a ticket are not known here."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any

from game.tables import CAPITALS, KINDS, ROMAN, WEEKDAYS

Json = Any
SPRINT_SHARE = 0.98
"""Nobody is quick enough to use the very last moment of a sprint."""


@dataclass(frozen=True, slots=True)
class Played:
    """What a player did, and how long it took."""

    evidence: Json
    seconds: float


def quiz(challenge: Json, skill: float) -> Played:
    """Somebody with skill 1 is right nearly always; skill 0 is a guess."""
    choices = challenge["choices"]
    knows = random.random() < 0.25 + 0.7 * skill
    answer = answered(challenge["question"], choices) if knows else random.randrange(len(choices))
    return Played({"answer": answer}, random.uniform(2.2, 5.0) + 4 * (1 - skill) * random.random())


def sprint(challenge: Json, skill: float) -> Played:
    """Sum after sum until the time is over."""
    answers: list[Json] = []
    at, end = 0.0, SPRINT_SHARE * challenge["seconds"]
    for text in challenge["sums"]:
        # A sum takes longer the larger its numbers are.
        at += random.uniform(0.7, 1.3) + 1.8 * (1 - skill) * random.random() + len(text) / 20
        if at > end:
            break
        slip = random.choice((-1, 1, 10)) if random.random() < 0.08 * (1 - skill) + 0.02 else 0
        answers.append({"answer": calculated(text) + slip, "atMs": round(1000 * at)})
    return Played({"answers": answers}, challenge["seconds"] + random.uniform(0.2, 0.6))


def lap(challenge: Json, skill: float) -> Played:
    """The numbers in their order; now and then somebody gives up half-way."""
    cells = challenge["cells"]
    last = max(it for it in cells if it is not None)
    if random.random() < 0.05:
        last = random.randrange(1, last)
    touches, at = [], 0.0
    for number in range(1, last + 1):
        at += random.uniform(0.3, 0.5) + 0.9 * (1 - skill) * random.random()
        touches.append({"cell": cells.index(number), "atMs": round(1000 * at)})
    return Played({"touches": touches}, at + random.uniform(0.02, 0.1))


GAMES: Mapping[str, Callable[[Json, float], Played]] = {"quiz": quiz, "sprint": sprint, "lap": lap}


def calculated(text: str) -> int:
    """The result of a sum of the sprint."""
    left, sign, right = text.split()
    a, b = int(left), int(right)
    return {"+": a + b, "−": a - b, "×": a * b}[sign]


def answered(question: str, choices: list[str]) -> int:
    """The index of the right choice, worked out from the words of the question."""
    for pattern, solve in SOLVERS:
        if found := re.fullmatch(pattern, question):
            return choices.index(solve(choices, *found.groups()))
    raise ValueError(f"nobody knows how to answer: {question}")


def _percentage(_choices: list[str], share: str, whole: str) -> str:
    return str(Fraction(int(share) * int(whole), 100))


def _next(_choices: list[str], listed: str) -> str:
    row = [int(it) for it in listed.split(", ")]
    steps = [after - before for before, after in pairwise(row)]
    if row[2] == row[0] + row[1] and row[3] == row[1] + row[2]:
        return str(row[2] + row[3])
    if all(after == 2 * before for before, after in pairwise(row)):
        return str(2 * row[3])
    return str(row[3] + steps[2] + (steps[2] - steps[1]))


def _later(_choices: list[str], hour: str, minute: str, hours: str, minutes: str) -> str:
    later = 60 * (int(hour) + int(hours)) + int(minute) + int(minutes)
    return f"{later // 60 % 24:02}:{later % 60:02}"


def _weekday(_choices: list[str], today: str, days: str) -> str:
    return WEEKDAYS[(WEEKDAYS.index(today) + int(days)) % 7]


def _roman(_choices: list[str], numeral: str) -> str:
    worth = {letters: value for value, letters in ROMAN}
    values = [worth[it] for it in numeral]
    # A letter before a larger one is taken away.
    signed = [
        -value if value < after else value
        for value, after in zip(values, [*values[1:], 0], strict=True)
    ]
    return str(sum(signed))


def _divided(choices: list[str], divisor: str) -> str:
    (right,) = (it for it in choices if int(it) % int(divisor) == 0)
    return right


def _country(_choices: list[str], capital: str) -> str:
    (right,) = (country for country, it in CAPITALS.items() if it == capital)
    return right


def _odd(choices: list[str], kind: str) -> str:
    (right,) = (it for it in choices if it not in KINDS[kind])
    return right


SOLVERS: tuple[tuple[str, Callable[..., str]], ...] = (
    (r"What is (\d+ [+−×] \d+)\?", lambda _, text: str(calculated(text))),
    (r"What is (\d+) % of (\d+)\?", _percentage),
    (r"Which number comes next\? ([\d, ]+), …", _next),
    (r"It is (\d\d):(\d\d)\. What time is it (\d+) h (\d+) min later\?", _later),
    (r"Today is (\w+)\. Which day is it in (\d+) days\?", _weekday),
    (r"Which number is ([IVXLC]+)\?", _roman),
    (r"Which of these is the largest\? .*", lambda choices: max(choices, key=Fraction)),
    (r"Which number can be divided by (\d) without a remainder\?", _divided),
    (r"What is the capital of (.+)\?", lambda _, country: CAPITALS[country]),
    (r"(.+) is the capital of which country\?", _country),
    (r"Which one is not (.+)\?", _odd),
)
