"""How the board moves: a loss looks like a loss, and each kind of change like what it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.browser.played import PlayedBoard, PlayedService, playing
from tests.browser.visitor import Visitor
from tests.e2e.waiting import await_value

pytestmark = pytest.mark.browser

Play = Callable[..., tuple[Visitor, PlayedService]]

START = [("ada", 900), ("bo", 700), ("cy", 500), ("di", 300)]
# What the element animates, by the name in the line.
WATCH = """() => {
  window.seen = [];
  const animate = Element.prototype.animate;
  Element.prototype.animate = function (frames, options) {
    const row = this.closest(".row");
    window.seen.push([row?.querySelector("bdi")?.textContent ?? "", options.id ?? "leave"]);
    return animate.call(this, frames, options);
  };
}"""
# Whether the light of a line can be seen.
LIT = """(name) => [...document.querySelector("#live").shadowRoot.querySelectorAll(".row")].some(
  (it) => it.querySelector("bdi")?.textContent === name
    && getComputedStyle(it, "::after").opacity > 0)"""
STYLE = """(part, name) => getComputedStyle(part)[name]"""


@pytest.fixture
def play(browser: Browser) -> Iterator[Play]:
    with ExitStack() as opened:

        def play(
            scores: list[tuple[str, int]] = START, *, own: str | None = None, **rules: Any
        ) -> tuple[Visitor, PlayedService]:
            board = PlayedBoard(version=1, seasons={"all": list(scores)}, **rules)
            visitor, service = opened.enter_context(playing(browser, board))
            visitor.open("arena")
            expect(visitor.rows).to_have_count(min(len(scores), board.top_size))
            if own:
                live = visitor.page.locator("#live")
                live.evaluate("(it, own) => it.setAttribute('own', own)", own)
            visitor.page.evaluate(WATCH)
            return visitor, service

        yield play


def line(visitor: Visitor, name: str) -> Locator:
    return visitor.rows.filter(has=visitor.page.get_by_text(name, exact=True))


def note(visitor: Visitor, name: str, part: str) -> tuple[str | None, str | None]:
    """What a line says happened, and of which kind it is."""
    found = line(visitor, name).locator(f".{part}")
    return found.get_attribute("data-kind"), found.get_attribute("data-note")


def bars(visitor: Visitor) -> list[float | None]:
    lengths: list[float | None] = visitor.rows.evaluate_all(
        """(rows) => rows.map((it) => it.parentNode.part.contains("barred")
             ? Number(it.style.getPropertyValue("--share")) : null)"""
    )
    return lengths


def await_names(visitor: Visitor, *names: str) -> None:
    await_value(lambda: [it.name for it in visitor.lines()] == list(names), what=str(names))


def test_loss_is_red_and_shortens_its_own_bar_alone(play: Play) -> None:
    visitor, service = play()
    before = bars(visitor)
    service.set("arena", [("ada", 800), *START[1:]])
    await_value(lambda: visitor.lines()[0].score == "800", what="the loss")
    assert note(visitor, "Ada", "gain") == ("lost", "\N{MINUS SIGN}100")
    gain = line(visitor, "Ada").locator(".gain")
    worse = gain.evaluate(STYLE, "color")
    service.set("arena", [("ada", 800), ("bo", 750), *START[2:]])
    await_value(lambda: visitor.lines()[1].score == "750", what="the gain")
    assert note(visitor, "Bo", "gain") == ("gained", "+50")
    assert line(visitor, "Bo").locator(".gain").evaluate(STYLE, "color") != worse
    after = bars(visitor)
    assert before[0] == 1
    assert after[0] == pytest.approx(800 / 900, abs=1e-3)
    assert after[2:] == before[2:]


def test_only_line_of_a_board_says_what_it_gained(play: Play) -> None:
    visitor, service = play([("ada", 900)])
    service.set("arena", [("ada", 950)])
    await_value(lambda: visitor.lines()[0].score == "950", what="the gain")
    assert note(visitor, "Ada", "gain") == ("gained", "+50")


def test_slower_time_is_a_loss(play: Play) -> None:
    times = [("ada", 61_000), ("bo", 62_500)]
    visitor, service = play(times, order="asc", kind="duration", operator="latest")
    assert bars(visitor) == [None, None]
    service.set("arena", [("ada", 61_000), ("bo", 63_000)])
    await_value(lambda: note(visitor, "Bo", "gain")[0] == "lost", what="a slower time")
    service.set("arena", [("ada", 61_000), ("bo", 61_500)])
    await_value(lambda: note(visitor, "Bo", "gain")[0] == "gained", what="a quicker time")


@pytest.mark.parametrize("scores", [[1510, 1500, 1490], [100, 5, -40], [-1, -20, -300]])
def test_scores_that_say_nothing_as_bars_have_none(play: Play, scores: list[int]) -> None:
    visitor, _ = play(list(zip("abc", scores, strict=True)))
    assert bars(visitor) == [None] * 3


def test_new_leader_is_a_moment(play: Play) -> None:
    visitor, service = play()
    service.set("arena", [("cy", 950), *START[:2], START[3]])
    await_names(visitor, "Cy", "Ada", "Bo", "Di")
    assert note(visitor, "Cy", "move") == ("leads", "takes the lead")
    assert note(visitor, "Ada", "move") == ("down", "▼ 1")
    seen = visitor.page.evaluate("() => window.seen")
    assert ["Cy", "moment"] in seen
    assert ["Ada", "moment"] not in seen


def test_line_that_passes_others_is_lit(play: Play) -> None:
    """It is taken out of the table and put in again on its new place."""
    visitor, service = play()
    service.set("arena", [("di", 950), *START[:3]])
    visitor.page.wait_for_function(LIT, arg="Di", timeout=5_000)


def test_tie_and_new_name_look_like_what_they_are(play: Play) -> None:
    visitor, service = play()
    service.set("arena", [*START[:2], ("di", 500), START[2]], bo="Bea")
    await_value(lambda: [it.place for it in visitor.lines()] == ["1", "2", "3", "3"], what="a tie")
    assert note(visitor, "Di", "move") == ("tied", "tied")
    assert note(visitor, "Bea", "move") == ("renamed", "new name")
    assert note(visitor, "Bea", "gain") == (None, None)
    seen = visitor.page.evaluate("() => window.seen")
    # A new name is no score.
    assert ["Bea", "rename"] in seen
    assert ["Bea", "flash"] not in seen


def test_who_is_pushed_off_falls_and_who_is_taken_out_fades(play: Play) -> None:
    visitor, service = play([(f"u{it}", 100 - it) for it in range(10)])
    visitor.page.evaluate(
        """() => { window.ways = [];
             const ghosts = document.querySelector("#live").shadowRoot.querySelector(".ghosts");
             new MutationObserver((changes) => { for (const { addedNodes } of changes)
               for (const it of addedNodes)
                 window.ways.push([it.querySelector("bdi").textContent, it.dataset.way]);
             }).observe(ghosts, { childList: true }); }"""
    )
    ranking = [(f"u{it}", 100 - it) for it in range(10)]
    service.set("arena", [*ranking, ("new", 95)])
    await_value(lambda: visitor.page.evaluate("() => window.ways.length") == 1, what="one left")
    service.set("arena", [*ranking[:3], *ranking[4:], ("new", 95)])
    await_value(lambda: visitor.page.evaluate("() => window.ways.length") == 2, what="two left")
    assert visitor.page.evaluate("() => window.ways") == [["U9", "pushed"], ["U3", "removed"]]
    expect(visitor.page.locator("#live .ghost")).to_have_count(0)


def test_notes_end_and_are_no_text_of_the_table(play: Play) -> None:
    visitor, service = play()
    service.set("arena", [("ada", 800), *START[1:]])
    await_value(lambda: note(visitor, "Ada", "gain")[1] is not None, what="a note")
    assert line(visitor, "Ada").text_content() == "1Ada800"
    expect(line(visitor, "Ada").locator("[data-note]")).to_have_count(0, timeout=8_000)


def test_own_line_says_how_far_the_next_place_is(play: Play) -> None:
    visitor, service = play(own="cy")
    own = visitor.own_line()
    expect(own).to_contain_text("200 to place 2")
    service.set("arena", [START[0], ("bo", 650), ("cy", 600), START[3]])
    expect(own).to_contain_text("50 to place 2")
    service.set("arena", [START[0], ("cy", 1000), ("bo", 650), START[3]])
    expect(own).to_contain_text("100 ahead")
    expect(visitor.page.locator("#live .distance")).to_have_count(1)


def test_name_of_32_wide_letters_leaves_the_line_its_form(play: Play) -> None:
    visitor, service = play(own="ada")
    visitor.page.set_viewport_size({"width": 360, "height": 740})
    service.set("arena", [("bo", 999_999_999), *START[:1], *START[2:]], ada="W" * 32, bo="M" * 32)
    await_value(lambda: visitor.lines()[0].score == "999,999,999", what="the long names")
    assert (
        visitor.rows.evaluate_all("(rows) => new Set(rows.map((it) => it.offsetHeight)).size") == 1
    )
    # Whole: the score, the badge and the distance.
    for part in (".points", ".you", ".distance"):
        fits = visitor.page.locator(f"#live {part}").evaluate_all(
            """(parts) => parts.every((it) => { const box = it.getBoundingClientRect();
                 const whole = it.scrollWidth <= it.clientWidth + 1;
                 return box.width > 0 && box.right <= innerWidth && whole; })"""
        )
        assert fits, part
    assert visitor.page.evaluate("document.documentElement.scrollWidth") == 360
