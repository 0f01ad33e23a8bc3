"""The cluster's client, with a short way to the node that holds a key.

The library works out anew for each command what kind it is, which keys and which slot it has, and
counts and tests each connection that it lends: that takes as long as the call itself. What is asked
most goes straight to the node instead, over a connection that is kept; whatever does not end well
there goes the library's way, which follows redirections and learns anew who holds what.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from redis import exceptions
from redis.cluster import RedisCluster

KEY_AT = {"EVALSHA": 3, "GET": 1}
"""What takes the short way, and which of its words is a key."""

ELSEWHERE = (
    exceptions.AskError,  # and MovedError, which is one
    exceptions.ClusterDownError,
    exceptions.ConnectionError,
    exceptions.SlotNotCoveredError,
    exceptions.TryAgainError,
)
"""What says that the node is not, or not alone, who answers for the key."""


class Cluster(RedisCluster):
    is_doubted = False
    """Whether a node did not answer in time, so that it may be gone for good."""

    def __init__(self, **options: Any) -> None:
        self.idle: dict[str, list[Any]] = defaultdict(list)
        """Connections to each node, lent by the library's pool, that nobody uses at the moment."""
        super().__init__(**options)

    def execute_command(self, *words: Any, **options: Any) -> Any:
        key_at = KEY_AT.get(words[0])
        if key_at is None or options or self.is_doubted:
            self.is_doubted = False
            return super().execute_command(*words, **options)  # type: ignore[no-untyped-call]
        try:
            return self._ask_node(words[key_at], words)
        except ELSEWHERE:
            return super().execute_command(*words)  # type: ignore[no-untyped-call]
        except exceptions.TimeoutError:
            # Whoever waited as long as that does not wait again.
            self.is_doubted = True
            raise

    def _ask_node(self, key: str, words: tuple[Any, ...]) -> Any:
        node: Any = self.get_node_from_key(key)  # type: ignore[no-untyped-call]
        idle = self.idle[node.name]
        pool = self.get_redis_connection(node).connection_pool
        # One that the server has closed meanwhile says so when it is used.
        connection = idle.pop() if idle else pool.get_connection()
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
