"""Tickets: what the service signed, it knows again; nothing else."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import jwt
import pytest

from leaderboard.boards.rules import Action
from leaderboard.errors import TicketInvalid
from leaderboard.scoring.judges import digest
from leaderboard.scoring.tickets import (
    MAX_LENGTH,
    ActionTicket,
    SigningKeys,
    SocketTicket,
    new_id,
    read_action,
    read_socket,
    seed_of,
    sign_action,
    sign_socket,
)

OLD, NEW = "o" * 64, "n" * 64
KEYS = SigningKeys("v1", {"v1": OLD})

ACTION = ActionTicket(
    ticket="t1",
    user_id="0aa6f2bc-1111-4222-8333-944455566677",
    board="global",
    season="all",
    action="quiz",
    rules_digest="b2Fr-XJ1bGVz_DIG",
    issued_ms=1_795_421_730_123,
    not_before_ms=1_795_421_732_123,
    expires_ms=1_795_422_030_123,
    seed=seed_of("t1", OLD),
)
SOCKET = SocketTicket("s1", "ada", 1_795_421_790_123)


def claims_of(token: str) -> dict[str, Any]:
    claims: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return claims


def base64url(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def test_action_ticket_comes_back_as_it_was_signed() -> None:
    assert read_action(sign_action(ACTION, KEYS), KEYS) == ACTION


def test_ticket_of_an_older_release_comes_back_without_rules() -> None:
    """It named its points; what it is worth now is what boards.yml says."""
    old = with_claims(rules=None, points=10)
    assert read_action(old, KEYS) == replace(ACTION, rules_digest="")


# The seed: what a ticket's challenge is made from.


def test_seed_belongs_to_the_id_and_the_key() -> None:
    assert len(seed_of("t1", OLD)) == 32
    assert seed_of("t1", OLD) == seed_of("t1", OLD)
    assert len({seed_of(ticket, key) for ticket in ("t1", "t2") for key in (OLD, NEW)}) == 4


def test_seed_is_of_the_key_that_signed_also_after_a_rotation() -> None:
    token = sign_action(ACTION, KEYS)
    assert read_action(token, SigningKeys("v2", {"v2": NEW, "v1": OLD})).seed == seed_of("t1", OLD)


def test_seed_cannot_be_worked_out_from_what_is_sent() -> None:
    """Nobody without the key has it: no part of a ticket is the seed, or the key to it."""
    token = sign_action(ACTION, KEYS)
    parts = [base64.urlsafe_b64decode(part + "==") for part in token.split(".")]
    known = [token.encode(), *(part.encode() for part in token.split(".")), *parts, b"", b"t1"]
    known += [str(value).encode() for value in claims_of(token).values()]
    guessed = {hmac.digest(key, data, "sha256") for key in known for data in known}
    guessed |= {hmac.digest(key, b"seed:t1", "sha256") for key in known}
    guessed |= {hashlib.sha256(data).digest() for data in known}
    assert ACTION.seed not in guessed
    assert not any(ACTION.seed in part for part in known)
    assert ACTION.seed.hex() not in repr(ACTION)


def test_boards_that_an_action_counts_on_come_back_with_their_seasons() -> None:
    ticket = replace(ACTION, also={"weekly": "2026-W48", "rating-x": "all"})
    assert read_action(sign_action(ticket, KEYS), KEYS) == ticket


def test_socket_ticket_comes_back_as_it_was_signed() -> None:
    assert read_socket(sign_socket(SOCKET, KEYS), KEYS) == SOCKET


def test_longest_ticket_there_is_can_be_read() -> None:
    ticket = replace(
        ACTION,
        ticket=new_id(),
        user_id="u" * 64,
        board="b" * 48,
        season="2026-11-23",
        action="a" * 48,
        rules_digest=digest(Action(1, 1, 2), None),
        also={f"{n:b<48}": "2026-11-23" for n in range(10)},
    )
    ticket = replace(ticket, seed=seed_of(ticket.ticket, OLD))
    token = sign_action(ticket, SigningKeys("v" * 64, {"v" * 64: OLD}))
    assert MAX_LENGTH / 2 < len(token) < MAX_LENGTH
    assert read_action(token, SigningKeys("v" * 64, {"v" * 64: OLD})) == ticket


def test_ids_are_not_repeated() -> None:
    assert len({new_id() for _ in range(1000)}) == 1000


# Rotation of the key.


def test_ticket_of_the_key_before_is_still_good() -> None:
    token = sign_action(ACTION, KEYS)
    assert read_action(token, SigningKeys("v2", {"v2": NEW, "v1": OLD})) == ACTION


def test_current_key_signs() -> None:
    token = sign_action(ACTION, SigningKeys("v2", {"v2": NEW, "v1": OLD}))
    assert jwt.get_unverified_header(token)["kid"] == "v2"
    assert read_action(token, SigningKeys("v2", {"v2": NEW})) == replace(
        ACTION, seed=seed_of("t1", NEW)
    )


def test_ticket_of_a_key_that_is_gone_is_refused() -> None:
    token = sign_action(ACTION, KEYS)
    with pytest.raises(TicketInvalid):
        read_action(token, SigningKeys("v2", {"v2": NEW}))


def test_key_signs_for_its_own_id_alone() -> None:
    token = sign_action(ACTION, SigningKeys("v2", {"v2": OLD}))
    with pytest.raises(TicketInvalid):
        read_action(token, SigningKeys("v2", {"v2": NEW, "v1": OLD}))


# What the service did not sign.


def signed(claims: dict[str, Any], *, secret: str = OLD, **options: Any) -> str:
    return jwt.encode(claims, secret, **{"algorithm": "HS256", "headers": {"kid": "v1"}} | options)


def with_claims(**changes: object) -> str:
    """A ticket with the right key and other claims; None leaves one out."""
    claims = claims_of(sign_action(ACTION, KEYS)) | changes
    return signed({name: value for name, value in claims.items() if value is not None})


def forged(**changes: object) -> str:
    """A ticket whose content was changed, with the signature it came with."""
    header, _, signature = sign_action(ACTION, KEYS).split(".")
    claims = claims_of(sign_action(ACTION, KEYS)) | changes
    return ".".join((header, base64url(json.dumps(claims)), signature))


def with_header(header: str) -> str:
    return f"{base64url(header)}.e30.e30"


def unsigned(algorithm: str) -> str:
    header = base64url(json.dumps({"alg": algorithm, "typ": "JWT", "kid": "v1"}))
    return f"{header}.{base64url(json.dumps(claims_of(sign_action(ACTION, KEYS))))}."


ISSUED = claims_of(sign_action(ACTION, KEYS))
REFUSED: dict[str, Callable[[], str]] = {
    "other rules": lambda: forged(rules="others"),
    "another action": lambda: forged(action="lap"),
    "another user": lambda: forged(sub="eve"),
    "another id, and so another seed": lambda: forged(jti="t2"),
    "a later end": lambda: forged(expires=ACTION.expires_ms + 1),
    "points of its own": lambda: forged(points=10_000),
    "another secret": lambda: signed(ISSUED, secret=NEW),
    "no signature": lambda: sign_action(ACTION, KEYS).rpartition(".")[0] + ".",
    "alg none": lambda: unsigned("none"),
    "alg None": lambda: unsigned("None"),
    "alg HS256 without a signature": lambda: unsigned("HS256"),
    "another algorithm": lambda: signed(ISSUED, algorithm="HS512"),
    "another audience": lambda: sign_socket(SOCKET, KEYS),
    "all the right claims for another audience": lambda: with_claims(aud="socket"),
    "no audience": lambda: with_claims(aud=None),
    "an unknown key": lambda: signed(ISSUED, headers={"kid": "v9"}),
    "no key": lambda: signed(ISSUED, headers={}),
    "a key that is no text": lambda: with_header('{"alg":"HS256","kid":["v1"]}'),
    "no id": lambda: with_claims(jti=None),
    "no user": lambda: with_claims(sub=None),
    "no board": lambda: with_claims(board=None),
    "no times": lambda: with_claims(expires=None),
    "nothing": lambda: "",
    "no ticket": lambda: "ticket",
    "dots": lambda: "..",
    "no base64": lambda: "é.é.é",
    "half a character": lambda: "\ud800.\ud800.\ud800",
    "a header that is a list": lambda: with_header("[]"),
    "a deep header": lambda: with_header("[" * 1400),
    "claims that are a list": lambda: jwt.api_jws.encode(
        b"[]", OLD, algorithm="HS256", headers={"kid": "v1"}
    ),
    "one character more": lambda: sign_action(ACTION, KEYS) + "A",
    "one character less": lambda: sign_action(ACTION, KEYS)[:-1],
}


@pytest.mark.parametrize("kind", REFUSED)
def test_what_was_not_signed_for_this_is_refused(kind: str) -> None:
    with pytest.raises(TicketInvalid):
        read_action(REFUSED[kind](), KEYS)


@pytest.mark.parametrize("claim", ["jti", "sub", "expires"])
def test_socket_ticket_with_a_part_missing_is_refused(claim: str) -> None:
    claims = claims_of(sign_socket(SOCKET, KEYS))
    del claims[claim]
    with pytest.raises(TicketInvalid):
        read_socket(signed(claims), KEYS)


def test_action_ticket_opens_no_socket() -> None:
    with pytest.raises(TicketInvalid):
        read_socket(sign_action(ACTION, KEYS), KEYS)


def test_ticket_past_the_longest_is_refused_unread() -> None:
    padded = signed(ISSUED | {"pad": "x" * MAX_LENGTH})
    with pytest.raises(TicketInvalid):
        read_action(padded, KEYS)


def test_refusal_says_nothing_of_why() -> None:
    reasons = set()
    for token in REFUSED.values():
        with pytest.raises(TicketInvalid) as refused:
            read_action(token(), KEYS)
        reasons.add(str(refused.value))
    assert len(reasons) == 1


def test_ticket_names_nobody_by_more_than_the_id() -> None:
    assert set(ISSUED) == {
        "aud",
        "jti",
        "sub",
        "board",
        "season",
        "action",
        "rules",
        "issued",
        "notBefore",
        "expires",
    }
