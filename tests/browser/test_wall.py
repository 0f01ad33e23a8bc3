"""The wall: boards that fill any screen, in turn where they do not fit, and a code to join."""

from __future__ import annotations

import json
import re
import subprocess
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from local.service import ROOT, environment
from tests.browser.axe import AXE, violations
from tests.browser.conftest import Visitors
from tests.browser.played import PlayedBoard, playing
from tests.browser.visitor import Visitor
from tests.e2e.service import Service
from tests.e2e.waiting import await_value

WEB = ROOT / "web"
SCREENS = {"1080p": (1920, 1080), "4K": (3840, 2160), "upright": (1080, 1920)}
LOOKS = [("1080p", "light"), ("4K", "dark"), ("upright", "light")]
FIRST, SECOND = "2026-11-23", "2026-11-24"
LONG = "https://play.example/?board=fastest-lap&lang=de-CH&from=the-wall-in-the-hall-on-the-"
LONG += "ground-floor-beside-the-lift"
# Made by the Python package qrcode 8.2, and read again by OpenCV: the text, the code's size, and
# the SHA-256 of its rows.
CODES = [
    (
        "https://play.example/",
        25,
        "3a7216bd81bdb7289279dccdcece21d7104210e1a13a5471744b537ceffba2a4",
    ),
    (
        LONG,
        45,
        "89f8f0f5edb04898c8f377d7eb51b0dce9e3626f1b7177a06763827642e7246e",
    ),
    (
        "\u00df" * 100,
        57,
        "2db2a73f3903acfee8ca7ff50413ae00d98bbcc57e15f2b42cc83667ae2a1db1",
    ),
]
_QR = f"const {{ qrCode }} = await import({json.dumps((WEB / 'wall' / 'qr_code.js').as_uri())});"
_ARRANGE = (
    f"const {{ arrangement }} = await import("
    f"{json.dumps((WEB / 'wall' / 'arrangement.js').as_uri())});"
)


def run(script: str, *arguments: str) -> str:
    """What a module of the page makes of some input, without a browser."""
    told = subprocess.run(
        ["node", "--input-type=module", "--eval", script, "--", *arguments],  # noqa: S607
        env=environment(),
        check=True,
        capture_output=True,
        text=True,
    )
    return told.stdout


@pytest.mark.parametrize(("text", "size", "digest"), CODES, ids=["short", "long", "longest"])
def test_code_is_the_one_that_others_make(text: str, size: int, digest: str) -> None:
    script = _QR + (
        "console.log(qrCode(process.argv[1]).map((row) =>"
        " row.map((it) => it ? '#' : '.').join('')).join('\\n'));"
    )
    rows = run(script, text).strip()
    assert len(rows.split("\n")) == size
    assert sha256(rows.encode()).hexdigest() == digest


def test_text_that_no_code_holds_is_refused() -> None:
    script = _QR + "try { qrCode('x'.repeat(214)); } catch (it) { console.log(it.name); }"
    assert run(script).strip() == "RangeError"


@pytest.mark.parametrize(
    ("boards", "screen", "together"),
    [
        (1, (1600, 1040), 1),
        (2, (1600, 1040), 2),
        (3, (1600, 1040), 3),
        (4, (1600, 1040), 2),
        (7, (1600, 1040), 3),
        (3, (3200, 2080), 3),
        (2, (1040, 1600), 2),
    ],
)
def test_boards_take_turns_where_they_could_not_be_read(
    boards: int, screen: tuple[int, int], together: int
) -> None:
    script = _ARRANGE + (
        "const [count, width, height] = process.argv.slice(1).map(Number);"
        "console.log(arrangement(Array(count).fill(10), { width, height }).perTurn);"
    )
    assert int(run(script, *map(str, (boards, *screen)))) == together


def fill(service: Service, board: str) -> None:
    for number in range(10):
        service.write(board, f"u{number}", score=900 - number * 50, userName=f"Player {number}")
    service.await_score(board, "u9", 450)


def open_wall(visitor: Visitor, *boards: str) -> Page:
    visitor.page.goto(f"{visitor.url}?view=wall&boards={','.join(boards)}")
    return visitor.page


def live(page: Page, boards: int) -> None:
    expect(page.locator(".wall .state")).to_have_attribute("data-state", "live")
    expect(page.locator(".panel:visible")).to_have_count(boards)


