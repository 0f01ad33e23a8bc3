"""Whatever fails is said in a sentence, in the place where it was tried.

What the emulator cannot refuse (it takes any code, and nobody is too fast for it) is answered to
the page in the very form in which Cognito or the service answers it.
"""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Locator, Route, expect

from tests.browser.visitor import Visitor
from tests.e2e.service import PASSWORD, Service

pytestmark = [pytest.mark.e2e, pytest.mark.browser]


def refuse_cognito(visitor: Visitor, service: Service, operation: str, failure: str) -> None:
    """The next calls of that operation fail like this."""

    def answer(route: Route) -> None:
        if not route.request.headers.get("x-amz-target", "").endswith(f".{operation}"):
            return route.fallback()
        return route.fulfill(
            status=400,
            headers={"access-control-allow-origin": "*"},
            content_type="application/x-amz-json-1.1",
            body=json.dumps({"__type": failure, "message": "…"}),
        )

    visitor.page.route(re.compile(re.escape(service.addresses["cognito"]) + "/?$"), answer)


def refuse_score(visitor: Visitor, *, status: int, code: str, retry_after: str = "") -> None:
    def answer(route: Route) -> None:
        if route.request.method != "POST":
            return route.fallback()
        headers = {
            "access-control-allow-origin": "*",
            "access-control-expose-headers": "retry-after",
        }
        return route.fulfill(
            status=status,
            headers=headers | ({"retry-after": retry_after} if retry_after else {}),
            content_type="application/problem+json",
            body=json.dumps({"code": code, "detail": "…", "status": status}),
        )

    visitor.page.route(re.compile("/scores$"), answer)


def failed(visitor: Visitor, action: str) -> Locator:
    return visitor.action(action).locator(".failure")


def test_wrong_password(visitor: Visitor) -> None:
    visitor.open()
    email = visitor.sign_up()
    visitor.page.get_by_role("button", name="Sign out").click()
    visitor.sign_in(email, "Wrong-Horse-9")
    expect(visitor.failure("sign-in")).to_have_text("The e-mail or the password is wrong.")
    visitor.sign_in("nobody@example.com")
    expect(visitor.failure("sign-in")).to_have_text("The e-mail or the password is wrong.")


def test_weak_password(visitor: Visitor) -> None:
    visitor.open()
    visitor.page.get_by_role("button", name="Create an account").click()
    visitor.fill("sign-up", email="weak@example.com", password="alllowercase")
    visitor.submit("sign-up")
    expect(visitor.failure("sign-up")).to_contain_text("The password needs at least 10 characters")


def test_address_that_has_an_account(visitor: Visitor) -> None:
    visitor.open()
    email = visitor.sign_up()
    visitor.page.get_by_role("button", name="Sign out").click()
    visitor.page.get_by_role("button", name="Create an account").click()
    visitor.fill("sign-up", email=email, password=PASSWORD)
    visitor.submit("sign-up")
    expect(visitor.failure("sign-up")).to_contain_text("There is an account with this e-mail")


@pytest.mark.parametrize(
    ("failure", "said"),
    [
        ("ExpiredCodeException", "This code has expired. Ask for a new one."),
        ("CodeMismatchException", "This is not the code that was sent."),
        ("TooManyFailedAttemptsException", "Too many attempts."),
    ],
)
def test_code_that_is_refused(visitor: Visitor, service: Service, failure: str, said: str) -> None:
    visitor.open()
    visitor.page.get_by_role("button", name="Create an account").click()
    email = f"{failure.lower()}@example.com"
    visitor.fill("sign-up", email=email, password=PASSWORD)
    visitor.submit("sign-up")
    refuse_cognito(visitor, service, "ConfirmSignUp", failure)
    visitor.fill("confirm", code="123456")
    visitor.submit("confirm")
    expect(visitor.failure("confirm")).to_contain_text(said)
    visitor.page.get_by_role("button", name="Send a new code").click()
    expect(visitor.page.locator("#message")).to_contain_text("any six digits will do")
    expect(visitor.failure("confirm")).to_be_hidden()


def test_service_that_cannot_be_reached(visitor: Visitor) -> None:
    visitor.open()
    visitor.page.context.set_offline(True)
    visitor.sign_in("ada@example.com")
    expect(visitor.failure("sign-in")).to_contain_text("The service cannot be reached.")
    visitor.page.context.set_offline(False)


