"""The processes of this machine, and who started them."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from pathlib import Path


def parents() -> dict[int, int]:
    """Every process that lives, with its parent; one that waits to be reaped does not."""
    listed = subprocess.run(
        ["ps", "-axo", "pid=,ppid=,stat="],  # noqa: S607
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [line.split() for line in listed.stdout.splitlines()]
    return {int(pid): int(parent) for pid, parent, state in lines if not state.startswith("Z")}


def parents_in(folder: Path) -> dict[int, int]:
    """The same where there is a /proc, and perhaps no ps."""
    found = {}
    for stat in folder.glob("[0-9]*/stat"):
        with suppress(OSError):
            # The name, in parentheses, may hold anything.
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
            if state != "Z":
                found[int(stat.parent.name)] = int(parent)
    return found


def living() -> dict[int, int]:
    folder = Path("/proc")
    return parents_in(folder) if (folder / "self").exists() else parents()


def descendants(pid: int) -> set[int]:
    """The processes that a process started, and those that they did, with itself."""
    found = {pid}
    while more := {child for child, parent in living().items() if parent in found} - found:
        found |= more
    return found
