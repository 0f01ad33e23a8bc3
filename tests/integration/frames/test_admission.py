"""Admission alone: who may open a WebSocket, and as whom."""

from __future__ import annotations

from dataclasses import replace
from typing import Never

import pytest

from leaderboard import clock, wiring
from leaderboard.edge import HEADER, Edge
from leaderboard.frames.admission import Admission, AdmissionResult
from leaderboard.scoring.tickets import SOCKET_TICKET_MS

pytestmark = pytest.mark.usefixtures("stage")
GAME = ("origin", "https://game.example")
ANYONE = AdmissionResult()


@pytest.fixture
def admission() -> Admission:
    return wiring.admission()


def refused(why: str) -> AdmissionResult:
    return AdmissionResult(refusal=why)


def ticket(user: str = "ada") -> str:
    return wiring.scores().issue_socket(user_id=user)[0]


def test_client_without_an_origin_and_the_page_are_let_in(admission: Admission) -> None:
    assert admission.decide([], None) == ANYONE
    assert admission.decide([GAME], None) == ANYONE
    assert ANYONE.is_allowed


def test_every_origin_that_is_sent_must_be_allowed(admission: Admission) -> None:
    other = ("origin", "https://evil.example")
    for headers in ([other], [GAME, other], [other, GAME], [("origin", "null")]):
        assert admission.decide(headers, ticket()) == refused("origin")
    assert not refused("origin").is_allowed


def test_anonymous_viewer_waits_for_no_client(admission: Admission) -> None:
    def asked() -> Never:
        raise AssertionError

    assert replace(admission, keys=asked, tickets=asked).decide([GAME], None) == ANYONE


def test_socket_ticket_names_the_player_once(admission: Admission) -> None:
    token = ticket("ada")
    assert admission.decide([GAME], token) == AdmissionResult("ada")
    assert admission.decide([GAME], token) == refused("ticket")


def test_ticket_of_another_origin_is_not_used_up(admission: Admission) -> None:
    token = ticket("ada")
    assert admission.decide([("origin", "https://evil.example")], token) == refused("origin")
    assert admission.decide([GAME], token) == AdmissionResult("ada")


def test_ticket_that_expired_is_refused(admission: Admission) -> None:
    token = ticket()
    later = clock.now_ms() + SOCKET_TICKET_MS
    assert replace(admission, now_ms=lambda: later).decide([], token) == refused("ticket")


@pytest.mark.parametrize("token", ["", "no.ticket.atall", "x" * 3000])
def test_what_is_no_ticket_is_refused(admission: Admission, token: str) -> None:
    assert admission.decide([], token) == refused("ticket")


def test_edge_is_asked_first(admission: Admission) -> None:
    behind = replace(admission, edge=Edge(lambda: {"v1": "secret"}))
    token = ticket("ada")
    for headers in ([], [(HEADER, "wrong")], [(HEADER, "secret"), (HEADER, "secret")]):
        assert behind.decide([GAME, *headers], token) == refused("edge")
    assert behind.decide([GAME, (HEADER, "secret")], token) == AdmissionResult("ada")
