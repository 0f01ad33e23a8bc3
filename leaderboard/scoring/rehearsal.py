"""Rehearsal: `boards.yml` and the game's functions that it names, tried before a deploy.

`python -m leaderboard.scoring.rehearsal boards.yml` checks a file and the functions that it names,
prints every mistake with its board, its key and the reason, and fails if there is one; a deploy
runs it first.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path

from leaderboard.boards.boards_file import Mistake, load
from leaderboard.boards.catalog import Catalog
from leaderboard.boards.rules import Action, JudgedPoints
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
    if isinstance(action.points, JudgedPoints):
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


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m leaderboard.scoring.rehearsal", description="Check a boards.yml."
    )
    parser.add_argument("file", nargs="?", default="boards.yml", type=Path)
    parser.add_argument(
        "--schedules", action="store_true", help="print each board's schedule, as JSON"
    )
    given = parser.parse_args()
    path = given.file
    try:
        catalog = load(path)
        if found := "\n".join(faults(catalog)):
            raise Mistake(found)
    except Mistake as mistake:
        print(f"{path} has mistakes; nothing is deployed until they are mended:", file=sys.stderr)
        print("\n".join(f"  {line}" for line in str(mistake).splitlines()), file=sys.stderr)
        return 1
    if given.schedules:
        print(json.dumps({name: rules.schedule for name, rules in catalog.rules.items()}))
    else:
        print(f"{path}: {len(catalog.rules)} boards, no mistakes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
