"""The board as everybody sees it, while it moves."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import Route, expect

from tests.browser.conftest import Visitors
from tests.browser.visitor import Line, Visitor
from tests.e2e.service import Service
from tests.e2e.tables import Tables
from tests.e2e.waiting import await_value
from tests.stack import Running

pytestmark = [pytest.mark.e2e, pytest.mark.browser]

NAMES = [
    "<img src=x onerror=alert(1)>",
    "</td><script>alert(1)</script>",
    "&lt;b&gt;bold&amp;",
    "{{7*7}} ${7*7} %3Cscript%3E",
    "javascript:alert(1)",
    "שלום עולם 123",
    "x\u0323\u0301\u0302" * 8,
    "W" * 32,
    "👩‍👩‍👧‍👦🏳️‍🌈",
]


def await_lines(visitor: Visitor, expected: list[Line]) -> None:
    await_value(lambda: visitor.lines() == expected, what=f"{expected}, not {visitor.lines()}")


def lines_of(service: Service, board: str) -> list[Line]:
    return [
        Line(str(it["place"]), it["userName"], f"{it['userScore']:,}")
        for it in service.top(board)["entries"]
    ]


def test_boards_are_there_by_name(visitor: Visitor) -> None:
    visitor.page.goto(visitor.url)
    visitor.await_state("live")
    links = visitor.page.get_by_role("navigation", name="Boards").get_by_role("link")
    expect(links).to_have_text(
        ["All-time", "Sprint of the week", re.compile("^Fastest lap"), "Rating: chess", "Rating…"]
    )
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("All-time")
    links.nth(1).click()
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("Sprint of the week")
    expect(visitor.page.locator("#season")).to_contain_text(re.compile(r"Week \d+ ends in\s*\d"))
    visitor.page.go_back()
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("All-time")


def test_board_of_a_pattern_is_asked_for(visitor: Visitor, service: Service, board: str) -> None:
    service.write(board, "ada", score=7, userName="Ada")
    visitor.open("rating-*", live=False)
    visitor.page.locator("#pattern-board").fill(board.removeprefix("rating-"))
    visitor.page.get_by_role("button", name="Show").click()
    await_lines(visitor, [Line("1", "Ada", "7")])


def test_number_of_players_moves_by_itself_and_no_line_does(
    visitor: Visitor, service: Service, stack: Running, board: str
) -> None:
    """The leaders are far ahead: nothing but the total changes, and a frame brings it."""
    for number in range(10):
        service.write(board, f"leader-{number}", score=9000 - number)
    await_value(lambda: len(service.top(board)["entries"]) == 10, what="ten leaders")
    visitor.open(board)
    expect(visitor.page.locator("#total")).to_have_text("10")
    before = visitor.lines()
    assert len(before) == 10
    visitor.page.evaluate(
        """() => {
            window.animated = 0;
            const animate = Element.prototype.animate;
            Element.prototype.animate = function (...how) {
                window.animated += 1;
                return animate.apply(this, how);
            };
        }"""
    )
    service.write(board, "late", score=1)
    await_value(lambda: service.top(board)["total"] == 11, what="eleven over HTTP")
    Tables(stack.addresses).client("lambda").invoke(
        FunctionName="leaderboard-local-verify", Payload=b'{"audit": false}'
    )
    expect(visitor.page.locator("#total")).to_have_text("11")
    assert visitor.lines() == before
    assert visitor.page.evaluate("window.animated") == 0


def test_unknown_board_is_said(visitor: Visitor) -> None:
    visitor.open("nonsense", live=False)
    expect(visitor.page.locator("#empty")).to_have_text("There is no such board.")


def test_address_that_names_no_board_is_said(visitor: Visitor) -> None:
    visitor.page.goto(f"{visitor.url}?board=%3Cb%3ENo%20board")
    expect(visitor.page.locator("#empty")).to_have_text("There is no such board.")
    expect(visitor.page.get_by_role("heading", level=1)).to_have_text("<b>No board")


def test_empty_board_is_said_and_fills_by_itself(
    visitor: Visitor, service: Service, board: str
) -> None:
    visitor.open(board)
    expect(visitor.page.locator("#empty")).to_contain_text("No scores yet")
    service.write(board, "ada", score=7, userName="Ada")
    await_lines(visitor, [Line("1", "Ada", "7")])
    expect(visitor.page.locator("#empty")).to_be_hidden()


def test_first_paint_does_not_wait_for_the_socket(
    visitor: Visitor, service: Service, board: str
) -> None:
    service.write(board, "ada", score=7, userName="Ada")
    service.await_score(board, "ada", 7)
    # A network that lets no socket through.
    visitor.page.route_web_socket(re.compile(".*"), lambda _: None)
    visitor.open(board, live=False)
    await_lines(visitor, [Line("1", "Ada", "7")])
    visitor.await_state("connecting", "reconnecting", "polling")


def test_blocked_sockets_leave_a_board_that_is_polled(
    visitor: Visitor, service: Service, board: str
) -> None:
    service.write(board, "ada", score=7, userName="Ada")
    visitor.page.route_web_socket(re.compile(".*"), lambda socket: socket.close())
    visitor.open(board, live=False)
    visitor.await_state("polling", seconds=30)
    expect(visitor.page.locator("#connection")).to_contain_text("Not live")
    expect(visitor.page.locator("#freshness")).to_contain_text("refreshed every few seconds")
    service.write(board, "ada", score=8)
    await_lines(visitor, [Line("1", "Ada", "8")])


def test_ties_show_the_same_place(visitor: Visitor, service: Service, board: str) -> None:
    visitor.open(board)
    for user, score in (("ada", 9), ("bo", 8), ("cy", 8), ("di", 7)):
        service.write(board, user, score=score, userName=user.title())
    await_lines(
        visitor,
        [Line("1", "Ada", "9"), Line("2", "Bo", "8"), Line("2", "Cy", "8"), Line("4", "Di", "7")],
    )


def test_two_browsers_see_the_same_board(visitors: Visitors, service: Service, board: str) -> None:
    first, second = visitors(), visitors()
    first.open(board)
    second.open(board)
    for number in range(24):
        service.write(board, f"u{number % 12}", score=number * 7919 % 1000, userName=f"P{number}")
    await_value(lambda: len(lines_of(service, board)) == 10, what="a full top")
    for visitor in (first, second):
        await_value(
            lambda visitor=visitor: visitor.lines() == lines_of(service, board),  # type: ignore[misc]
            what="the table's top",
        )
    assert first.lines() == second.lines()
    for visitor in (first, second):
        expect(visitor.page.locator("#total")).to_have_text("12")


def test_rows_travel_and_scores_flash(visitor: Visitor, service: Service, board: str) -> None:
    for user, score in (("ada", 9), ("bo", 8), ("cy", 7)):
        service.write(board, user, score=score, userName=user.title())
    visitor.open(board)
    expect(visitor.rows).to_have_count(3)
    watch = """() => {
      window.travelled = [];
      const animate = Element.prototype.animate;
      Element.prototype.animate = function (frames, options) {
        window.travelled.push([this.querySelector("bdi")?.textContent, options.id ?? "note",
          [frames.transform].flat()[0] ?? ""]);
        return animate.call(this, frames, options);
      };
    }"""
    visitor.page.evaluate(watch)
    service.write(board, "cy", score=10)
    await_lines(visitor, [Line("1", "Cy", "10"), Line("2", "Ada", "9"), Line("3", "Bo", "8")])
    seen = {
        (name, kind, start) for name, kind, start in visitor.page.evaluate("() => window.travelled")
    }
    journeys = {name: start for name, kind, start in seen if kind == "journey"}
    assert set(journeys) == {"Ada", "Bo", "Cy"}
    # Up comes from below, down from above.
    assert re.match(r"translateY\([1-9]", journeys["Cy"])
    assert re.match(r"translateY\(-[1-9]", journeys["Ada"])
    assert {name for name, kind, _ in seen if kind in {"flash", "moment"}} == {"Cy"}
    cy, ada = visitor.rows.first, visitor.rows.nth(1)
    expect(cy.locator(".move")).to_have_attribute("data-note", "takes the lead")
    expect(cy.locator(".gain")).to_have_attribute("data-note", "+3")
    expect(ada.locator(".move")).to_have_attribute("data-note", "▼ 1")


def test_who_enters_and_who_leaves_is_seen(visitor: Visitor, service: Service, board: str) -> None:
    for number in range(10):
        service.write(board, f"u{number}", score=100 + number, userName=f"P{number}")
    service.await_score(board, "u0", 100)
    visitor.open(board)
    expect(visitor.rows).to_have_count(10)
    # A slow last frame, so that the one who leaves can be looked at.
    visitor.page.evaluate(
        """() => new MutationObserver((changes) => {
             for (const { addedNodes } of changes)
               for (const it of addedNodes) window.left = it.querySelector("bdi").textContent;
           }).observe(document.querySelector("#live").shadowRoot.querySelector(".ghosts"),
             { childList: true })"""
    )
    service.write(board, "new", score=500, userName="Newcomer")
    expect(visitor.rows.first.locator(".move")).to_have_attribute("data-note", "takes the lead")
    await_value(lambda: visitor.page.evaluate("() => window.left") == "P0", what="P0 left")
    expect(visitor.page.locator("#live .ghosts > *")).to_have_count(0)
    expect(visitor.rows).to_have_count(10)


def test_hostile_names_are_text(visitor: Visitor, service: Service, board: str) -> None:
    visitor.open(board)
    for number, name in enumerate(NAMES):
        service.write(board, f"u{number}", score=1000 - number, userName=name)
    await_value(lambda: len(visitor.lines()) == len(NAMES), what="every name")
    shown = [line.name for line in visitor.lines()]
    assert shown == [it["userName"] for it in service.top(board)["entries"]]
    assert visitor.page.locator("#live :is(img, script, b, a)").count() == 0
    expect(visitor.page).to_have_title(re.compile("^Rating"))
    # No name changes the table's form.
    heights = visitor.page.evaluate(
        """() => [...document.querySelector('#live').shadowRoot.querySelectorAll('tbody tr')]
             .map((it) => it.offsetHeight)"""
    )
    assert len(set(heights)) == 1


def test_burst_of_changes_ends_on_the_tables_top(
    visitor: Visitor, service: Service, board: str, record_property: Callable[[str, object], None]
) -> None:
    visitor.open(board)
    before = len(visitor.long_tasks())
    busy_before = visitor.busy_seconds()

    def write(number: int) -> None:
        service.write(
            board, f"u{number % 25}", score=number * 7919 % 5000, userName=f"P{number % 25}"
        )

    _ = service.writer
    with ThreadPoolExecutor(max_workers=8) as threads:
        # A list, so that a failed write is seen.
        writes = [threads.submit(write, number) for number in range(200)]
        while not all(it.done() for it in writes):
            visitor.page.wait_for_timeout(50)
        for it in writes:
            it.result()

    def settled() -> bool:
        top = service.top(board)
        return bool(top["total"] == 25 and visitor.lines() == lines_of(service, board))

    await_value(settled, what="the table's top", seconds=60)
    tasks = visitor.long_tasks()[before:]
    busy = visitor.busy_seconds() - busy_before
    record_property("long tasks (ms)", [round(it) for it in tasks])
    record_property("main thread (s of CPU)", round(busy, 2))
    # Reported, not asserted: beside a whole stack on one machine the page waits for its turn.
    print(
        f"200 changes: {busy:.2f} s of CPU on the page's main thread; {len(tasks)} long tasks, "
        f"{sum(tasks):.0f} ms in all, the longest {max(tasks, default=0):.0f} ms"
    )
    # Nothing is left over from the journeys.
    expect(visitor.page.locator("#live .ghosts > *")).to_have_count(0)


def test_quiet_board_is_told_to_be_live(visitor: Visitor, service: Service, board: str) -> None:
    """Nothing changes after the page opened, so what it shows was read over HTTP."""
    service.write(board, "ada", score=7, userName="Ada")
    service.await_score(board, "ada", 7)
    visitor.open(board)
    expect(visitor.rows).to_have_count(1)
    expect(visitor.page.locator("#freshness")).to_contain_text("shown as it happens")


def test_freshness_is_told(visitor: Visitor, service: Service, board: str) -> None:
    visitor.open(board)
    service.write(board, "ada", score=7, userName="Ada")
    expect(visitor.page.locator("#freshness")).to_contain_text(
        re.compile(r"Newest score (just now|\d+ s ago) · shown as it happens")
    )
    expect(visitor.page.locator("#freshness time")).to_have_count(1)


def test_service_out_of_reach_at_first_is_said_and_tried_again(
    visitor: Visitor, service: Service, board: str
) -> None:
    service.write(board, "ada", score=7, userName="Ada")
    down = True

    def refuse(route: Route) -> None:
        if down:
            route.abort()
        else:
            route.continue_()

    visitor.page.route(f"{service.addresses['http']}/**", refuse)
    visitor.page.route_web_socket(re.compile(".*"), lambda socket: socket.close())
    visitor.open(board, live=False)
    expect(visitor.page.locator("#empty")).to_contain_text("The service cannot be reached")
    down = False
    await_lines(visitor, [Line("1", "Ada", "7")])
