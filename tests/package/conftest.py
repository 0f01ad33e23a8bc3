"""Each stage is packaged once."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from local import service
from tests.package.packaging import (
    SENDER,
    WITHOUT_PACKAGES,
    Package,
    package,
    package_copy,
    packaged,
)

Once = Callable[[str, Callable[[Path], Package]], Package]


@pytest.fixture(scope="session")
def once(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Once:
    """Packages under a name what no other worker of the run has packaged yet."""
    folder = tmp_path_factory.getbasetemp()
    if worker_id != "master":
        folder = folder.parent

    def share(name: str, make: Callable[[Path], Package]) -> Package:
        copied, done = folder / name / "service", folder / name / "done"
        with (folder / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if done.exists():
                return packaged(copied)
            # What a worker left that failed.
            shutil.rmtree(copied, ignore_errors=True)
            made = make(copied)
            done.touch()
            return made

    return share


@pytest.fixture(scope="session")
def dev(once: Once) -> Package:
    """A real stage with all that it ships."""
    return once("dev", lambda copied: package(copied, stage="dev"))


@pytest.fixture(scope="session")
def prod(once: Once) -> Package:
    options = (*WITHOUT_PACKAGES, *SENDER)
    return once("prod", lambda copied: package(copied, stage="prod", options=options))


@pytest.fixture(scope="session")
def local(once: Once) -> Package:
    emulator = {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}

    def make(copied: Path) -> Package:
        return package_copy(service.copy(copied), stage="local", options=(), variables=emulator)

    return once("local", make)


@pytest.fixture(scope="session")
def behind(once: Once) -> Package:
    """A stage that has an edge."""
    options = (*WITHOUT_PACKAGES, "--param", "edge=cloudfront")
    return once("behind", lambda copied: package(copied, stage="dev", options=options))
