"""A player is found by the beginning of the name, and the ranking opens at that player's place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Route, expect

from tests.browser.axe import AXE, violations
from tests.browser.played import PlayedBoard, PlayedService, playing
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser

Visit = tuple[Visitor, PlayedService]
NAMES = {
    "user 80": "Müller",
    "user 81": "Mull & Söhne <b>",
    "user 82": "Ann",
    "user 83": "Ann",
    "user 84": "שלום",
}


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    board = PlayedBoard(version=1, names=dict(NAMES))
    board.seasons["all"] = [(f"user {number}", 1000 - number) for number in range(120)]
    with playing(browser, board, scripts=(AXE,)) as (visitor, service):
        service.named["nil"] = "Zero"
        visitor.page.goto(f"{visitor.url}?board=arena&view=ranking")
        expect(lines(visitor.page)).to_have_count(50)
        yield visitor, service


def lines(page: Page) -> Locator:
    return page.locator("#ranking-table tbody tr")


def field(page: Page) -> Locator:
    return page.get_by_role("combobox", name="Find a player")


def options(page: Page) -> Locator:
    return page.get_by_role("option")


def searches(service: PlayedService) -> list[str]:
    return [it for it in service.asked if it.startswith("/users?")]


def test_player_is_found_and_brought_into_sight(visit: Visit, tmp_path: Path) -> None:
    visitor, _ = visit
    page = visitor.page
    field(page).fill("mü")
    expect(options(page)).to_have_text(["Mull & Söhne <b>", "Müller"])
    expect(page.locator("#search-said")).to_have_text("2 players found.")
    assert violations(page) == []
    page.screenshot(path=tmp_path / "found.png")
    options(page).nth(1).click()
    expect(options(page)).to_have_count(0)
    expect(page.locator("#ranking-said")).to_have_text("Müller is on place 81 of 120.")
    expect(lines(page)).to_have_count(51)
    expect(lines(page).filter(has_text="Müller")).to_be_in_viewport()
    expect(field(page)).to_have_value("Müller")
    assert violations(page) == []
    page.get_by_role("button", name="From the top").click()
    expect(lines(page).first).to_contain_text("User 0")
    expect(page.locator("#ranking-said")).to_be_hidden()


def test_list_is_gone_through_and_left_with_the_keyboard(visit: Visit) -> None:
    visitor, service = visit
    page = visitor.page
    field(page).press_sequentially("m")
    expect(options(page)).to_have_count(2)
    expect(field(page)).to_have_attribute("aria-expanded", "true")
    for key, chosen in (("ArrowDown", 0), ("ArrowDown", 1), ("ArrowDown", 0), ("ArrowUp", 1)):
        field(page).press(key)
        own = options(page).nth(chosen)
        expect(own).to_have_attribute("aria-selected", "true")
        expect(field(page)).to_have_attribute("aria-activedescendant", str(own.get_attribute("id")))
    assert violations(page) == []
    field(page).press("Escape")
    expect(field(page)).to_have_attribute("aria-expanded", "false")
    expect(page.get_by_role("listbox")).to_be_hidden()
    expect(field(page)).to_be_focused()
    field(page).press_sequentially("u")
    expect(options(page)).to_have_count(2)
    field(page).press("Enter")
    expect(page.locator("#ranking-said")).to_have_text("Mull & Söhne <b> is on place 82 of 120.")
    field(page).fill("ann")
    expect(options(page)).to_have_count(2)
    page.keyboard.press("Tab")
    expect(page.get_by_role("listbox")).to_be_hidden()
    assert len(searches(service)) == 3


def test_players_of_one_name_are_told_apart_and_any_script_is_found(visit: Visit) -> None:
    visitor, _ = visit
    page = visitor.page
    field(page).fill("ann")
    expect(options(page)).to_have_text(["Ann user 82", "Ann user 83"])
    options(page).nth(1).click()
    expect(page.locator("#ranking-said")).to_have_text("Ann is on place 84 of 120.")
    field(page).fill("של")
    expect(options(page)).to_have_text(["שלום"])


def test_typing_asks_once_it_pauses_and_a_late_answer_is_not_shown(visit: Visit) -> None:
    visitor, service = visit
    page = visitor.page
    field(page).press_sequentially("müller", delay=20)
    expect(options(page)).to_have_text(["Müller"])
    assert len(searches(service)) == 1
    waiting: list[Route] = []
    asked = re.compile(r"/users\?(.*&)?name=a(&|$)")

    def keep(route: Route) -> None:
        waiting.append(route)

    page.route(asked, keep)
    with page.expect_request(asked):
        field(page).fill("a")
    field(page).fill("של")
    expect(options(page)).to_have_text(["שלום"])
    waiting[0].fulfill(
        json={"users": [{"userId": "a", "userName": "A"}]},
        headers={"access-control-allow-origin": "*"},
    )
    page.wait_for_load_state("networkidle")
    expect(options(page)).to_have_text(["שלום"])


def test_what_is_not_found_is_said(visit: Visit) -> None:
    visitor, _ = visit
    page = visitor.page
    said = page.locator("#search-said")
    field(page).fill("nobody")
    expect(said).to_have_text("No player's name begins with “nobody”.")
    assert violations(page) == []
    field(page).fill("zero")
    options(page).first.click()
    expect(page.locator("#ranking-said")).to_have_text("Zero has no score here.")
    expect(lines(page)).to_have_count(50)
    headers = {"access-control-allow-origin": "*"}
    refused = {"status": 422, "json": {"code": "invalid"}, "headers": headers}
    page.route("**/users?**", lambda route: route.fulfill(**refused))
    field(page).fill("\u0301")
    expect(said).to_contain_text("No player's name begins with")
    page.unroute("**/users?**")
    page.route("**/users?**", lambda route: route.abort())
    field(page).fill("x")
    expect(said).to_contain_text("cannot be reached")
    field(page).fill("")
    expect(said).to_be_hidden()


def test_search_speaks_german_on_a_phone_at_night(browser: Browser, tmp_path: Path) -> None:
    board = PlayedBoard(version=1, seasons={"all": [("ada", 5), ("adam", 3)]})
    night: dict[str, Any] = {"color_scheme": "dark", "viewport": {"width": 360, "height": 640}}
    with playing(browser, board, scripts=(AXE,), **night) as (visitor, _):
        page = visitor.page
        page.goto(f"{visitor.url}?board=arena&view=ranking&lang=de")
        page.get_by_role("combobox", name="Spieler suchen").fill("ad")
        expect(options(page)).to_have_text(["Ada", "Adam"])
        page.keyboard.press("ArrowDown")
        assert violations(page) == []
        page.screenshot(path=tmp_path / "phone.png")
        page.keyboard.press("Enter")
        expect(page.locator("#ranking-said")).to_have_text("Ada steht auf Platz 1 von 2.")
