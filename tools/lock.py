"""Locks the Python packages: each `*.in` names what is wanted, `*.txt` beside it all that comes.

Run `make lock` after a change of a list; `make lock UPGRADE=1` also takes newer versions of what
the wanted packages bring along. The hashes are those of all files of a release, so one lock is
good for every platform.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]

# What each list must run on at least. The functions' own list is for their runtime alone.
LISTS = {
    "requirements": "3.13",
    "local/requirements": "3.11",
    "tests/requirements": "3.11",
    "tests/audit": "3.11",
    "bench/peer": "3.11",
    "tools/lock": "3.11",
    "tools/preflight": "3.11",
    ".ci/node": "3.11",
}
"""A list may hold to another's pins (`-c`), so the order counts."""
ALONE = {"tools/preflight"}
"""Lists whose packages are used without what they ask for: of rules for the CDK, the rules."""


def lock(name: str, python: str, *, upgrade: bool) -> None:
    target = ROOT / f"{name}.txt"
    command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--no-config"]
    command += ["--universal", "--python-version", python, "--generate-hashes"]
    # No index and no host: the installer takes what its own machine is set up for.
    command += ["--no-header", "--no-annotate", "--output-file", str(target), f"{name}.in"]
    command += ["--no-deps"] * (name in ALONE) + ["--upgrade"] * upgrade
    subprocess.run(command, cwd=ROOT, check=True)  # noqa: S603
    text = target.read_text(encoding="utf-8")
    target.write_text(f"# Made by `make lock` from {name}.in.\n{joined(text)}", encoding="utf-8")


def joined(text: str) -> str:
    """One line a package: serverless-python-requirements sorts lines and would part the hashes."""
    return re.sub(r" *\\\n *", " ", text)


def main() -> None:
    parser = argparse.ArgumentParser(prog="make lock", description="Lock the Python packages.")
    parser.add_argument("--upgrade", action="store_true", help="take newer versions, too")
    given = parser.parse_args()
    for name, python in LISTS.items():
        lock(name, python, upgrade=given.upgrade)


if __name__ == "__main__":
    main()
