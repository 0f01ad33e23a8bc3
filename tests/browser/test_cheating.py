"""A player who edits what the page sends: it does not count, and the page says so."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Route, expect

from local.games import answered
from tests.browser.conftest import Motion, Visitors
from tests.browser.visitor import Visitor
from tests.e2e.service import Service

pytestmark = [pytest.mark.e2e, pytest.mark.browser]

SCORES = re.compile("/scores$")


@pytest.fixture
def motion() -> Motion:
    return "reduce"


def edit(visitor: Visitor, change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    """From now on the page's completions are sent as changed."""

    def send(route: Route) -> None:
        if route.request.method != "POST":
            return route.fallback()
        body = change(json.loads(route.request.post_data or "{}"))
        return route.continue_(post_data=json.dumps(body))

    visitor.page.unroute_all()
    visitor.page.route(SCORES, send)


def completions(visitor: Visitor) -> list[dict[str, Any]]:
    """What the page sends to complete its tickets, from now on."""
    sent: list[dict[str, Any]] = []
    visitor.page.on(
        "request",
        lambda request: (
            sent.append(json.loads(request.post_data or "{}"))
            if request.method == "POST" and SCORES.search(request.url)
            else None
        ),
    )
    return sent


def own_scores(visitor: Visitor, service: Service) -> dict[str, int]:
    answer = service.call("GET", "/me/scores", token=visitor.token())
    return {it["board"]: it["userScore"] for it in answer.body["scores"]}


@pytest.mark.parametrize("name", ["value", "points", "score", "delta"])
def test_typed_number_is_refused(visitor: Visitor, service: Service, name: str) -> None:
    visitor.open()
    visitor.sign_up()
    # There is no field for one.
    assert visitor.page.locator("#actions :is(input, select, textarea)").count() == 0
    edit(visitor, lambda body: {**body, name: 100_000})
    visitor.begin("Quiz")
    visitor.answer()
    expect(visitor.failed("Quiz")).not_to_be_empty()
    edit(visitor, lambda body: {**body, "evidence": {**body["evidence"], name: 100_000}})
    visitor.begin("Quiz")
    visitor.answer()
    expect(visitor.failed("Quiz")).not_to_be_empty()
    assert own_scores(visitor, service) == {}


def test_evidence_for_a_fixed_point_is_refused(visitor: Visitor, service: Service) -> None:
    visitor.open()
    visitor.sign_up()
    edit(visitor, lambda body: {**body, "evidence": {"answer": 0}})
    visitor.action("Visit").get_by_role("button", name="Visit").click()
    expect(visitor.failed("Visit")).not_to_be_empty()
    assert own_scores(visitor, service) == {}


def test_all_answers_at_once_are_refused(visitor: Visitor, service: Service) -> None:
    visitor.open()
    visitor.sign_up()
    edit(visitor, lambda body: {**body, "evidence": {"answer": [0, 1, 2, 3]}})
    visitor.begin("Quiz")
    visitor.answer()
    expect(visitor.failed("Quiz")).not_to_be_empty()
    assert own_scores(visitor, service) == {}


def test_wrong_answer_cannot_be_corrected(visitor: Visitor, service: Service) -> None:
    visitor.open()
    visitor.sign_up()
    sent = completions(visitor)
    visitor.begin("Quiz")
    right = answered(*visitor.question())
    visitor.answer(right=False)
    expect(visitor.failed("Quiz")).to_have_text("Wrong answer: no points this time.")
    corrected = {"ticket": sent[0]["ticket"], "evidence": {"answer": right}}
    edit(visitor, lambda _: corrected)
    visitor.begin("Quiz")
    visitor.answer()
    # The service says of it what it said before.
    expect(visitor.failed("Quiz")).to_have_text("Wrong answer: no points this time.")
    assert own_scores(visitor, service) == {}


def test_right_answer_sent_again_counts_once(visitor: Visitor, service: Service) -> None:
    visitor.open()
    visitor.sign_up()
    sent = completions(visitor)
    visitor.quiz()
    before = own_scores(visitor, service)
    first = sent[0]
    edit(visitor, lambda _: first)
    visitor.begin("Quiz")
    visitor.answer()
    expect(visitor.result("Quiz")).to_contain_text("Already counted. It counts only once")
    assert own_scores(visitor, service) == before


