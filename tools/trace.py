"""`python -m tools.trace`: the functions of the service that run for one score, in their order.

A test drives one score from the POST to the frame at a viewer, with this beside it. It is the
measure of how far a reader has to walk, and a map of the way.
"""

from __future__ import annotations

import argparse
import ast
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

ROOT = Path(__file__).parent.parent
SERVICE = ("handlers", "leaderboard")
REPORT = ROOT / ".build" / "trace.txt"
TEST = "tests/integration/handlers/test_trace.py"


@dataclass(frozen=True, slots=True)
class Function:
    """A function that ran.

    `lines` are those of its code, without docstrings, comments, empty lines and inner functions.
    """

    file: str
    name: str
    lines: int


@dataclass
class Trace:
    """The functions that ran, each once, in the order of their first calls."""

    codes: dict[CodeType, None] = field(default_factory=dict)

    @contextmanager
    def running(self) -> Iterator[None]:
        """Take down what runs meanwhile, in this thread and in those that it starts."""
        sys.setprofile(self._called)
        threading.setprofile(self._called)
        try:
            yield
        finally:
            sys.setprofile(None)
            threading.setprofile(None)

    def _called(self, frame: FrameType, event: str, _argument: Any) -> None:
        if event == "call":
            self.codes.setdefault(frame.f_code)

    def functions(self) -> list[Function]:
        """Those of the service. A comprehension or a lambda counts with the function around it."""
        found: dict[tuple[str, int], Function] = {}
        for code in self.codes:
            path = Path(code.co_filename)
            if not path.is_relative_to(ROOT):
                continue
            file = path.relative_to(ROOT)
            if file.parts[0] not in SERVICE or code.co_name == "<module>":
                continue
            outer = _function_at(path, code.co_firstlineno)
            if outer is not None:
                place = (str(file), outer.lineno)
                found.setdefault(place, Function(str(file), outer.name, _lines(path, outer)))
        return list(found.values())


Definition = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def _definitions(path: Path) -> list[Definition]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [it for it in ast.walk(tree) if isinstance(it, Definition)]


def _function_at(path: Path, line: int) -> Definition | None:
    """The innermost function that a line is in, its decorators included."""
    around = [it for it in _definitions(path) if _begin(it) <= line <= (it.end_lineno or 0)]
    return max(around, key=_begin, default=None)


def _begin(it: Definition) -> int:
    return min([it.lineno, *(decorator.lineno for decorator in it.decorator_list)])


@cache
def _lines(path: Path, it: Definition) -> int:
    numbers = set(range(it.lineno, (it.end_lineno or it.lineno) + 1))
    for node in ast.walk(it):
        if isinstance(node, Definition) and node is not it:
            numbers -= set(range(_begin(node), (node.end_lineno or 0) + 1))
    if ast.get_docstring(it) is not None:
        numbers -= set(range(it.body[0].lineno, (it.body[0].end_lineno or 0) + 1))
    text = path.read_text(encoding="utf-8").splitlines()
    code = (text[number - 1].strip() for number in numbers)
    return sum(1 for line in code if line and not line.startswith("#"))


def report(functions: list[Function]) -> str:
    """The functions by file, in the order in which a score comes to the files."""
    by_file: dict[str, list[Function]] = {}
    for it in functions:
        by_file.setdefault(it.file, []).append(it)
    lines = []
    for file, those in by_file.items():
        lines.append(f"{sum(it.lines for it in those):5}  {file}")
        lines += [f"{it.lines:9}  {it.name}" for it in those]
    total = sum(it.lines for it in functions)
    lines.append(f"{len(by_file)} files, {len(functions)} functions, {total} lines")
    return "\n".join(lines)


def main() -> int:
    """Run the test that drives a score, and print what it wrote down."""
    argparse.ArgumentParser(
        prog="python -m tools.trace",
        description="Print the functions of the service that run for one score, from the POST to "
        "the frame at a viewer: by file, with their lines of code.",
    ).parse_args()
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", TEST]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if run.returncode:
        print(run.stdout + run.stderr, file=sys.stderr)
        return 1
    print(REPORT.read_text(encoding="utf-8"), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
