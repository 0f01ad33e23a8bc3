"""Somebody at the page: what they do there, and what they see."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Browser, CDPSession, ConsoleMessage, Locator, Page, expect

from game.lap import NUMBERS
from local.games import answered, calculated
from tests.e2e.service import PASSWORD

# A busy machine fails no test. Less than half a minute, after which a silent socket is noticed
# anyway.
WAIT_MS = 25_000.0
expect.set_options(timeout=WAIT_MS)

# What a browser itself says of an answer past 400, of one without CORS headers (the emulator's own)
# and of a socket that does not open.
_NETWORK = re.compile(
    "Failed to load resource|WebSocket connection to|net::ERR_|blocked by CORS policy"
)

# Long tasks are those that keep the page from drawing for more than 50 ms.
_WATCH_TASKS = """
window.longTasks = [];
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) window.longTasks.push(duration);
}).observe({ type: "longtask", buffered: true });
"""


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the table, as it reads."""

    place: str
    name: str
    score: str


class Visitor:
    """One browser with a page of its own."""

    def __init__(self, page: Page, url: str) -> None:
        self.page = page
        self.url = url
        self.mistakes: list[str] = []
        self._performance: CDPSession | None = None
        page.set_default_timeout(WAIT_MS)
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.mistakes.append(str(error)))

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not _NETWORK.search(message.text):
            self.mistakes.append(message.text)

    # Going about.

    def open(self, board: str = "global", *, live: bool = True) -> None:
        self.page.goto(f"{self.url}?board={board}")
        if live:
            self.await_state("live")

    def await_state(self, *states: str, seconds: float = WAIT_MS / 1000) -> None:
        expect(self.page.locator("#connection")).to_have_attribute(
            "data-state", re.compile("|".join(states)), timeout=seconds * 1000
        )

    def fill(self, form: str, **fields: str) -> None:
        for name, text in fields.items():
            self.page.locator(f"#{form} [name={name}]").fill(text)

    def submit(self, form: str) -> None:
        self.page.locator(f"#{form} button[type=submit]").click()

    def sign_up(self) -> str:
        """Signs up with an e-mail of its own, up to being signed in; answers with the e-mail."""
        email = f"{uuid.uuid4()}@example.com"
        self.page.get_by_role("button", name="Create an account").click()
        self.fill("sign-up", email=email, password=PASSWORD)
        self.submit("sign-up")
        self.fill("confirm", code="123456")
        self.submit("confirm")
        expect(self.page.locator("#player")).to_be_visible()
        expect(self.page.locator("#naming input")).not_to_have_value("")
        return email

    def sign_in(self, email: str, password: str = PASSWORD) -> None:
        self.fill("sign-in", email=email, password=password)
        self.submit("sign-in")

    def rename(self, name: str) -> None:
        self.fill("naming", userName=name)
        self.submit("naming")

    def action(self, title: str) -> Locator:
        return self.page.locator(".action").filter(has=self.page.locator("h3", has_text=title))

    def begin(self, title: str) -> Locator:
        """Starts a game, and waits until it can be played."""
        card = self.action(title)
        card.locator(".buttons button").first.click()
        expect(card).to_have_attribute("data-state", "playing")
        return card

    def visit(self) -> None:
        """Completes the action that is worth a fixed point."""
        card = self.action("Visit")
        card.get_by_role("button", name="Visit").click()
        expect(card.locator(".result")).to_contain_text("Counted")

    def question(self) -> tuple[str, list[str]]:
        """What the quiz asks, as it reads."""
        choices: list[str] = self.page.evaluate(
            "() => [...document.querySelectorAll('.choice')].map((it) => it.lastChild.textContent)"
        )
        return self.page.locator(".question").inner_text(), choices

    def answer(self, *, right: bool = True) -> None:
        """Answers the question of the quiz that is open."""
        asked, choices = self.question()
        index = answered(asked, choices)
        self.page.locator(".choice").nth(index if right else (index + 1) % 4).click()

    def quiz(self) -> None:
        """One right answer."""
        self.begin("Quiz")
        self.answer()
        expect(self.action("Quiz").locator(".result")).to_contain_text("Counted")

    def touch(self, number: int) -> None:
        self.page.get_by_role("button", name=re.compile(f"^{number}, row")).click()

    def run_lap(self, *, pause_ms: float = 110) -> None:
        """All the numbers of the lap that is open, no quicker than a person."""
        for number in range(1, NUMBERS + 1):
            self.page.wait_for_timeout(pause_ms)
            self.touch(number)

    def rush_lap(self) -> None:
        """All the numbers of the lap that is open, within one task of the page."""
        self.page.evaluate(
            """(last) => {
                 for (let number = 1; number <= last; number += 1) {
                   document.querySelector(`.cell[aria-label^="${number}, "]`).click();
                 }
               }""",
            NUMBERS,
        )

    def solve(self, count: int, *, pause_ms: float = 450) -> None:
        """So many sums of the sprint that is open, all of them right."""
        for _ in range(count):
            self.page.wait_for_timeout(pause_ms)
            self.page.keyboard.type(str(calculated(self.page.locator(".sum").inner_text())))
            self.page.keyboard.press("Enter")

    # Seeing.

    @property
    def rows(self) -> Locator:
        return self.page.locator("#live tbody tr")

    def lines(self) -> list[Line]:
        """The table at one moment."""
        seen: list[list[str]] = self.page.evaluate(
            """() => [...(document.querySelector("#live").shadowRoot
                   ?.querySelectorAll("tbody tr") ?? [])]
                 .map((row) => [".medal", "bdi", ".points"]
                   .map((it) => row.querySelector(it).textContent))"""
        )
        return [Line(*cells) for cells in seen]

    def own_line(self) -> Locator:
        """The player's own line in the top, on a board where no other test's players crowd it."""
        return self.page.locator("#live tr[aria-current=true]")

    def own_points(self) -> Locator:
        """The player's own score, in the top or below it."""
        own = self.page.locator("#live tr[aria-current=true] .points, #own .points")
        return own.filter(visible=True)

    def failure(self, form: str) -> Locator:
        return self.page.locator(f"#{form} .failure")

    def result(self, title: str) -> Locator:
        """What the card of an action says of the last attempt that counted."""
        return self.action(title).locator(".result")

    def failed(self, title: str) -> Locator:
        return self.action(title).locator(".failure")

    def token(self) -> str:
        """The player's access token, as the page keeps it."""
        token: str = self.page.evaluate(
            """() => Object.values(localStorage).map((it) => JSON.parse(it))
                 .find((it) => it.accessToken).accessToken"""
        )
        return token

    def busy_seconds(self) -> float:
        """The CPU time that the page's main thread has used so far."""
        if self._performance is None:
            self._performance = self.page.context.new_cdp_session(self.page)
            self._performance.send("Performance.enable", {"timeDomain": "threadTicks"})
        metrics = self._performance.send("Performance.getMetrics")["metrics"]
        return float(next(it["value"] for it in metrics if it["name"] == "TaskDuration"))

    def long_tasks(self) -> list[float]:
        """How long each lasted, in milliseconds."""
        tasks: list[float] = self.page.evaluate("() => window.longTasks")
        return tasks


@contextmanager
def visiting(
    browser: Browser, url: str, *, scripts: tuple[str, ...] = (), **options: Any
) -> Iterator[Visitor]:
    """A visitor in a fresh browser profile; afterwards its page must not have made a mistake."""
    context = browser.new_context(**({"viewport": {"width": 1280, "height": 800}} | options))
    try:
        for script in (_WATCH_TASKS, *scripts):
            context.add_init_script(script)
        visitor = Visitor(context.new_page(), url)
        yield visitor
        assert not visitor.mistakes, visitor.mistakes
    finally:
        context.close()
