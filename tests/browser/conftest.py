"""Browsers, the visitors in them, and what they visit."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from functools import partial
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, sync_playwright

from local.cache import free_ports
from local.service import ROOT
from tests.browser import chrome
from tests.browser.strangers_page import Stranger, stranger
from tests.browser.visitor import Visitor, visiting
from tests.e2e.service import Service
from tests.stack import Running, running

SCREENSHOTS = ROOT / ".build" / "screenshots"

Strangers = Callable[..., AbstractContextManager[Stranger]]
Visitors = Callable[..., Visitor]
Motion = Literal["no-preference", "reduce"]


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """One for all tests here. It ends with them: while it lives, no other test could run a loop of
    its own in this thread."""
    path = chrome.find()
    if path is None:
        if os.environ.get("CI") == "true":
            pytest.fail(chrome.MISSING)
        pytest.skip(chrome.MISSING)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(**chrome.options(path))
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def strangers_port() -> int:
    """Where a page of somebody else's may use the stack."""
    return free_ports()[0]


@pytest.fixture(scope="package")
def stack(strangers_port: int) -> Iterator[Running]:
    """A stack for these tests alone: their players crowd the top of the few boards with actions."""
    with running("--origin", f"http://localhost:{strangers_port}") as stack:
        yield stack


@pytest.fixture
def strangers(browser: Browser, strangers_port: int) -> Strangers:
    """Opens somebody else's page; the stack allows it unless it has another port."""
    return partial(stranger, browser, port=strangers_port)


@pytest.fixture(scope="package")
def service(stack: Running) -> Service:
    return Service(stack.addresses)


@pytest.fixture
def board() -> str:
    """A board that nobody has used: `latest`, the highest first."""
    return f"rating-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def motion() -> Motion:
    """What the visitors' browsers prefer. A file that is not about what moves says `reduce` in a
    fixture of its own: the dot of a live connection alone draws each page sixty times a second."""
    return "no-preference"


@pytest.fixture
def visitors(browser: Browser, stack: Running, motion: Motion) -> Iterator[Visitors]:
    """Opens a browser of its own for each visitor that a test wants."""
    with ExitStack() as opened:

        def visit(page: str = stack.addresses["page"], **options: Any) -> Visitor:
            options = {"reduced_motion": motion} | options
            return opened.enter_context(visiting(browser, page, **options))

        yield visit


@pytest.fixture
def visitor(visitors: Visitors) -> Visitor:
    return visitors()


@pytest.fixture(scope="session")
def screenshots() -> Path:
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    return SCREENSHOTS
