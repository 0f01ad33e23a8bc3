"""The package as others get it."""

from __future__ import annotations

import ast
import os
import sys
import zipfile
from dataclasses import Field, fields
from pathlib import Path
from typing import get_args

import pytest
from flit_core import buildapi

import leaderboard_client
import leaderboard_client.errors
from leaderboard_client import Api, LeaderboardError, State, Timing

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "leaderboard_client"
# Modules that do input and output; the others only decide.
SHELL = {"__init__", "leaderboard", "listeners", "sockets", "top"}
SHELL |= {f"api.{name}" for name in ("async_api", "runners", "setup", "source", "sync_api")}
SHELL |= {"api.transport"}
MODULES = {
    ".".join(path.relative_to(SOURCE).with_suffix("").parts): path for path in SOURCE.rglob("*.py")
}

README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_wheel_holds_the_modules_their_types_and_the_licence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    wheel = tmp_path / buildapi.build_wheel(os.fspath(tmp_path))
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
        metadata = archive.read(f"leaderboard_client-{version()}.dist-info/METADATA").decode()
        licence = archive.read(f"leaderboard_client-{version()}.dist-info/licenses/LICENSE")
    modules = {f"leaderboard_client/{path.relative_to(SOURCE)}" for path in MODULES.values()}
    assert names == modules | {"leaderboard_client/py.typed"}
    assert licence == (ROOT / "LICENSE").read_bytes()
    needed = [line for line in metadata.splitlines() if line.startswith("Requires-Dist")]
    assert needed == ["Requires-Dist: urllib3>=2.2", "Requires-Dist: websockets>=15"]


def version() -> str:
    (line,) = (
        line
        for line in (ROOT / "pyproject.toml").read_text().splitlines()
        if line.startswith("version")
    )
    return line.partition('"')[2].rstrip('"')


@pytest.mark.parametrize("name", sorted(MODULES))
def test_core_does_no_input_or_output_and_reads_no_clock(name: str) -> None:
    imported = set()
    for node in ast.walk(ast.parse(MODULES[name].read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module or "")
    foreign = {it.partition(".")[0] for it in imported} - sys.stdlib_module_names
    if name in SHELL:
        assert foreign <= {"leaderboard_client", "urllib3", "websockets"}
        return
    assert foreign <= {"leaderboard_client"}
    assert not imported & {f"leaderboard_client.{it}" for it in SHELL}
    assert not imported & {"asyncio", "time", "random", "socket", "threading", "urllib.request"}


@pytest.mark.parametrize("field", fields(Timing), ids=lambda field: field.name)
def test_readme_names_every_duration_with_its_default(field: Field[float]) -> None:
    name, default = field.name, field.default
    (line,) = (it for it in README.splitlines() if it.startswith("| `") and f"`{name}`" in it)
    assert f"{default:,}" in line


def test_readme_names_every_state_and_what_the_package_exports() -> None:
    for state in get_args(State):
        assert f"| `{state}` |" in README
    for name in ("Leaderboard", "Timing", "Board", "Changes", "BoardNotFound"):
        assert f"`{name}" in README
        assert name in leaderboard_client.__all__


def test_readme_names_every_call_and_every_error() -> None:
    calls = [name for name in vars(Api) if not name.startswith("_") and name != "close"]
    assert [name for name in calls if f"`{name}" not in README] == []
    kinds = [it for it in vars(leaderboard_client).values() if isinstance(it, type)]
    errors = [it.__name__ for it in kinds if issubclass(it, LeaderboardError)]
    assert len(errors) > 10
    assert [name for name in errors if f"`{name}`" not in README] == []
    errors_tree = leaderboard_client.errors.__doc__ or ""
    assert [name for name in errors if name not in errors_tree] == []


def test_licence_is_the_repositorys() -> None:
    assert (ROOT / "LICENSE").read_bytes() == (ROOT.parent.parent / "LICENSE").read_bytes()