@pytest.mark.e2e
@pytest.mark.browser
@pytest.mark.parametrize(("screen", "scheme"), LOOKS)
def test_two_boards_fill_the_screen(
    visitors: Visitors, service: Service, screenshots: Path, screen: str, scheme: str
) -> None:
    boards = [f"rating-wall-{name}" for name in ("a", "b")]
    for board in boards:
        fill(service, board)
    width, height = SCREENS[screen]
    visitor = visitors(
        viewport={"width": width, "height": height}, color_scheme=scheme, scripts=(AXE,)
    )
    page = open_wall(visitor, *boards)
    live(page, 2)
    expect(page.locator(".panel .row")).to_have_count(20)
    assert violations(page) == []
    sizes = page.evaluate(
        """() => [...document.querySelectorAll(".panel")].map((panel) => {
             const rows = [...panel.querySelector("live-leaderboard").shadowRoot
               .querySelectorAll(".row")].map((it) => it.getBoundingClientRect());
             const text = getComputedStyle(panel.querySelector("live-leaderboard")).fontSize;
             return { top: rows[0].top, bottom: rows.at(-1).bottom, width: rows[0].width,
               text: parseFloat(text) }; })"""
    )
    below = 0.17 * height if screen == "upright" else 0
    for size in sizes:
        assert size["bottom"] <= height - below
        assert size["bottom"] - size["top"] > 0.8 * (height - below)
        assert size["text"] > min(width, height) / 40
    page.screenshot(path=screenshots / f"wall-two-{screen}-{scheme}.png")
    overflow = page.evaluate(
        """() => [document.documentElement.scrollWidth - innerWidth,
                  document.documentElement.scrollHeight - innerHeight]"""
    )
    assert overflow == [0, 0]


@pytest.mark.e2e
@pytest.mark.browser
def test_boards_that_do_not_fit_take_turns(visitors: Visitors, service: Service) -> None:
    boards = [f"rating-turn-{name}" for name in "abcd"]
    for board in boards:
        service.write(board, "ada", score=1, userName="Ada")
    visitor = visitors(viewport={"width": 1920, "height": 1080})
    visitor.page.clock.install()
    page = open_wall(visitor, *boards)
    live(page, 2)
    titles = page.locator(".panel:visible h2")
    expect(titles).to_have_text(["Rating: turn-a", "Rating: turn-b"])
    page.clock.fast_forward(20_000)
    expect(titles).to_have_text(["Rating: turn-c", "Rating: turn-d"])
    page.clock.fast_forward(20_000)
    expect(titles).to_have_text(["Rating: turn-a", "Rating: turn-b"])


@pytest.mark.e2e
@pytest.mark.browser
def test_wall_shows_the_days_high_points_and_a_code_to_join(
    visitors: Visitors, service: Service, board: str
) -> None:
    visitor = visitors(viewport={"width": 1920, "height": 1080})
    service.write(board, "ada", score=100, userName="Ada")
    page = open_wall(visitor, board)
    live(page, 1)
    expect(page.locator(".high-points .hint")).to_be_visible()
    service.write(board, "bo", score=70, userName="<b>Bo</b>")
    expect(page.locator(".high-points li").first).to_contain_text("<b>Bo</b>")
    expect(page.locator(".high-points li").first).to_contain_text("on place 2")
    service.write(board, "bo", score=150, userName="<b>Bo</b>")
    lines = page.locator(".high-points li span")
    expect(lines.first).to_contain_text("took the lead of Rating")
    expect(lines.nth(1)).to_contain_text("gained 80 on Rating")
    address = f"{visitor.url}?board={board}"
    picture = page.get_by_role("img", name=f"QR code of {address}")
    drawn = picture.locator("path").get_attribute("d")
    script = _QR + (
        "console.log(qrCode(process.argv[1]).flatMap((row, y) => row.map((dark, x) =>"
        " dark ? `M${x + 4} ${y + 4}h1v1h-1z` : '')).join(''));"
    )
    assert drawn == run(script, address).strip()


