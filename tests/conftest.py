"""What several folders of tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.stack import Running, running


@pytest.fixture(scope="session")
def stack() -> Iterator[Running]:
    """The whole service on this machine, without players, on a port of its own."""
    with running() as stack:
        yield stack
