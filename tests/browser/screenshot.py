"""The README's picture: `python -m tests.browser.screenshot FILE` starts a stack with sample
players, plays along until the board is a good one, and takes it."""

from __future__ import annotations

import sys
from pathlib import Path

from playwright.sync_api import expect, sync_playwright

from tests.browser import chrome
from tests.browser.visitor import visiting
from tests.e2e.waiting import await_value
from tests.stack import running

SIZE = {"width": 1280, "height": 800}
MOST_BYTES = 300_000
TRAVELS = """() => document.querySelector("#live").shadowRoot.getAnimations().some(
  (it) => it.id === "journey" && it.playState === "running")"""


def take(file: Path) -> None:
    path = chrome.find()
    if path is None:
        raise SystemExit(f"There is {chrome.MISSING}.")
    with running("--players", "11") as stack, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=chrome.arguments())
        with visiting(browser, stack.addresses["page"], viewport=SIZE) as visitor:
            visitor.open()
            visitor.sign_up()
            visitor.rename("Sam R.")
            for _ in range(4):
                visitor.quiz()
            expect(visitor.rows).to_have_count(10)
            # One question is open, so that a game is in the picture.
            visitor.begin("Quiz")
            await_value(lambda: not visitor.page.evaluate(TRAVELS), what="rows in their places")
            visitor.page.screenshot(path=file)
        browser.close()
    size = file.stat().st_size
    if size > MOST_BYTES:
        raise SystemExit(f"{file} has {size} bytes; a picture in a README has {MOST_BYTES}.")
    print(f"{file}: {size // 1000} KB")


if __name__ == "__main__":
    take(Path(sys.argv[1]))
