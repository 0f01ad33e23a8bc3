"""The lap: touch the numbers of a field in their order; the time is the service's own."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from game.draws import Draws
from game.evidence import members, whole
from leaderboard.scoring.judges import FAILED, Failed

COLUMNS = ROWS = 5
NUMBERS = 15
SHORTEST_MS, LONGEST_MS = 5_000, 600_000
FASTEST_MS = 100
"""No person finds and touches the next number quicker than this."""


def field(*, action: str, seed: bytes) -> dict[str, Any]:
    """`{columns, rows, cells}`: the cells row by row, each with its number or null."""
    cells: list[int | None] = [None] * (COLUMNS * ROWS)
    for number, cell in enumerate(_places(seed), start=1):
        cells[cell] = number
    return {"columns": COLUMNS, "rows": ROWS, "cells": cells}


def points(*, action: str, seed: bytes, evidence: Any, elapsed_ms: int) -> int | Failed | None:
    """Judge `{touches: [{cell, atMs}]}`: right cells in order make a lap of elapsed_ms."""
    touches = _read(evidence)
    if touches is None:
        return None
    times = [0, *(at for _, at in touches)]
    too_quick = any(after - before < FASTEST_MS for before, after in pairwise(times))
    if too_quick or times[-1] > elapsed_ms or elapsed_ms > LONGEST_MS:
        return FAILED
    if [cell for cell, _ in touches] != _places(seed):
        return FAILED
    return max(SHORTEST_MS, elapsed_ms)


def _read(evidence: Any) -> list[tuple[int, int]] | None:
    """The touched cells with their times; None where the form is wrong."""
    read = members(evidence, "touches")
    if read is None or not isinstance(read[0], list) or len(read[0]) > NUMBERS:
        return None
    touches = []
    for line in read[0]:
        cell, at = (whole(it) for it in members(line, "cell", "atMs") or (None, None))
        if cell is None or at is None or not 0 <= cell < COLUMNS * ROWS or at < 0:
            return None
        touches.append((cell, at))
    return touches


def _places(seed: bytes) -> list[int]:
    """The cells of 1, 2, 3, …"""
    return Draws(seed).some_of(range(COLUMNS * ROWS), NUMBERS)
