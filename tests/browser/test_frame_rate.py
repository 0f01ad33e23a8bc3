"""A board of a hundred moves as smoothly as one of ten, near enough: both are measured in one run,
since a busy machine slows both. One that is too busy to draw ten smoothly is asked for the time of
the processor that a frame takes."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.played import PlayedBoard, playing

pytestmark = pytest.mark.browser

ROUNDS = 12
# The pace of a board that moves as often as any may.
INTERVAL_MS = 250
LEAST_RATIO = 0.5
PAIRS = 3
SCREEN_RATE = 60.0
# A machine that draws ten lines more slowly has no time for a hundred, however little they take.
STARVED_RATE = 30.0
COUNT = """() => {
  window.frames = 0;
  const count = () => { window.frames += 1; requestAnimationFrame(count); };
  requestAnimationFrame(count);
  window.began = performance.now();
}"""
RATE = """() => [window.frames * 1000 / (performance.now() - window.began), window.frames]"""
ANIMATED = """() => {
  window.animated = new Set();
  const animate = Element.prototype.animate;
  Element.prototype.animate = function (...how) {
    window.animated.add(this);
    return animate.apply(this, how);
  };
}"""


@dataclass(frozen=True, slots=True)
class FrameRate:
    """Frames a second: as drawn, and as a page would draw them that had a processor to itself."""

    drawn: float
    possible: float


def ratio(ten: FrameRate, hundred: FrameRate) -> float:
    if ten.drawn >= STARVED_RATE:
        return hundred.drawn / ten.drawn
    return hundred.possible / ten.possible


def frame_rate(browser: Browser, size: int) -> FrameRate:
    """While every third line changes at each update."""
    chance = random.Random(size)
    scores = {f"u{number}": 10_000 - 50 * number for number in range(size)}
    board = PlayedBoard(version=1, top_size=size, seasons={"all": list(scores.items())})
    with playing(browser, board) as (visitor, service):
        visitor.open("arena")
        expect(visitor.rows).to_have_count(size)
        before = visitor.busy_seconds()
        visitor.page.evaluate(COUNT)
        for _ in range(ROUNDS):
            for user in chance.sample(sorted(scores), size // 3):
                scores[user] += chance.randint(1, 400)
            service.set("arena", list(scores.items()))
            visitor.page.wait_for_timeout(INTERVAL_MS)
        drawn, frames = visitor.page.evaluate(RATE)
        possible = frames / (visitor.busy_seconds() - before)
        return FrameRate(drawn, min(possible, SCREEN_RATE))


def test_hundred_lines_move_at_half_the_frame_rate_of_ten(
    browser: Browser, record_property: Callable[[str, object], None]
) -> None:
    ratios: list[float] = []
    # What else runs on the machine may slow one of the two: a low ratio is measured again.
    while len(ratios) < PAIRS and max(ratios, default=0) < LEAST_RATIO:
        ten, hundred = frame_rate(browser, 10), frame_rate(browser, 100)
        ratios.append(ratio(ten, hundred))
        record_property("frames a second", [round(ten.drawn, 1), round(hundred.drawn, 1)])
        print(f"10 lines: {ten}; 100: {hundred}; {ratios[-1]:.2f} of it")
    assert max(ratios) >= LEAST_RATIO


def test_only_lines_in_sight_are_animated(browser: Browser) -> None:
    """The window of 800 pixels has room for some fifteen lines; a few more pass through it."""
    scores = {f"u{number}": 10_000 - 50 * number for number in range(100)}
    board = PlayedBoard(version=1, top_size=100, seasons={"all": list(scores.items())})
    with playing(browser, board) as (visitor, service):
        visitor.open("arena")
        expect(visitor.rows).to_have_count(100)
        visitor.page.evaluate(ANIMATED)
        # Each of the lower half changes places with the next: none of them can be seen.
        for number in range(50, 100):
            scores[f"u{number}"] += 75 * (number % 2)
        service.set("arena", list(scores.items()))
        expect(visitor.rows.nth(99)).to_contain_text("U98")
        assert visitor.page.evaluate("() => window.animated.size") == 0
        visitor.rows.nth(99).scroll_into_view_if_needed()
        for number in range(100):
            scores[f"u{number}"] += 75 * (number % 3)
        service.set("arena", list(scores.items()))
        visitor.page.wait_for_function("() => window.animated.size > 5")
        assert visitor.page.evaluate("() => window.animated.size") < 40
