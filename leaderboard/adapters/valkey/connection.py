"""The connection to the cache: how scripts and commands get there, and what a failure means."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from hashlib import sha1
from pathlib import Path
from typing import Any

from redis.credentials import CredentialProvider
from redis.exceptions import (
    AuthenticationError,
    NoScriptError,
    RedisClusterException,
    RedisError,
    ResponseError,
)

from leaderboard.adapters.valkey.cluster import Cluster
from leaderboard.errors import CacheUnavailable
from leaderboard.retries import Pause

FORMAT = "lb5"
"""Part of every key: a release that lays the cache out in a new way reads nothing old."""


@dataclass(frozen=True, slots=True)
class CacheKeys:
    """The keys of one board-season. They share a hash tag, so one node of a cluster has them all.

    `members`: the sorted set of its users. `users`: a hash of what is known of each. `state`: a
    hash of what is known of the ranking. `kept_top`: the recorded top, as readers are answered.
    """

    members: str
    users: str
    state: str
    kept_top: str

    @classmethod
    @lru_cache(maxsize=1024)
    def of(cls, key: str) -> CacheKeys:
        """The keys of a board-season, by its own key."""
        tag = f"{FORMAT}:{{{key}}}"
        return cls(f"{tag}:order", f"{tag}:users", f"{tag}:state", f"{tag}:copy")

    @property
    def told(self) -> str:
        """How far viewers were told ahead of the stream."""
        return self.state.removesuffix("state") + "told"

    @property
    def ranking(self) -> tuple[str, str, str]:
        """The keys that make the ranking."""
        return (self.members, self.users, self.state)


OUTAGE_SECONDS = 1.0
"""How long a cache that failed is not asked again, at first."""
READ_OUTAGE_SECONDS = 15.0
"""The longest such pause for readers, who can do without the cache: each attempt at a cache that
hangs costs their environment a second or two."""

DOWN = "The cache does not answer; nothing is lost, try again."


@dataclass(frozen=True)
class Script:
    """A Lua script, sent by its digest, and whole only where the server does not have it."""

    source: str

    @cached_property
    def digest(self) -> str:
        """The name that the server knows the script by."""
        return sha1(self.source.encode(), usedforsecurity=False).hexdigest()


def script(*names: str) -> Script:
    """The script of these files, one after the other: first those that define functions."""
    folder = Path(__file__).parent / "scripts"
    return Script("\n".join((folder / name).read_text(encoding="utf-8") for name in names))


@dataclass
class Outage:
    """Whether the cache failed a moment ago; `longest` is for how long it is then left alone.

    The pause grows while the cache stays silent. An error that the cache answers ends the silence:
    it may be about one key alone.
    """

    longest: float = OUTAGE_SECONDS
    pause: Pause = field(default_factory=Pause)

    @contextmanager
    def noticed(self) -> Iterator[None]:
        """Raise CacheUnavailable for a cache that does not answer or cannot do its work."""
        if time.monotonic() < self.pause.until:
            raise CacheUnavailable(DOWN)
        try:
            yield
        except (RedisError, RedisClusterException, OSError) as error:
            if isinstance(error, ResponseError):
                self.pause.end()
            self.pause.fail(time.monotonic(), first=OUTAGE_SECONDS, longest=self.longest)
            raise CacheUnavailable(DOWN) from error
        self.pause.end()


@dataclass(frozen=True)
class ValkeyConnection:
    """The cache at `endpoint` (`host:port`); with a name and a user, over TLS and IAM.

    A call waits `seconds` for an answer. After a call that failed, the next ones fail at once for a
    moment: a caller that can do without the cache does not wait for it every time.
    """

    endpoint: str
    name: str = ""
    user: str = ""
    seconds: float = 3.0
    outage: Outage = field(default_factory=Outage)

    @cached_property
    def client(self) -> Cluster:
        """The client, which connects with its first command."""
        host, _, port = self.endpoint.rpartition(":")
        secure: dict[str, Any] = {}
        if self.name:
            secure = {"ssl": True, "credential_provider": IamCredentials(self.name, self.user)}
        return Cluster(
            host=host,
            port=int(port),
            protocol=2,  # the newer one begins with a round trip more
            driver_info=None,  # saying which library this is would take two
            socket_timeout=self.seconds,
            socket_connect_timeout=1,
            **secure,
        )

    def run(self, script: Script, keys: Sequence[str], *values: str | bytes | int) -> Any:
        """Run a script with its keys declared; raises CacheUnavailable."""
        with self.outage.noticed():
            try:
                return self.client.execute_command(
                    "EVALSHA", script.digest, len(keys), *keys, *values
                )
            except NoScriptError:
                return self.client.execute_command("EVAL", script.source, len(keys), *keys, *values)

    def command(self, *words: str | bytes | int) -> Any:
        """The answer to one command with a key; raises CacheUnavailable."""
        with self.outage.noticed():
            return self.client.execute_command(*words)


class IamCredentials(CredentialProvider):
    """ElastiCache's IAM tokens for redis-py: a fresh one for every connection."""

    def __init__(self, cache_name: str, user: str) -> None:
        from developer_toolkit_elasticache import ElastiCacheIAMAuthTokenProvider

        self.tokens = ElastiCacheIAMAuthTokenProvider(
            user_id=user, serverless_cache_name=cache_name
        )

    def get_credentials(self) -> tuple[str, str]:
        """The user and a token that is valid now. Raises AuthenticationError without one."""
        try:
            return self.tokens.user_id, self.tokens.get_token()
        except Exception as error:  # without a token there is no way to the cache
            raise AuthenticationError("no token for the cache") from error
