"""The README's pictures: `python -m tests.browser.screenshot STILL MOVING` starts a stack with
sample players, plays along until the board is a good one, and takes one picture at rest, a PNG, and
one that moves, a WebP."""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

from tests.browser import chrome
from tests.browser.moving_picture import film
from tests.browser.visitor import visiting
from tests.e2e.waiting import await_value
from tests.stack import running

SIZE = {"width": 1280, "height": 800}
MOST_BYTES = 300_000
MOST_MOVING_BYTES = 1_000_000
FRAMES = 30
# In which frame the visitor answers a question, and with it overtakes somebody.
ANSWERED_IN = 3
TRAVELS = """() => document.querySelector("#live").shadowRoot.getAnimations().some(
  (it) => it.id === "journey" && it.playState === "running")"""


def take(still: Path, moving: Path) -> None:
    path = chrome.find()
    if path is None:
        raise SystemExit(f"There is {chrome.MISSING}.")
    with running("--players", "11") as stack, sync_playwright() as playwright:
        browser = playwright.chromium.launch(**chrome.options(path))
        with visiting(browser, stack.addresses["page"], viewport=SIZE) as visitor:
            visitor.open()
            visitor.sign_up()
            visitor.rename("Sam R.")
            expect(visitor.page.locator("#message")).to_contain_text("Saved")
            # Without the message, and with a few players still ahead.
            visitor.open()
            for _ in range(2):
                visitor.quiz()
            expect(visitor.rows).to_have_count(10)
            # One question is open, so that a game is in the picture.
            visitor.begin("Quiz")
            await_value(lambda: not visitor.page.evaluate(TRAVELS), what="rows in their places")
            visitor.page.screenshot(path=still)

            def play(number: int) -> None:
                if number == ANSWERED_IN:
                    visitor.answer()

            moving.write_bytes(
                film(visitor.page, frames=FRAMES, every=0.15, scale=0.75, during=play)
            )
        browser.close()
    weigh(still, MOST_BYTES)
    weigh(moving, MOST_MOVING_BYTES)


def weigh(file: Path, most: int) -> None:
    """Raises SystemExit if a README would take too long to show it."""
    size = file.stat().st_size
    if size > most:
        raise SystemExit(f"{file} has {size} bytes; at most {most} are allowed in a README.")
    print(f"{file}: {size // 1000} KB")


if __name__ == "__main__":
    take(*map(Path, sys.argv[1:]))
