"""An answer is not lost with its tab: the next page sends it, and says what became of it."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import BrowserContext, Request, Route, expect

from tests.browser.axe import AXE, violations
from tests.browser.conftest import Visitors
from tests.browser.visitor import Visitor
from tests.e2e.service import Service
from tests.e2e.waiting import await_value

pytestmark = [pytest.mark.e2e, pytest.mark.browser]

SCORES = re.compile("/scores$")
KEPT = "() => Object.keys(localStorage).filter((key) => key.includes(':kept:')).length"


def lose(route: Route) -> None:
    """The network loses what completes a ticket; reads of the own scores pass."""
    if route.request.method == "POST":
        route.abort()
    else:
        route.fallback()


def answered_in_an_outage(visitor: Visitor) -> None:
    """A new player has answered the quiz, and the service has not heard of it."""
    visitor.open()
    visitor.sign_up()
    visitor.begin("Quiz")
    visitor.page.context.route(SCORES, lose)
    visitor.answer()
    expect(visitor.failed("Quiz")).to_contain_text("Your answer is kept and sent again in")


def next_tab(context: BrowserContext, visitor: Visitor) -> Visitor:
    return Visitor(context.new_page(), visitor.url)


def completions(context: BrowserContext) -> list[str]:
    """The tokens that tickets are completed with, from now on."""
    sent: list[str] = []

    def hear(request: Request) -> None:
        if request.method == "POST" and SCORES.search(request.url):
            sent.append(request.headers["authorization"])

    context.on("request", hear)
    return sent


def own_score(visitor: Visitor, service: Service) -> int | None:
    answer = service.call("GET", "/me/scores", token=visitor.token())
    return next((it["userScore"] for it in answer.body["scores"] if it["board"] == "global"), None)


def test_answer_of_a_closed_tab_counts_once_on_the_next_page(
    visitors: Visitors, service: Service
) -> None:
    visitor = visitors(scripts=(AXE,))
    context = visitor.page.context
    answered_in_an_outage(visitor)
    assert visitor.page.evaluate(KEPT) == 1
    visitor.page.close()
    context.unroute(SCORES)
    sent = completions(context)
    following = next_tab(context, visitor)
    following.open()
    told = following.page.locator("#kept")
    expect(told).to_have_text(
        re.compile(r"^Quiz, All-time: your answer from before was counted\. You have (\d|10)\.$")
    )
    points = told.inner_text().rstrip(".").rsplit(" ", 1)[1]
    expect(following.own_line().locator(".points")).to_have_text(points)
    expect(following.page.locator("#own")).to_contain_text(points)
    assert own_score(following, service) == int(points)
    assert following.page.evaluate(KEPT) == 0
    assert violations(following.page) == []
    # It is sent and told once.
    following.page.reload()
    following.await_state("live")
    expect(following.page.locator("#naming input")).not_to_have_value("")
    expect(told).to_be_empty()
    assert len(sent) == 1
    assert not following.mistakes


def test_answer_is_kept_from_the_moment_it_is_given(visitor: Visitor, service: Service) -> None:
    visitor.open()
    visitor.sign_up()
    card = visitor.action("Visit")
    card.get_by_role("button", name="Visit").click()
    # The ticket is good two seconds later.
    expect(card).to_have_attribute("data-state", "sending")
    visitor.page.reload()
    expect(visitor.page.locator("#kept")).to_have_text(
        "Visit, All-time: your answer from before was counted. You have 1."
    )
    assert own_score(visitor, service) == 1


def test_answer_that_counts_no_more_is_given_up_with_the_reason(visitor: Visitor) -> None:
    context = visitor.page.context
    answered_in_an_outage(visitor)
    visitor.page.close()
    context.unroute(SCORES)

    def refuse(route: Route) -> None:
        if route.request.method != "POST":
            return route.fallback()
        return route.fulfill(
            status=410,
            headers={"access-control-allow-origin": "*"},
            content_type="application/problem+json",
            body=json.dumps({"code": "ticket_expired", "detail": "\u2026", "status": 410}),
        )

    context.route(SCORES, refuse)
    following = next_tab(context, visitor)
    following.open()
    expect(following.page.locator("#kept")).to_have_text(
        "Quiz, All-time: your answer from before was given up. "
        "Too late: this attempt has expired. Start again."
    )
    assert following.page.evaluate(KEPT) == 0


def test_of_two_tabs_one_sends_the_answer(visitor: Visitor, service: Service) -> None:
    context = visitor.page.context
    answered_in_an_outage(visitor)
    other = next_tab(context, visitor)
    other.open()
    expect(other.page.locator("#player")).to_be_visible()
    context.unroute(SCORES)
    counted = completions(context)
    expect(visitor.result("Quiz")).to_contain_text("Counted: you have")
    points = visitor.result("Quiz").inner_text().rstrip(".").rsplit(" ", 1)[1]
    expect(other.own_line().locator(".points")).to_have_text(points)
    assert len(counted) == 1
    assert own_score(visitor, service) == int(points)
    # Each tab tells of its own answers: who waited was told on the card.
    for tab in (visitor, other):
        expect(tab.page.locator("#kept")).to_be_empty()


def test_tab_that_stays_sends_for_the_one_that_is_closed(
    visitor: Visitor, service: Service
) -> None:
    context = visitor.page.context
    answered_in_an_outage(visitor)
    other = next_tab(context, visitor)
    other.open()
    context.unroute(SCORES)
    visitor.page.close()
    told = other.page.locator("#kept")
    expect(told).to_contain_text("your answer from before was counted")
    assert own_score(other, service) == int(told.inner_text().rstrip(".").rsplit(" ", 1)[1])


def test_answer_waits_for_its_own_player(visitor: Visitor, service: Service) -> None:
    context = visitor.page.context
    page = visitor.page
    visitor.open()
    email = visitor.sign_up()
    visitor.begin("Quiz")
    context.route(SCORES, lose)
    visitor.answer()
    expect(visitor.failed("Quiz")).to_contain_text("Your answer is kept")
    page.get_by_role("button", name="Sign out").click()
    expect(page.locator("#sign-in")).to_be_visible()
    context.unroute(SCORES)
    sent = completions(context)
    visitor.sign_up()
    # The second player's own answer goes, and nothing else.
    visitor.visit()
    page.reload()
    expect(page.locator("#player")).to_be_visible()
    visitor.visit()
    assert len(sent) == 2
    assert own_score(visitor, service) == 2
    expect(page.locator("#kept")).to_be_empty()
    page.get_by_role("button", name="Sign out").click()
    visitor.sign_in(email)
    expect(page.locator("#kept")).to_contain_text("your answer from before was counted")
    assert len(sent) == 3
    page.get_by_role("button", name="Sign out").click()
    expect(page.locator("#kept")).to_be_empty()


def test_answer_that_nobody_waits_for_any_more_is_told_all_the_same(visitor: Visitor) -> None:
    answered_in_an_outage(visitor)
    visitor.page.get_by_role("button", name="Give up").click()
    expect(visitor.result("Quiz")).to_have_text(
        "You stopped waiting. Your answer is kept, and sent as soon as the service can be reached."
    )
    expect(visitor.action("Quiz")).to_have_attribute("data-state", "idle")
    visitor.page.context.unroute(SCORES)
    expect(visitor.page.locator("#kept")).to_contain_text("your answer from before was counted")
    await_value(lambda: visitor.page.evaluate(KEPT) == 0, what="nothing is kept")
