"""A player who deletes the account, from the page.

The emulator makes every token's sign-in a fresh one, so that the service never asks for one there:
the page gets that answer in the very form in which the service gives it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Route, expect

from tests.browser.axe import AXE, violations
from tests.browser.conftest import Motion, Visitors
from tests.browser.visitor import Visitor
from tests.e2e.service import PASSWORD

pytestmark = [pytest.mark.e2e, pytest.mark.browser]


@pytest.fixture
def motion() -> Motion:
    return "reduce"


def want_sign_in(visitor: Visitor) -> list[str]:
    """The service answers the player's token of now with `sign_in_again`; the calls' tokens."""
    old = f"Bearer {visitor.token()}"
    sent: list[str] = []

    def answer(route: Route) -> None:
        if route.request.method != "DELETE":
            return route.fallback()
        sent.append(route.request.headers["authorization"])
        if sent[-1] != old:
            return route.fallback()
        return route.fulfill(
            status=403,
            headers={"access-control-allow-origin": "*"},
            content_type="application/problem+json",
            body=json.dumps({"code": "sign_in_again", "detail": "…", "status": 403}),
        )

    visitor.page.route(re.compile("/me$"), answer)
    return sent


def leave(visitor: Visitor) -> None:
    visitor.page.get_by_role("button", name="Delete account").click()
    visitor.submit("leaving")


def assert_gone(visitor: Visitor, email: str) -> None:
    expect(visitor.page.locator("#message")).to_have_text("Your account is deleted.")
    expect(visitor.page.locator("#player")).to_be_hidden()
    visitor.sign_in(email)
    expect(visitor.failure("sign-in")).to_be_visible()


def test_account_is_deleted_after_a_second_question(visitor: Visitor) -> None:
    visitor.open()
    email = visitor.sign_up()
    visitor.page.get_by_role("button", name="Delete account").click()
    expect(visitor.page.locator("#leaving")).to_contain_text("cannot be undone")
    visitor.page.get_by_role("button", name="Keep my account").click()
    expect(visitor.page.locator("#leaving")).to_be_hidden()
    expect(visitor.page.locator("#player")).to_be_visible()
    leave(visitor)
    assert_gone(visitor, email)


def test_player_is_led_through_signing_in_again(visitors: Visitors) -> None:
    visitor = visitors(scripts=(AXE,))
    visitor.open()
    email = visitor.sign_up()
    sent = want_sign_in(visitor)
    leave(visitor)
    expect(visitor.failure("leaving")).to_contain_text("You signed in more than 10 minutes ago")
    expect(visitor.page.locator("#leaving [name=email]")).to_be_focused()
    expect(visitor.page.locator("#player")).to_be_visible()
    assert violations(visitor.page) == []
    visitor.fill("leaving", email=email, password="Wrong-password-1")
    visitor.submit("leaving")
    expect(visitor.failure("leaving")).to_have_text("The e-mail or the password is wrong.")
    assert len(sent) == 1
    visitor.fill("leaving", password=PASSWORD)
    visitor.submit("leaving")
    assert_gone(visitor, email)
    assert len(sent) == 2


@pytest.fixture
def other(visitors: Visitors) -> Iterator[str]:
    """The e-mail of another player."""
    somebody = visitors()
    somebody.open()
    yield somebody.sign_up()
    expect(somebody.page.locator("#player")).to_be_visible()


def test_sign_in_of_another_player_deletes_nobody(visitor: Visitor, other: str) -> None:
    visitor.open()
    visitor.sign_up()
    sent = want_sign_in(visitor)
    before = visitor.token()
    leave(visitor)
    visitor.fill("leaving", email=other, password=PASSWORD)
    visitor.submit("leaving")
    expect(visitor.failure("leaving")).to_contain_text("another player's sign-in")
    assert len(sent) == 1
    assert visitor.token() == before
