"""The service stops and starts again, while somebody looks."""

from __future__ import annotations

import re
import uuid
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitors
from tests.browser.visitor import Line
from tests.e2e.service import Service
from tests.e2e.waiting import await_value
from tests.stack import running

pytestmark = [pytest.mark.e2e, pytest.mark.browser]


def test_stopped_service_leaves_a_stale_board_that_goes_on_by_itself(visitors: Visitors) -> None:
    board = f"rating-{uuid.uuid4().hex[:12]}"
    with ExitStack() as first:
        stack = first.enter_context(running())
        used = {it: str(urlsplit(stack.addresses[it]).port) for it in ("http", "page")}
        Service(stack.addresses).write(board, "ada", score=9, userName="Ada")
        visitor = visitors(stack.addresses["page"])
        visitor.open(board)
        expect(visitor.rows).to_have_count(1)
        expect(visitor.page.locator("#stale")).to_be_hidden()
    visitor.await_state("reconnecting", "offline")
    # The board stays, and says how old it is.
    expect(visitor.page.locator("#stale")).to_contain_text(
        re.compile(
            r"Connection lost\. Showing the board as of \d\d:\d\d:\d\d\s[AP]M\. Reconnecting\."
        )
    )
    assert visitor.lines() == [Line("1", "Ada", "9")]
    with running("--port", used["http"], "--page-port", used["page"]) as stack:
        # Another table behind the same addresses: what was shown is history.
        service = Service(stack.addresses)
        service.write(board, "bo", score=5, userName="Bo")
        visitor.await_state("live", seconds=240)
        expect(visitor.page.locator("#stale")).to_be_hidden()
        service.write(board, "cy", score=6, userName="Cy")
        await_value(
            lambda: visitor.lines() == [Line("1", "Cy", "6"), Line("2", "Bo", "5")],
            what="the new table's top",
        )


def test_lost_network_is_said_and_repaired(
    visitors: Visitors, service: Service, board: str
) -> None:
    visitor = visitors()
    service.write(board, "ada", score=9, userName="Ada")
    visitor.open(board)
    visitor.page.context.set_offline(True)
    visitor.await_state("offline", "reconnecting", "catching-up", seconds=30)
    service.write(board, "bo", score=10, userName="Bo")
    visitor.page.context.set_offline(False)
    visitor.await_state("live", seconds=60)
    await_value(
        lambda: visitor.lines() == [Line("1", "Bo", "10"), Line("2", "Ada", "9")],
        what="what was missed",
    )
