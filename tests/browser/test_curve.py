"""The player's curve: drawn from the history where there is one, in words for who cannot see it."""

from __future__ import annotations

from playwright.sync_api import Browser, Locator, expect

from tests.browser.axe import AXE, violations
from tests.browser.played import PlayedBoard, PlayedService, playing
from tests.browser.visitor import Visitor


def heights(visitor: Visitor) -> list[float]:
    """How far each corner of the curve is from the top."""
    points = visitor.page.locator("#curve-line").get_attribute("points") or ""
    return [float(it.partition(",")[2]) for it in points.split()]


def curve(visitor: Visitor) -> Locator:
    return visitor.page.locator("#curve")


def asked(service: PlayedService) -> list[str]:
    return [it for it in service.asked if "/history?" in it]


def test_curve_shows_how_the_own_score_came_to_be(browser: Browser) -> None:
    board = PlayedBoard(seasons={"all": [("bob", 90), ("ann", 1500)]})
    with playing(browser, board, player="ann", scripts=(AXE,)) as (visitor, service):
        service.history = [1500, 20, 10]
        visitor.open("arena")
        expect(curve(visitor)).to_be_visible()
        assert heights(visitor) == sorted(heights(visitor), reverse=True)
        assert len(heights(visitor)) == 3
        picture = visitor.page.get_by_role("img", name="Your last 3 scores")
        expect(picture).to_have_attribute(
            "aria-label", "Your last 3 scores on this board: from 10 to 1,500."
        )
        expect(curve(visitor)).to_contain_text("from 10 to 1,500")
        (question,) = asked(service)
        path, _, query = question.partition("?")
        assert path == "/boards/arena/users/ann/history"
        assert sorted(query.split("&")) == ["limit=50", "season=all"]
        assert violations(visitor.page) == []


def test_on_an_ascending_board_less_is_higher(browser: Browser) -> None:
    board = PlayedBoard(order="asc", seasons={"all": [("ann", 10)]})
    with playing(browser, board, player="ann") as (visitor, service):
        service.history = [10, 20, 30]
        visitor.open("arena")
        expect(curve(visitor)).to_be_visible()
        assert heights(visitor) == sorted(heights(visitor), reverse=True)


def test_curve_begins_anew_behind_a_removed_score(browser: Browser) -> None:
    board = PlayedBoard(seasons={"all": [("ann", 8)]})
    with playing(browser, board, player="ann") as (visitor, service):
        service.history = [8, 5, None, 900, 800]
        visitor.open("arena")
        expect(curve(visitor)).to_contain_text("from 5 to 8")


def test_nothing_is_drawn_or_asked_for_where_there_is_no_own_score(browser: Browser) -> None:
    board = PlayedBoard(seasons={"all": [("bob", 90)]})
    for player in (None, "ann"):
        with playing(browser, board, player=player) as (visitor, service):
            service.history = [3, 2, 1]
            visitor.open("arena")
            expect(curve(visitor)).to_be_hidden()
            assert asked(service) == []


def test_one_score_is_no_curve(browser: Browser) -> None:
    board = PlayedBoard(seasons={"all": [("ann", 90)]})
    with playing(browser, board, player="ann") as (visitor, service):
        service.history = [90]
        visitor.open("arena")
        visitor.page.wait_for_load_state("networkidle")
        assert len(asked(service)) == 1
        expect(curve(visitor)).to_be_hidden()