@pytest.mark.e2e
@pytest.mark.browser
def test_wall_comes_back_from_a_loss_and_stays_awake(
    visitors: Visitors, service: Service, board: str
) -> None:
    watch = """
      window.wakes = [];
      Object.defineProperty(navigator.wakeLock, "request", {
        value: (kind) => Promise.reject(new Error(String(window.wakes.push(kind)))),
      });
    """
    service.write(board, "ada", score=100, userName="Ada")
    visitor = visitors(viewport={"width": 1920, "height": 1080}, scripts=(watch,))
    page = open_wall(visitor, board)
    live(page, 1)
    assert page.evaluate("() => window.wakes") == ["screen"]
    page.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
    assert page.evaluate("() => window.wakes") == ["screen", "screen"]
    page.context.set_offline(True)
    expect(page.locator(".wall .state")).to_have_attribute("data-state", "offline", timeout=40_000)
    expect(page.locator(".wall .state")).to_contain_text("Showing the board as of")
    page.context.set_offline(False)
    service.write(board, "bo", score=200, userName="Bo")
    expect(page.locator(".wall .state")).to_have_attribute("data-state", "live", timeout=40_000)
    expect(page.locator(".panel .row bdi")).to_have_text(["Bo", "Ada"])


def daily(board: str = "arena", **more: Any) -> PlayedBoard:
    """A board of the day, with ten players."""
    scores = [(f"player {number}", 900 - number * 50) for number in range(10)]
    seasons = {FIRST: scores}
    return PlayedBoard(board, board.title(), version=1, season=FIRST, seasons=seasons, **more)


def inside(page: Page) -> list[str]:
    """What of the winners is cut off."""
    cut: list[str] = page.evaluate(
        """() => [...document.querySelectorAll(".winners")].flatMap((winners) => {
             const { top, bottom, left, right } = winners.getBoundingClientRect();
             return [...winners.querySelectorAll("h3, li, li > *")].filter((it) => {
               const box = it.getBoundingClientRect();
               return box.top < top - 1 || box.bottom > bottom + 1
                 || box.left < left - 1 || box.right > right + 1; }).map((it) => it.textContent);
           })"""
    )
    return cut


@pytest.mark.browser
@pytest.mark.parametrize(("screen", "scheme"), LOOKS)
def test_season_ends_with_a_countdown_and_its_winners(
    browser: Browser, screenshots: Path, screen: str, scheme: str
) -> None:
    width, height = SCREENS[screen]
    arena = daily(ends_in=16)
    viewport = {"width": width, "height": height}
    with playing(
        browser, arena, daily("other"), scripts=(AXE,), viewport=viewport, color_scheme=scheme
    ) as (visitor, service):
        page = open_wall(visitor, "arena", "other")
        live(page, 2)
        panel = page.locator(".panel").first
        countdown = panel.locator(".countdown")
        expect(countdown).to_be_hidden()
        expect(countdown).to_have_text(re.compile("^[1-9]$"))
        first = countdown.inner_text()
        size = countdown.evaluate("(it) => parseFloat(getComputedStyle(it).fontSize)")
        assert size > min(width, height) / 4
        assert violations(page) == []
        page.screenshot(path=screenshots / f"wall-countdown-{screen}-{scheme}.png")
        # It goes on. A slow machine may have been checking the page until the last second.
        await_value(
            lambda: not countdown.is_visible() or countdown.inner_text() != first,
            what=f"what follows {first}",
        )
        text_size = "(it) => parseFloat(getComputedStyle(it).fontSize)"
        before = panel.locator("live-leaderboard").evaluate(text_size)
        service.turn("arena", SECOND, [("bo", 20)], ends=time.time() + 86_400)
        expect(countdown).to_be_hidden()
        winners = panel.locator(".winners")
        expect(winners.get_by_role("heading")).to_have_text("Nov 23 is over")
        expect(winners.get_by_role("listitem")).to_have_text(
            ["1Player 090050 ahead", "2Player 185050 behind", "3Player 2800100 behind"]
        )
        expect(page.locator(".winners:visible")).to_have_count(1)
        # The new season runs beside it, in lines that are as easy to read.
        service.set("arena", [(f"new {number}", 30 - number) for number in range(10)])
        expect(panel.locator(".row bdi").first).to_have_text("New 0")
        expect(winners).to_be_visible()
        assert panel.locator("live-leaderboard").evaluate(text_size) > 0.85 * before
        assert inside(page) == []
        assert violations(page) == []
        page.screenshot(path=screenshots / f"wall-winners-{screen}-{scheme}.png")


