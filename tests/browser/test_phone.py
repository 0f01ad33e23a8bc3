"""Playing on a phone: the games are the middle of the page, the own place is always in sight."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.axe import AXE, violations
from tests.browser.played import PlayedBoard, playing

pytestmark = pytest.mark.browser

PHONE = {"width": 360, "height": 740}
VISIT = {"points": 1, "evidence": False, "minSeconds": 2, "expiresSeconds": 300}
QUIZ = {"points": {"min": 0, "max": 10}, "evidence": True, "minSeconds": 2, "expiresSeconds": 300}


def board() -> PlayedBoard:
    played = PlayedBoard(version=1, actions={"visit": VISIT, "quiz": QUIZ})
    played.seasons["all"] = [(f"user {number}", 1000 - 10 * number) for number in range(14)]
    return played


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_own_place_stays_in_sight_while_playing(browser: Browser, scheme: str) -> None:
    with playing(
        browser, board(), player="user 4", viewport=PHONE, color_scheme=scheme, scripts=(AXE,)
    ) as (visitor, service):
        page = visitor.page
        visitor.open("arena")
        own = page.locator("#own")
        expect(own).to_contain_text("place 5 of 14 · 10 to place 4")
        # The games come first, and nothing lies under the own place.
        quiz = visitor.action("Quiz")
        expect(quiz).to_be_in_viewport(ratio=0.99)
        assert violations(page) == []
        service.set("arena", [("user 4", 2000), ("user 0", 1500)])
        expect(own).to_contain_text("place 1 of 2 · 500 ahead")
        for top in (0, 10_000):
            page.evaluate("(top) => scrollTo({ top, behavior: 'instant' })", top)
            expect(own).to_be_in_viewport(ratio=0.99)
        last, strip = (page.locator(it).bounding_box() for it in ("#freshness", "#own"))
        assert last is not None
        assert strip is not None
        assert last["y"] + last["height"] <= strip["y"]
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]


def test_whoever_only_watches_has_the_board_first(browser: Browser) -> None:
    with playing(browser, board(), viewport=PHONE) as (visitor, _):
        visitor.open("arena")
        expect(visitor.rows.first).to_be_in_viewport()
        expect(visitor.page.locator("#own")).to_be_hidden()


def test_board_without_games_stays_first_for_players_too(browser: Browser) -> None:
    played = board()
    played.actions = {}
    with playing(browser, played, player="user 4", viewport=PHONE) as (visitor, _):
        visitor.open("arena")
        expect(visitor.page.locator("#naming")).to_be_visible()
        expect(visitor.rows.first).to_be_in_viewport()


def test_last_seconds_are_seen_above_a_game(browser: Browser) -> None:
    played = board()
    played.ends_in = 9
    with playing(browser, played, player="user 4", viewport=PHONE) as (visitor, _):
        visitor.open("arena")
        expect(visitor.action("Quiz")).to_be_in_viewport()
        expect(visitor.page.locator("#countdown")).to_be_in_viewport(ratio=0.99)
        # It takes no touch away from the game.
        visitor.page.get_by_role("button", name="Visit").click(trial=True)
        expect(visitor.page.locator("#countdown")).to_be_visible()


def test_wide_screen_has_the_own_place_in_the_table_alone(browser: Browser) -> None:
    with playing(browser, board(), player="user 4") as (visitor, _):
        visitor.open("arena")
        expect(visitor.own_line()).to_contain_text("10 to place 4")
        expect(visitor.page.locator("#own")).to_be_hidden()


def test_name_of_32_wide_letters_leaves_the_own_place_readable(browser: Browser) -> None:
    played = board()
    with playing(browser, played, player="w" * 32, viewport=PHONE) as (visitor, service):
        visitor.open("arena")
        service.set("arena", [("w" * 32, 999_999), *played.seasons["all"]])
        where = visitor.page.locator("#own .where")
        expect(where).to_contain_text("place 1 of 15")
        for part in (".where", ".points", ".you"):
            box = visitor.page.locator(f"#own {part}").bounding_box()
            assert box is not None
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= PHONE["width"]
            assert box["height"] < 60


@pytest.mark.parametrize(
    ("locale", "score", "distance"),
    [
        ("en-US", "65.395\u00a0s", "4.321\u00a0s to place 1"),
        ("de-DE", "65,395\u00a0Sek.", "4,321\u00a0Sek. bis Platz 1"),
    ],
)
def test_times_read_in_the_viewers_locale(
    browser: Browser, locale: str, score: str, distance: str
) -> None:
    played = PlayedBoard(version=1, order="asc", operator="best", kind="duration")
    played.seasons["all"] = [("ada", 61_074), ("user 4", 65_395)]
    with playing(browser, played, player="user 4", viewport=PHONE, locale=locale) as (visitor, _):
        visitor.open("arena")
        expect(visitor.rows.locator(".points").last).to_have_text(score)
        expect(visitor.page.locator("#own .points")).to_have_text(score)
        expect(visitor.page.locator("#own .where")).to_contain_text(distance)


CUT = """() => [".brand span", "#connection-text", "#account"]
  .map((it) => document.querySelector(it))
  .filter((it) => {
    const { left, right } = it.getBoundingClientRect();
    return it.scrollWidth > it.clientWidth && getComputedStyle(it).overflow !== "visible"
      || left < 0 || right > innerWidth;
  })
  .map((it) => it.textContent)"""


@pytest.mark.parametrize(
    ("locale", "offline", "longest"),
    [
        ("en-US", "You are offline", "Reconnecting in 30 s"),
        ("de-DE", "Du bist offline", "Nicht live, wird aktualisiert"),
    ],
)
def test_header_is_whole_without_a_connection(
    browser: Browser, locale: str, offline: str, longest: str
) -> None:
    with playing(browser, board(), viewport=PHONE, locale=locale) as (visitor, service):
        page = visitor.page
        visitor.open("arena")
        page.context.set_offline(True)
        service.hang_up()
        expect(page.locator("#connection-text")).to_have_text(offline)
        assert page.evaluate(CUT) == []
        page.evaluate(
            "(it) => document.querySelector('#connection-text').textContent = it", longest
        )
        assert page.evaluate(CUT) == []
        assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
