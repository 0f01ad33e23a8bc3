"""The sample players: they know what a person can know, and so they hold the games to it."""

from __future__ import annotations

import hashlib

from hypothesis import given, strategies as st

from game import lap, quiz, sprint
from leaderboard.scoring.judges import FAILED
from local import games
from tests.unit.game.seeds import SEEDS

SKILL = st.floats(0, 1)


def test_every_question_has_the_answer_that_its_words_ask_for() -> None:
    for number in range(5_000):
        seed = hashlib.sha256(str(number).encode()).digest()
        asked = quiz.question(action="quiz", seed=seed)
        answer = games.answered(asked["question"], asked["choices"])
        points = quiz.points(
            action="quiz", seed=seed, evidence={"answer": answer}, elapsed_ms=2_000
        )
        assert points == 10, asked


@given(SEEDS, SKILL)
def test_players_of_the_quiz_send_answers(seed: bytes, skill: float) -> None:
    played = games.quiz(quiz.question(action="quiz", seed=seed), skill)
    points = quiz.points(
        action="quiz", seed=seed, evidence=played.evidence, elapsed_ms=round(1000 * played.seconds)
    )
    assert points is FAILED or points in range(4, 11)


@given(SEEDS, SKILL)
def test_players_of_the_sprint_score_as_people_do(seed: bytes, skill: float) -> None:
    played = games.sprint(sprint.sums(action="sprint", seed=seed), skill)
    points = sprint.points(
        action="sprint",
        seed=seed,
        evidence=played.evidence,
        elapsed_ms=round(1000 * played.seconds),
    )
    assert isinstance(points, int)
    assert 0 < points <= 200


@given(SEEDS, SKILL)
def test_players_of_the_lap_finish_or_give_up(seed: bytes, skill: float) -> None:
    played = games.lap(lap.field(action="lap", seed=seed), skill)
    points = lap.points(
        action="lap", seed=seed, evidence=played.evidence, elapsed_ms=round(1000 * played.seconds)
    )
    finished = len(played.evidence["touches"]) == lap.NUMBERS
    assert points is FAILED or (finished and points in range(5_000, 20_000))
