"""The package on the other interpreters that it says it runs on: those that are found here. The
workflow runs `elsewhere` on the oldest and the newest."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
import urllib3
import websockets

ROOT = Path(__file__).parent.parent.parent.parent
SOURCE = ROOT / "clients" / "python" / "src"
PROJECT = (ROOT / "clients" / "python" / "pyproject.toml").read_text(encoding="utf-8")
OLDEST = "3.10"
SECONDS = 120.0
VERSION = "import sys; print('.'.join(map(str, sys.version_info[:2])))"


def candidates(version: str) -> Iterator[str]:
    if found := shutil.which(f"python{version}"):
        yield found
    versions = Path.home() / ".pyenv" / "versions"
    yield from map(os.fspath, versions.glob(f"{version}.*/bin/python"))


def interpreter(version: str) -> str:
    """One that runs; a shim on the PATH may not."""
    for path in candidates(version):
        said = subprocess.run([path, "-c", VERSION], capture_output=True, text=True, check=False)
        if said.stdout.strip() == version:
            return path
    pytest.skip(f"Python {version} is not on this machine")


def with_our_packages(python: str, folder: Path) -> tuple[str, Mapping[str, str]]:
    """That interpreter with the packages of our own environment, which run on it as they are."""
    for package in (urllib3, websockets):
        (folder / package.__name__).symlink_to(Path(str(package.__file__)).parent)
    return python, {"PYTHONPATH": f"{SOURCE}{os.pathsep}{folder}"}


def with_older_packages(python: str, folder: Path) -> tuple[str, Mapping[str, str]]:
    """That interpreter in an environment with the newest packages that still run on it."""
    own = folder / "environment"
    subprocess.run([python, "-m", "venv", own], check=True, capture_output=True)
    needed = PROJECT.partition("dependencies = [")[2].partition("]")[0]
    wanted = [it.strip().strip('"') for it in needed.split(",")]
    made = subprocess.run(
        [own / "bin" / "python", "-m", "pip", "install", "-qq", *wanted],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        # As a shell of a train has it. Any other failure is one of the package.
        assert "onnection" in made.stderr or "resolve" in made.stderr, made.stderr
        pytest.skip("the package registry does not answer")
    return os.fspath(own / "bin" / "python"), {"PYTHONPATH": os.fspath(SOURCE)}


@pytest.mark.parametrize("version", [OLDEST, "3.12", "3.13", "3.14"])
def test_small_voyage_succeeds_on_another_interpreter(version: str, tmp_path: Path) -> None:
    prepare = with_older_packages if version == OLDEST else with_our_packages
    python, paths = prepare(interpreter(version), tmp_path)
    ran = subprocess.run(
        [python, "-B", "-W", "error", "-m", "clients.python.tests.elsewhere"],
        cwd=ROOT,
        env={**os.environ, **paths, "VOYAGES": "6"},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert f"Python {version}." in ran.stdout
    assert "none wrong" in ran.stdout
    assert os.fspath(SOURCE) in ran.stdout


def test_oldest_interpreter_is_the_one_that_the_package_names() -> None:
    assert f'requires-python = ">={OLDEST}"' in PROJECT
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    assert f"'{OLDEST}'" in workflow
    assert "clients.python.tests.elsewhere" in workflow
