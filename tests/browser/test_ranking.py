"""The whole ranking, page by page, of this season and of earlier ones."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.browser.axe import AXE, violations
from tests.browser.played import PlayedBoard, PlayedService, playing
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser

Visit = tuple[Visitor, PlayedService]


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    board = PlayedBoard(version=1, season="2026-W48", ends=time.time() + 1000)
    board.seasons = {
        "2026-W48": [(f"user {number}", 1000 - number) for number in range(120)],
        "2026-W47": [("old", 7), ("older", 5)],
    }
    with playing(browser, board, scripts=(AXE,)) as (visitor, service):
        visitor.open("arena")
        expect(visitor.rows).to_have_count(10)
        yield visitor, service


def lines(visitor: Visitor) -> Locator:
    return visitor.page.locator("#ranking-table tbody tr")


def test_pages_lead_to_the_end_and_back(visit: Visit) -> None:
    visitor, service = visit
    page = visitor.page
    page.get_by_role("link", name="Whole ranking").click()
    expect(lines(visitor)).to_have_count(50)
    expect(page.locator("#ranking-part")).to_have_text("Places 1 to 50 of 120")
    expect(page.get_by_role("button", name="Previous page")).to_be_hidden()
    assert violations(page) == []
    page.get_by_role("button", name="Next page").click()
    page.get_by_role("button", name="Next page").click()
    expect(page.locator("#ranking-part")).to_have_text("Places 101 to 120 of 120")
    expect(lines(visitor)).to_have_count(20)
    expect(lines(visitor).last).to_have_text("120User 119881")
    expect(page.get_by_role("button", name="Next page")).to_be_hidden()
    page.get_by_role("button", name="Previous page").click()
    expect(page.locator("#ranking-part")).to_have_text("Places 51 to 100 of 120")
    page.get_by_role("button", name="From the top").click()
    expect(lines(visitor).first).to_have_text("1User 01,000")
    # A page is of one moment: it does not move.
    service.set("arena", [("new", 5000)])
    expect(lines(visitor).first).to_have_text("1User 01,000")
    page.get_by_role("link", name="Back to the live board").click()
    expect(visitor.rows.first).to_contain_text("New")
    page.go_back()
    expect(lines(visitor).first).to_contain_text("New")


def test_past_season_is_picked_and_has_an_address(visit: Visit) -> None:
    visitor, _ = visit
    page = visitor.page
    picker = page.get_by_label("Season")
    expect(picker.get_by_role("option")).to_have_text(["Week 48 (now)", "Week 47"])
    picker.select_option("2026-W47")
    expect(lines(visitor)).to_have_text(["1Old7", "2Older5"])
    page.reload()
    expect(lines(visitor)).to_have_text(["1Old7", "2Older5"])
    picker.select_option("2026-W48")
    expect(lines(visitor)).to_have_count(50)
    page.go_back()
    expect(lines(visitor)).to_have_count(2)
    page.get_by_role("link", name="Back to the live board").click()
    expect(visitor.rows).to_have_count(10)


def test_jump_to_me_brings_the_own_line_into_sight(browser: Browser) -> None:
    board = PlayedBoard(version=1)
    board.seasons["all"] = [(f"user {number}", 1000 - number) for number in range(120)]
    with playing(browser, board, player="user 80") as (visitor, _):
        visitor.open("arena")
        # The line below the top says how far the next place is.
        expect(visitor.page.locator("#own")).to_contain_text("place 81 of 120 · 1 to place 80")
        visitor.page.get_by_role("link", name="Whole ranking").click()
        visitor.page.get_by_role("button", name="Jump to me").click()
        own = visitor.page.locator("#ranking-table tr[aria-current=true]")
        expect(own).to_contain_text("User 80")
        expect(own).to_be_in_viewport()
        expect(lines(visitor)).to_have_count(51)
        visitor.page.get_by_role("button", name="From the top").click()
        expect(lines(visitor).first).to_contain_text("User 0")
        expect(own).to_have_count(0)


def test_jump_to_me_says_where_there_is_no_score(browser: Browser) -> None:
    board = PlayedBoard(version=1, seasons={"all": [("ada", 5)]})
    with playing(browser, board, player="bo") as (visitor, _):
        visitor.page.goto(f"{visitor.url}?board=arena&view=ranking")
        expect(lines(visitor)).to_have_count(1)
        visitor.page.get_by_role("button", name="Jump to me").click()
        expect(visitor.page.locator("#ranking-said")).to_have_text("You have no score here.")
        expect(lines(visitor)).to_have_count(1)


def test_service_that_cannot_answer_is_said(visit: Visit) -> None:
    visitor, _ = visit
    visitor.page.unroute_all()
    visitor.page.route("**/entries**", lambda route: route.abort())
    visitor.page.get_by_role("link", name="Whole ranking").click()
    expect(visitor.page.locator("#ranking-said")).to_contain_text("cannot be reached")


def test_seasons_of_the_future_do_not_end_the_page(visit: Visit) -> None:
    visitor, _ = visit
    visitor.page.goto(f"{visitor.url}?board=arena&view=ranking&season=2027-W01")
    expect(visitor.page.locator("#ranking-said")).to_have_text("Nobody scored in this season.")
