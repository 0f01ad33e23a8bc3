"""Each stage is packaged once."""

from __future__ import annotations

import fcntl

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


@pytest.fixture(scope="session")
def dev(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Package:
    """A real stage with all that it ships. It takes longest, so the workers of a run share it."""
    folder = tmp_path_factory.getbasetemp()
    if worker_id != "master":
        folder = folder.parent
    copied = folder / "dev" / "service"
    with (folder / "dev.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        return packaged(copied) if copied.exists() else package(copied, stage="dev")


@pytest.fixture(scope="session")
def prod(tmp_path_factory: pytest.TempPathFactory) -> Package:
    folder = tmp_path_factory.mktemp("prod") / "service"
    return package(folder, stage="prod", options=(*WITHOUT_PACKAGES, *SENDER))


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory) -> Package:
    copied = service.copy(tmp_path_factory.mktemp("local") / "service")
    emulator = {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}
    return package_copy(copied, stage="local", options=(), variables=emulator)


@pytest.fixture(scope="session")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Package:
    """A stage that has an edge."""
    folder = tmp_path_factory.mktemp("behind") / "service"
    return package(folder, stage="dev", options=(*WITHOUT_PACKAGES, "--param", "edge=cloudfront"))
