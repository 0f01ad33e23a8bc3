"""A press that the page moves under: nothing that is drawn anew between down and up loses it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Locator, Route, expect

from tests.browser.played import HTTP, PlayedBoard, PlayedService, playing
from tests.browser.visitor import Visitor

pytestmark = pytest.mark.browser

ALLOWED = {"access-control-allow-origin": "*", "access-control-allow-headers": "*"}
QUIZ = {"points": {"min": 0, "max": 10}, "evidence": True, "minSeconds": 2, "expiresSeconds": 300}
VISIT = {"points": 1, "evidence": False, "minSeconds": 2, "expiresSeconds": 300}


@dataclass
class Pressed:
    """A page with a quiz, whose service keeps a rename waiting and counts tickets."""

    visitor: Visitor
    service: PlayedService
    board: PlayedBoard
    renames: list[Route] = field(default_factory=list)
    tickets: list[Route] = field(default_factory=list)

    def hear_rename(self, route: Route) -> None:
        self.renames.append(route)

    def hear_ticket(self, route: Route) -> None:
        self.tickets.append(route)

    @property
    def button(self) -> Locator:
        return self.visitor.page.get_by_role("button", name="Ask me")

    def down(self) -> None:
        """The mouse goes down on the button, and stays there."""
        box = self.button.bounding_box()
        assert box is not None
        self.visitor.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        self.visitor.page.mouse.down()


@pytest.fixture
def pressed(browser: Browser) -> Iterator[Pressed]:
    board = PlayedBoard(version=1, season="2026-11-23", ends=time.time() + 86_400)
    board.seasons["2026-11-23"] = [("user 4", 900), ("ada", 800)]
    board.actions = {"quiz": QUIZ}
    with playing(browser, board, player="user 4") as (visitor, service):
        it = Pressed(visitor, service, board)
        visitor.page.route(f"{HTTP}/me", it.hear_rename)
        visitor.page.route(f"{HTTP}/boards/arena/tickets", it.hear_ticket)
        visitor.open("arena")
        expect(it.button).to_be_visible()
        yield it
        for route in it.tickets:
            route.abort()


def test_press_counts_though_a_message_moves_the_button(pressed: Pressed) -> None:
    page = pressed.visitor.page
    pressed.visitor.rename("Ada the Great")
    while not pressed.renames:
        page.wait_for_timeout(20)
    pressed.down()
    answer = {"userId": "user 4", "userName": "Ada the Great"}
    pressed.renames[0].fulfill(json=answer, headers=ALLOWED)
    expect(page.locator("#message")).to_contain_text("Saved")
    page.mouse.up()
    expect(pressed.visitor.action("Quiz")).to_have_attribute("data-state", "asking")
    assert len(pressed.tickets) == 1


def test_press_counts_though_the_board_has_another_action(pressed: Pressed) -> None:
    page = pressed.visitor.page
    pressed.down()
    pressed.board.actions = {"quiz": QUIZ, "visit": VISIT}
    pressed.service.turn("arena", "2026-11-24", [("ada", 1)], ends=time.time() + 86_400)
    expect(page.get_by_role("button", name="Visit")).to_be_visible()
    page.mouse.up()
    expect(pressed.visitor.action("Quiz")).to_have_attribute("data-state", "asking")
    assert len(pressed.tickets) == 1


def test_press_that_leaves_the_button_is_taken_back(pressed: Pressed) -> None:
    page = pressed.visitor.page
    pressed.down()
    page.mouse.move(5, 5)
    page.mouse.up()
    page.wait_for_timeout(300)
    expect(pressed.visitor.action("Quiz")).to_have_attribute("data-state", "idle")
    assert pressed.tickets == []
