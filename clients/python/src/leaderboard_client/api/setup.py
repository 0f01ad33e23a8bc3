"""What both clients are made of: the way to the service, and the way to a token."""

from __future__ import annotations

from collections.abc import Callable

from leaderboard_client.api.asking import Retrying
from leaderboard_client.api.cognito import ClientCredentials, UserPool
from leaderboard_client.api.tokens import (
    NoTokens,
    OwnFunction,
    PlayerTokens,
    ServerTokens,
    TokenFunction,
    Tokens,
    TokenSource,
)
from leaderboard_client.api.transport import Transport

ONCE = Retrying(tries=1)
NO_POOL = UserPool(url="", client_id="")


class Setup:
    """The parts of one client."""

    def __init__(
        self,
        http: str,
        *,
        user_pool: UserPool | None,
        tokens: Tokens | None,
        credentials: ClientCredentials | None,
        token: TokenFunction | None,
        retrying: Retrying | None,
        timeout: float,
        now: Callable[[], float],
    ) -> None:
        """Raises ValueError for what is no URL, and for two ways to a token."""
        if sum(it is not None for it in (user_pool, credentials, token)) > 1:
            raise ValueError("give one of `user_pool`, `credentials` and `token`")
        if tokens and not user_pool:
            raise ValueError("`tokens` needs the `user_pool` that they are of")
        self.transport = Transport(http, timeout=timeout)
        self.retrying = retrying or Retrying()
        self._user_pool = user_pool
        self._players = PlayerTokens(user_pool or NO_POOL, tokens, now, self.retrying)
        self.source: TokenSource
        if user_pool:
            self.source = self._players
        elif credentials:
            self.source = ServerTokens(credentials, now, self.retrying)
        else:
            self.source = OwnFunction(token) if token else NoTokens()

    @property
    def user_pool(self) -> UserPool:
        """The players' pool. Raises ValueError without one."""
        if self._user_pool is None:
            raise ValueError("This call needs the stage's `user_pool`.")
        return self._user_pool

    def forget(self) -> None:
        """Forgets the player, who is deleted."""
        self._players.forget()

    @property
    def players(self) -> PlayerTokens:
        """The players' tokens. Raises ValueError without a pool."""
        assert self.user_pool
        return self._players
