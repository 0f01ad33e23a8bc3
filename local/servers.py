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

from local.cache import LOOPBACK, CacheServer

START_SECONDS = 30.0


class ServerFailed(Exception):
    """A server did not start; the text is for people."""


def await_condition(condition: Callable[[], bool], *, what: str) -> None:
    """Asks until the condition holds; `what` says how it failed when the time is over."""
    deadline = time.monotonic() + START_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            message = f"{what} within {START_SECONDS:.0f} seconds."
            raise ServerFailed(message)
        time.sleep(0.02)


class Emulator:
    """ministack behind its guard, on loopback alone; what it writes is in the stack's folder."""

    def __init__(self, folder: Path, *, port: int, region: str) -> None:
        """Port 0 is any free one. It is held from here on: the emulator gets the open socket."""
        try:
            listening = socket.create_server((LOOPBACK, port))
        except OSError as error:
            message = f"Port {port} is in use; choose another with --port, or leave it out."
            raise ServerFailed(message) from error
        port = listening.getsockname()[1]
        self.endpoint = f"http://{LOOPBACK}:{port}"
        self._log = folder / "emulator.log"
        temporary = folder / "temporary"
        temporary.mkdir()
        environment = os.environ | {
            "LISTENING_SOCKET": str(listening.fileno()),
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
        with listening, self._log.open("wb") as log:
            # A session of its own, so that its Lambda workers can be stopped together with it.
            self._process = subprocess.Popen(
                [sys.executable, "-m", "local.emulator"],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=[listening.fileno()],
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
    running: list[CacheServer | Emulator] = []
    try:
        emulator = Emulator(folder, port=port, region=region)
        running.append(emulator)
        # Not before its port is certain: the owner begins to copy the service into the folder.
        say({"folder": str(folder)})
        cache = CacheServer(folder / "cache")
        running.append(cache)
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
