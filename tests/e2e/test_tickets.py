"""Tickets: what one is good for, once, for whom, where and when."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from leaderboard.names import default_name
from tests.e2e.service import Answer, Json, Player, Service, assert_problem, moment, part
from tests.e2e.signing import Signer, now_ms
from tests.e2e.tables import Tables
from tests.e2e.waiting import AT_ONCE, await_value

pytestmark = pytest.mark.e2e

QUIZ = "quiz-correct"
LEVEL = "level-done"
CAP = 500


@pytest.fixture(scope="module")
def signer(tables: Tables) -> Signer:
    return Signer.of(tables)


@pytest.fixture
def newcomer(service: Service) -> Player:
    """A player without a score."""
    return service.sign_up()


@pytest.fixture
def ready(service: Service, signer: Signer) -> Callable[..., str]:
    """Takes a ticket and lets its waiting time be over."""

    def take(player: Player, board: str = "global", action: str = QUIZ) -> str:
        return signer.ready(service.ticket(player, board, action)["ticket"])

    return take


def entry(answer: Answer) -> Json:
    assert answer.status == 200, answer
    found: Json = answer.body["entry"]
    return found


def test_ticket_says_what_it_is_worth_and_when(service: Service, newcomer: Player) -> None:
    before = datetime.now(UTC) - timedelta(milliseconds=1)
    fixed = service.ticket(newcomer, "global", QUIZ)
    reported = service.ticket(newcomer, "global", LEVEL)
    after = datetime.now(UTC)
    assert set(fixed) == {"ticket", "action", "points", "notBefore", "expiresAt"}
    assert (fixed["action"], fixed["points"]) == (QUIZ, 10)
    assert (reported["action"], reported["points"]) == (LEVEL, {"max": CAP})
    for name, ticket, seconds in (
        ("notBefore", fixed, 2),
        ("expiresAt", fixed, 300),
        ("notBefore", reported, 20),
        ("expiresAt", reported, 3600),
    ):
        taken = moment(ticket[name]) - timedelta(seconds=seconds)
        assert before <= taken <= after, name


def test_tickets_of_equal_actions_differ(service: Service, newcomer: Player) -> None:
    tickets = {service.ticket(newcomer, "global", QUIZ)["ticket"] for _ in range(5)}
    assert len(tickets) == 5


def test_early_ticket_is_refused_and_good_in_its_time(
    service: Service, tables: Tables, newcomer: Player
) -> None:
    ticket = service.ticket(newcomer, "global", QUIZ)
    with tables.unchanged():
        early = service.complete(newcomer, "global", ticket["ticket"])
        assert_problem(early, 409, "ticket_too_early")
    good_from = moment(ticket["notBefore"])
    await_value(lambda: datetime.now(UTC) >= good_from, what=f"the time {good_from}")
    answer = service.complete(newcomer, "global", ticket["ticket"])
    assert entry(answer)["userScore"] == 10


def test_expired_ticket_is_gone(
    service: Service, tables: Tables, signer: Signer, newcomer: Player
) -> None:
    ticket = signer.ready(service.ticket(newcomer, "global", QUIZ)["ticket"])
    expired = signer.changed(ticket, expires=now_ms() - 1)
    with tables.unchanged():
        assert_problem(service.complete(newcomer, "global", expired), 410, "ticket_expired")
    assert entry(service.complete(newcomer, "global", ticket))["userScore"] == 10


def test_ticket_again_is_answered_as_before_and_counts_once(
    service: Service, tables: Tables, newcomer: Player, ready: Callable[..., str]
) -> None:
    ticket = ready(newcomer)
    first = service.complete(newcomer, "global", ticket)
    assert first.body == {
        "entry": {
            "userId": newcomer.user_id,
            "userName": default_name(newcomer.user_id),
            "userScore": 10,
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
    assert [it["userScore"] for it in scores] == [15]


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
    assert {entry(it)["userScore"] for it in answers} == {10}
    assert all(it.body["changed"] for it in answers)
    scores = service.call("GET", "/me/scores", token=newcomer.token).body["scores"]
    assert [it["userScore"] for it in scores] == [10]


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
    assert entry(answer)["userScore"] == 20


def test_superseding_leaves_other_actions_and_boards_alone(
    service: Service, newcomer: Player, ready: Callable[..., str]
) -> None:
    level = ready(newcomer, "global", LEVEL)
    run = ready(newcomer, "weekly", "run-done")
    assert service.complete(newcomer, "global", ready(newcomer)).status == 200
    assert entry(service.complete(newcomer, "global", level, value=7))["userScore"] == 17
    assert entry(service.complete(newcomer, "weekly", run, value=8))["userScore"] == 8


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
            for body in ({}, {"value": 6000}):
                refused = service.complete(newcomer, board, ticket, **body)
                assert_problem(refused, 403, "ticket_invalid")


def encoded(claims: Json) -> str:
    return base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()


def forgeries(ticket: str, signer: Signer) -> dict[str, str]:
    """Tickets that the service did not sign, made from one that it did."""
    head, body, signature = ticket.split(".")
    richer = encoded({**part(ticket, 1), "points": 100_000})
    unsigned = encoded({**part(ticket, 0), "alg": "none"})
    stranger = Signer("x" * 64)
    return {
        "nothing": "",
        "one character": "x",
        "no token": "not-a-ticket",
        "two dots": "..",
        "three parts of nothing": "a.b.c",
        "more points, same signature": f"{head}.{richer}.{signature}",
        "more points, no signature": f"{head}.{richer}.",
        "alg none": f"{unsigned}.{body}.",
        "alg none, more points": f"{unsigned}.{richer}.",
        "alg None": f"{encoded({**part(ticket, 0), 'alg': 'None'})}.{body}.",
        "alg none, with a signature": f"{unsigned}.{body}.{signature}",
        "another key": stranger.changed(ticket),
        "another key, more points": stranger.changed(ticket, points=100_000),
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
    good = signer.ready(service.ticket(player, "global", QUIZ)["ticket"])
    return forgeries(good, signer)


ANY = f"{encoded({'alg': 'HS256'})}.{encoded({'points': 10})}.e30"
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


VALUES = {
    "missing": "",
    "null": ',"value":null',
    "over the cap": f',"value":{CAP + 1}',
    "far over the cap": ',"value":9007199254740991',
    "2^53": ',"value":9007199254740992',
    "negative": ',"value":-1',
    "fraction": ',"value":10.5',
    "whole fraction": ',"value":10.0',
    "exponent": ',"value":1e1',
    "beyond doubles": ',"value":1e400',
    "NaN": ',"value":NaN',
    "text": ',"value":"10"',
    "true": ',"value":true',
    "list": ',"value":[10]',
    "object": ',"value":{"max":10}',
    "other spelling": ',"Value":10',
}


@pytest.fixture(scope="module")
def level(service: Service, player: Player, signer: Signer) -> str:
    """A ticket that is good, and that no refusal uses up."""
    return signer.ready(service.ticket(player, "global", LEVEL)["ticket"])


@pytest.mark.parametrize("name", VALUES)
def test_value_that_an_action_does_not_take_is_refused(
    service: Service, tables: Tables, player: Player, level: str, name: str
) -> None:
    raw = f'{{"ticket":"{level}"{VALUES[name]}}}'.encode()
    with tables.unchanged():
        answer = service.call("POST", "/boards/global/scores", raw=raw, token=player.token)
        assert_problem(answer, 422, "invalid")


def test_refusals_do_not_use_a_ticket_up(service: Service, player: Player, level: str) -> None:
    answer = service.complete(player, "global", level, value=CAP)
    assert entry(answer)["userScore"] == CAP


def test_action_of_fixed_points_takes_no_value(
    service: Service, tables: Tables, newcomer: Player, ready: Callable[..., str]
) -> None:
    ticket = ready(newcomer)
    with tables.unchanged():
        for value in (0, 10, 500, -10):
            refused = service.complete(newcomer, "global", ticket, value=value)
            assert_problem(refused, 422, "invalid")
    assert entry(service.complete(newcomer, "global", ticket))["userScore"] == 10


def test_value_of_nothing_moves_no_score(
    service: Service, newcomer: Player, ready: Callable[..., str]
) -> None:
    first = service.complete(newcomer, "global", ready(newcomer))
    answer = service.complete(newcomer, "global", ready(newcomer, "global", LEVEL), value=0)
    assert answer.body == {"entry": entry(first), "changed": False, "replayed": False}


def test_worse_value_on_a_best_board_changes_nothing(
    service: Service, newcomer: Player, ready: Callable[..., str]
) -> None:
    runs = [ready(newcomer, "weekly", "run-done")]
    best = service.complete(newcomer, "weekly", runs[0], value=5)
    for value in (4, 0, 5):
        answer = service.complete(
            newcomer, "weekly", ready(newcomer, "weekly", "run-done"), value=value
        )
        assert answer.body == {"entry": entry(best), "changed": False, "replayed": False}
    better = service.complete(newcomer, "weekly", ready(newcomer, "weekly", "run-done"), value=6)
    assert entry(better)["userScore"] == 6
    assert entry(better)["scoreUpdatedAt"] > entry(best)["scoreUpdatedAt"]


def test_lower_is_better_where_the_board_says_so(
    service: Service, tables: Tables, newcomer: Player, ready: Callable[..., str]
) -> None:
    board, action = "fastest-lap", "lap-done"
    for value, best in ((90_000, 90_000), (80_000, 80_000), (85_000, 80_000)):
        answer = service.complete(newcomer, board, ready(newcomer, board, action), value=value)
        assert entry(answer)["userScore"] == best
        assert answer.body["changed"] is (value == best)
    with tables.unchanged():
        impossible = service.complete(newcomer, board, ready(newcomer, board, action), value=4_999)
        assert_problem(impossible, 409, "score_limit")


def test_action_counts_on_every_board_that_it_is_for(
    service: Service, newcomer: Player, ready: Callable[..., str]
) -> None:
    ticket = ready(newcomer, "global", LEVEL)
    first = service.complete(newcomer, "global", ticket, value=70)
    assert entry(first)["userScore"] == 70
    again = service.complete(newcomer, "global", ticket, value=70)
    assert again.body == {"entry": entry(first), "changed": True, "replayed": True}
    service.complete(newcomer, "global", ready(newcomer, "global", LEVEL), value=30)
    scores = service.call("GET", "/me/scores", token=newcomer.token).body["scores"]
    # One board adds up, the other keeps the best.
    assert {it["board"]: it["userScore"] for it in scores} == {"global": 100, "weekly": 70}


def test_value_that_the_time_was_too_short_for_is_refused(
    service: Service, tables: Tables, newcomer: Player, ready: Callable[..., str]
) -> None:
    sprint = ready(newcomer, "weekly", "sprint-done")
    with tables.unchanged():
        refused = service.complete(newcomer, "weekly", sprint, value=100_000)
        assert_problem(refused, 422, "invalid")
    assert [it["path"] for it in refused.body["errors"]] == ["body.value"]
    assert entry(service.complete(newcomer, "weekly", sprint, value=1))["userScore"] == 1


def test_too_many_actions_a_minute_are_put_off(
    service: Service, tables: Tables, newcomer: Player, ready: Callable[..., str]
) -> None:
    board, action = "fastest-lap", "lap-done"
    for number in range(12):
        answer = service.complete(
            newcomer, board, ready(newcomer, board, action), value=60_000 - number
        )
        assert answer.status == 200, answer
    ticket = ready(newcomer, board, action)
    with tables.unchanged():
        refused = service.complete(newcomer, board, ticket, value=50_000)
        assert_problem(refused, 429, "rate_limited")
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    # Another board has a limit of its own.
    assert service.complete(newcomer, "global", ready(newcomer)).status == 200


def test_score_past_the_boards_limit_is_refused(
    service: Service, tables: Tables, newcomer: Player, ready: Callable[..., str]
) -> None:
    service.write("global", newcomer.user_id, delta=1_000_000_000 - 9)
    with tables.unchanged():
        refused = service.complete(newcomer, "global", ready(newcomer))
        assert_problem(refused, 409, "score_limit")


def test_own_scores_are_listed(
    service: Service, newcomer: Player, ready: Callable[..., str]
) -> None:
    empty = service.call("GET", "/me/scores", token=newcomer.token).body
    assert empty == {
        "userId": newcomer.user_id,
        "userName": default_name(newcomer.user_id),
        "scores": [],
    }
    quiz = entry(service.complete(newcomer, "global", ready(newcomer)))
    run = service.complete(newcomer, "weekly", ready(newcomer, "weekly", "run-done"), value=9)
    own = service.call("GET", "/me/scores", token=newcomer.token).body
    week = service.top("weekly")["season"]
    scores = {(it["board"], it["season"]): it for it in own["scores"]}
    assert scores == {
        ("global", "all"): {
            "board": "global",
            "season": "all",
            "userScore": 10,
            "scoreUpdatedAt": quiz["scoreUpdatedAt"],
        },
        ("weekly", week): {
            "board": "weekly",
            "season": week,
            "userScore": 9,
            "scoreUpdatedAt": entry(run)["scoreUpdatedAt"],
        },
    }