@pytest.mark.browser
def test_scores_of_the_last_moment_count_and_the_winners_leave(browser: Browser) -> None:
    # The new season is late by most of the ten minutes for which the winners stay.
    arena = daily(ends=time.time() - 585)
    with playing(browser, arena) as (visitor, service):
        page = open_wall(visitor, "arena")
        expect(page.locator(".panel .row")).to_have_count(10)
        service.turn("arena", SECOND, ends=time.time() + 86_400)
        winner = page.locator(".winners li").first
        expect(winner).to_contain_text("Player 0")
        arena.seasons[FIRST].append(("eve", 901))
        expect(winner).to_contain_text("Eve")
        expect(winner).to_contain_text("1 ahead")
        # They leave when their time is over and others have taken their places.
        service.set("arena", [("ada", 3), ("bo", 2), ("cy", 1)])
        expect(page.locator(".winners")).to_be_hidden(timeout=30_000)
        lines = "(it) => getComputedStyle(it).getPropertyValue('--lines')"
        assert page.locator(".panel").evaluate(lines) == "10"


@pytest.mark.browser
@pytest.mark.parametrize("minutes", [3, 300])
def test_wall_that_opens_after_the_end_shows_the_winners(browser: Browser, minutes: int) -> None:
    arena = daily(ends=time.time() + 40_000, starts=time.time() - 60 * minutes)
    arena.season = SECOND
    arena.seasons[SECOND] = [("ada", 3), ("bo", 2)]
    with playing(browser, arena) as (visitor, service):
        page = open_wall(visitor, "arena")
        winners = page.locator(".winners")
        expect(winners.get_by_role("heading")).to_have_text("Nov 23 is over")
        expect(winners.get_by_role("listitem").first).to_contain_text("Player 0")
        expect(page.locator(".panel .row bdi")).to_have_text(["Ada", "Bo"])
        # For ten minutes they stay in any case.
        service.set("arena", [("ada", 3), ("bo", 2), ("cy", 1)])
        expect(page.locator(".panel .row")).to_have_count(3)
        if minutes < 10:
            page.wait_for_timeout(2_500)
            expect(winners).to_be_visible()
        else:
            expect(winners).to_be_hidden()
            page.reload()
            expect(page.locator(".panel .row")).to_have_count(3)
            page.wait_for_timeout(2_500)
            expect(winners).to_be_hidden()


@pytest.mark.browser
def test_board_whose_season_ends_takes_the_turn(browser: Browser) -> None:
    names = [f"board-{name}" for name in "abcd"]
    boards = [daily(name, ends=time.time() + 86_400) for name in names]
    boards[3].ends, boards[3].ends_in = None, 15
    viewport = {"width": 1920, "height": 1080}
    with playing(browser, *boards, viewport=viewport) as (visitor, service):
        page = open_wall(visitor, *names)
        live(page, 2)
        shown = page.locator(".panel:visible h2")
        expect(shown).to_have_text(["Board-A", "Board-B"])
        expect(page.locator(".countdown:visible")).to_have_text(re.compile(r"^\d+$"))
        expect(shown).to_have_text(["Board-C", "Board-D"])
        service.turn("board-d", SECOND, [("bo", 20)], ends=time.time() + 86_400)
        expect(page.locator(".winners:visible")).to_contain_text("Nov 23 is over")


@pytest.mark.browser
def test_screen_that_the_browser_let_go_is_kept_on_again(browser: Browser) -> None:
    lend = """
      window.wakes = [];
      class Lock extends EventTarget {
        released = false;
        release() {
          this.released = true;
          this.dispatchEvent(new Event("release"));
        }
      }
      Object.defineProperty(navigator.wakeLock, "request", {
        value: async () => window.wakes[window.wakes.push(new Lock()) - 1],
      });
    """
    release = "() => window.wakes.at(-1).release()"
    arena = PlayedBoard(version=1, seasons={"all": [("ada", 900)]})
    with playing(browser, arena, scripts=(lend,)) as (visitor, _):
        page = open_wall(visitor, "arena")
        live(page, 1)
        for times in (2, 3):
            page.evaluate(release)
            page.wait_for_function("(times) => window.wakes.length === times", arg=times)
        # One that is held is enough.
        page.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
        assert page.evaluate("() => window.wakes.length") == 3
        # Out of sight nobody looks at the screen.
        page.evaluate(
            """() => Object.defineProperty(document, "visibilityState", {
                 configurable: true, get: () => "hidden" })"""
        )
        page.evaluate(release)
        page.wait_for_timeout(1_500)
        assert page.evaluate("() => window.wakes.length") == 3
        page.evaluate("() => delete document.visibilityState")
        page.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
        page.wait_for_function("() => window.wakes.length === 4")


@pytest.mark.e2e
@pytest.mark.browser
def test_wall_without_boards_says_how(visitor: Visitor) -> None:
    page = open_wall(visitor)
    expect(page.locator(".notice")).to_contain_text("?view=wall&boards=global,weekly")
