"""A real Valkey for the tests, shown as ElastiCache Serverless shows it: a cluster, of one node."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import redis

from leaderboard.adapters.valkey.cache import ValkeyCache
from local.cache import LOOPBACK, started

START_SECONDS = 30.0


class Valkey:
    """One server with every slot, or none. A node waits two seconds before it takes writes."""

    def __init__(self, folder: Path, *, slots: bool = True, announced_port: int = 0) -> None:
        # Who gives its last slot away stays.
        config = {"cluster-allow-replica-migration": "no", "save": ""}
        # Where clients of the cluster are sent to, if not straight here.
        config["cluster-announce-port"] = str(announced_port)
        self._server = started(folder, config)
        self.endpoint = f"{LOOPBACK}:{self._server.port}"
        self.client: Any = self.connect()
        if not slots:
            return
        self.client.execute_command("CLUSTER ADDSLOTSRANGE", 0, 16383)
        deadline = time.monotonic() + START_SECONDS
        while self.client.execute_command("CLUSTER INFO")["cluster_state"] != "ok":
            assert time.monotonic() < deadline, "Valkey takes no writes"
            time.sleep(0.02)

    def connect(self, *, decode_responses: bool = True, **credentials: Any) -> Any:
        """A client of the node itself, which follows no redirection."""
        return redis.Redis(
            host=LOOPBACK,
            port=self._server.port,
            decode_responses=decode_responses,
            **credentials,
        )

    def cache(self) -> ValkeyCache:
        """The adapter as the local stack makes it."""
        return ValkeyCache(self.endpoint)

    def snapshot(self) -> dict[str, bytes]:
        """Everything in it, to be put back by `restore`."""
        raw: Any = redis.Redis(host=LOOPBACK, port=self._server.port)
        with raw:
            return {key.decode(): raw.dump(key) for key in sorted(raw.keys())}

    def restore(self, snapshot: dict[str, bytes]) -> None:
        """What a failover to a replica that lags behind does: all is as it was at the snapshot."""
        self.client.flushall()
        raw: Any = redis.Redis(host=LOOPBACK, port=self._server.port)
        with raw:
            for key, value in snapshot.items():
                raw.restore(key, 0, value)

    def stop(self) -> None:
        self.client.close()
        self._server.stop(timeout=5.0)