def test_question_cannot_be_chosen_from_many(visitor: Visitor, service: Service) -> None:
    visitor.open()
    visitor.sign_up()
    visitor.begin("Quiz")
    # Another question is asked for, to see whether it is easier: the first one is void.
    taken = service.call(
        "POST", "/boards/global/tickets", {"action": "quiz"}, token=visitor.token()
    )
    assert taken.status == 201
    visitor.answer()
    expect(visitor.failed("Quiz")).to_contain_text("this one no longer counts")
    assert own_scores(visitor, service) == {}


def test_touches_of_another_lap_do_not_count(visitors: Visitors, service: Service) -> None:
    ada, mallory = visitors(), visitors()
    for player in (ada, mallory):
        player.open("fastest-lap")
        player.sign_up()
    sent = completions(ada)
    ada.begin("Lap")
    ada.run_lap()
    expect(ada.result("Lap")).to_contain_text("Counted")
    copied = [it["cell"] for it in sent[0]["evidence"]["touches"]]

    def copy(body: dict[str, Any]) -> dict[str, Any]:
        """With times of one's own, so that the cells alone are wrong."""
        own = body["evidence"]["touches"]
        touches = [{**it, "cell": cell} for it, cell in zip(own, copied, strict=True)]
        return {**body, "evidence": {"touches": touches}}

    edit(mallory, copy)
    mallory.begin("Lap")
    mallory.run_lap()
    # Who has no score yet: a lap that counted would show.
    expect(mallory.failed("Lap")).to_have_text("This lap did not count.")
    assert own_scores(mallory, service) == {}


def test_claimed_times_do_not_make_a_lap_shorter(visitor: Visitor, service: Service) -> None:
    def hurry(body: dict[str, Any]) -> dict[str, Any]:
        touches = [
            {"cell": it["cell"], "atMs": 100 * number}
            for number, it in enumerate(body["evidence"]["touches"], start=1)
        ]
        return {**body, "evidence": {"touches": touches}}

    visitor.open("fastest-lap")
    visitor.sign_up()
    edit(visitor, hurry)
    visitor.begin("Lap")
    visitor.page.wait_for_timeout(5_000)
    visitor.run_lap()
    expect(visitor.result("Lap")).to_contain_text("Counted")
    assert own_scores(visitor, service)["fastest-lap"] > 6_500


def test_lap_of_typed_cells_does_not_count(visitor: Visitor, service: Service) -> None:
    visitor.open("fastest-lap")
    visitor.sign_up()
    made_up = {"touches": [{"cell": it, "atMs": 300 * (it + 1)} for it in range(15)]}
    edit(visitor, lambda body: {**body, "evidence": made_up})
    visitor.begin("Lap")
    visitor.run_lap()
    expect(visitor.failed("Lap")).to_have_text("This lap did not count.")
    assert own_scores(visitor, service) == {}


def test_sprint_with_answers_of_no_time_does_not_count(visitor: Visitor, service: Service) -> None:
    def hurry(body: dict[str, Any]) -> dict[str, Any]:
        answers = [
            {**it, "atMs": 40 * (at + 1)} for at, it in enumerate(body["evidence"]["answers"])
        ]
        return {**body, "evidence": {"answers": answers}}

    visitor.open("weekly")
    visitor.sign_up()
    edit(visitor, hurry)
    visitor.begin("Sprint")
    visitor.solve(3)
    expect(visitor.failed("Sprint")).to_have_text("No points this time.", timeout=40_000)
    assert own_scores(visitor, service) == {}


def test_ticket_of_another_player_is_refused(visitors: Visitors, service: Service) -> None:
    ada, mallory = visitors(), visitors()
    for player in (ada, mallory):
        player.open()
        player.sign_up()
    ada.begin("Quiz")
    right = answered(*ada.question())
    stolen: list[dict[str, Any]] = []
    ada.page.route(SCORES, lambda route: stolen.append(json.loads(route.request.post_data or "")))
    ada.answer()
    expect(ada.action("Quiz")).to_have_attribute("data-state", "sending")
    ada.page.wait_for_timeout(2_500)
    edit(mallory, lambda _: {"ticket": stolen[0]["ticket"], "evidence": {"answer": right}})
    mallory.begin("Quiz")
    mallory.answer()
    expect(mallory.failed("Quiz")).to_contain_text("does not belong to you")
    assert own_scores(mallory, service) == {}
