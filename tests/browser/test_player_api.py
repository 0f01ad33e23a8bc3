"""The JavaScript package's API in a real browser: its storage, its locks and its tabs."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request

from tests.browser import chrome
from tests.e2e.service import PASSWORD
from tests.e2e.waiting import await_value
from tests.stack import Running

pytestmark = pytest.mark.browser

SCORES = "**/boards/global/scores"

OPEN = """async ({ http, cognito, webClientId }) => {
  const { createApi } = await import("/client/api/index.js");
  window.told = [];
  window.api = createApi({ http, cognito, webClientId, timing: { retryCap: 500 } });
  api.on("completed", ({ outcome }) => told.push(outcome.entry.userScore));
  api.on("givenUp", ({ error }) => told.push(error.code));
}"""

SIGN_UP = """async ([email, password]) => {
  await api.account.signUp(email, password);
  await api.account.confirm(email, "123456");
  return (await api.account.signIn(email, password)).userId;
}"""

COMPLETE = """async () => {
  const ticket = await api.ticket("global", "visit");
  window.answer = api.complete("global", ticket);
  window.answer.catch(() => {});
}"""

KEPT = "() => Object.keys(localStorage).filter((key) => key.includes(':kept:')).length"


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context()
    yield context
    context.close()


def open_tab(context: BrowserContext, stack: Running) -> tuple[Page, list[str]]:
    """A tab without the page, but with its origin; and the completions that it sends."""
    tab = context.new_page()
    tab.goto(f"{stack.addresses['page']}nothing-here")
    sent: list[str] = []

    def hear(request: Request) -> None:
        if request.method == "POST" and request.url.endswith("/scores"):
            sent.append(json.loads(request.post_data or "{}")["ticket"])

    tab.on("request", hear)
    names = ("http", "cognito", "webClientId")
    tab.evaluate(OPEN, {name: stack.addresses[name] for name in names})
    return tab, sent


def sign_up(tab: Page) -> str:
    user_id: str = tab.evaluate(SIGN_UP, [f"{uuid.uuid4()}@example.com", PASSWORD])
    return user_id


def await_sent(tab: Page, sent: list[str], times: int) -> None:
    """Events of a browser arrive while something is asked of it."""
    await_value(lambda: tab.evaluate("1") and len(sent) >= times, what=f"{times} tries")


def await_told(tab: Page) -> list[Any]:
    tab.wait_for_function("() => told.length > 0")
    told: list[Any] = tab.evaluate("() => told")
    return told


def test_one_tab_sends_and_the_other_goes_on_when_it_is_closed(
    context: BrowserContext, stack: Running
) -> None:
    first, sent_first = open_tab(context, stack)
    user_id = sign_up(first)
    context.route(SCORES, lambda route: route.abort())
    first.evaluate(COMPLETE)
    await_sent(first, sent_first, 2)
    second, sent_second = open_tab(context, stack)
    assert second.evaluate("() => api.account.userId") == user_id
    await_sent(second, sent_first, len(sent_first) + 3)
    assert sent_second == [], "one tab at a time"
    context.unroute(SCORES)
    first.close()
    assert await_told(second) == [1]
    assert set(sent_second) == set(sent_first)
    assert second.evaluate(KEPT) == 0


def test_tab_that_looks_on_leaves_the_actions_to_the_one_that_completes_them(
    context: BrowserContext, stack: Running
) -> None:
    first, sent_first = open_tab(context, stack)
    sign_up(first)
    second, sent_second = open_tab(context, stack)
    for score in range(1, 6):
        first.evaluate(COMPLETE)
        answer = first.evaluate("async () => await answer")
        assert (answer["entry"]["userScore"], answer["replayed"]) == (score, False)
    # As long as the second tab may still come to it.
    second.wait_for_timeout(2_000)
    assert (len(sent_first), sent_second) == (5, [])
    assert first.evaluate("() => told") + second.evaluate("() => told") == []


def test_action_outlives_the_browser_tab_and_is_told_on_the_next_page(
    context: BrowserContext, stack: Running
) -> None:
    tab, sent = open_tab(context, stack)
    sign_up(tab)
    context.route(SCORES, lambda route: route.abort())
    tab.evaluate(COMPLETE)
    await_sent(tab, sent, 1)
    assert tab.evaluate(KEPT) == 1
    tab.close()
    context.unroute(SCORES)
    following, _ = open_tab(context, stack)
    assert await_told(following) == [1]
    assert following.evaluate("async () => (await api.scores()).scores[0].userScore") == 1


def test_sign_in_and_sign_out_reach_the_other_tab(context: BrowserContext, stack: Running) -> None:
    first, _ = open_tab(context, stack)
    second, _ = open_tab(context, stack)
    user_id = sign_up(first)
    second.wait_for_function("(userId) => api.account.userId === userId", arg=user_id)
    second.evaluate("() => api.account.signOut()")
    first.wait_for_function("() => api.account.userId === null")


def test_blocked_storage_costs_nothing_but_the_memory_of_the_browser(
    browser: Browser, stack: Running, tmp_path: Path
) -> None:
    """The setting that blocks all cookies blocks every storage of a page."""
    settings = {"profile": {"default_content_setting_values": {"cookies": 2}}}
    (tmp_path / "Default").mkdir()
    (tmp_path / "Default" / "Preferences").write_text(json.dumps(settings), encoding="utf-8")
    path = chrome.find()
    assert path is not None
    context = browser.browser_type.launch_persistent_context(str(tmp_path), **chrome.options(path))
    tab, _ = open_tab(context, stack)
    blocked = "() => { try { localStorage; return false; } catch { return true; } }"
    assert tab.evaluate(blocked), "the browser blocks storage"
    sign_up(tab)
    tab.evaluate(COMPLETE)
    assert tab.evaluate("async () => (await answer).entry.userScore") == 1
    context.close()
