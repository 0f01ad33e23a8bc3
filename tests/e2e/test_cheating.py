"""What somebody tries who wants points that were not earned: each try fails."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

import pytest

from game import quiz
from tests.e2e.playing import Attempt, begin, seed_of
from tests.e2e.service import Answer, Player, Service, assert_problem, part
from tests.e2e.signing import Signer
from tests.e2e.tables import Tables

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def signer(tables: Tables) -> Signer:
    return Signer.of(tables)


@pytest.fixture
def cheat(service: Service) -> Player:
    return service.sign_up()


def send(service: Service, cheat: Player, attempt: Attempt, evidence: object) -> Answer:
    return service.complete(cheat, "global", attempt.ticket, evidence=evidence)


def asked(service: Service, signer: Signer, cheat: Player, *, before_ms: int = 3_000) -> Attempt:
    return begin(service, signer, cheat, "global", "quiz", before_ms=before_ms)


def score(service: Service, cheat: Player) -> list[int]:
    own = service.call("GET", "/me/scores", token=cheat.token).body["scores"]
    return [it["userScore"] for it in own]


@pytest.mark.parametrize("name", ["value", "points", "amount", "score", "delta", "userScore"])
def test_number_of_ones_own_is_refused(
    service: Service, signer: Signer, tables: Tables, cheat: Player, name: str
) -> None:
    attempt = asked(service, signer, cheat)
    evidence = attempt.answer()
    with tables.unchanged():
        beside = service.complete(
            cheat, "global", attempt.ticket, evidence=evidence, **{name: 1_000_000}
        )
        problem = assert_problem(beside, 422, "invalid")
        assert [it["path"] for it in problem["errors"]] == [f"body.{name}"]
        inside = send(service, cheat, attempt, {**evidence, name: 1_000_000})
        assert_problem(inside, 422, "invalid")


def test_ticket_that_was_edited_is_refused(
    service: Service, signer: Signer, tables: Tables, cheat: Player
) -> None:
    attempt = asked(service, signer, cheat)
    head, _, signature = attempt.ticket.split(".")
    claims = part(attempt.ticket, 1)
    for change in (
        {"issued": claims["issued"] - 60_000},
        {"jti": "another"},
        {"rules": ""},
        {"action": "visit"},
        {"also": {"weekly": "2026-W48"}},
        {"points": 1_000_000},
    ):
        body = base64.urlsafe_b64encode(json.dumps({**claims, **change}).encode())
        edited = f"{head}.{body.rstrip(b'=').decode()}.{signature}"
        with tables.unchanged():
            answer = service.complete(cheat, "global", edited, evidence=attempt.answer())
            assert_problem(answer, 403, "ticket_invalid")


def test_wrong_answer_cannot_be_corrected(service: Service, signer: Signer, cheat: Player) -> None:
    attempt = asked(service, signer, cheat)
    wrong = send(service, cheat, attempt, attempt.answer(right=False))
    assert wrong.body == {"entry": None, "changed": False, "replayed": False}
    for number in range(4):  # every choice, one after the other
        again = send(service, cheat, attempt, {"answer": number})
        assert again.body == {**wrong.body, "replayed": True}
    assert score(service, cheat) == []


def test_question_cannot_be_chosen_by_taking_many_tickets(
    service: Service, signer: Signer, tables: Tables, cheat: Player
) -> None:
    attempts = [asked(service, signer, cheat) for _ in range(5)]
    with tables.unchanged():
        for attempt in attempts[:-1]:
            refused = send(service, cheat, attempt, attempt.answer())
            assert_problem(refused, 409, "ticket_superseded")
    assert send(service, cheat, attempts[-1], attempts[-1].answer()).body["changed"]
    # Those of before are not good again.
    assert_problem(
        send(service, cheat, attempts[0], attempts[0].answer()), 409, "ticket_superseded"
    )
    assert score(service, cheat) == [10]


def test_evidence_of_another_ticket_is_worth_nothing(
    service: Service, signer: Signer, cheat: Player
) -> None:
    """What was right once is a guess at the next question; a sprint's answers are all wrong."""
    first = begin(service, signer, cheat, "weekly", "sprint")
    evidence = first.sums(10)
    done = service.complete(cheat, "weekly", first.ticket, evidence=evidence)
    assert done.body["entry"]["userScore"] == 100
    friend = service.sign_up()
    other = begin(service, signer, friend, "weekly", "sprint")
    copied = service.complete(friend, "weekly", other.ticket, evidence=evidence)
    assert copied.status == 200
    assert copied.body["entry"] is None or copied.body["entry"]["userScore"] < 100
    # Nor is the ticket itself anybody else's.
    stolen = service.complete(friend, "weekly", first.ticket, evidence=evidence)
    assert_problem(stolen, 403, "ticket_invalid")


