"""Rehearsal: the game's functions that `boards.yml` names, tried before a deploy."""

from __future__ import annotations

from collections.abc import Iterator

from leaderboard.boards.catalog import Catalog
from leaderboard.boards.rules import Action, Judged
from leaderboard.errors import JudgeFailed
from leaderboard.scoring.judges import CHALLENGE, JUDGE, challenge_text, find

SAMPLE_SEED = bytes(range(32))


def faults(catalog: Catalog) -> Iterator[str]:
    """What is wrong about the judges and challenges: each is imported, challenges are called."""
    for board, rules in catalog.rules.items():
        for action, it in rules.actions.items():
            for key, reason in _faults(action, it):
                yield f"{board}: actions.{action}.{key}: {reason}"


def _faults(name: str, action: Action) -> Iterator[tuple[str, str]]:
    if isinstance(action.points, Judged):
        try:
            find(action.points.judge, JUDGE)
        except ValueError as error:
            yield "points.judge", str(error)
    if action.challenge is not None:
        try:
            find(action.challenge, CHALLENGE)
            challenge_text(action.challenge, action=name, seed=SAMPLE_SEED)
        except ValueError as error:
            yield "challenge", str(error)
        except JudgeFailed as failed:
            yield "challenge", f"it {failed.reason}"
