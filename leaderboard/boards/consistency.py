"""Finds mistakes in `boards.yml` that no board has alone: two boards contradict each other.

An action may count on several boards. Each of them must be able to take its points, and each board
must have an action that can be a player's first.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import cache
from itertools import combinations

from leaderboard.boards.catalog import Catalog
from leaderboard.boards.rules import MAX_SCORE, Action, Board, JudgedPoints, Operator, Order


def mistakes(catalog: Catalog, *, broken: Collection[str] = ()) -> Iterator[str]:
    """One line for each mistake. It names the board, the key and the reason.

    The rules of the `broken` boards could not be read. An action that counts on one of them is
    right as far as anybody knows.
    """
    for one, other in combinations([it for it in catalog.rules if "*" in it], 2):
        if len(one) == len(other) and _overlap(one, other):
            yield f"{one}: the pattern {other} is as long and matches the same names"
    yield from _uncountable(catalog, broken)


def _uncountable(catalog: Catalog, broken: Collection[str]) -> Iterator[str]:
    """What actions are worth that one of their boards does not take."""
    counted: dict[str, list[bool]] = {}
    for name, board in catalog.rules.items():
        for action, it in board.actions.items():
            key = f"{name}: actions.{action}"
            targets = [(board, f"{key}.points:")]
            for other in it.also_on:
                rules = catalog.ruling(other)
                if reason := _no_other(name, other, rules):
                    yield from [] if other in broken else [f"{key}.alsoOn: {reason}"]
                elif rules is not None:
                    targets.append((rules, f"{key}.alsoOn: on {other}, points"))
            ascending = [rules.board for rules, _ in targets if rules.order is Order.ASC]
            if ascending and isinstance(it.points, JudgedPoints) and it.points.min is None:
                yield f"{key}.points.min: is missing: on {ascending[0]} lower wins, so 0 would"
            points = _points(it)
            for rules, where in targets:
                counted.setdefault(rules.board, []).append(_may_be_first(points, rules))
                yield from (f"{where} {reason}" for reason in _refusals(points, rules))
    for name, may_be_first in counted.items():
        board = catalog.rules[name]
        if board.operator is Operator.INCREMENT and not any(may_be_first):
            yield f"{name}: {_unreachable(board)}"


def _no_other(name: str, other: str, rules: Board | None) -> str | None:
    """Why an action of the board `name` cannot count on another one, whose rules those are."""
    if "*" in other:
        return f"{other} is a pattern; name the boards"
    if rules is None:
        return f"there is no board {other[:48]!r}"
    return f"{other} is the board itself" if rules.board == name else None


def _unreachable(board: Board) -> str:
    """What to say of a board on which no action can be the first."""
    if board.min_score > 0:
        return f"minScore: no action is worth {board.min_score}, so nobody could have a first score"
    return "limits.maxScore: every action is worth more, so nobody could have a first score"


def _points(action: Action) -> tuple[int, int]:
    """The least and the most that completing the action is worth."""
    if isinstance(action.points, int):
        return action.points, action.points
    return action.points.least, action.points.max


def _refusals(points: tuple[int, int], board: Board) -> Iterator[str]:
    """Why a board would refuse those points, or some of them, whatever the score before."""
    least, most = points
    if most > (board.limits.points_per_hour or MAX_SCORE):
        yield "may be more than limits.pointsPerHour lets anybody take"
    adds = board.operator is Operator.INCREMENT
    if least < 0 and adds and not board.negative_points:
        yield "may be negative: the board needs negativePoints: true"
    width = board.limits.max_score - board.min_score
    if _may_be_first(points, board) or (adds and least <= width and most >= -width):
        return
    if width >= 0:  # else minScore is named already
        yield "can make no score from minScore to limits.maxScore"


def _may_be_first(points: tuple[int, int], board: Board) -> bool:
    """Whether some of those points are a score that the board takes."""
    least, most = points
    return least <= board.limits.max_score and most >= board.min_score


@cache
def _overlap(one: str, other: str) -> bool:
    """Whether some name matches both patterns."""
    if not one or not other:
        return set(one + other) <= {"*"}
    if one[0] == "*":
        return _overlap(one[1:], other) or _overlap(one, other[1:])
    if other[0] == "*":
        return _overlap(other, one)
    return one[0] == other[0] and _overlap(one[1:], other[1:])
