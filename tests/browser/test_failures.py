"""Whatever fails is said in a sentence, in the place where it was tried.

What the emulator cannot refuse (it takes any code, and nobody is too fast for it) is answered to
the page in the very form in which Cognito or the service answers it.
"""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import APIResponse, Route, expect

from tests.browser.conftest import Motion
from tests.browser.visitor import Visitor
from tests.e2e.service import PASSWORD, Service

pytestmark = [pytest.mark.e2e, pytest.mark.browser]


@pytest.fixture
def motion() -> Motion:
    return "reduce"


def refuse_cognito(
    visitor: Visitor, service: Service, operation: str, failure: str, message: str = "…"
) -> None:
    """The next calls of that operation fail like this."""

    def answer(route: Route) -> None:
        if not route.request.headers.get("x-amz-target", "").endswith(f".{operation}"):
            return route.fallback()
        return route.fulfill(
            status=400,
            headers={"access-control-allow-origin": "*"},
            content_type="application/x-amz-json-1.1",
            body=json.dumps({"__type": failure, "message": message}),
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


def jump(visitor: Visitor, milliseconds: int) -> None:
    """The browser's clock jumps forward."""
    visitor.page.evaluate(
        """(jump) => { const now = performance.now.bind(performance);
             performance.now = () => now() + jump; }""",
        milliseconds,
    )


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


# Cognito has one code for both.
MANY_EMAILS = (
    "Exceeded daily email limit for the operation or the account. If a higher limit is required, "
    "please configure your user pool to use your own Amazon SES configuration for sending email."
)
MANY_ATTEMPTS = "Attempt limit exceeded, please try after some time."


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (MANY_EMAILS, "No more e-mails can be sent today. Try again tomorrow, "),
        (MANY_ATTEMPTS, "Too many attempts. Wait a few minutes, then try again."),
    ],
)
def test_limit_of_cognito_says_how_long_to_wait(
    visitor: Visitor, service: Service, message: str, said: str
) -> None:
    visitor.open()
    visitor.page.get_by_role("button", name="Create an account").click()
    refuse_cognito(visitor, service, "SignUp", "LimitExceededException", message)
    visitor.fill("sign-up", email="fifty-first@example.com", password=PASSWORD)
    visitor.submit("sign-up")
    expect(visitor.failure("sign-up")).to_contain_text(said)


def test_service_that_cannot_be_reached(visitor: Visitor) -> None:
    visitor.open()
    visitor.page.context.set_offline(True)
    visitor.sign_in("ada@example.com")
    expect(visitor.failure("sign-in")).to_contain_text("The service cannot be reached.")
    visitor.page.context.set_offline(False)


def test_answer_that_is_lost_is_sent_again_with_the_same_ticket(visitor: Visitor) -> None:
    visitor.open()
    visitor.sign_up()
    visitor.begin("Quiz")
    visitor.page.route(re.compile("/scores$"), lambda route: route.abort())
    visitor.answer()
    expect(visitor.failed("Quiz")).to_contain_text("Connection lost. Your answer is kept and sent")
    visitor.page.unroute(re.compile("/scores$"))
    expect(visitor.result("Quiz")).to_contain_text("Counted")
    expect(visitor.failed("Quiz")).to_be_hidden()


def test_answer_whose_confirmation_is_lost_counts_once(visitor: Visitor) -> None:
    visitor.open()
    visitor.sign_up()
    lost: list[APIResponse] = []

    def lose_the_first(route: Route) -> None:
        if route.request.method != "POST" or lost:
            return route.fallback()
        lost.append(route.fetch())
        return route.abort()

    visitor.page.route(re.compile("/scores$"), lose_the_first)
    visitor.action("Visit").get_by_role("button", name="Visit").click()
    expect(visitor.result("Visit")).to_have_text(
        "Already counted. It counts only once: you have 1."
    )
    expect(visitor.failed("Visit")).to_be_hidden()
    expect(visitor.own_points()).to_have_text("1")