def test_answer_that_is_lost_is_asked_for_again_with_the_same_ticket(visitor: Visitor) -> None:
    visitor.open()
    visitor.sign_up()
    visitor.start("Quiz correct")
    visitor.page.route(re.compile("/scores$"), lambda route: route.abort())
    visitor.complete("Quiz correct")
    expect(failed(visitor, "Quiz correct")).to_contain_text("cannot be reached")
    visitor.page.unroute(re.compile("/scores$"))
    visitor.complete("Quiz correct")
    expect(visitor.action("Quiz correct").locator(".result")).to_have_text("Counted: you have 10.")


def test_ticket_that_was_superseded_in_another_tab(visitor: Visitor) -> None:
    visitor.open()
    visitor.sign_up()
    visitor.start("Quiz correct")
    tab = Visitor(visitor.page.context.new_page(), visitor.url)
    tab.open()
    tab.start("Quiz correct")
    tab.complete("Quiz correct")
    expect(tab.action("Quiz correct").locator(".result")).to_contain_text("Counted")
    visitor.complete("Quiz correct")
    expect(failed(visitor, "Quiz correct")).to_contain_text("completed somewhere else")
    # And it can be started again.
    expect(visitor.action("Quiz correct")).to_have_attribute("data-state", "idle")


def test_ticket_that_is_sent_too_early(visitor: Visitor) -> None:
    visitor.open("weekly")
    visitor.sign_up()
    card = visitor.action("Run done")
    card.get_by_role("button").click()
    expect(card).to_have_attribute("data-state", "waiting")
    # A clock that is set forward: the page believes that the time is over.
    visitor.page.evaluate("() => { const now = Date.now; Date.now = () => now() + 6000; }")
    expect(card).to_have_attribute("data-state", "ready")
    visitor.complete("Run done", value=5)
    expect(failed(visitor, "Run done")).to_contain_text("Too early")
    # The same ticket counts when its time has come.
    expect(card).to_have_attribute("data-state", "ready")

    def counted() -> bool:
        visitor.complete("Run done")
        visitor.page.wait_for_timeout(500)
        return card.get_attribute("data-state") == "idle"

    for _ in range(20):
        if counted():
            break
    expect(card.locator(".result")).to_have_text("Counted: you have 5.")


def test_ticket_that_expired_while_the_page_was_open(visitor: Visitor) -> None:
    visitor.open()
    visitor.sign_up()
    visitor.start("Quiz correct")
    visitor.page.evaluate("() => { const now = Date.now; Date.now = () => now() + 300_000; }")
    expect(failed(visitor, "Quiz correct")).to_have_text(
        "Too late: this try has expired. Start again."
    )
    expect(visitor.action("Quiz correct")).to_have_attribute("data-state", "idle")


@pytest.mark.parametrize(
    ("status", "code", "retry_after", "said", "state"),
    [
        (410, "ticket_expired", "", "Too late", "idle"),
        (429, "rate_limited", "7", "Try again in 7 seconds.", "ready"),
        (409, "score_limit", "", "highest score", "ready"),
        (403, "barred", "", "may not score here", "idle"),
        (503, "unavailable", "1", "busy at the moment", "ready"),
    ],
)
def test_score_that_is_refused(
    visitor: Visitor, status: int, code: str, retry_after: str, said: str, state: str
) -> None:
    visitor.open()
    visitor.sign_up()
    visitor.start("Quiz correct")
    refuse_score(visitor, status=status, code=code, retry_after=retry_after)
    visitor.complete("Quiz correct")
    expect(failed(visitor, "Quiz correct")).to_contain_text(said)
    expect(visitor.action("Quiz correct")).to_have_attribute("data-state", state)


def test_value_past_the_limit_is_not_sent(visitor: Visitor) -> None:
    visitor.open("fastest-lap")
    visitor.sign_up()
    visitor.start("Lap done")
    visitor.complete("Lap done", value=600_001)
    assert visitor.page.locator(".action input:invalid").count() == 1
    visitor.complete("Lap done", value=4)
    # Below the board's own limit, which only the service knows.
    expect(failed(visitor, "Lap done")).not_to_be_empty()
    visitor.complete("Lap done", value=60_000)
    expect(visitor.action("Lap done").locator(".result")).to_contain_text("60,000")


def test_name_that_is_refused(visitor: Visitor) -> None:
    visitor.open()
    visitor.sign_up()
    visitor.rename("a\u202eb")
    expect(visitor.failure("naming")).to_have_text(
        "A name has no control, direction or unassigned characters."
    )
    visitor.rename("x" * 33)
    expect(visitor.failure("naming")).to_have_text("A name has at most 32 characters.")
