"""The boards that the bench fills: users with ids like Cognito's, ten to a score, in no order."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from typing import TypeAlias

from leaderboard.adapters.valkey.encoding import CacheKeys
from leaderboard.boards.rules import Board, Order
from leaderboard.boards.seasons import BoardSeason
from leaderboard.boards.snapshots import Score
from leaderboard.ranking.score_state import ScoreState

BOARD = BoardSeason.stored(Board(board="bench", title="Bench", order=Order.DESC), "all")
KEYS = CacheKeys.of(BOARD.key)
LOADED_MS = 1_700_000_000_000
TIED = 10
CHUNK = 100_000
"""Members that a rebuild holds at a time."""

SPREAD = 0x9E3779B97F4A7C15F39CC0605CEDC835
STRIDE = 7_368_787

Chunks: TypeAlias = Iterable[list[ScoreState]]


def user(number: int) -> str:
    digits = f"{number * SPREAD % 2**128:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def name(number: int) -> str:
    """One that the player picked."""
    return f"Champion {number % 10_000:04d}"


def loaded(number: int, members: int) -> ScoreState:
    user_id = user(number)
    user_score = number * STRIDE % members // TIED
    score = Score(user_id, name(number), user_score, LOADED_MS + number % 1000)
    return ScoreState(user_id, LOADED_MS, score)


def chunks(members: int, *, in_order: bool = False) -> Iterator[list[ScoreState]]:
    """All members, as a scan of the table finds them, or from the best to the last."""
    step = pow(STRIDE, -1, members) if in_order else 1
    size = min(CHUNK, members // 10)
    for start in range(0, members, size):
        places = range(start, min(start + size, members))
        yield [loaded((members - 1 - place) * step % members, members) for place in places]


def score_of(record: ScoreState) -> Score:
    assert record.score is not None
    return record.score


def updates(members: int, chance: random.Random) -> Iterator[ScoreState]:
    """Newer scores of users who are on the board already, anywhere on it."""
    version = LOADED_MS + 1000
    while True:
        version += 1
        number = chance.randrange(members)
        user_id = user(number)
        user_score = chance.randrange(max(1, members // TIED))
        score = Score(user_id, name(number), user_score, version)
        yield ScoreState(user_id, version, score)
