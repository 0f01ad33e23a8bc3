"""What the repository must not say."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.structure.source import ROOT


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = [ROOT / name for name in listed.stdout.split("\0") if name]
    return [path for path in paths if path.is_file()]


def text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:  # a picture
        return ""


def machine_paths() -> re.Pattern[str]:
    """Folders of this machine, and those that any developer's has."""
    own = [str(folder) for folder in (ROOT, ROOT.parent, Path.home()) if len(folder.parts) > 1]
    anybodys = ["/" + "home/[a-z]", "/" + "Users/[A-Za-z]", "/" + "root/"]
    return re.compile("|".join([*(re.escape(it) + "(?=[/'\"\\s])" for it in own), *anybodys]))


def test_no_file_names_a_path_of_a_developers_machine() -> None:
    paths = machine_paths()
    found = {
        str(path.relative_to(ROOT)): match[0]
        for path in tracked()
        if (match := paths.search(text_of(path)))
    }
    assert found == {}


def test_lock_names_no_registry() -> None:
    """`resolved` would tie everybody to the registry of whoever locked last."""
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    assert len(packages) > 100
    assert [name for name, it in packages.items() if "resolved" in it] == []
    unchecked = [name for name, it in packages.items() if name and "integrity" not in it]
    assert unchecked == []


@pytest.mark.parametrize(
    "name", ["requirements.txt", "local/requirements.txt", "tests/requirements.txt"]
)
def test_requirements_are_pinned_and_name_no_registry(name: str) -> None:
    lines = (ROOT / name).read_text().splitlines()
    wanted = [line for line in lines if line and not line.startswith("#")]
    assert wanted
    pinned = r"[\w.\[\],-]+==[\w.]+(; .+)?"
    own = r"-e \./clients/\w+"
    assert [line for line in wanted if not re.fullmatch(f"{pinned}|{own}", line)] == []


def test_requirements_agree_on_versions() -> None:
    """All three lists share one environment: the local stack runs the functions in its own."""
    pins: dict[str, set[str]] = {}
    for name in ("requirements.txt", "local/requirements.txt", "tests/requirements.txt"):
        for package, version in re.findall(
            r"^([\w.-]+)(?:\[.*])?==(\S+)$", (ROOT / name).read_text(), re.MULTILINE
        ):
            pins.setdefault(package.lower().replace("_", "-"), set()).add(version)
    assert {package: found for package, found in pins.items() if len(found) > 1} == {}
