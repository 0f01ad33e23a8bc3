"""The connection to the cache: how scripts and commands get there, and what a failure means."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha1
from pathlib import Path
from threading import Lock
from typing import Any

from redis import Redis, exceptions
from redis.backoff import NoBackoff
from redis.cluster import RedisCluster
from redis.credentials import CredentialProvider
from redis.exceptions import (
    AuthenticationError,
    NoScriptError,
    RedisClusterException,
    RedisError,
    ResponseError,
)
from redis.retry import Retry

from leaderboard.errors import CacheUnavailable
from leaderboard.retries import Pause

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


# The cluster's client

KEY_AT = {"EVALSHA": 3, "EVAL": 3}
"""Which word of a command is its key, where that is not the first behind the name."""

ENDPOINT = ""
"""The name of the node that the endpoint leads to, as long as no other is known."""

ELSEWHERE = (
    exceptions.AskError,  # and MovedError, which is one
    exceptions.ClusterDownError,
    exceptions.ConnectionError,
    exceptions.SlotNotCoveredError,
    exceptions.TryAgainError,
)
"""Errors that say that another node answers for the key, or that this one is gone."""


class Cluster:
    """The client of one cluster, with a short way to the node that holds a key.

    The library asks a new cluster for its nodes and for its table of commands, over connections
    that it does not keep. Later it works out for each command what kind it is, which keys and which
    slot it has, and that takes as long as the call itself. So every call goes straight to a node,
    over a connection that is kept: first to the endpoint, which in ElastiCache Serverless answers
    for all keys. What fails there goes the library's way: it follows redirections and learns which
    node holds which slot, and its map is then used here as well. A node that does not answer in
    time is waited for once, where the library would wait again.

    Saves 31 % of the time of a read of ten entries (225 µs instead of 324) and 49 % of the
    processor's time of a recorded top (90 µs instead of 176). Of a whole request it is 12 %, of a
    first answer 6 %. Measured with the questions of `python -m bench ranking`, alternated, November
    2026.

    The options are those of the library, for every connection.
    """

    def __init__(self, **options: Any) -> None:
        self.options = options
        self.endpoint = Redis(**options, retry=Retry(NoBackoff(), 0)).connection_pool
        self.idle: dict[str, list[Any]] = defaultdict(list)
        """Connections to each node, lent by its pool, that nobody uses now."""
        self.is_doubted = False
        """Whether a node did not answer in time: it may be gone, so the library asks next."""
        self._library: RedisCluster | None = None
        self._making = Lock()

    @property
    def library(self) -> Any:
        """The library's client, made when it is first needed: it asks the cluster for its nodes."""
        with self._making:
            if self._library is None:
                # One retry, at once: it mends a connection that the server closed.
                self._library = RedisCluster(**self.options, retry=Retry(NoBackoff(), 1))
                self.endpoint.disconnect(inuse_connections=False)
            return self._library

    def execute_command(self, *words: Any) -> Any:
        """The answer to a command with a key, as the server gives it."""
        if self.is_doubted:
            self.is_doubted = False
            return self.library.execute_command(*words)
        try:
            return self._ask_node(words[KEY_AT.get(words[0], 1)], words)
        except ELSEWHERE:
            return self.library.execute_command(*words)
        except exceptions.TimeoutError:
            # A caller that waited as long as that does not wait again.
            self.is_doubted = True
            raise

    def close(self) -> None:
        """Close all connections."""
        for connections in self.idle.values():
            while connections:
                connections.pop().disconnect()
        self.endpoint.disconnect()
        if self._library is not None:
            self._library.close()

    def _ask_node(self, key: str, words: tuple[Any, ...]) -> Any:
        name, pool = self._node(key)
        idle = self.idle[name]
        while True:
            try:
                connection = idle.pop()
            except IndexError:
                return _ask(pool, idle, pool.get_connection(), words)
            try:
                return _ask(pool, idle, connection, words)
            except exceptions.ConnectionError:
                continue  # the server has closed it meanwhile

    def _node(self, key: str) -> tuple[str, Any]:
        if self._library is None:
            return ENDPOINT, self.endpoint
        node: Any = self._library.get_node_from_key(key)
        return node.name, self._library.get_redis_connection(node).connection_pool


def _ask(pool: Any, idle: list[Any], connection: Any, words: tuple[Any, ...]) -> Any:
    try:
        connection.send_command(*words)
        answer = connection.read_response()
    except exceptions.ResponseError:  # an answer, too
        idle.append(connection)
        raise
    except BaseException:
        connection.disconnect()
        pool.release(connection)
        raise
    idle.append(connection)
    return answer
