"""What happens to pages in a browser: no storage, a tab that was frozen for an hour, and a page
that comes back from the back-forward cache."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.played import PlayedBoard, playing
from tests.e2e.waiting import await_value

pytestmark = pytest.mark.browser

BLOCKED = """
for (const name of ["localStorage", "sessionStorage", "indexedDB"])
  Object.defineProperty(window, name, { get() { throw new DOMException("", "SecurityError"); } });
Object.defineProperty(Document.prototype, "cookie", {
  get() { throw new DOMException("", "SecurityError"); },
  set() { throw new DOMException("", "SecurityError"); },
});
"""
START = [("ada", 900), ("bo", 700)]


def board() -> PlayedBoard:
    return PlayedBoard(version=1, seasons={"all": list(START)})


def test_blocked_storage_leaves_the_board_live(browser: Browser) -> None:
    with playing(browser, board(), scripts=(BLOCKED,)) as (visitor, service):
        visitor.open("arena")
        service.set("arena", [("bo", 950), *START[:1]])
        await_value(lambda: [it.name for it in visitor.lines()] == ["Bo", "Ada"], what="a change")
        expect(visitor.page.locator("#sign-in")).to_be_visible()


def test_tab_that_was_frozen_for_an_hour_shows_the_present(browser: Browser) -> None:
    """Its clock jumps, and the sockets are gone, as after a laptop was shut."""
    with playing(browser, board()) as (visitor, service):
        visitor.page.clock.install()
        visitor.open("arena")
        visitor.page.clock.run_for(1_000)
        expect(visitor.rows).to_have_count(2)
        # Nobody hears of what happens meanwhile.
        service.hang_up()
        service.set("arena", [("cy", 5000), *START])
        visitor.page.clock.fast_forward("01:00:00")
        visitor.page.clock.run_for(20_000)
        await_value(lambda: visitor.lines()[0].name == "Cy", what="the present")
        visitor.await_state("live")
        expect(visitor.page.locator("#stale")).to_be_hidden()


def test_page_from_the_back_forward_cache_is_live_again(browser: Browser) -> None:
    """It comes back with a socket that is dead and has not said so. Without a look at once, the
    silence would be noticed half a minute later."""
    with playing(browser, board()) as (visitor, service):
        visitor.open("arena")
        expect(visitor.rows).to_have_count(2)
        shown = "(name) => dispatchEvent(new PageTransitionEvent(name, { persisted: true }))"
        visitor.page.evaluate(shown, "pagehide")
        service.fall_silent()
        service.set("arena", [("cy", 5000), *START])
        visitor.page.evaluate(shown, "pageshow")
        await_value(lambda: visitor.lines()[0].name == "Cy", what="the present", seconds=15)
        visitor.await_state("live")


def test_board_of_negative_scores_is_read_like_any_other(browser: Browser) -> None:
    played = PlayedBoard(version=1, operator="latest", seasons={"all": [("ada", -5), ("bo", -40)]})
    with playing(browser, played, player="bo") as (visitor, service):
        visitor.open("arena")
        expect(visitor.own_line()).to_contain_text("35 to place 1")
        service.set("arena", [("ada", -5), ("bo", -90)])
        await_value(lambda: visitor.lines()[1].score in {"-90", "\N{MINUS SIGN}90"}, what="a loss")
        gain = visitor.own_line().locator(".gain")
        expect(gain).to_have_attribute("data-note", "\N{MINUS SIGN}50")
        expect(gain).to_have_attribute("data-kind", "lost")
        assert visitor.page.locator("#live tbody").get_attribute("part") == "rows"


def test_season_that_ended_while_the_tab_slept_is_told(browser: Browser) -> None:
    played = PlayedBoard(version=1, season="2026-11-23", ends=4_000_000_000.0)
    played.seasons["2026-11-23"] = list(START)
    with playing(browser, played) as (visitor, service):
        visitor.open("arena")
        expect(visitor.rows).to_have_count(2)
        service.hang_up()
        service.turn("arena", "2026-11-24", [("cy", 3)], ends=4_000_000_000.0)
        visitor.page.evaluate("() => dispatchEvent(new Event('online'))")
        expect(visitor.page.locator("#season-end-title")).to_have_text(
            re.compile("^Nov 23 is over$"), timeout=30_000
        )


WIDE_VIEWS = {
    "page": ("?board=arena", (360, 780)),
    "ranking": ("?board=arena&view=ranking", (360, 780)),
    "wall": ("?view=wall&boards=arena,other", (1920, 1080)),
    "upright wall": ("?view=wall&boards=arena,other", (1080, 1920)),
    "embed": ("?embed=1&board=arena", (300, 400)),
}
# What sticks out of its view, and what of a line or a step is cut off, lies on its neighbour, or is
# too small to be seen. Names are shortened.
BROKEN = """() => {
  const parts = [...document.querySelectorAll("live-leaderboard")]
    .filter((it) => it.checkVisibility())
    .flatMap((it) => [...it.shadowRoot.querySelectorAll("tbody tr")])
    .map((it) => [it, it.querySelector("bdi"), it.querySelector(".points")])
    .concat([...document.querySelectorAll(".step")].filter((it) => it.checkVisibility())
      .map((it) => [it, it.querySelector(".name"), it.querySelector(".points")]));
  const box = (it) => it.getBoundingClientRect();
  const outside = (inner, outer) => box(inner).left < box(outer).left - 1
    || box(inner).right > box(outer).right + 1 || box(inner).bottom > box(outer).bottom + 1;
  const overlap = (a, b) => box(a).left < box(b).right - 1 && box(b).left < box(a).right - 1
    && box(a).top < box(b).bottom - 1 && box(b).top < box(a).bottom - 1;
  return {
    parts: parts.length,
    broken: parts.filter(([whole, name, points]) => outside(name, whole) || outside(points, whole)
      || overlap(name, points) || box(name).width < 20
      || points.scrollWidth > points.clientWidth + 1
      || box(whole).left < 0 || box(whole).right > innerWidth + 1).map(([it]) => it.textContent),
    wider: document.documentElement.scrollWidth - innerWidth,
  };
}"""


@pytest.mark.parametrize("view", WIDE_VIEWS)
def test_names_of_32_wide_letters_fit_every_view(browser: Browser, view: str) -> None:
    address, (width, height) = WIDE_VIEWS[view]
    boards = [
        PlayedBoard(name, version=1, season="2026-11-23", ends=4_000_000_000.0)
        for name in ("arena", "other")
    ]
    scores = [("a", 999_999_999), ("b", 999_999_998), ("c", 1), ("d", 0)]
    for it in boards:
        it.seasons["2026-11-23"] = list(scores)
        it.names = {
            "a": "W" * 32,
            "b": "\N{MATHEMATICAL BOLD CAPITAL W}" * 32,
            "c": "\ufdfd" * 32,
            "d": "M" * 32,
        }
    viewport = {"width": width, "height": height}
    with playing(browser, *boards, viewport=viewport) as (visitor, service):
        page = visitor.page
        page.goto(visitor.url + address)
        lines = page.locator("live-leaderboard:visible").first.locator("tbody tr")
        expect(lines).to_have_count(4)
        shown = page.evaluate(BROKEN)
        assert shown == {"parts": 8 if "wall" in view else 4, "broken": [], "wider": 0}
        if view in {"embed", "ranking"}:
            return
        service.turn("arena", "2026-11-24", scores, ends=4_000_000_000.0)
        expect(page.locator(".step:visible")).to_have_count(3)
        shown = page.evaluate(BROKEN)
        assert shown == {"parts": 11 if "wall" in view else 7, "broken": [], "wider": 0}
