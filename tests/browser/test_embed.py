"""The board in a frame of somebody else's page: where that is allowed, and without storage."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.axe import AXE, violations
from tests.browser.conftest import Strangers, Visitors
from tests.browser.strangers_page import stranger as anybody
from tests.e2e.service import Service
from tests.stack import Running

pytestmark = [pytest.mark.e2e, pytest.mark.browser]

# What a browser does in a frame of another site, where its user blocks such storage.
BLOCKED = """
for (const name of ["localStorage", "sessionStorage", "indexedDB"]) {
  Object.defineProperty(window, name, { get() { throw new DOMException("", "SecurityError"); } });
}
Object.defineProperty(Document.prototype, "cookie", {
  get() { throw new DOMException("", "SecurityError"); },
});
"""


def framing(stack: Running, board: str, more: str = "&embed=1") -> str:
    address = f"{stack.addresses['page']}?board={board}{more}"
    return (
        '<!doctype html><html lang="en"><title>A club</title><main><h1>Our club</h1>'
        f'<iframe title="The board" src="{address}" width="480" height="420"></iframe></main>'
    )


def test_allowed_page_shows_the_board(
    strangers: Strangers, stack: Running, service: Service, board: str
) -> None:
    service.write(board, "ada", score=9000, userName="Ada")
    with strangers(framing(stack, board)) as stranger:
        frame = stranger.page.frame_locator("iframe")
        expect(frame.locator(".state")).to_have_attribute("data-state", "live")
        expect(frame.locator("live-leaderboard .row bdi")).to_have_text(["Ada"])
        expect(frame.locator("h1")).to_contain_text("Rating")
        service.write(board, "bo", score=9500, userName="Bo")
        expect(frame.locator("live-leaderboard .row bdi")).to_have_text(["Bo", "Ada"])
        link = frame.get_by_role("link", name="Open the leaderboard")
        expect(link).to_have_attribute("href", f"./?board={board}")
        with stranger.page.context.expect_page() as opened:
            link.click()
        expect(opened.value.locator("#board-title")).to_contain_text("Rating")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_embedded_board_is_pictured(
    strangers: Strangers,
    stack: Running,
    service: Service,
    board: str,
    screenshots: Path,
    scheme: str,
) -> None:
    for number in range(10):
        service.write(board, f"u{number}", score=900 - 50 * number, userName=f"Player {number + 1}")
    service.await_score(board, "u9", 450)
    with strangers(framing(stack, board), color_scheme=scheme) as stranger:
        frame = stranger.page.frame_locator("iframe")
        expect(frame.locator("live-leaderboard .row")).to_have_count(10)
        expect(frame.locator(".state")).to_have_attribute("data-state", "live")
        stranger.page.screenshot(path=screenshots / f"embed-{scheme}.png")
        # Within its frame, nothing has to be scrolled sideways.
        assert frame.locator("html").evaluate("(it) => it.scrollWidth - it.clientWidth") == 0


def test_other_pages_are_refused(
    browser: Browser, stack: Running, service: Service, board: str
) -> None:
    service.write(board, "ada", score=9000, userName="Ada")
    with anybody(browser, framing(stack, board)) as page:
        page.wait_for("() => true")
        expect(page.page.frame_locator("iframe").locator("body")).not_to_contain_text("Ada")
        assert any("frame-ancestors" in it for it in page.said), page.said


def test_nobody_signs_in_within_a_frame(
    strangers: Strangers, stack: Running, service: Service, board: str
) -> None:
    service.write(board, "ada", score=9000, userName="Ada")
    # The whole page, and the wall, asked for in a frame.
    for more in ("", "&view=wall&boards=global"):
        with strangers(framing(stack, board, more)) as stranger:
            frame = stranger.page.frame_locator("iframe")
            expect(frame.locator("live-leaderboard .row bdi")).to_have_text(["Ada"])
            expect(frame.locator("input")).to_have_count(0)


def test_blocked_storage_takes_nothing_away(
    strangers: Strangers, stack: Running, service: Service, board: str
) -> None:
    service.write(board, "ada", score=9000, userName="Ada")
    with strangers("<!doctype html><title>Empty</title>") as stranger:
        stranger.page.add_init_script(BLOCKED)
        stranger.page.evaluate(
            "(html) => document.documentElement.innerHTML = html", framing(stack, board)
        )
        frame = stranger.page.frame_locator("iframe")
        expect(frame.locator(".state")).to_have_attribute("data-state", "live")
        expect(frame.locator("live-leaderboard .row bdi")).to_have_text(["Ada"])
        assert not [it for it in stranger.said if "SecurityError" in it], stranger.said


def test_unknown_board_is_said(visitors: Visitors) -> None:
    visitor = visitors()
    visitor.page.goto(f"{visitor.url}?embed=1&board=nowhere")
    expect(visitor.page.locator(".notice")).to_have_text("There is no such board.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(visitors: Visitors, service: Service, board: str, scheme: str) -> None:
    service.write(board, "ada", score=9000, userName="Ada")
    visitor = visitors(scripts=(AXE,), color_scheme=scheme)
    visitor.page.goto(f"{visitor.url}?embed=1&board={board}")
    expect(visitor.page.locator("live-leaderboard .row")).to_have_count(1)
    assert violations(visitor.page) == []
