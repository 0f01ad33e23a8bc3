"""Tickets: signed, short-lived tokens. An action ticket lets one user complete one action; a
socket ticket opens one authenticated connection.

A ticket is a compact JWS (HS256, key id in the header). Times are milliseconds, because the
limits of an action are; so the service judges them itself and the library only the signature.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import jwt

from leaderboard.errors import TicketInvalid

ALGORITHM = "HS256"
SOCKET_TICKET_MS = 60_000
MAX_LENGTH = 2048


@dataclass(frozen=True, slots=True)
class ActionTicket:
    """That one user may complete one action once, and when (milliseconds).

    `rules_digest` is made of the action's rules and of what the player was asked. `also` are the
    other boards that it counts on, each with its season. `seed` is known to the service alone: it
    comes from the ticket's id and the key that signed it, and is never sent.
    """

    ticket: str
    user_id: str
    board: str
    season: str
    action: str
    rules_digest: str
    issued_ms: int
    not_before_ms: int
    expires_ms: int
    also: Mapping[str, str] = field(default_factory=dict)
    seed: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True)
class SocketTicket:
    """That one user may open one authenticated connection, until when (milliseconds)."""

    ticket: str
    user_id: str
    expires_ms: int


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """The secrets by key id; `current` is the one that signs, all of them verify.

    There is at most one other: the key before it.
    """

    current: str
    secrets: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class KeyId:
    """The id of a key, with the proof that it follows the key before it.

    Only who holds the key before can make the proof. So one who knows that key alone can tell the
    next key from one that was made up.
    """

    id: str
    proof: str = ""

    def follows(self, secret: str) -> bool:
        """Whether the key of that secret is the one before it."""
        return hmac.compare_digest(proof_of(self.id, secret).encode(), self.proof.encode())


def proof_of(key_id: str, before: str) -> str:
    """The proof that a key follows the one whose secret is `before`."""
    return hmac.digest(before.encode(), b"next:" + key_id.encode(), hashlib.sha256).hex()[:32]


def key_id(token: str) -> KeyId | None:
    """The key that a ticket says it was signed with; None if it says nothing."""
    try:
        if len(token) > MAX_LENGTH:
            return None
        header = jwt.get_unverified_header(token)
        return KeyId(_text(header.get("kid")), _text(header.get("proof", "")))
    except (jwt.PyJWTError, ValueError, TypeError):
        return None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    value.encode()  # half a character raises ValueError
    return value


def new_id() -> str:
    """A random id of a ticket."""
    return secrets.token_urlsafe(12)


def seed_of(ticket: str, secret: str) -> bytes:
    """The seed of the ticket of that id. Anyone can read a ticket, so the seed is not in it."""
    return hmac.digest(secret.encode(), b"seed:" + ticket.encode(), hashlib.sha256)


def sign_action(ticket: ActionTicket, keys: SigningKeys) -> str:
    """The token of an action ticket, signed with the current key."""
    return _sign(
        {
            "aud": "action",
            "jti": ticket.ticket,
            "sub": ticket.user_id,
            "board": ticket.board,
            "season": ticket.season,
            "action": ticket.action,
            "rules": ticket.rules_digest,
            "issued": ticket.issued_ms,
            "notBefore": ticket.not_before_ms,
            "expires": ticket.expires_ms,
            **({"also": dict(ticket.also)} if ticket.also else {}),
        },
        keys,
    )


def read_action(token: str, keys: SigningKeys) -> ActionTicket:
    """The action ticket in a token; raises TicketInvalid if the service did not sign it."""
    claims, secret = _verify(token, keys, audience="action")
    try:
        return ActionTicket(
            ticket=claims["jti"],
            user_id=claims["sub"],
            board=claims["board"],
            season=claims["season"],
            action=claims["action"],
            # Before releases that judge every amount, tickets had none: their rules have changed.
            rules_digest=claims.get("rules", ""),
            issued_ms=claims["issued"],
            not_before_ms=claims["notBefore"],
            expires_ms=claims["expires"],
            also=claims.get("also", {}),
            seed=seed_of(claims["jti"], secret),
        )
    except KeyError as error:
        raise TicketInvalid(REFUSAL) from error


def sign_socket(ticket: SocketTicket, keys: SigningKeys) -> str:
    """The token of a socket ticket, signed with the current key."""
    claims = {"jti": ticket.ticket, "sub": ticket.user_id, "expires": ticket.expires_ms}
    return _sign({"aud": "socket", **claims}, keys)


def read_socket(token: str, keys: SigningKeys) -> SocketTicket:
    """The socket ticket in a token; raises TicketInvalid if the service did not sign it."""
    claims, _ = _verify(token, keys, audience="socket")
    try:
        return SocketTicket(claims["jti"], claims["sub"], claims["expires"])
    except KeyError as error:
        raise TicketInvalid(REFUSAL) from error


REFUSAL = "This ticket was not issued for this request; take a new one."


def _sign(claims: dict[str, object], keys: SigningKeys) -> str:
    secret = keys.secrets[keys.current]
    headers = {"kid": keys.current}
    before = [it for name, it in keys.secrets.items() if name != keys.current]
    if before:
        headers["proof"] = proof_of(keys.current, before[0])
    return jwt.encode(claims, secret, algorithm=ALGORITHM, headers=headers)


def _verify(token: str, keys: SigningKeys, *, audience: str) -> tuple[dict[str, Any], str]:
    """What a ticket says, and the secret that signed it."""
    named = key_id(token)
    secret = keys.secrets.get(named.id) if named else None
    if secret is None:
        raise TicketInvalid(REFUSAL)
    try:
        options: Any = {"require": ["aud", "jti", "sub"]}
        claims: dict[str, Any] = jwt.decode(
            token, secret, algorithms=[ALGORITHM], audience=audience, options=options
        )
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        raise TicketInvalid(REFUSAL) from error
    return claims, secret
