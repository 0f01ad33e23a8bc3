"""Admission: who may open a WebSocket.

A browser needs an allowed Origin. A client without an Origin is not a browser, and is let in. With
a socket ticket the connection is a player's, without one it is anonymous. On a stage with an edge
the request must have come through it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from leaderboard.edge import Edge
from leaderboard.errors import EdgeRequired, TicketInvalid
from leaderboard.frames.ports import SocketTicketStore
from leaderboard.scoring.tickets import KeyId, SigningKeys, key_id, read_socket

Headers = Sequence[tuple[str, str]]
"""Every header, its name in lower case, with each of its values."""


@dataclass(frozen=True, slots=True)
class AdmissionResult:
    """Whether a socket may be opened. No user: an anonymous viewer. `refusal` says why not."""

    user_id: str | None = None
    refusal: str | None = None

    @property
    def is_allowed(self) -> bool:
        """Whether the socket may be opened."""
        return self.refusal is None


@dataclass(frozen=True)
class Admission:
    """Decides on handshakes.

    The keys and the table come as functions: an anonymous viewer never waits for their client.
    """

    edge: Edge
    allowed_origins: Collection[str]
    keys: Callable[[], Callable[[KeyId | None], SigningKeys]]
    tickets: Callable[[], SocketTicketStore]
    now_ms: Callable[[], int]

    def decide(self, headers: Headers, ticket: str | None) -> AdmissionResult:
        """Decide on a handshake, and use its ticket up. Raises Unavailable if it cannot be told."""
        try:
            self.edge.require(headers)
        except EdgeRequired:
            return AdmissionResult(refusal="edge")
        origins = [value for name, value in headers if name == "origin"]
        if not all(origin in self.allowed_origins for origin in origins):
            return AdmissionResult(refusal="origin")
        if ticket is None:
            return AdmissionResult()
        user_id = self._user_of(ticket)
        return AdmissionResult(user_id) if user_id else AdmissionResult(refusal="ticket")

    def _user_of(self, token: str) -> str | None:
        """The user of a socket ticket that is good now, and used up by this."""
        try:
            ticket = read_socket(token, self.keys()(key_id(token)))
        except TicketInvalid:
            return None
        if ticket.expires_ms <= self.now_ms():
            return None
        if not self.tickets().use_ticket(ticket.ticket, ticket.expires_ms):
            return None
        return ticket.user_id
