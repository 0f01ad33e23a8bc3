"""What several tests of the package share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from clients.python.tests.callers import Asker
from clients.python.tests.servers import Api as Server, api
from clients.python.tests.weather import bad_weather
from leaderboard_client import Api, AsyncApi


@pytest.fixture(scope="session")
def weather() -> Iterator[str]:
    """Host and port of the model service in bad weather."""
    with bad_weather() as host:
        yield host


@pytest.fixture(params=[Api, AsyncApi], ids=["sync", "async"])
def asker(request: pytest.FixtureRequest) -> Asker:
    return Asker(request.param)


@pytest.fixture
def server() -> Iterator[Server]:
    with api() as server:
        yield server
