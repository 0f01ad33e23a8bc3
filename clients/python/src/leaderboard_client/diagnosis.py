"""Tells a mistake in the set-up from an outage.

To a client both look the same: a socket does not open. An outage needs nobody, since the client
tries again. So a problem is reported only if no socket has ever opened, and several tries failed or
one gets no answer at all. What it says depends on whether the service answers over HTTP, where
there is HTTP to compare with."""

from __future__ import annotations

import math

from leaderboard_client.polling import Polling
from leaderboard_client.problems import Problem
from leaderboard_client.session_parts import SessionParts

# So many failed connections, of a client that never had one, and the way to the service is
# suspected.
TRIES_LIMIT = 4
# In milliseconds. A moment's trouble is over by the second look, and a program that was busy has
# taken what came meanwhile.
SECOND_LOOK_AFTER = 1_500
# Why a socket never opens, as far as a client can know.
SOCKET_BLOCKED = (
    "Check the address `socket`, a page's origin (in the stage's `allowedOrigins`?), and proxies."
)
UNREACHABLE = (
    "Check the addresses `http` and `socket`. If they are right, the service or the network is "
    "down. The client keeps trying."
)


class Diagnosis:
    """Reports what keeps sockets from opening."""

    def __init__(self, parts: SessionParts, polling: Polling) -> None:
        self.look_at = math.inf
        """When to look again; infinity while nothing is suspected."""
        self._parts = parts
        self._polling = polling
        self._ever_opened = False

    def opened(self) -> None:
        """A socket has opened: nothing keeps them from it."""
        self._ever_opened = True
        self._parts.problems.solve("socket", "service")

    def advance(self, now: float) -> None:
        """Reports that sockets are blocked, or nothing answers, once there is enough to say so."""
        problems = self._parts.problems
        # One problem at a time: who solves it sees the next.
        listed = any(it.board is None for it in problems.list)
        if self._ever_opened or self._polling.doubtful or listed:
            return
        current, failures = self._parts.connections.current, self._parts.connections.failures
        slow = current is not None and now >= current.doubt_at
        if not slow and failures < TRIES_LIMIT:
            return
        self.look_at = min(self.look_at, now + SECOND_LOOK_AFTER)
        if now < self.look_at:
            return
        seconds = (self._parts.timing.poll_after + SECOND_LOOK_AFTER) / 1000
        tries = f"{seconds:g} seconds" if failures < TRIES_LIMIT else f"{failures} tries"
        if self._parts.http and not self._polling.ever_worked:
            message = f"No socket opened in {tries}, and over HTTP: {self._polling.failure}."
            report = Problem(code="unreachable", message=f"{message} {UNREACHABLE}")
            problems.report("service", report)
            return
        facts = "The service answers over HTTP, but no" if self._parts.http else "No"
        doubt = "" if self._parts.http else "The service may be down. If it is not: "
        message = f"{facts} socket opened in {tries}. {doubt}{SOCKET_BLOCKED}"
        problems.report("socket", Problem(code="socket_blocked", message=message))
