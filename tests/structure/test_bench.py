"""The bench explains itself, and refuses what it does not know before it starts anything."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from local.runtime import PYTHON
from tests.commands import command


def bench(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return command("bench", *arguments, environment=variables)


def test_bench_explains_its_parts() -> None:
    run = bench("--help")
    assert run.returncode == 0
    assert "path:" in run.stdout
    assert "ranking:" in run.stdout
    assert "posting:" in run.stdout
    assert "units:" in run.stdout
    assert "cold:" in run.stdout


@pytest.mark.parametrize(("argument", "size"), [("speed", "small"), ("path", "tiny")])
def test_bench_refuses_what_it_does_not_know(argument: str, size: str) -> None:
    run = bench(argument, SIZE=size)
    assert (run.returncode, run.stdout) == (2, "")
    assert "usage:" in run.stderr


def test_cold_starts_are_not_measured_without_the_python_of_the_functions(tmp_path: Path) -> None:
    if (Path(sys.executable).parent / PYTHON).exists():
        pytest.skip(f"these tests run on {PYTHON} themselves")
    run = bench("cold", PATH=str(tmp_path))
    assert (run.returncode, run.stdout) == (1, "")
    assert f"there is no {PYTHON} on the PATH" in run.stderr
