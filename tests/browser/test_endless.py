"""The wall for a day and a night: nothing that it keeps grows, and every loss is over by itself.
The page's clock runs fast, so the service is played inside the page, by the same clock."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, CDPSession, expect

from local.page import Configuration, serving
from tests.browser.visitor import visiting

pytestmark = pytest.mark.browser

HTTP = "http://127.0.0.1:9"
CONFIGURATION = Configuration(
    stage="test", http=HTTP, socket="ws://127.0.0.1:9/dev", cognito=HTTP, web_client_id="client"
)
ENDLESS_DAY = (Path(__file__).parent / "endless_day.js").read_text(encoding="utf-8")
HOURS = 24
WARM = 8
# Every few hours the service is gone for a while.
OUTAGE = "() => { window.service.downUntil = Date.now() + 4 * 60_000; }"
# What the collector leaves swings by so much from one moment to the next.
SWING_BYTES = 200_000
RULES = [
    {
        "board": board,
        "title": title,
        "order": "desc",
        "topSize": 5,
        "actions": {},
        "format": {"kind": "number"},
    }
    for board, title in (("first", "First"), ("second", "Second"))
]


def held(devtools: CDPSession) -> dict[str, float]:
    """What the page holds once the collector has been through it."""
    for _ in range(2):
        devtools.send("HeapProfiler.collectGarbage")
    metrics = {it["name"]: it["value"] for it in devtools.send("Performance.getMetrics")["metrics"]}
    return {name: metrics[name] for name in ("JSHeapUsedSize", "Nodes", "JSEventListeners")}


def test_wall_is_the_same_after_a_day(browser: Browser) -> None:
    with (
        serving(CONFIGURATION, port=0) as server,
        visiting(
            browser,
            server.url,
            scripts=(ENDLESS_DAY,),
            # What moves goes by the screen's own time: a day of it would lie on one second.
            reduced_motion="reduce",
        ) as visitor,
    ):
        page = visitor.page
        cors = {"access-control-allow-origin": "*"}
        page.route(f"{HTTP}/boards", lambda it: it.fulfill(json={"boards": RULES}, headers=cors))
        page.route(f"{HTTP}/boards/*/top*", lambda it: it.abort())
        page.goto(f"{server.url}?view=wall&boards=first,second")
        expect(page.locator(".panel h2").first).to_have_text("First")
        page.evaluate("() => window.pass(60_000)")
        expect(page.locator(".wall .state")).to_have_attribute("data-state", "live")
        devtools = page.context.new_cdp_session(page)
        devtools.send("Performance.enable")
        holding = []
        for hour in range(HOURS + 1):
            if hour % 5 == 2:
                page.evaluate(OUTAGE)
            page.evaluate("() => window.pass(3_600_000)")
            expect(page.locator(".wall .state")).to_have_attribute("data-state", "live")
            holding.append(held(devtools))
        service = page.evaluate("() => window.service")
        # It was a day with losses, and no quiet one.
        assert service["frames"] > HOURS * 30 * len(RULES)
        assert service["connections"] >= 5
        assert service["refused"] >= 5
        # Some minutes later also the youngest season has scores.
        page.evaluate("() => window.pass(600_000)")
        expect(page.locator(".panel:visible .row").first).to_be_visible()
        # In the first hours the browser itself still compiles and caches.
        first, last = holding[WARM], holding[-1]
        assert last["JSHeapUsedSize"] < first["JSHeapUsedSize"] + SWING_BYTES, holding
        assert last["Nodes"] < first["Nodes"] * 1.1 + 50, holding
        assert last["JSEventListeners"] <= first["JSEventListeners"] + 2, holding
