"""Soak: stories and plays with ever new seeds, for as long as one likes.

`python -m tests.integration.soak --minutes 30` tells them in turns, prints each seed with what came
of it, and stops at the first failure with the command that repeats it.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping

STORIES = 100
PLAYS = 20


def rounds(first: int) -> Iterator[tuple[str, Mapping[str, str]]]:
    """What to run, and the environment that says which: stories and plays in turns."""
    seed = first
    while True:
        yield "test_stories.py", {"FIRST_STORY": str(seed), "STORIES": str(STORIES)}
        for plays in ("test_model.py", "test_model_of_changes.py"):
            yield plays, {"MODEL_SEED": str(seed), "MODEL_PLAYS": str(PLAYS)}
        seed += STORIES


def run(file: str, chosen: Mapping[str, str], *, chosen_tests: str) -> tuple[bool, str]:
    """One round: whether it passed, and what it printed."""
    command = [sys.executable, "-m", "pytest", "-q", "-x", f"tests/integration/{file}"]
    command += ["-k", chosen_tests]
    environment = {**os.environ, **chosen, "PYTHONHASHSEED": "0"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return done.returncode == 0, done.stdout + done.stderr


def main() -> int:
    parser = argparse.ArgumentParser(prog="soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="begin no round after so many")
    parser.add_argument(
        "--seed", type=int, default=random.randrange(10**9), help="where to begin; else anywhere"
    )
    options = parser.parse_args()
    began = time.monotonic()
    deadline = began + options.minutes * 60
    total = 0
    print(f"soak: {options.minutes:g} minutes from seed {options.seed}", flush=True)
    for file, chosen in rounds(options.seed):
        if time.monotonic() >= deadline:
            break
        what = " ".join(f"{name}={value}" for name, value in chosen.items())
        passed, text = run(file, chosen, chosen_tests="equal")
        if not passed:
            print(text)
            print("soak: failed. To repeat it:")
            print(
                f"  PYTHONHASHSEED=0 {what} {sys.executable} -m pytest -x tests/integration/{file}"
            )
            return 1
        total += int(chosen.get("STORIES") or chosen["MODEL_PLAYS"])
        minutes = (time.monotonic() - began) / 60
        print(f"soak: {minutes:6.1f} min  {what}  ok, {total} in all", flush=True)
    print(f"soak: {total} stories and plays without a failure", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
