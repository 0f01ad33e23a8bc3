"""A season ends while somebody looks, and a socket falls silent: what the page says. The service is
played by the test, so that its seasons end within seconds."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import pytest
from playwright.sync_api import Browser, Route, WebSocketRoute, expect

from local.page import Configuration, serving
from tests.browser.visitor import Line, Visitor, visiting
from tests.e2e.waiting import await_value

pytestmark = pytest.mark.browser

Json = dict[str, Any]

# Nothing listens there: the test answers in its place.
HTTP = "http://127.0.0.1:9"
CONFIGURATION = Configuration(
    stage="test", http=HTTP, socket="ws://127.0.0.1:9/dev", cognito=HTTP, web_client_id="client"
)
SEASON_SECONDS = 4.0
# How long after its end the service still answers with the season that is over.
TURN_SECONDS = 1.5

# What the page says, and says aloud, of the connection.
_LISTEN = """
window.said = [];
new MutationObserver(() => {
  for (const id of ["stale", "announcer"]) {
    const element = document.getElementById(id);
    if (element && !element.hidden && element.textContent) window.said.push(element.textContent);
  }
}).observe(document, { subtree: true, childList: true, characterData: true, attributes: true });
"""


def rfc3339(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


class Day:
    """A service whose season `2026-11-23` ends some seconds after it was first asked, so that a
    browser that starts slowly sees it."""

    def __init__(self, seconds: float = SEASON_SECONDS) -> None:
        self.seconds = seconds
        self.silent = False

    @cached_property
    def ends(self) -> float:
        return time.time() + self.seconds

    def top(self) -> Json:
        over = time.time() >= self.ends + TURN_SECONDS
        season, user, epoch = ("2026-11-24", "bo", "e2") if over else ("2026-11-23", "ada", "e1")
        entry = {
            "rank": 1,
            "place": 1,
            "userId": user,
            "userName": user.title(),
            "userScore": 7,
            "scoreUpdatedAt": rfc3339(self.ends - 60),
        }
        return {
            "board": "daily",
            "season": season,
            "epoch": epoch,
            "version": 1,
            "total": 1,
            "endsAt": rfc3339(self.ends + 86_400 * over),
            "entries": [entry],
        }

    def answer(self, route: Route) -> None:
        path = route.request.url.removeprefix(HTTP)
        rules = {
            "board": "daily",
            "title": "Daily",
            "order": "desc",
            "actions": {},
            "format": {"kind": "number", "decimals": 0, "unit": ""},
        }
        body = {"boards": [rules]} if path == "/boards" else self.top()
        route.fulfill(json=body, headers={"access-control-allow-origin": "*"})

    def talk(self, socket: WebSocketRoute) -> None:
        def hear(text: str | bytes) -> None:
            if self.silent:
                return
            top = self.top()
            if json.loads(text)["action"] == "ping":
                place = {name: top[name] for name in ("season", "epoch", "version")}
                now = rfc3339(time.time())
                reply = {"type": "pong", "serverTime": now, "boards": {"daily": place}}
            else:
                reply = {"type": "snapshot", **top, "publishedAt": rfc3339(time.time())}
            socket.send(json.dumps(reply))

        socket.on_message(hear)


Visit = Callable[[Day], Visitor]


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    with ExitStack() as opened:

        def visit(day: Day) -> Visitor:
            page = opened.enter_context(serving(CONFIGURATION, port=0)).url
            visitor = opened.enter_context(
                visiting(browser, page, scripts=(_LISTEN,), reduced_motion="reduce")
            )
            visitor.page.route(f"{HTTP}/**", day.answer)
            visitor.page.route_web_socket(re.compile("ws://127.0.0.1:9/"), day.talk)
            visitor.open("daily")
            return visitor

        yield visit


def troubles(visitor: Visitor) -> list[str]:
    said: list[str] = visitor.page.evaluate("() => window.said")
    return [it for it in said if re.search("reached|lost|as of", it, re.IGNORECASE)]


@pytest.mark.parametrize("_round", range(4))
def test_end_of_a_season_is_no_trouble_while_the_socket_is_live(visit: Visit, _round: int) -> None:
    visitor = visit(Day())
    await_value(lambda: visitor.lines() == [Line("1", "Ada", "7")], what="the season")
    expect(visitor.page.locator("#season")).to_contain_text("is over")
    await_value(lambda: visitor.lines() == [Line("1", "Bo", "7")], what="the next season")
    visitor.await_state("live")
    assert troubles(visitor) == []


def test_silent_socket_is_said_within_half_a_minute(visit: Visit) -> None:
    day = Day(86_400)
    visitor = visit(day)
    day.silent = True
    started = time.monotonic()
    visitor.await_state("catching-up", seconds=30)
    expect(visitor.page.locator("#stale")).to_contain_text(
        re.compile(r"No answer .*Showing the board as of \d\d:\d\d:\d\d\s[AP]M\.")
    )
    visitor.await_state("reconnecting", seconds=30)
    assert time.monotonic() - started < 31
    day.silent = False
    visitor.await_state("live", seconds=30)
    expect(visitor.page.locator("#stale")).to_be_hidden()
