"""The subscriber package's own bad weather, in a real browser: its clock, sockets and fetch."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from local.service import ROOT, environment

pytestmark = pytest.mark.browser

PACKAGE = ROOT / "clients" / "javascript"
STORMS, VOYAGES = 200, 8


@pytest.fixture
def weather() -> Iterator[str]:
    """The address of the suite's page."""
    with subprocess.Popen(
        ["node", "test/weather/server.js"],  # noqa: S607
        cwd=PACKAGE,
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        server.terminate()


def test_no_weather_makes_it_show_a_wrong_board(browser: Browser, weather: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{weather}?storms={STORMS}&voyages={VOYAGES}")
    expect(page.locator("html")).to_have_attribute("data-done", "true", timeout=180_000)
    runs = page.evaluate("() => window.weather")
    assert (runs["storms"]["runs"], runs["voyages"]["runs"]) == (STORMS, VOYAGES)
    assert runs["storms"]["shown"] > STORMS
    assert runs["storms"]["wrongs"] == runs["voyages"]["wrongs"] == []
    context.close()
