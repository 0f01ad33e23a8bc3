"""Tickets: what one is good for, once, for whom, where and when."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from leaderboard.boards.snapshots import default_name
from tests.e2e.playing import LATE_MS, Attempt, begin
from tests.e2e.service import Answer, Json, Player, Service, assert_problem, moment, part
from tests.e2e.signing import Signer, now_ms
from tests.e2e.tables import Tables
from tests.e2e.waiting import AT_ONCE, await_value

pytestmark = pytest.mark.e2e

VISIT = "visit"


@pytest.fixture(scope="module")
def signer(tables: Tables) -> Signer:
    return Signer.of(tables)


@pytest.fixture
def newcomer(service: Service) -> Player:
    """A player without a score."""
    return service.sign_up()


ENDLESS = 200
"""More requests than any limit lets through while a test asks, on the slowest machine."""


@pytest.fixture
def ready(service: Service, signer: Signer) -> Callable[..., str]:
    """Takes a ticket and lets its waiting time be over."""

    def take(player: Player, board: str = "global", action: str = VISIT) -> str:
        return signer.ready(service.ticket(player, board, action)["ticket"])

    return take


def entry(answer: Answer) -> Json:
    assert answer.status == 200, answer
    found: Json = answer.body["entry"]
    return found


def test_ticket_says_what_it_is_worth_and_when(service: Service, newcomer: Player) -> None:
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    fixed = service.ticket(newcomer, "global", VISIT)
    judged = service.ticket(newcomer, "weekly", "sprint")
    after = datetime.now(UTC)
    assert set(fixed) == {"ticket", "action", "points", "notBefore", "expiresAt"}
    assert set(judged) == {*fixed, "challenge"}
    assert (fixed["action"], fixed["points"]) == (VISIT, 1)
    assert (judged["action"], judged["points"]) == ("sprint", {"min": 0, "max": 500})
    for name, ticket, seconds in (
        ("notBefore", fixed, 2),
        ("expiresAt", fixed, 300),
        ("notBefore", judged, 20),
        ("expiresAt", judged, 30),
    ):
        taken = moment(ticket[name]) - timedelta(seconds=seconds)
        assert before <= taken <= after, name


def test_tickets_of_equal_actions_differ(service: Service, newcomer: Player) -> None:
    tickets = {service.ticket(newcomer, "global", VISIT)["ticket"] for _ in range(5)}
    assert len(tickets) == 5


def test_early_ticket_is_refused_and_good_in_its_time(
    service: Service, tables: Tables, newcomer: Player
) -> None:
    ticket = service.ticket(newcomer, "global", VISIT)
    with tables.unchanged():
        early = service.complete(newcomer, "global", ticket["ticket"])
        assert_problem(early, 409, "ticket_too_early")
    good_from = moment(ticket["notBefore"])
    await_value(lambda: datetime.now(UTC) >= good_from, what=f"the time {good_from}")
    answer = service.complete(newcomer, "global", ticket["ticket"])
    assert entry(answer)["userScore"] == 1


def test_expired_ticket_is_gone(
    service: Service, tables: Tables, signer: Signer, newcomer: Player
) -> None:
    ticket = signer.ready(service.ticket(newcomer, "global", VISIT)["ticket"])
    expired = signer.changed(ticket, expires=now_ms() - 1)
    with tables.unchanged():
        assert_problem(service.complete(newcomer, "global", expired), 410, "ticket_expired")
    assert entry(service.complete(newcomer, "global", ticket))["userScore"] == 1


def test_ticket_again_is_answered_as_before_and_counts_once(
    service: Service, tables: Tables, newcomer: Player, ready: Callable[..., str]
) -> None:
    ticket = ready(newcomer)
    first = service.complete(newcomer, "global", ticket)
    assert first.body == {
        "entry": {
            "userId": newcomer.user_id,
            "userName": default_name(newcomer.user_id),
            "userScore": 1,
            "scoreUpdatedAt": entry(first)["scoreUpdatedAt"],
        },
        "changed": True,
        "replayed": False,
    }
    with tables.unchanged():
        for _ in range(3):
            again = service.complete(newcomer, "global", ticket)
            assert again.body == {**first.body, "replayed": True}


def test_ticket_again_after_its_time_is_still_answered_as_before(
    service: Service, signer: Signer, newcomer: Player, ready: Callable[..., str]
) -> None:
    expires = now_ms() + 700
    ticket = signer.changed(ready(newcomer), expires=expires)
    first = service.complete(newcomer, "global", ticket)
    assert first.status == 200, first
    await_value(lambda: now_ms() > expires, what="the ticket's end")
    again = service.complete(newcomer, "global", ticket)
    assert again.body == {**first.body, "replayed": True}


def test_ticket_again_is_answered_as_before_after_other_writes(
    service: Service, newcomer: Player, ready: Callable[..., str]
) -> None:
    ticket = ready(newcomer)
    first = service.complete(newcomer, "global", ticket)
    service.write("global", newcomer.user_id, delta=5)
    again = service.complete(newcomer, "global", ticket)
    assert again.body == {**first.body, "replayed": True}
    scores = service.call("GET", "/me/scores", token=newcomer.token).body["scores"]
    assert [it["userScore"] for it in scores] == [6]


def test_one_ticket_at_once_many_times_counts_once(
    service: Service, newcomer: Player, ready: Callable[..., str]
) -> None:
    ticket = ready(newcomer)
    with ThreadPoolExecutor(AT_ONCE) as threads:
        answers = list(
            threads.map(lambda _: service.complete(newcomer, "global", ticket), range(12))
        )
    assert [it.status for it in answers] == [200] * 12
    assert sorted(it.body["replayed"] for it in answers) == [False] + [True] * 11
    assert {entry(it)["userScore"] for it in answers} == {1}
    assert all(it.body["changed"] for it in answers)
    scores = service.call("GET", "/me/scores", token=newcomer.token).body["scores"]
    assert [it["userScore"] for it in scores] == [1]


def test_tickets_taken_in_advance_do_not_multiply(
    service: Service, tables: Tables, newcomer: Player, ready: Callable[..., str]
) -> None:
    hoard = [ready(newcomer) for _ in range(4)]
    assert service.complete(newcomer, "global", hoard[1]).status == 200
    with tables.unchanged():
        for ticket in (hoard[0], hoard[2], hoard[3]):
            refused = service.complete(newcomer, "global", ticket)
            assert_problem(refused, 409, "ticket_superseded")
    answer = service.complete(newcomer, "global", ready(newcomer))
    assert entry(answer)["userScore"] == 2


def test_each_of_the_last_three_tickets_is_answered_as_before(
    service: Service, tables: Tables, newcomer: Player, ready: Callable[..., str]
) -> None:
    tickets = []
    answers = []
    for _ in range(4):
        tickets.append(ready(newcomer))
        answers.append(service.complete(newcomer, "global", tickets[-1]))
    assert [entry(it)["userScore"] for it in answers] == [1, 2, 3, 4]
    with tables.unchanged():
        for ticket, first in zip(tickets[1:], answers[1:], strict=True):
            again = service.complete(newcomer, "global", ticket)
            assert again.body == {**first.body, "replayed": True}
        forgotten = assert_problem(
            service.complete(newcomer, "global", tickets[0]), 409, "ticket_superseded"
        )
    assert "may have counted" in forgotten["detail"]


def test_superseding_leaves_other_actions_and_boards_alone(
    service: Service, signer: Signer, newcomer: Player, ready: Callable[..., str]
) -> None:
    asked = begin(service, signer, newcomer, "global", "quiz", before_ms=3_000)
    raced = begin(service, signer, newcomer, "weekly", "sprint")
    assert service.complete(newcomer, "global", ready(newcomer)).status == 200
    answer = service.complete(newcomer, "global", asked.ticket, evidence=asked.answer())
    assert entry(answer)["userScore"] == 11
    answer = service.complete(newcomer, "weekly", raced.ticket, evidence=raced.sums(8))
    assert entry(answer)["userScore"] == 80


def test_ticket_belongs_to_one_user(
    service: Service, tables: Tables, player: Player, newcomer: Player, ready: Callable[..., str]
) -> None:
    ticket = ready(player)
    with tables.unchanged():
        assert_problem(service.complete(newcomer, "global", ticket), 403, "ticket_invalid")


def test_ticket_belongs_to_one_board(
    service: Service, tables: Tables, newcomer: Player, ready: Callable[..., str]
) -> None:
    ticket = ready(newcomer)
    with tables.unchanged():
        for board in ("weekly", "fastest-lap", "rating-x"):
            for body in ({}, {"evidence": 6000}):
                refused = service.complete(newcomer, board, ticket, **body)
                assert_problem(refused, 403, "ticket_invalid")


def encoded(claims: Json) -> str:
    return base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()


def forgeries(ticket: str, signer: Signer) -> dict[str, str]:
    """Tickets that the service did not sign, made from one that it did."""
    head, body, signature = ticket.split(".")
    richer = encoded({**part(ticket, 1), "action": "quiz"})
    unsigned = encoded({**part(ticket, 0), "alg": "none"})
    stranger = Signer("x" * 64)
    return {
        "nothing": "",
        "one character": "x",
        "no token": "not-a-ticket",
        "two dots": "..",
        "three parts of nothing": "a.b.c",
        "another action, same signature": f"{head}.{richer}.{signature}",
        "another action, no signature": f"{head}.{richer}.",
        "alg none": f"{unsigned}.{body}.",
        "alg none, another action": f"{unsigned}.{richer}.",
        "alg None": f"{encoded({**part(ticket, 0), 'alg': 'None'})}.{body}.",
        "alg none, with a signature": f"{unsigned}.{body}.{signature}",
        "another key": stranger.changed(ticket),
        "another key, a longer time": stranger.changed(ticket, expires=2**52),
        "another key by another id": stranger.changed(ticket, header={"kid": "mine"}),
        "the key, by an id that is none": signer.changed(ticket, header={"kid": "x"}),
        "the key id of a file": signer.changed(ticket, header={"kid": "/dev/null"}),
        "another algorithm": signer.changed(ticket, header={"alg": "HS512"}),
        "cut in the signature": ticket[:-1],
        "cut by half": ticket[: len(ticket) // 2],
        "cut at the signature": f"{head}.{body}",
        "cut before the body": f"{head}.",
        "first half of the signature": f"{head}.{body}.{signature[: len(signature) // 2]}",
        "something after it": f"{ticket}x",
        "spaces around it": f" {ticket} ",
        "newline after it": f"{ticket}\n",
        "twice": f"{ticket}.{ticket}",
        "beyond ASCII": f"{head}.{body}.é",
        "very long": f"{head}.{body}.{'x' * 9000}",
        "deep header": f"{base64.urlsafe_b64encode(b'[' * 1200).decode()}.{body}.{signature}",
        "list as claims": f"{head}.{encoded([])}.{signature}",  # type: ignore[arg-type]
    }


@pytest.fixture(scope="module")
def forged(service: Service, player: Player, signer: Signer) -> dict[str, str]:
    """Forgeries of one ticket that is good."""
    good = signer.ready(service.ticket(player, "global", VISIT)["ticket"])
    return forgeries(good, signer)


ANY = f"{encoded({'alg': 'HS256'})}.{encoded({'expires': 10})}.e30"
NAMES = list(forgeries(ANY, Signer("x" * 64)))


@pytest.mark.parametrize("name", NAMES)
def test_forged_ticket_is_invalid(
    service: Service, tables: Tables, player: Player, forged: dict[str, str], name: str
) -> None:
    with tables.unchanged():
        answer = service.complete(player, "global", forged[name])
        assert_problem(answer, 403, "ticket_invalid")


def test_other_tokens_are_no_tickets(service: Service, tables: Tables, player: Player) -> None:
    socket = service.call("POST", "/socket-tickets", token=player.token).body["ticket"]
    with tables.unchanged():
        for token in (socket, player.token, player.id_token):
            answer = service.complete(player, "global", token)
            assert_problem(answer, 403, "ticket_invalid")


@pytest.mark.parametrize("ticket", [None, 5, True, ["x"], {"ticket": "x"}])
def test_ticket_that_is_no_text_is_refused(
    service: Service, tables: Tables, player: Player, ticket: object
) -> None:
    with tables.unchanged():
        answer = service.call(
            "POST", "/boards/global/scores", {"ticket": ticket}, token=player.token
        )
        assert_problem(answer, 422, "invalid")


EVIDENCE = {
    "missing": "",
    "null": ',"evidence":null',
    "a number": ',"evidence":10',
    "text": ',"evidence":"0"',
    "list": ',"evidence":[0]',
    "no answer": ',"evidence":{}',
    "an amount": ',"evidence":{"points":10}',
    "an amount beside": ',"evidence":{"answer":0,"points":10}',
    "no choice": ',"evidence":{"answer":4}',
    "negative": ',"evidence":{"answer":-1}',
    "fraction": ',"evidence":{"answer":0.5}',
    "true": ',"evidence":{"answer":true}',
    "beyond doubles": ',"evidence":{"answer":1e400}',
    "NaN": ',"evidence":{"answer":NaN}',
    "too large": f',"evidence":{{"answer":"{"x" * 4096}"}}',
    "other spelling": ',"Evidence":{"answer":0}',
    "value": ',"evidence":{"answer":0},"value":10',
    "points": ',"evidence":{"answer":0},"points":10',
    "amount": ',"evidence":{"answer":0},"amount":10',
}


@pytest.fixture(scope="module")
def asked(service: Service, player: Player, signer: Signer) -> Attempt:
    """An attempt that no refusal uses up."""
    return begin(service, signer, player, "global", "quiz", before_ms=3_000)


@pytest.mark.parametrize("name", EVIDENCE)
def test_evidence_that_an_action_does_not_take_is_refused(
    service: Service, tables: Tables, player: Player, asked: Attempt, name: str
) -> None:
    raw = f'{{"ticket":"{asked.ticket}"{EVIDENCE[name]}}}'.encode()
    with tables.unchanged():
        answer = service.call("POST", "/boards/global/scores", raw=raw, token=player.token)
        assert_problem(answer, 422, "invalid")


def test_refusals_do_not_use_a_ticket_up(service: Service, player: Player, asked: Attempt) -> None:
    answer = service.complete(player, "global", asked.ticket, evidence=asked.answer())
    assert answer.body["changed"]


def test_action_of_fixed_points_takes_no_evidence(
    service: Service, tables: Tables, newcomer: Player, ready: Callable[..., str]
) -> None:
    ticket = ready(newcomer)
    with tables.unchanged():
        for evidence in (None, 0, 10, {"points": 10}):
            refused = service.complete(newcomer, "global", ticket, evidence=evidence)
            problem = assert_problem(refused, 422, "invalid")
            assert [it["path"] for it in problem["errors"]] == ["body.evidence"]
    assert entry(service.complete(newcomer, "global", ticket))["userScore"] == 1


def test_failed_attempt_moves_no_score(
    service: Service, signer: Signer, newcomer: Player, ready: Callable[..., str]
) -> None:
    first = begin(service, signer, newcomer, "global", "quiz", before_ms=3_000)
    wrong = first.answer(right=False)
    failed = service.complete(newcomer, "global", first.ticket, evidence=wrong)
    assert failed.body == {"entry": None, "changed": False, "replayed": False}
    assert service.call("GET", "/me/scores", token=newcomer.token).body["scores"] == []
    scored = service.complete(newcomer, "global", ready(newcomer))
    # Once there is a score, a failed attempt answers with it.
    second = begin(service, signer, newcomer, "global", "quiz", before_ms=0)
    wrong = second.answer(right=False)
    again = service.complete(newcomer, "global", second.ticket, evidence=wrong)
    assert again.body == {"entry": entry(scored), "changed": False, "replayed": False}


def test_worse_sprint_changes_nothing(service: Service, signer: Signer, newcomer: Player) -> None:
    def sprint(right: int, before_ms: int) -> Answer:
        it = begin(service, signer, newcomer, "weekly", "sprint", before_ms=before_ms)
        return service.complete(newcomer, "weekly", it.ticket, evidence=it.sums(right))

    best = sprint(8, LATE_MS)
    # A ticket is good if it was issued after the newest completion, so this one takes its time.
    begun = begin(service, signer, newcomer, "weekly", "sprint", before_ms=0)
    await_value(lambda: now_ms() > part(begun.ticket, 1)["issued"] + 2_500, what="two seconds")
    worse = service.complete(newcomer, "weekly", begun.ticket, evidence=begun.sums(4))
    assert worse.body == {"entry": entry(best), "changed": False, "replayed": False}
    scores = service.call("GET", "/me/scores", token=newcomer.token).body["scores"]
    # One board keeps the best, the other adds up.
    assert {it["board"]: it["userScore"] for it in scores} == {"weekly": 80, "global": 120}


def test_lap_is_as_long_as_it_took_by_the_services_clock(
    service: Service, signer: Signer, newcomer: Player
) -> None:
    it = begin(service, signer, newcomer, "fastest-lap", "lap", before_ms=90_000)
    first = service.complete(newcomer, "fastest-lap", it.ticket, evidence=it.touches())
    assert 90_000 <= entry(first)["userScore"] < 100_000
    again = service.complete(newcomer, "fastest-lap", it.ticket, evidence=it.touches())
    assert again.body == {**first.body, "replayed": True}


def test_sprint_counts_on_every_board_that_it_is_for(
    service: Service, signer: Signer, newcomer: Player
) -> None:
    it = begin(service, signer, newcomer, "weekly", "sprint")
    first = service.complete(newcomer, "weekly", it.ticket, evidence=it.sums(7))
    assert entry(first)["userScore"] == 70
    again = service.complete(newcomer, "weekly", it.ticket, evidence=it.sums(20))
    assert again.body == {"entry": entry(first), "changed": True, "replayed": True}
    scores = service.call("GET", "/me/scores", token=newcomer.token).body["scores"]
    assert {it["board"]: it["userScore"] for it in scores} == {"global": 70, "weekly": 70}


def test_too_many_attempts_a_minute_are_put_off(
    service: Service, tables: Tables, newcomer: Player, ready: Callable[..., str]
) -> None:
    """Seeing a challenge is what counts, so nobody looks for an easy one."""

    def attempt() -> Answer:
        return service.call(
            "POST", "/boards/fastest-lap/tickets", {"action": "lap"}, token=newcomer.token
        )

    start, done = time.monotonic(), 0
    while attempt().status == 201:
        done += 1
        assert done < ENDLESS
    recovered = (time.monotonic() - start) / 5  # 12 a minute
    assert 12 <= done <= 13 + recovered
    with tables.unchanged():
        refused = attempt()
        assert_problem(refused, 429, "rate_limited")
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    # Another board has a limit of its own.
    assert service.complete(newcomer, "global", ready(newcomer)).status == 200


def test_too_many_actions_a_minute_are_put_off(
    service: Service, tables: Tables, newcomer: Player, ready: Callable[..., str]
) -> None:
    start, done = time.monotonic(), 0
    while service.complete(newcomer, "global", ticket := ready(newcomer)).status == 200:
        done += 1
        assert done < ENDLESS
    recovered = (time.monotonic() - start) / 2  # 30 a minute
    assert 30 <= done <= 31 + recovered
    # On a slow machine one more may be due by now: as many as that are tried.
    before = tables.written()
    while (refused := service.complete(newcomer, "global", ticket)).status == 200:
        done += 1
        assert done < ENDLESS
        ticket = ready(newcomer)
        before = tables.written()
    assert_problem(refused, 429, "rate_limited")
    assert tables.written() == before


def test_score_past_the_boards_limit_is_refused(
    service: Service, tables: Tables, newcomer: Player, ready: Callable[..., str]
) -> None:
    service.write("global", newcomer.user_id, delta=1_000_000_000)
    with tables.unchanged():
        refused = service.complete(newcomer, "global", ready(newcomer))
        assert_problem(refused, 409, "score_limit")


def test_own_scores_are_listed(
    service: Service, signer: Signer, newcomer: Player, ready: Callable[..., str]
) -> None:
    empty = service.call("GET", "/me/scores", token=newcomer.token).body
    assert empty == {
        "userId": newcomer.user_id,
        "userName": default_name(newcomer.user_id),
        "scores": [],
    }
    lap = begin(service, signer, newcomer, "fastest-lap", "lap", before_ms=60_000)
    run = service.complete(newcomer, "fastest-lap", lap.ticket, evidence=lap.touches())
    visit = entry(service.complete(newcomer, "global", ready(newcomer)))
    own = service.call("GET", "/me/scores", token=newcomer.token).body
    scores = {(it["board"], it["season"]): it for it in own["scores"]}
    assert scores == {
        ("global", "all"): {
            "board": "global",
            "season": "all",
            "userScore": 1,
            "scoreUpdatedAt": visit["scoreUpdatedAt"],
        },
        ("fastest-lap", "all"): {
            "board": "fastest-lap",
            "season": "all",
            "userScore": entry(run)["userScore"],
            "scoreUpdatedAt": entry(run)["scoreUpdatedAt"],
        },
    }
