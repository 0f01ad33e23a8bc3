"""Who has which token, until when, and how to get the next one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from leaderboard_client.api import cognito
from leaderboard_client.api.asking import Retrying, ask
from leaderboard_client.api.cognito import ClientCredentials, Grant, UserPool
from leaderboard_client.api.exchange import Request
from leaderboard_client.api.steps import CallFunction, Plan
from leaderboard_client.errors import LeaderboardError, SessionEnded, SignInFailed

MARGIN_SECONDS = 60.0
"""A token is renewed this long before it expires, or at half of its life if that is shorter."""
# Cognito's words for a refresh token that is of no use any more.
ENDED = frozenset({"not_authorized", "invalid_grant", "user_not_found", "refresh_token_reuse"})
REQUIRED = "sign_in_required"
T = TypeVar("T")
TokenFunction = Callable[[], "str | Awaitable[str | None] | None"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """A player's sign-in: keep it to stay signed in beyond the end of the program. Secret."""

    refresh_token: str
    access_token: str | None = None

    def __repr__(self) -> str:
        # Logs and tracebacks must not show them.
        return "Tokens(…)"


class TokenSource(Protocol):
    """Where tokens come from."""

    def token(self, rejected: str | None) -> Plan[str]:
        """A token to use now, and not the one that was just rejected."""
        ...


class NoTokens:
    """The source of a client that has no way to a token."""

    def token(self, rejected: str | None) -> Plan[str]:
        """Raises SessionEnded."""
        del rejected
        yield from ()
        raise SessionEnded(
            "This call needs a token: give the client `user_pool`, `credentials` or `token`.",
            code=REQUIRED,
        )


class OwnFunction:
    """The user's own function is asked each time; whether it caches is its own matter."""

    def __init__(self, function: TokenFunction) -> None:
        self._function = function

    def token(self, rejected: str | None) -> Plan[str]:
        """What the function returns. Raises SessionEnded if that is nothing, or was rejected."""
        found = yield CallFunction(self._function)
        if not found:
            raise SessionEnded("`token` gave no token: sign in.", code=REQUIRED)
        if found == rejected:
            raise SessionEnded("`token` gave the token that the service has just refused.")
        return str(found)


class _Cached:
    """A token and when to renew it, by a clock in seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._token: str | None = None
        self._until = 0.0

    def get(self, rejected: str | None) -> str | None:
        """The token, if it may still be used."""
        fresh = self._now() < self._until and self._token != rejected
        return self._token if fresh else None

    def keep(self, grant: Grant, asked_at: float) -> None:
        """`asked_at`: when the request was sent, since the token is no younger than that."""
        self._token = grant.access_token
        self._until = asked_at + grant.seconds - min(MARGIN_SECONDS, grant.seconds / 2)

    def forget(self) -> None:
        self._token = None


class ServerTokens:
    """A server's token by its client credentials. Cognito charges for each, so one serves all
    callers until shortly before it expires."""

    def __init__(
        self, credentials: ClientCredentials, now: Callable[[], float], retrying: Retrying
    ) -> None:
        self._credentials = credentials
        self._now = now
        self._retrying = retrying
        self._cached = _Cached(now)

    def token(self, rejected: str | None) -> Plan[str]:
        """The token that is held, or else a new one."""
        if held := self._cached.get(rejected):
            return held
        asked_at = self._now()
        request = cognito.client_token(self._credentials)
        grant = yield from ask(request, self._retrying, failure=cognito.failure)
        self._cached.keep(grant, asked_at)
        return grant.access_token


class PlayerTokens:
    """A player's tokens by the stage's user pool."""

    def __init__(
        self,
        pool: UserPool,
        tokens: Tokens | None,
        now: Callable[[], float],
        retrying: Retrying,
    ) -> None:
        self._pool = pool
        self.tokens = tokens
        """The sign-in as it is now; None if nobody is signed in."""
        # The access token of an earlier run. Its age is not known: it is used until it is refused.
        self._kept = tokens.access_token if tokens else None
        self._now = now
        self._retrying = retrying
        self._cached = _Cached(now)

    def token(self, rejected: str | None) -> Plan[str]:
        """The access token that is held, or else one for the refresh token."""
        if self._kept == rejected:
            self._kept = None
        if held := self._kept or self._cached.get(rejected):
            return held
        return (yield from self.renew())

    def sign_in(self, email: str, password: str) -> Plan[Tokens]:
        """Signs a player in."""
        return (yield from self._granted(cognito.sign_in(self._pool, email, password)))

    def renew(self) -> Plan[str]:
        """A new access token. Raises SessionEnded if the refresh token is of no use any more."""
        before = self.tokens
        if before is None:
            raise SessionEnded("Nobody is signed in: call `sign_in` first.", code=REQUIRED)
        try:
            yield from self._granted(cognito.refresh(self._pool, before.refresh_token), before)
        except SignInFailed as refused:
            if refused.code not in ENDED:
                raise
            self.forget()
            raise SessionEnded(f"The sign-in has ended: {refused}", status=401) from refused
        assert self.tokens is not None
        return str(self.tokens.access_token)

    def sign_out(self) -> Plan[None]:
        """Forgets the tokens, and ends the refresh token at Cognito if it can be reached."""
        before = self.tokens
        self.forget()
        if before is None:
            return
        try:
            yield from self.call(cognito.revoke(self._pool, before.refresh_token))
        except LeaderboardError:
            # The player is signed out here in any case; at Cognito the session ends by its age.
            return

    def forget(self) -> None:
        """Forgets who was signed in."""
        self.tokens = self._kept = None
        self._cached.forget()

    def call(self, request: Request[T]) -> Plan[T]:
        """One of Cognito's calls."""
        return (yield from ask(request, self._retrying, failure=cognito.failure))

    def _granted(self, request: Request[Grant], before: Tokens | None = None) -> Plan[Tokens]:
        asked_at = self._now()
        grant = yield from self.call(request)
        refresh_token = grant.refresh_token or (before.refresh_token if before else None)
        if refresh_token is None:
            raise SignInFailed("Cognito gave no refresh token.")
        if before is not None and self.tokens is not before:
            raise SessionEnded("Somebody signed out while the token was renewed.")
        self._kept = None
        self._cached.keep(grant, asked_at)
        self.tokens = Tokens(refresh_token=refresh_token, access_token=grant.access_token)
        return self.tokens
