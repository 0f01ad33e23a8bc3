"""A player at the page: from signing up to the first points, and on."""

from __future__ import annotations

import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import expect

from local.games import calculated
from tests.browser.conftest import Motion, Visitors
from tests.browser.visitor import Visitor
from tests.e2e.service import PASSWORD, Service, claims
from tests.e2e.waiting import AT_ONCE, await_value

pytestmark = [pytest.mark.e2e, pytest.mark.browser]


@pytest.fixture
def motion() -> Motion:
    return "reduce"


def test_sign_up_to_the_first_points(visitors: Visitors, service: Service) -> None:
    # As most people see it.
    ada, other = (visitors(reduced_motion="no-preference") for _ in range(2))
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

    expect(ada.action("Quiz")).to_contain_text("up to 10 points")
    ada.begin("Quiz")
    ada.answer()
    expect(ada.result("Quiz")).to_have_text(re.compile(r"^Counted: you have (\d|10)\.$"))
    points = ada.result("Quiz").inner_text().removeprefix("Counted: you have ").rstrip(".")
    expect(ada.own_points()).to_have_text(points)
    # Other players of these tests may have crowded the top.
    service.write("global", claims(ada.token())["sub"], delta=1_000)
    own = ada.own_line()
    expect(own).to_contain_text("Ada of the tests")
    expect(own).to_contain_text("You")
    expect(own.locator(".points")).to_have_text(f"{1_000 + int(points):,}")
    expect(ada.page.locator("#own")).to_be_hidden()
    # Everybody else sees it too, and nobody sees the address.
    expect(other.page.locator("#live tbody")).to_contain_text("Ada of the tests")
    assert email not in other.page.content()

    ada.rename("Ada II")
    expect(other.page.locator("#live tbody")).to_contain_text("Ada II")
    expect(ada.own_line()).to_contain_text("Ada II")


def test_visit_is_one_press(visitor: Visitor) -> None:
    visitor.open()
    visitor.sign_up()
    card = visitor.action("Visit")
    expect(card).to_contain_text("1 point")
    card.get_by_role("button", name="Visit").click()
    expect(card.get_by_role("progressbar")).to_be_visible()
    expect(visitor.result("Visit")).to_have_text("Counted: you have 1.")
    expect(visitor.own_points()).to_have_text("1")


def test_wrong_answer_of_the_quiz_scores_nothing(visitor: Visitor) -> None:
    visitor.open()
    visitor.sign_up()
    visitor.begin("Quiz")
    visitor.answer(right=False)
    expect(visitor.failed("Quiz")).to_have_text("Wrong answer: no points this time.")
    expect(visitor.page.locator("#own")).to_contain_text("no score here yet")
    visitor.quiz()
    expect(visitor.failed("Quiz")).to_be_hidden()


def test_sprint_is_played_with_keys_and_touch(visitor: Visitor) -> None:
    visitor.open("weekly")
    visitor.sign_up()
    visitor.begin("Sprint")
    visitor.solve(5)
    # By the keys on the screen; a slip is taken back.
    result = str(calculated(visitor.page.locator(".sum").inner_text()))
    for key in ("9", "Delete", *result, "OK"):
        visitor.page.get_by_role("button", name=key, exact=True).click()
    visitor.page.wait_for_timeout(450)
    visitor.page.keyboard.type("999")
    visitor.page.keyboard.press("Enter")
    expect(visitor.page.locator(".done")).to_have_text("7 answers")
    # Six right ones and a wrong one, counted by the service when the time is over.
    expect(visitor.result("Sprint")).to_have_text("Counted: you have 55.", timeout=40_000)
    expect(visitor.own_points()).to_have_text("55")


