"""`<live-leaderboard>` in a page of somebody else's, with a real stack."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.axe import AXE, violations
from tests.browser.conftest import Strangers
from tests.browser.strangers_page import Stranger
from tests.e2e.service import Service
from tests.stack import Running

pytestmark = [pytest.mark.e2e, pytest.mark.browser]

# 1,500 in the digits of Egypt.
ARABIC = "\u0661\u066c\u0665\u0660\u0660"
HOSTILE = "<img src=x onerror=alert(1)>"


def element(stack: Running, board: str, attributes: str = "") -> str:
    http, socket = stack.addresses["http"], stack.addresses["socket"]
    addresses = f'http="{http}" socket="{socket}"'
    return f'<live-leaderboard board="{board}" {addresses} {attributes}></live-leaderboard>'


def document(body: str, attributes: str = 'lang="en"') -> str:
    return (
        f"<!doctype html><html {attributes}><title>A game</title>"
        '<script type="module" src="/client/element.js"></script>'
        f"<main><h1>A game</h1>{body}</main></html>"
    )


def strict(stack: Running) -> str:
    """No style but an adopted one, no script but the package, and no calls but to the stack."""
    origin = stack.addresses["cognito"]
    return (
        "default-src 'none'; script-src 'self'; require-trusted-types-for 'script'; "
        f"trusted-types 'none'; connect-src {origin} {origin.replace('http', 'ws', 1)}"
    )


@contextmanager
def shown(
    strangers: Strangers, stack: Running, board: str, attributes: str = "", **options: object
) -> Iterator[Stranger]:
    html = document(element(stack, board, attributes))
    with strangers(html, policy=strict(stack), **options) as page:
        yield page
    # What a policy forbids, and what a script throws, both land in the console.
    assert page.said == []


def rows(page: Stranger) -> Locator:
    return page.page.locator("live-leaderboard").first.get_by_role("row")


def test_board_moves_under_a_strict_policy_and_names_stay_text(
    strangers: Strangers, stack: Running, service: Service, board: str
) -> None:
    service.write(board, "ada", score=1500, userName=HOSTILE)
    service.await_score(board, "ada", 1500)
    with shown(strangers, stack, board, 'label="Ratings"') as page:
        expect(rows(page)).to_have_text(["PlacePlayerScore", f"1{HOSTILE}1,500"])
        expect(page.page.get_by_role("table", name="Ratings")).to_be_visible()
        service.write(board, "bob", score=1600, userName="Bob")
        expect(rows(page)).to_have_text(["PlacePlayerScore", "1Bob1,600", f"2{HOSTILE}1,500"])
        # Who does not see it move hears of the new leader.
        expect(page.page.get_by_text("Bob leads with 1,600")).to_have_count(1)


def test_it_is_accessible_and_a_long_board_scrolls_by_keyboard(
    strangers: Strangers, stack: Running, service: Service, board: str
) -> None:
    for number in range(8):
        service.write(board, f"u{number}", score=900 - number, userName=f"Player {number}")
    service.await_score(board, "u7", 893)
    with shown(strangers, stack, board) as page:
        expect(rows(page)).to_have_count(9)
        page.page.evaluate(
            "() => document.querySelector('live-leaderboard')"
            ".style.setProperty('--leaderboard-height', '120px')"
        )
        service.write(board, "u0", score=950, userName="Player 0")
        frame = page.page.locator("live-leaderboard [part=frame]")
        expect(frame).to_have_attribute("tabindex", "0")
        page.page.keyboard.press("Tab")
        page.page.keyboard.press("End")
        page.wait_for(
            "() => document.querySelector('live-leaderboard').shadowRoot"
            ".querySelector('[part=frame]').scrollTop > 50"
        )
        page.page.evaluate(AXE)
        assert violations(page.page) == []


def test_direction_and_digits_are_those_of_its_page(
    strangers: Strangers, stack: Running, service: Service, board: str
) -> None:
    service.write(board, "ada", score=1500, userName="Ada")
    html = document(element(stack, board), 'lang="ar-EG" dir="rtl"')
    with strangers(html) as page:
        expect(rows(page).nth(1)).to_contain_text(ARABIC)
        place, score = (
            rows(page).nth(1).locator(f"[part={part}]").bounding_box()
            for part in ("place", "score")
        )
        assert place is not None
        assert score is not None
        assert place["x"] > score["x"]


MOVES = """() => {
  window.moves = 0;
  const { animate } = Element.prototype;
  Element.prototype.animate = function (...how) {
    window.moves += 1;
    return animate.apply(this, how);
  };
}"""


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
def test_nothing_moves_for_who_wants_less_motion(
    strangers: Strangers, stack: Running, service: Service, board: str, motion: str
) -> None:
    service.write(board, "ada", score=1500, userName="Ada")
    service.await_score(board, "ada", 1500)
    with shown(strangers, stack, board, reduced_motion=motion) as page:
        expect(rows(page)).to_have_count(2)
        page.page.evaluate(MOVES)
        service.write(board, "bob", score=1600, userName="Bob")
        expect(rows(page).nth(1)).to_have_text("1Bob1,600")
        assert (page.page.evaluate("() => window.moves") > 0) == (motion == "no-preference")


def test_page_themes_it_by_parts_and_properties(
    strangers: Strangers, stack: Running, service: Service, board: str
) -> None:
    service.write(board, "ada", score=1500, userName="Ada")
    style = (
        "<style>live-leaderboard { --leaderboard-color: rgb(1, 2, 3) }"
        "live-leaderboard::part(score) { color: rgb(4, 5, 6) }</style>"
    )
    with strangers(document(style + element(stack, board))) as page:
        expect(rows(page).nth(1).locator("[part=name]")).to_have_css("color", "rgb(1, 2, 3)")
        expect(rows(page).nth(1).locator("[part=score]")).to_have_css("color", "rgb(4, 5, 6)")


OBSERVED = """() => {
  window.sockets = [];
  window.WebSocket = class extends WebSocket {
    constructor(url) { super(url); window.sockets.push(this); }
  };
}"""
CLOSED = "() => window.sockets.length > 0 && window.sockets.every((it) => it.readyState === 3)"


def test_removed_while_it_connects_nothing_stays(
    strangers: Strangers, stack: Running, board: str
) -> None:
    with strangers(document("")) as page:
        page.page.evaluate(OBSERVED)
        add = "(html) => document.querySelector('main').insertAdjacentHTML('beforeend', html)"
        page.page.evaluate(add, element(stack, board) * 2)
        page.wait_for("() => window.sockets.length > 0")
        page.page.evaluate("() => document.querySelectorAll('live-leaderboard')[0].remove()")
        page.page.evaluate("() => document.querySelector('live-leaderboard').remove()")
        page.wait_for(CLOSED)
        assert page.page.evaluate("() => window.sockets.length") == 1


def test_moved_in_its_page_it_keeps_its_socket_and_its_rows(
    strangers: Strangers, stack: Running, service: Service, board: str
) -> None:
    service.write(board, "ada", score=1500, userName="Ada")
    with strangers(document("")) as page:
        page.page.evaluate(OBSERVED)
        page.page.evaluate(
            "(html) => document.querySelector('main').insertAdjacentHTML('beforeend', html)",
            element(stack, board),
        )
        expect(rows(page)).to_have_count(2)
        page.page.evaluate("() => document.body.append(document.querySelector('live-leaderboard'))")
        service.write(board, "ada", score=1600, userName="Ada")
        expect(rows(page).nth(1)).to_have_text("1Ada1,600")
        assert page.page.evaluate("() => window.sockets.length") == 1


def test_scores_are_written_as_the_service_says_from_the_first_moment(
    strangers: Strangers, stack: Running, service: Service
) -> None:
    user = f"lap-{uuid.uuid4().hex[:8]}"
    # Faster than any other, so that it is seen.
    service.write("fastest-lap", user, score=5_074, userName=user)
    for number in range(4):
        service.write("fastest-lap", f"{user}-{number}", score=9_000, userName=f"Other {number}")
    service.await_score("fastest-lap", user, 5_074)
    lists: list[str] = []
    html = document(element(stack, "fastest-lap") + element(stack, "fastest-lap", "bars"))
    with strangers() as page:
        page.page.on("request", lambda it: lists.append(it.url) if "/boards" in it.url else None)
        page.page.set_content(html)
        page.page.evaluate(
            """() => {
              window.seen = new Set();
              const look = () => {
                for (const it of document.querySelectorAll("live-leaderboard")) {
                  const points = it.shadowRoot?.querySelectorAll("[part=points]") ?? [];
                  for (const { textContent } of points) window.seen.add(textContent);
                }
                requestAnimationFrame(look);
              };
              look();
            }"""
        )
        row = rows(page).filter(has_text=user)
        expect(row.locator("[part=points]")).to_have_text("5.074\u00a0s")
        page.page.wait_for_timeout(200)
        assert "5,074" not in page.page.evaluate("() => [...window.seen]")
        assert [it.endswith("/boards") for it in lists].count(True) == 1
        # On this board the lower score is the better one.
        service.write("fastest-lap", user, score=5_001, userName=user)
        gain = row.locator("[part=gain]")
        expect(row.locator("[part=points]")).to_have_text("5.001\u00a0s")
        expect(gain).to_have_attribute("data-kind", "gained")
        expect(gain).to_have_attribute("data-note", "\u22120.073\u00a0s")


def test_attribute_says_how_scores_are_written_and_no_list_is_read(
    strangers: Strangers, stack: Running, service: Service, board: str
) -> None:
    service.write(board, "ada", score=6_107, userName="Ada")
    lists: list[str] = []
    html = document(element(stack, board, 'format="number" decimals="2" unit="pt"'))
    with strangers() as page:
        page.page.on(
            "request", lambda it: lists.append(it.url) if it.url.endswith("/boards") else None
        )
        page.page.set_content(html)
        points = rows(page).nth(1).locator("[part=points]")
        expect(points).to_have_text("61.07\u00a0pt")
        page.page.evaluate(
            "() => document.querySelector('live-leaderboard').setAttribute('format', 'duration')"
        )
        expect(points).to_have_text("6.11\u00a0s\u00a0pt")
        assert lists == []
        page.page.evaluate(
            "() => document.querySelector('live-leaderboard').removeAttribute('format')"
        )
        expect(points).to_have_text("6,107")
        assert len(lists) == 1


def test_list_of_boards_that_fails_leaves_plain_numbers(
    strangers: Strangers, stack: Running, service: Service, board: str
) -> None:
    service.write(board, "ada", score=1_500, userName="Ada")
    with strangers() as page:
        page.page.route("**/boards", lambda route: route.abort())
        page.page.set_content(document(element(stack, board)))
        expect(rows(page).nth(1).locator("[part=points]")).to_have_text("1,500")


def test_other_board_words_and_format_take_effect_at_once(
    strangers: Strangers, stack: Running, service: Service, board: str
) -> None:
    service.write(board, "ada", score=6_107, userName="Ada")
    with shown(strangers, stack, board) as page:
        expect(rows(page)).to_have_count(2)
        page.page.evaluate(
            """() => {
              const board = document.querySelector("live-leaderboard");
              board.formatScore = (score) => `${score / 100} s`;
              board.words = { player: "Fahrer" };
            }"""
        )
        expect(rows(page)).to_have_text(["PlaceFahrerScore", "1Ada61.07 s"])
        page.page.evaluate(
            "() => document.querySelector('live-leaderboard').setAttribute('board', 'nowhere')"
        )
        expect(page.page.get_by_text("There is no board “nowhere”.")).to_be_visible()
        expect(rows(page)).to_have_count(1)
        page.said[:] = [
            it for it in page.said if "nowhere" not in json.dumps(it) and "404" not in it
        ]


def test_without_addresses_it_says_what_to_write(strangers: Strangers) -> None:
    html = document('<live-leaderboard board="global"></live-leaderboard>')
    with strangers(html) as page:
        page.page.wait_for_timeout(100)
        assert len(page.said) == 1
        assert "`http`, `socket` or both" in page.said[0]
