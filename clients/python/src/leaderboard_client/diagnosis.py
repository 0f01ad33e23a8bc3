"""Tells a mistake in the set-up from an outage.

To a client both look the same: a socket does not open. An outage needs nobody, since the client
tries again. So a problem is reported only if no socket has ever opened, several tries failed, and
the service answers over HTTP, where there is HTTP to compare with."""

from __future__ import annotations

from leaderboard_client.polling import Polling
from leaderboard_client.problems import Problem
from leaderboard_client.session_parts import SessionParts

# So many failed connections, of a client that never had one, and the way to the service is
# suspected.
TRIES_LIMIT = 4
# Why a socket never opens, as far as a client can know.
SOCKET_BLOCKED = (
    "Check the address `socket`, a page's origin (in the stage's `allowedOrigins`?), and proxies."
)


class Diagnosis:
    """Reports what keeps sockets from opening."""

    def __init__(self, parts: SessionParts, polling: Polling) -> None:
        self._parts = parts
        self._polling = polling
        self._ever_opened = False

    def opened(self) -> None:
        """A socket has opened: nothing keeps them from it."""
        self._ever_opened = True
        self._parts.problems.solve("socket")

    def advance(self) -> None:
        """Reports that sockets are blocked, once there is enough to say so."""
        failures = self._parts.connections.failures
        if self._ever_opened or failures < TRIES_LIMIT or self._parts.problems.has("socket"):
            return
        if self._parts.http and not self._polling.ever_worked:
            return
        facts = "The service answers over HTTP, but no" if self._parts.http else "No"
        doubt = "" if self._parts.http else "The service may be down. If it is not: "
        message = f"{facts} socket opened in {failures} tries. {doubt}{SOCKET_BLOCKED}"
        self._parts.problems.report("socket", Problem(code="socket_blocked", message=message))
