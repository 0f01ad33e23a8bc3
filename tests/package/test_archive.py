"""What the functions are given to run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from zipfile import ZipFile

import pytest

from local.service import ROOT
from tests.package.packaging import Package

pytestmark = pytest.mark.package

# ELF's number for arm64, at bytes 18 and 19.
AARCH64 = 183
# Lambda's limit for what a function unpacks to.
UNPACKED_BYTES = 250 * 1024 * 1024

OWN = ("handlers", "leaderboard", "game")

PINNED = re.compile(r"^([A-Za-z0-9_-]+)==", re.MULTILINE)


def own_files(names: list[str]) -> set[str]:
    """The archive's files that are not of the installed packages."""
    return {name for name in names if name.split("/")[0] in OWN}


@pytest.fixture(scope="module")
def unpacked(dev: Package, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("unpacked")
    with ZipFile(dev.archive) as archive:
        archive.extractall(folder)
    return folder


def test_archive_holds_the_service_whole(unpacked: Path) -> None:
    shipped = {
        str(path.relative_to(ROOT))
        for folder in OWN
        for pattern in ("*.py", "*.lua")
        for path in (ROOT / folder).rglob(pattern)
    }
    assert any(name.endswith(".lua") for name in shipped)
    with_data = shipped | {"boards.yml", "docs/openapi.json"}
    assert {name for name in with_data if not (unpacked / name).is_file()} == set()


def test_archive_holds_nothing_else_of_the_repository(dev: Package) -> None:
    with ZipFile(dev.archive) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/")]
    assert {Path(name).suffix for name in own_files(names)} - {".pyc"} == {".py", ".lua"}
    tops = {name.split("/")[0] for name in names}
    repository = {path.name for path in ROOT.iterdir()}
    assert tops & repository == {*OWN, "docs", "boards.yml", "requirements.txt"}
    assert [name for name in names if name.startswith("docs/")] == ["docs/openapi.json"]


def test_archive_holds_every_pinned_package(unpacked: Path) -> None:
    pinned = {name.lower().replace("-", "_") for name in PINNED.findall(requirements())}
    installed = {path.name.split("-")[0].lower() for path in unpacked.glob("*.dist-info")}
    assert installed == pinned


def requirements() -> str:
    return (ROOT / "requirements.txt").read_text()


def test_libraries_are_those_of_the_functions_machine(unpacked: Path) -> None:
    libraries = list(unpacked.rglob("*.so"))
    assert libraries
    for library in libraries:
        header = library.read_bytes()[:20]
        assert header[:4] == b"\x7fELF"
        assert int.from_bytes(header[18:20], "little") == AARCH64, library.name
        assert "cpython-3" not in library.name or "cpython-313-" in library.name, library.name


def test_archive_stays_far_from_the_limit(unpacked: Path) -> None:
    size = sum(path.stat().st_size for path in unpacked.rglob("*") if path.is_file())
    assert size < UNPACKED_BYTES / 2


def test_every_handler_imports_from_the_archive(
    dev: Package, unpacked: Path, tmp_path: Path
) -> None:
    pure = tmp_path / "pure"
    compiled = tmp_path / "compiled"
    shutil.copytree(unpacked, pure)
    compiled.mkdir()
    installed = Path(sysconfig.get_path("purelib"))
    # What is compiled for the functions' machine is taken from this one's packages, and only that.
    for package in {library.relative_to(pure).parts[0] for library in pure.rglob("*.so")}:
        shutil.rmtree(pure / package)
        (compiled / package).symlink_to(installed / package)
    for name, function in dev.functions().items():
        environment = {
            variable: value if isinstance(value, str) else f"{variable.lower()}:1"
            for variable, value in function["Environment"]["Variables"].items()
        }
        # As Lambda does, and with no site packages, so that nothing is found but what is shipped.
        module = function["Handler"].rsplit(".", 1)[0].replace("/", ".")
        program = (
            f"import sys; sys.path[:0] = [{str(pure)!r}, {str(compiled)!r}]\n"
            f"from {module} import handler\nassert callable(handler)\n"
            "from leaderboard import wiring\n"
            "from leaderboard.scoring.rehearsal import faults\n"
            "assert [*faults(wiring.catalog())] == []"
        )
        run = subprocess.run(
            [sys.executable, "-S", "-P", "-c", program],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "AWS_REGION": "eu-central-1"} | environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert run.returncode == 0, f"{name}: {run.stderr}"
