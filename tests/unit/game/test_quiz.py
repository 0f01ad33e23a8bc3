"""The quiz: what it asks, and what an answer is worth."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from hypothesis import given, strategies as st

from game import questions, quiz
from game.draws import Draws
from leaderboard.scoring.judges import FAILED, Failed
from tests.unit.game.seeds import JSON, SEEDS

ELAPSED = st.integers(0, 300_000)


def judged(seed: bytes, evidence: Any, elapsed_ms: int = 3_000) -> int | Failed | None:
    return quiz.points(action="quiz", seed=seed, evidence=evidence, elapsed_ms=elapsed_ms)


def right_index(seed: bytes) -> int:
    asked = questions.drawn(Draws(seed))
    choices: list[str] = quiz.question(action="quiz", seed=seed)["choices"]
    return choices.index(asked.right)


def seeds(count: int) -> list[bytes]:
    return [hashlib.sha256(str(it).encode()).digest() for it in range(count)]


@given(SEEDS)
def test_question_has_four_distinct_choices_and_one_is_right(seed: bytes) -> None:
    asked = quiz.question(action="quiz", seed=seed)
    right = questions.drawn(Draws(seed)).right
    assert asked.keys() == {"question", "choices"}
    assert len(set(asked["choices"])) == len(asked["choices"]) == 4
    assert asked["choices"].count(right) == 1
    assert quiz.question(action="quiz", seed=seed) == asked


@given(SEEDS, ELAPSED)
def test_right_answer_earns_points_and_every_other_fails(seed: bytes, elapsed_ms: int) -> None:
    right = right_index(seed)
    for index in range(4):
        points = judged(seed, {"answer": index}, elapsed_ms)
        if index == right:
            assert isinstance(points, int)
            assert 4 <= points <= 10
        else:
            assert points is FAILED


@pytest.mark.parametrize(
    ("elapsed_ms", "points"),
    [(0, 10), (6_000, 10), (6_001, 9), (9_000, 9), (9_001, 8), (21_001, 4), (300_000, 4)],
)
def test_slow_answer_is_worth_less_and_never_under_four(elapsed_ms: int, points: int) -> None:
    seed = bytes(32)
    assert judged(seed, {"answer": right_index(seed)}, elapsed_ms) == points


@given(SEEDS)
def test_index_is_read_by_its_value(seed: bytes) -> None:
    assert judged(seed, {"answer": float(right_index(seed))}) == 10


@pytest.mark.parametrize(
    "evidence",
    [
        None,
        1,
        {},
        [{"answer": 1}],
        {"answer": None},
        {"answer": -1},
        {"answer": 4},
        {"answer": 1.5},
        {"answer": "1"},
        {"answer": True},
        {"answer": 1, "points": 10},
    ],
)
def test_wrong_form_is_refused(evidence: Any) -> None:
    assert judged(bytes(32), evidence) is None


@given(SEEDS, JSON | st.fixed_dictionaries({"answer": JSON}), ELAPSED)
def test_no_evidence_makes_the_judge_raise(seed: bytes, evidence: Any, elapsed_ms: int) -> None:
    points = judged(seed, evidence, elapsed_ms)
    if isinstance(points, int):
        assert evidence["answer"] == right_index(seed)


def test_seeds_make_thousands_of_questions_of_every_kind() -> None:
    asked = {quiz.question(action="quiz", seed=seed)["question"] for seed in seeds(10_000)}
    assert len(asked) > 4_000
    laid_out = {str(quiz.question(action="quiz", seed=seed)) for seed in seeds(10_000)}
    assert len(laid_out) > 9_900


def test_right_answer_stands_in_every_place_alike() -> None:
    places = [right_index(seed) for seed in seeds(4_000)]
    assert all(900 < places.count(index) < 1_100 for index in range(4))


@pytest.mark.parametrize("kind", questions.ALL)
def test_each_kind_has_one_right_answer(kind: Any) -> None:
    for seed in seeds(2_000):
        asked = kind(Draws(seed))
        assert len({asked.right, *asked.wrong}) == 4
        assert asked.text.count("?") == 1


def test_question_of_a_seed_never_changes() -> None:
    """A ticket issued before a deploy is judged after it."""
    assert quiz.question(action="quiz", seed=bytes(32)) == GOLDEN


GOLDEN: dict[str, Any] = {
    "question": "What is 40 % of 700?",
    "choices": ["560", "282", "280", "275"],
}
