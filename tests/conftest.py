"""What several folders of tests share."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from tests.browser import chrome
from tests.stack import Running, running


def pytest_unconfigure(config: pytest.Config) -> None:
    """The last line says what was not tested, wherever the tests ran: here or in workers."""
    reporter = config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or hasattr(config, "workerinput"):
        return
    skipped = reporter.stats.get("skipped", [])
    if any(chrome.MISSING in str(it.longrepr) for it in skipped):
        print(f"The browser tests were skipped: {chrome.MISSING}.", file=sys.stderr)


@pytest.fixture(scope="session")
def stack() -> Iterator[Running]:
    """The whole service on this machine, without players, on a port of its own."""
    with running() as stack:
        yield stack