def test_attempt_that_was_superseded_in_another_tab(visitor: Visitor) -> None:
    visitor.open()
    visitor.sign_up()
    visitor.begin("Quiz")
    tab = Visitor(visitor.page.context.new_page(), visitor.url)
    tab.open()
    tab.quiz()
    visitor.answer()
    expect(visitor.failed("Quiz")).to_contain_text("somewhere else after this attempt")
    # And it can be started again.
    visitor.quiz()


def test_answer_that_is_sent_too_early(visitor: Visitor) -> None:
    visitor.open("fastest-lap")
    visitor.sign_up()
    visitor.begin("Lap")
    # The page believes that the time is over.
    jump(visitor, 6_000)
    visitor.rush_lap()
    expect(visitor.failed("Lap")).to_contain_text("Too early. Your answer is kept")
    # The touches are later than the service has waited: no clock but the service's counts.
    expect(visitor.failed("Lap")).to_have_text("This lap did not count.")


def test_attempt_that_expired_while_the_page_was_open(visitor: Visitor) -> None:
    visitor.open()
    visitor.sign_up()
    visitor.begin("Quiz")
    jump(visitor, 300_000)
    visitor.answer()
    expect(visitor.failed("Quiz")).to_have_text("Too late: this attempt has expired. Start again.")
    expect(visitor.action("Quiz")).to_have_attribute("data-state", "idle")


@pytest.mark.parametrize(
    ("status", "code", "retry_after", "said", "state"),
    [
        (410, "ticket_expired", "", "Too late", "idle"),
        (409, "score_limit", "", "highest score", "idle"),
        (403, "barred", "", "may not score here", "idle"),
        (
            429,
            "rate_limited",
            "7",
            "That was too often. Your answer is kept and sent again in 7 s",
            "",
        ),
        (503, "judge_failed", "", "could not check your answer. Your answer is kept", ""),
        (503, "unavailable", "5", "The service is busy. Your answer is kept", ""),
    ],
)
def test_score_that_is_refused(
    visitor: Visitor, status: int, code: str, retry_after: str, said: str, state: str
) -> None:
    visitor.open()
    visitor.sign_up()
    visitor.begin("Quiz")
    refuse_score(visitor, status=status, code=code, retry_after=retry_after)
    visitor.answer()
    expect(visitor.failed("Quiz")).to_contain_text(said)
    expect(visitor.action("Quiz")).to_have_attribute("data-state", state or "sending")
    visitor.page.unroute_all()
    if not state:  # the same answer counts when the service takes it
        expect(visitor.result("Quiz")).to_contain_text("Counted")


def test_too_many_attempts_are_told_how_long_to_wait(visitor: Visitor, service: Service) -> None:
    visitor.open("fastest-lap")
    visitor.sign_up()
    token = visitor.token()
    statuses: list[int] = []
    while 429 not in statuses:
        assert len(statuses) < 200, "nothing limits them"
        answer = service.call("POST", "/boards/fastest-lap/tickets", {"action": "lap"}, token=token)
        statuses.append(answer.status)
    assert set(statuses) == {201, 429}
    visitor.action("Lap").get_by_role("button", name="Start the lap").click()
    expect(visitor.failed("Lap")).to_have_text(
        re.compile(r"^That was too often\. Nothing was used up\. Try again in \d+ seconds\.$")
    )
    expect(visitor.action("Lap")).to_have_attribute("data-state", "idle")


def test_name_that_is_refused(visitor: Visitor) -> None:
    visitor.open()
    visitor.sign_up()
    visitor.rename("a\u202eb")
    expect(visitor.failure("naming")).to_have_text(
        "A name has no control, direction or unassigned characters."
    )
    visitor.rename("x" * 33)
    expect(visitor.failure("naming")).to_have_text("A name has at most 32 characters.")