def test_evidence_again_with_a_new_ticket_is_judged_again(
    service: Service, signer: Signer, cheat: Player
) -> None:
    first = begin(service, signer, cheat, "fastest-lap", "lap", before_ms=60_000)
    evidence = first.touches()
    done = service.complete(cheat, "fastest-lap", first.ticket, evidence=evidence)
    assert done.body["changed"]
    friend = service.sign_up()
    second = begin(service, signer, friend, "fastest-lap", "lap", before_ms=10_000)
    again = service.complete(friend, "fastest-lap", second.ticket, evidence=evidence)
    assert again.body == {"entry": None, "changed": False, "replayed": False}


def test_lap_takes_as_long_as_the_service_saw_it_take(
    service: Service, signer: Signer, cheat: Player
) -> None:
    """Times in the evidence that are longer than the lap, or quicker than a person, are no lap."""
    for player, apart_ms in ((cheat, 1), (service.sign_up(), 1_000)):
        it = begin(service, signer, player, "fastest-lap", "lap", before_ms=6_000)
        touches = it.touches()["touches"]
        for number, touch in enumerate(touches, start=1):
            touch["atMs"] = apart_ms * number
        evidence = {"touches": touches}
        answer = service.complete(player, "fastest-lap", it.ticket, evidence=evidence)
        assert answer.body == {"entry": None, "changed": False, "replayed": False}


def test_sprint_that_took_longer_than_its_time_is_worth_nothing(
    service: Service, signer: Signer, cheat: Player
) -> None:
    """The times in the evidence look right; the service waited too long for them."""
    it = begin(service, signer, cheat, "weekly", "sprint", before_ms=31_000)
    answer = service.complete(cheat, "weekly", it.ticket, evidence=it.sums(30))
    assert answer.body == {"entry": None, "changed": False, "replayed": False}
    assert score(service, cheat) == []


def test_seed_cannot_be_worked_out_from_what_is_sent(
    service: Service, signer: Signer, cheat: Player
) -> None:
    """No hash of the ticket's readable content makes the question that was asked."""
    issued = service.ticket(cheat, "global", "quiz")
    token, challenge = issued["ticket"], issued["challenge"]

    def makes_it(seed: bytes) -> bool:
        return bool(quiz.question(action="quiz", seed=seed) == challenge)

    assert makes_it(seed_of(signer, token)), "the key's seed does"
    parts = token.split(".")
    claims = part(token, 1)
    known = [token, *parts, *(str(it) for it in claims.values()), part(token, 0)["kid"], ""]
    keys = [text.encode() for text in known]
    data = [b"seed:" + it for it in keys] + keys
    guesses = [hmac.digest(key, it, "sha256") for key in keys for it in data]
    guesses += [hashlib.sha256(it).digest() for it in data]
    guesses += [base64.urlsafe_b64decode(parts[2] + "==")]
    seed = seed_of(signer, token)
    assert seed not in guesses
    assert seed.hex() not in json.dumps(issued)
