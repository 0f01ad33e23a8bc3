"""The bytecode in the archive: whose it is, that it fits, and what happens without the Python that
makes it."""

from __future__ import annotations

import importlib.util
import marshal
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from types import CodeType
from zipfile import ZipFile

import pytest

from local import runtime, service
from local.service import ROOT
from tests.package.packaging import SENDER, Package, package_copy

pytestmark = pytest.mark.package

TAG = "cpython-313"
UNCHECKED = 0b01
"""The flags of bytecode that is taken as it is, whatever its source's time or content."""
COMPILER = ROOT / "plugins" / "bytecode.py"


@pytest.fixture
def python() -> None:
    if reason := runtime.missing():
        pytest.skip(f"bytecode takes the functions' Python: {reason}")


@pytest.mark.usefixtures("python")
def test_every_module_comes_with_bytecode_of_the_runtime_that_nothing_can_outdate(
    dev: Package,
) -> None:
    with ZipFile(dev.archive) as archive:
        names = set(archive.namelist())
        sources = {name for name in names if name.endswith(".py")}
        compiled = {
            importlib.util.source_from_cache(name): name for name in names if name.endswith(".pyc")
        }
        assert set(compiled) == sources
        assert {"leaderboard/wiring/path.py", "handlers/scores.py", "botocore/client.py"} <= sources
        for name in compiled.values():
            assert name.endswith(f".{TAG}.pyc")
            head = archive.read(name)[:8]
            assert int.from_bytes(head[4:], "little") == UNCHECKED, name


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """A small archive."""
    path = tmp_path / "small.zip"
    with ZipFile(path, "w") as small:
        small.writestr("package/__init__.py", "NAMES = {'b', 'a', 'c'}\n")
        small.writestr("package/module.py", "def boom():\n    raise ValueError('boom')\n")
    return path


def compiled(archive: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, COMPILER, archive],
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def test_equal_sources_give_equal_archives(archive: Path, tmp_path: Path) -> None:
    other = Path(shutil.copy(archive, tmp_path / "other.zip"))
    assert compiled(archive, PYTHONHASHSEED="1").returncode == 0
    assert compiled(other, PYTHONHASHSEED="2").returncode == 0
    assert archive.read_bytes() == other.read_bytes()


def test_code_is_that_of_the_place_where_it_runs_and_anybody_may_read_it(archive: Path) -> None:
    compiled(archive)
    name = importlib.util.cache_from_source("package/module.py")
    with ZipFile(archive) as whole:
        assert int.from_bytes(whole.read(name)[4:8], "little") == UNCHECKED
        code: CodeType = marshal.loads(whole.read(name)[16:])  # noqa: S302 - made by this test
        assert code.co_filename == "/var/task/package/module.py"
        assert stat.S_IMODE(whole.getinfo(name).external_attr >> 16) == 0o644
        assert "package/module.py" in whole.namelist()


def test_source_that_does_not_compile_is_named(archive: Path) -> None:
    with ZipFile(archive, "a") as whole:
        whole.writestr("package/broken.py", "def\n")
    run = compiled(archive)
    assert run.returncode == 1
    assert "package/broken.py" in run.stdout + run.stderr


@pytest.fixture(scope="module")
def path_without(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A PATH with all that packaging takes but the functions' Python."""
    folder = tmp_path_factory.mktemp("bin")
    for name in ("python3", "node", "sh", "env"):
        found = sys.executable if name == "python3" else shutil.which(name)
        assert found is not None
        # A link would lead the interpreter past its packages.
        (folder / name).write_text(f'#!/bin/sh\nexec "{found}" "$@"\n')
        (folder / name).chmod(0o755)
    return str(folder)


def packaged(folder: Path, path: str, stage: str, *options: str) -> Package:
    return package_copy(
        service.copy(folder),
        stage=stage,
        options=("--param", "requirements=none.txt", *SENDER, *options),
        variables={"PATH": path},
    )


def test_protected_stage_is_not_packaged_without_the_python_that_compiles(
    tmp_path: Path, path_without: str
) -> None:
    with pytest.raises(service.ToolFailed) as failed:
        packaged(tmp_path / "service", path_without, "prod")
    assert "there is no python3.13 on the PATH" in str(failed.value)
    assert "--param bytecode=none" in str(failed.value)
    assert not (tmp_path / "service" / ".serverless" / "leaderboard.zip").exists()


def test_protected_stage_is_packaged_without_bytecode_when_it_is_told_so(
    tmp_path: Path, path_without: str
) -> None:
    made = packaged(tmp_path / "service", path_without, "prod", "--param", "bytecode=none")
    assert bytecode(made) == []


def test_other_stage_is_packaged_and_told_what_it_costs(tmp_path: Path, path_without: str) -> None:
    copied = service.copy(tmp_path / "service")
    run = subprocess.run(
        [service.TOOL, "package", "--stage", "dev", "--param", "requirements=none.txt"],
        cwd=copied,
        env=service.environment() | {"PATH": path_without},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    said = " ".join(run.stderr.split())
    assert "there is no python3.13 on the PATH" in said
    assert "each cold start compiles its sources again" in said
    with ZipFile(copied / ".serverless" / "leaderboard.zip") as archive:
        assert [name for name in archive.namelist() if name.endswith(".pyc")] == []


def test_python_of_another_version_does_not_count(tmp_path: Path, path_without: str) -> None:
    folder = shutil.copytree(path_without, tmp_path / "bin")
    other = folder / "python3.13"
    other.write_text("#!/bin/sh\necho cpython-312\n")
    other.chmod(0o755)
    with pytest.raises(service.ToolFailed, match=r"python3\.13 is cpython-312, not cpython-313"):
        packaged(tmp_path / "service", str(folder), "prod")


def test_bytecode_is_compiled_or_none(tmp_path: Path, path_without: str) -> None:
    with pytest.raises(service.ToolFailed, match=r'compiled or none, not "no"'):
        packaged(tmp_path / "service", path_without, "dev", "--param", "bytecode=no")


def bytecode(made: Package) -> list[str]:
    with ZipFile(made.archive) as archive:
        return [name for name in archive.namelist() if name.endswith(".pyc")]
