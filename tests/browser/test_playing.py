"""A player at the page: from signing up to the first points, and on."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visitors
from tests.browser.visitor import Visitor
from tests.e2e.service import PASSWORD, Service
from tests.e2e.waiting import AT_ONCE, await_value

pytestmark = [pytest.mark.e2e, pytest.mark.browser]


def test_sign_up_to_the_first_points(visitors: Visitors) -> None:
    ada, other = visitors(), visitors()
    ada.open()
    other.open()
    ada.page.get_by_role("button", name="Create an account").click()
    email = "ada-first-points@example.com"
    ada.fill("sign-up", email=email, password=PASSWORD)
    ada.submit("sign-up")
    # The local page says that nobody sends a code.
    expect(ada.page.locator("#confirm-text")).to_contain_text("any six digits will do")
    ada.fill("confirm", code="000000")
    ada.submit("confirm")
    expect(ada.page.locator("#message")).to_contain_text("Pick the name")
    expect(ada.page.locator("#naming input")).to_have_value(re.compile("^player-.{6}$"))
    expect(ada.page.locator("#own")).to_contain_text("no score here yet")
    ada.rename("Ada of the tests")
    expect(ada.page.locator("#account")).to_have_text("Ada of the tests")

    card = ada.action("Quiz correct")
    expect(card).to_contain_text("10 points")
    card.get_by_role("button").click()
    expect(card.get_by_role("progressbar")).to_be_visible()
    expect(card).to_have_attribute("data-state", "ready")
    ada.complete("Quiz correct")
    expect(card.locator(".result")).to_have_text("Counted: you have 10.")
    own = ada.own_line()
    expect(own).to_contain_text("Ada of the tests")
    expect(own).to_contain_text("You")
    expect(own.locator(".points")).to_have_text("10")
    expect(ada.page.locator("#own")).to_be_hidden()
    # Everybody else sees it too, and nobody sees the address.
    expect(other.page.locator("#rows")).to_contain_text("Ada of the tests")
    assert email not in other.page.content()

    ada.rename("Ada II")
    expect(other.page.locator("#rows")).to_contain_text("Ada II")
    expect(ada.own_line()).to_contain_text("Ada II")


def test_reload_in_the_middle_keeps_session_and_ticket(visitor: Visitor) -> None:
    visitor.open("fastest-lap")
    visitor.sign_up()
    visitor.start("Lap done")
    visitor.page.reload()
    visitor.await_state("live")
    expect(visitor.action("Lap done")).to_have_attribute("data-state", "ready")
    visitor.complete("Lap done", value=61_234)
    expect(visitor.own_line().locator(".points")).to_have_text("61,234")


def test_worse_result_stays_unchanged_and_is_said(visitor: Visitor) -> None:
    visitor.open("fastest-lap")
    visitor.sign_up()
    for value, said in ((70_000, "Counted: you have 70,000."), (80_000, "70,000 from before")):
        visitor.start("Lap done")
        visitor.complete("Lap done", value=value)
        expect(visitor.action("Lap done").locator(".result")).to_contain_text(said)


def test_own_place_outside_the_top_is_shown(visitor: Visitor, service: Service) -> None:
    for number in range(12):
        service.write("weekly", f"outside-{number}", score=90_000 + number)
    visitor.open("weekly")
    visitor.sign_up()
    visitor.start("Run done")
    visitor.complete("Run done", value=3)
    expect(visitor.page.locator("#own")).to_contain_text(re.compile(r"You\s*place \d+ of \d+\s*3$"))
    expect(visitor.own_line()).to_have_count(0)


def test_own_place_is_exact_however_far_below_the_top(visitor: Visitor, service: Service) -> None:
    with ThreadPoolExecutor(AT_ONCE) as threads:
        writes = [
            threads.submit(service.write, "fastest-lap", f"ahead-{number}", score=5_000 + number)
            for number in range(105)
        ]
        for write in writes:
            write.result()
    visitor.open("fastest-lap")
    visitor.sign_up()
    visitor.start("Lap done")
    visitor.complete("Lap done", value=599_000)
    own = visitor.page.locator("#own")
    expect(own).to_contain_text(re.compile(r"You\s*place 1\d\d of 1\d\d\s*599,000$"))
    # A better one of the same player moves the place, though the top stays as it is.
    before = place_of(own.inner_text())
    visitor.start("Lap done")
    visitor.complete("Lap done", value=598_000)
    expect(own).to_contain_text("598,000")
    assert place_of(own.inner_text()) <= before
    others = {it["userId"] for it in service.top("fastest-lap")["entries"]}
    assert all(it.startswith("ahead-") for it in others)


def place_of(text: str) -> int:
    found = re.search(r"place (\d+) of", text)
    assert found
    return int(found[1])


def test_session_survives_its_access_token(visitor: Visitor, service: Service) -> None:
    visitor.open()
    visitor.sign_up()
    key = f"leaderboard:{service.addresses['webClientId']}"
    session = json.loads(visitor.page.evaluate("(key) => localStorage.getItem(key)", key))
    # As an hour later.
    stale = json.dumps({**session, "accessToken": "x.e30.x", "expiresAt": 0})
    visitor.page.evaluate("([key, it]) => localStorage.setItem(key, it)", [key, stale])
    visitor.page.reload()
    visitor.start("Quiz correct")
    visitor.complete("Quiz correct")
    expect(visitor.action("Quiz correct").locator(".result")).to_contain_text("Counted")


def test_token_that_the_gateway_refuses_is_renewed(visitor: Visitor, service: Service) -> None:
    visitor.open()
    visitor.sign_up()
    key = f"leaderboard:{service.addresses['webClientId']}"
    session = json.loads(visitor.page.evaluate("(key) => localStorage.getItem(key)", key))
    forged = json.dumps({**session, "accessToken": "x.e30.x"})
    visitor.page.evaluate("([key, it]) => localStorage.setItem(key, it)", [key, forged])
    visitor.page.reload()
    expect(visitor.page.locator("#naming input")).to_have_value(re.compile("^player-"))


def test_session_that_ended_is_said(visitor: Visitor, service: Service) -> None:
    visitor.open()
    visitor.sign_up()
    key = f"leaderboard:{service.addresses['webClientId']}"
    session = json.loads(visitor.page.evaluate("(key) => localStorage.getItem(key)", key))
    ended = json.dumps({**session, "expiresAt": 0, "refreshToken": "gone"})
    visitor.page.evaluate("([key, it]) => localStorage.setItem(key, it)", [key, ended])
    visitor.page.reload()
    expect(visitor.page.locator("#message")).to_contain_text("your session ended")
    expect(visitor.page.locator("#sign-in")).to_be_visible()


def test_sign_out_forgets_the_session_in_every_tab(visitor: Visitor) -> None:
    visitor.open()
    email = visitor.sign_up()
    tab = visitor.page.context.new_page()
    tab.goto(visitor.url)
    expect(tab.locator("#player")).to_be_visible()
    visitor.page.get_by_role("button", name="Sign out").click()
    expect(visitor.page.locator("#message")).to_have_text("You are signed out.")
    expect(tab.locator("#sign-in")).to_be_visible()
    assert visitor.page.evaluate("() => localStorage.length") == 0
    tab.close()
    visitor.sign_in(email)
    expect(visitor.page.locator("#player")).to_be_visible()


def test_confirmation_left_half_way_goes_on_at_sign_in(visitor: Visitor) -> None:
    visitor.open()
    visitor.page.get_by_role("button", name="Create an account").click()
    visitor.fill("sign-up", email="half-way@example.com", password=PASSWORD)
    visitor.submit("sign-up")
    expect(visitor.page.locator("#confirm")).to_be_visible()
    visitor.page.reload()
    visitor.sign_in("half-way@example.com")
    expect(visitor.page.locator("#confirm")).to_be_visible()
    visitor.fill("confirm", code="000000")
    visitor.submit("confirm")
    expect(visitor.page.locator("#player")).to_be_visible()


def test_own_name_cannot_be_markup(visitors: Visitors) -> None:
    mallory, victim = visitors(), visitors()
    victim.open()
    mallory.open()
    mallory.sign_up()
    name = "<img src=x onerror=alert(1)>"
    mallory.rename(name)
    expect(mallory.page.locator("#message")).to_contain_text(name)
    mallory.start("Quiz correct")
    mallory.complete("Quiz correct")
    for visitor in (mallory, victim):
        await_value(
            lambda visitor=visitor: name in [it.name for it in visitor.lines()],  # type: ignore[misc]
            what="the name, as text",
        )
        assert visitor.page.locator("img").count() == 0
