"""What several folders of tests share, and how workers share the tests."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from tests.browser import chrome
from tests.stack import Running, running

# A worker takes whole files in this order. What takes minutes comes first, so that no worker is
# left with it at the end; files that share a stack or a browser stand together.
LONGEST_FIRST = (
    "tests/integration/service/test_model.py",
    "tests/integration/service/test_model_of_changes.py",
    "tests/package/test_template.py",
    "tests/browser/",
    "tests/integration/service/test_stories.py",
    "tests/integration/service/test_unreadable.py",
    "tests/integration/repair/test_changes.py",
    "tests/local/",
    "tests/tools/",
    "tests/e2e/",
    "tests/package/",
    "clients/",
    "tests/integration/",
)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if hasattr(config, "workerinput"):
        items.sort(key=turn)


def turn(item: pytest.Item) -> int:
    places = (place for place, it in enumerate(LONGEST_FIRST) if item.nodeid.startswith(it))
    return next(places, len(LONGEST_FIRST))


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