def test_lap_has_the_time_of_the_service(visitor: Visitor) -> None:
    visitor.open("fastest-lap")
    visitor.sign_up()
    visitor.begin("Lap")
    # A wrong touch and an empty cell cost time alone.
    visitor.touch(3)
    visitor.page.locator(".cell[data-empty]").first.click()
    expect(visitor.page.get_by_role("status").filter(has_text="Next: 1")).to_be_visible()
    visitor.page.wait_for_timeout(4_000)
    visitor.run_lap()
    expect(visitor.result("Lap")).to_have_text(re.compile(r"^Counted: you have \d+\.\d{3}\ss\.$"))
    shown = visitor.own_points()
    expect(shown).to_have_text(re.compile(r"^\d+\.\d{3}\ss$"))
    assert milliseconds(shown.inner_text()) > 5_500
    expect(visitor.page.locator("#live th.score")).to_have_text("Time")


def test_game_in_play_survives_an_update_of_the_board(visitors: Visitors, service: Service) -> None:
    # Lines move beside the game.
    visitor = visitors(reduced_motion="no-preference")
    visitor.open()
    visitor.sign_up()
    visitor.begin("Quiz")
    asked = visitor.question()
    for delta in (300, 400, 500):
        service.write("global", "somebody-else", delta=delta, userName="Somebody else")
    expect(visitor.page.locator("#live tbody")).to_contain_text("Somebody else")
    assert visitor.question() == asked
    visitor.answer()
    expect(visitor.result("Quiz")).to_contain_text("Counted")


def test_given_up_game_scores_nothing_and_starts_again(visitor: Visitor) -> None:
    visitor.open("fastest-lap")
    visitor.sign_up()
    visitor.begin("Lap")
    visitor.touch(1)
    visitor.page.get_by_role("button", name="Give up").click()
    expect(visitor.result("Lap")).to_have_text("You gave up. Nothing was scored.")
    expect(visitor.action("Lap").get_by_role("button", name="Start the lap")).to_be_focused()
    visitor.begin("Lap")
    expect(visitor.page.locator(".cell[data-found]")).to_have_count(0)


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
    visitor.begin("Lap")
    visitor.page.wait_for_timeout(5_000)
    visitor.run_lap()
    own = visitor.page.locator("#own")
    place = r"place 1\d\d of 1\d\d · \d+\.\d{3}\ss to place \d+"
    expect(own).to_contain_text(re.compile(rf"You\s*{place}\s*\d+\.\d{{3}}\ss$"))
    expect(visitor.own_line()).to_have_count(0)
    # A better one of the same player moves the place, though the top stays as it is.
    first, top = own.inner_text(), service.top("fastest-lap")["entries"]
    visitor.begin("Lap")
    visitor.run_lap()
    expect(visitor.result("Lap")).to_contain_text("Counted")
    expect(own).not_to_have_text(first)
    assert place_of(own.inner_text()) <= place_of(first)
    assert milliseconds(own.inner_text()) < milliseconds(first)
    # A slower one leaves it.
    visitor.begin("Lap")
    visitor.page.wait_for_timeout(5_000)
    visitor.run_lap()
    expect(visitor.result("Lap")).to_contain_text("Not better than before")
    assert service.top("fastest-lap")["entries"] == top


def milliseconds(text: str) -> int:
    """Of the seconds that it ends with."""
    return round(1000 * float(text.split()[-2]))


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
    visitor.visit()


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


def test_own_name_cannot_be_markup(visitors: Visitors, service: Service) -> None:
    mallory, victim = visitors(), visitors()
    victim.open()
    mallory.open()
    mallory.sign_up()
    name = "<img src=x onerror=alert(1)>"
    mallory.rename(name)
    expect(mallory.page.locator("#message")).to_contain_text(name)
    # Ahead of all who have played on this stack.
    user_id = claims(mallory.token())["sub"]
    service.write("global", user_id, delta=1_000_000)
    for visitor in (mallory, victim):
        await_value(
            lambda visitor=visitor: name in [it.name for it in visitor.lines()],  # type: ignore[misc]
            what="the name, as text",
        )
        assert visitor.page.locator("img").count() == 0
    service.set_standing(user_id, "hidden")
