"""For everybody: keyboard alone, screen readers, small and very large screens, little motion."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import expect

from local.games import answered
from tests.browser.axe import AXE, SETTLE, violations
from tests.browser.conftest import Motion, Visitors
from tests.browser.visitor import Visitor
from tests.e2e.service import PASSWORD, Service
from tests.e2e.waiting import await_value

pytestmark = [pytest.mark.e2e, pytest.mark.browser]

SIZES = {
    "phone": (360, 740),
    "laptop": (1280, 800),
    "desk": (1920, 1080),
    "wall": (3840, 2160),
}
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
# The games, by the titles of their boards.
GAMES = {"All-time": "Quiz", "Sprint of the week": "Sprint", "Fastest lap": "Lap"}


@pytest.fixture
def motion() -> Motion:
    return "reduce"


def fill(service: Service, board: str) -> None:
    for number in range(10):
        service.write(
            board, f"u{number}", score=900 - number // 2 * 50, userName=f"Player {number + 1}"
        )
    service.await_score(board, "u9", 700)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(visitors: Visitors, service: Service, board: str, scheme: str) -> None:
    fill(service, board)
    visitor = visitors(scripts=(AXE,), color_scheme=scheme)
    visitor.open(board)
    expect(visitor.rows).to_have_count(10)
    found = {"board": violations(visitor.page)}
    visitor.page.get_by_role("button", name="Create an account").click()
    found["sign-up"] = violations(visitor.page)
    visitor.fill("sign-up", email=f"axe-{scheme}@example.com", password="tooweakforit")
    visitor.submit("sign-up")
    expect(visitor.failure("sign-up")).to_be_visible()
    found["failure"] = violations(visitor.page)
    visitor.fill("sign-up", email=f"axe-{scheme}@example.com", password=PASSWORD)
    visitor.submit("sign-up")
    expect(visitor.page.locator("#confirm")).to_be_visible()
    found["confirm"] = violations(visitor.page)
    visitor.fill("confirm", code="123456")
    visitor.submit("confirm")
    expect(visitor.page.locator("#player")).to_be_visible()
    for board, title in GAMES.items():
        visitor.page.get_by_role("link", name=board).click()
        expect(visitor.action(title)).to_be_visible()
        found[board] = violations(visitor.page)
        visitor.begin(title)
        found[title] = violations(visitor.page)
    visitor.touch(1)
    visitor.touch(5)
    found["touched"] = violations(visitor.page)
    visitor.page.get_by_role("link", name="All-time").click()
    visitor.begin("Quiz")
    visitor.answer(right=False)
    expect(visitor.action("Quiz")).to_have_attribute("data-state", "sending")
    found["answered"] = violations(visitor.page)
    expect(visitor.failed("Quiz")).to_be_visible()
    found["failed"] = violations(visitor.page)
    visitor.page.get_by_role("link", name="Rating…").click()
    found["pattern"] = violations(visitor.page)
    visitor.page.context.set_offline(True)
    visitor.page.get_by_role("link", name="All-time").click()
    expect(visitor.page.locator("#stale")).to_be_visible(timeout=30_000)
    found["stale"] = violations(visitor.page)
    visitor.page.context.set_offline(False)
    assert found == {state: [] for state in found}


def test_keyboard_alone_is_enough(visitor: Visitor) -> None:
    page = visitor.page
    visitor.open("global")
    # The first stops are ways past what is repeated.
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the board")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#play")).to_be_focused()

    def tab_to(name: str) -> None:
        for _ in range(30):
            page.keyboard.press("Tab")
            focused = page.evaluate(
                """() => { const it = document.activeElement;
                     return it.getAttribute("aria-label") || it.labels?.[0]?.textContent.trim()
                       || it.textContent.trim(); }"""
            )
            if focused == name:
                return
        pytest.fail(f"Tab does not come to {name}")

    tab_to("Create an account")
    page.keyboard.press("Enter")
    expect(page.locator("#sign-up [name=email]")).to_be_focused()
    page.keyboard.type("keyboard@example.com")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("#confirm [name=code]")).to_be_focused()
    page.keyboard.type("123456")
    page.keyboard.press("Enter")
    expect(page.locator("#player")).to_be_visible()
    # Where the form was that has gone, not at the page's beginning.
    expect(page.locator("#play")).to_be_focused()
    card = visitor.action("Quiz")
    expect(card).to_be_visible()
    tab_to("Ask me")
    page.keyboard.press("Enter")
    # A screen reader reads the question, and a digit answers it.
    expect(page.locator(".question")).to_be_focused()
    page.keyboard.press(str(answered(*visitor.question()) + 1))
    expect(card.locator(".result")).to_contain_text("Counted")
    # The place is kept for the next one.
    expect(card.get_by_role("button", name="Ask me")).to_be_focused()
    tab_to("Sign out")
    page.keyboard.press("Enter")
    expect(page.locator("#sign-in")).to_be_visible()
    expect(page.locator("#play")).to_be_focused()


def test_lap_is_run_by_the_arrow_keys(visitor: Visitor) -> None:
    visitor.open("fastest-lap")
    visitor.sign_up()
    visitor.begin("Lap")
    cells = visitor.page.locator(".cell")
    labels = [str(it.get_attribute("aria-label")) for it in cells.all()]
    places = {int(it.split(",")[0]): at for at, it in enumerate(labels) if it[0].isdigit()}
    expect(cells.first).to_be_focused()
    at = 0
    for number in range(1, len(places) + 1):
        down, right = (
            it[0] - it[1] for it in zip(divmod(places[number], 5), divmod(at, 5), strict=True)
        )
        for key, count in (("Down", down), ("Up", -down), ("Right", right), ("Left", -right)):
            for _ in range(count):
                visitor.page.keyboard.press(f"Arrow{key}")
        at = places[number]
        expect(cells.nth(at)).to_be_focused()
        visitor.page.wait_for_timeout(110)
        visitor.page.keyboard.press("Enter")
    expect(visitor.result("Lap")).to_contain_text("Counted")


def test_live_region_does_not_chatter(visitor: Visitor, service: Service, board: str) -> None:
    service.write(board, "u0", score=1, userName="First")
    visitor.open(board)
    expect(visitor.rows).to_have_count(1)
    visitor.page.evaluate(
        """() => { window.said = [];
             const region = document.querySelector("#announcer");
             new MutationObserver(() => window.said.push(region.textContent))
               .observe(region, { childList: true }); }"""
    )
    for number in range(1, 31):
        service.write(board, f"u{number % 3}", score=10 + number, userName=f"P{number % 3}")
    await_value(lambda: visitor.lines()[0].score == "40", what="the last score")
    said = visitor.page.evaluate("() => window.said")
    # Thirty changes of the leader: one sentence, and at most one more each ten seconds.
    assert 1 <= len(said) <= 2, said
    assert all("leads with" in it for it in said)
    assert visitor.page.locator("#announcer").get_attribute("aria-live") == "polite"
    # Nothing else on the board speaks by itself. That of the search is hidden, as its view is.
    speaking = visitor.page.locator("#board [aria-live], #board [role=status]")
    expect(speaking.filter(visible=True)).to_have_count(0)


def test_reduced_motion_moves_nothing(visitors: Visitors, service: Service, board: str) -> None:
    visitor = visitors(reduced_motion="reduce")
    service.write(board, "ada", score=2, userName="Ada")
    service.write(board, "bo", score=1, userName="Bo")
    visitor.open(board)
    expect(visitor.rows).to_have_count(2)
    visitor.page.evaluate(
        """() => { window.moved = 0;
             const animate = Element.prototype.animate;
             Element.prototype.animate = function (frames, options) {
               if (frames.transform) window.moved += 1;
               return animate.call(this, frames, options); }; }"""
    )
    service.write(board, "bo", score=3)
    await_value(lambda: visitor.lines()[0].name == "Bo", what="Bo leads")
    assert visitor.page.evaluate("() => window.moved") == 0
    expect(visitor.rows.first.locator(".gain")).to_have_attribute("data-note", "+2")


def picture(visitor: Visitor, path: Path, **options: Any) -> None:
    """The page in both schemes: `board.png` is `board-light.png` and `board-dark.png`."""
    for scheme in SCHEMES:
        visitor.page.emulate_media(color_scheme=scheme)
        visitor.page.evaluate(SETTLE)
        visitor.page.screenshot(path=path.with_stem(f"{path.stem}-{scheme}"), **options)


@pytest.mark.parametrize("size", SIZES)
def test_every_size_fits_and_is_pictured(
    visitors: Visitors, service: Service, screenshots: Path, size: str
) -> None:
    board = f"rating-{size}"
    fill(service, board)
    service.write(board, "u9", score=10_000, userName="W" * 32)
    service.await_score(board, "u9", 10_000)
    width, height = SIZES[size]
    visitor = visitors(viewport={"width": width, "height": height})
    visitor.open(board)
    expect(visitor.rows).to_have_count(10)
    picture(visitor, screenshots / f"{size}.png")
    visitor.page.goto(f"{visitor.url}?board=global")
    visitor.sign_up()
    expect(visitor.action("Quiz")).to_be_visible()
    picture(visitor, screenshots / f"{size}-player.png", full_page=True)
    for board, title in GAMES.items():
        visitor.page.get_by_role("link", name=board).click()
        card = visitor.begin(title)
        picture(visitor, screenshots / f"{size}-{title.lower()}.png")
        # Nothing has to be scrolled sideways, and a whole game fits into the window.
        overflow = visitor.page.evaluate(
            "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert overflow == 0
        expect(card).to_be_in_viewport(ratio=0.99)
    visitor.page.get_by_role("button", name="Delete account").click()
    expect(visitor.page.locator("#leaving")).to_be_in_viewport(ratio=0.99)
    picture(visitor, screenshots / f"{size}-leaving.png")
