"""A game for the tests, in place of the one that is shipped: its judges do as the evidence says."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from leaderboard.boards.rules import GAME
from leaderboard.scoring import judges

SAMPLE = Path(__file__).parent


@contextmanager
def shipping(folder: Path = SAMPLE) -> Iterator[None]:
    """With the package `game` of that folder, of which nothing was imported before."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(judges, "ROOT", folder)
        patch.syspath_prepend(str(folder))
        with forgotten():
            yield


@contextmanager
def forgotten() -> Iterator[None]:
    """With nothing of the game imported before, and nothing left behind."""
    held = {name: it for name, it in sys.modules.items() if is_of_the_game(name)}
    for name in held:
        del sys.modules[name]
    judges.find.cache_clear()
    try:
        yield
    finally:
        for name in [*filter(is_of_the_game, sys.modules)]:
            del sys.modules[name]
        sys.modules.update(held)
        judges.find.cache_clear()


def is_of_the_game(module: str) -> bool:
    return module.partition(".")[0] == GAME
