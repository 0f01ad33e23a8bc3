"""`make check` wherever the repository lies."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from local.service import ROOT

pytestmark = pytest.mark.package

INSTALLED = (".venv", "node_modules", "clients/javascript/node_modules")
# What looks at files by their path. The rest asks programs in the folder, and takes minutes.
TARGETS = ("check-service", "check-edge", "check-clients")


@pytest.fixture(scope="module")
def spaced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository in a folder whose name has spaces."""
    folder = tmp_path_factory.mktemp("in a folder") / "of its own"
    ignored = shutil.ignore_patterns(*(Path(it).name for it in INSTALLED), ".*", "__pycache__")
    shutil.copytree(ROOT, folder, ignore=ignored)
    for name in INSTALLED:
        (folder / name).symlink_to((ROOT / name).resolve())
    return folder


@pytest.mark.parametrize("target", TARGETS)
def test_check_passes_in_a_path_with_spaces(spaced: Path, target: str) -> None:
    # Not by the outer make, whose flags would reach this one.
    environment = {name: it for name, it in os.environ.items() if not name.startswith("MAKE")}
    answer = subprocess.run(
        ["make", "--no-print-directory", target],  # noqa: S607
        cwd=spaced,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
