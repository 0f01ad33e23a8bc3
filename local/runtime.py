"""Lambda's runtime, for a packaged archive: each execution environment is a clean process.

AWS's own client of the runtime (awslambdaric) imports the handler there, as it does in Lambda, and
asks this end of the Runtime API for events.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Empty, Queue
from threading import Thread
from typing import Any

from local import stack
from local.service import ROOT, environment

PYTHON = "python3.13"
"""The interpreter of the functions, as serverless.yml names the runtime."""
REQUIREMENTS = ROOT / "local" / "runtime.txt"

NEXT, RESPONSE = "next", "response"
SECONDS = 240.0
"""How long an environment may take for a step, on a machine that is busy."""

Json = dict[str, Any]


FIRST = {
    "authorizer": "authorize",
    "board_stream": "board-stream",
    "boards": "get-top",
    "fanout": "fanout",
    "history_stream": "history-stream",
    "moderation": "get-standing",
    "rebuild": "rebuild",
    "score_stream": "score-stream",
    "scores": "post-ticket",
    "seasons": "seasons",
    "subscriber": "connect",
    "upkeep": "upkeep",
    "verify": "verify",
}
"""The file in tests/events with an event that each function gets."""


class RuntimeFailed(Exception):
    """An environment did not start, or its handler failed; the text is for people."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What a step took: seconds by the clock on the wall, and of the processor."""

    wall: float
    processor: float


@dataclass(frozen=True, slots=True)
class Runtime:
    """The interpreter, and the folder with AWS's client of the runtime."""

    python: str
    client: Path


def missing() -> str:
    """Why this machine cannot run what is packaged; empty if it can."""
    if sys.platform != "linux":
        return "what is packaged runs on Linux"
    try:
        _python()
    except RuntimeFailed as failure:
        return str(failure)
    return ""


def architecture() -> str:
    """This machine's processor, as serverless.yml names it."""
    return "arm64" if os.uname().machine in {"aarch64", "arm64"} else "x86_64"


def install(folder: Path) -> Runtime:
    """Fetch AWS's client of the runtime into a folder."""
    python = _python()
    pip = [python, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-deps"]
    done = subprocess.run(
        [*pip, "--only-binary=:all:", "--target", str(folder), "-r", str(REQUIREMENTS)],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeFailed(f"awslambdaric cannot be installed.\n{done.stderr.strip()}")
    return Runtime(python, folder)


def _python() -> str:
    """Where the interpreter is, past what chooses among several; raises RuntimeFailed."""
    path = environment()["PATH"]
    if shutil.which(PYTHON, path=path) is None:
        raise RuntimeFailed(f"there is no {PYTHON} on the PATH")
    found = subprocess.run(
        [PYTHON, "-c", "import sys; print(sys.executable)"],
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if found.returncode:
        raise RuntimeFailed(f"{PYTHON} does not run: {found.stderr.strip()}")
    return found.stdout.strip()


def first_event(function: str) -> Json:
    event: Json = json.loads((ROOT / "tests" / "events" / f"{FIRST[function]}.json").read_text())
    return event


def variables_of(function: str, *, endpoint: str, cache: str) -> dict[str, str]:
    """The variables that a function has in the local stack."""
    import boto3

    client: Any = boto3.client(
        "lambda",
        endpoint_url=endpoint,
        region_name=stack.REGION,
        aws_access_key_id=stack.ACCESS_KEY_ID,
        aws_secret_access_key=stack.SECRET_ACCESS_KEY,
    )
    deployed = client.get_function_configuration(FunctionName=f"{stack.STACK_NAME}-{function}")
    own: dict[str, str] = deployed["Environment"]["Variables"]
    return own | stack.variables(endpoint, cache) | {"LOG_FILE": ""}


class _Api(ThreadingHTTPServer):
    """The Runtime API of one environment."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.heard: Queue[tuple[str, bytes]] = Queue()
        self.events: Queue[bytes] = Queue()

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):  # an environment that was ended
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Api
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """The next event: the environment waits for it."""
        self.server.heard.put((NEXT, b""))
        event = self.server.events.get()
        self.send_response(200)
        self.send_header("Lambda-Runtime-Aws-Request-Id", "11111111-2222-3333-4444-555555555555")
        self.send_header("Lambda-Runtime-Deadline-Ms", str(round(1000 * (time.time() + SECONDS))))
        arn = "arn:aws:lambda:us-east-1:123456789012:function:function"
        self.send_header("Lambda-Runtime-Invoked-Function-Arn", arn)
        self._end(event)

    def do_POST(self) -> None:
        """An answer or an error, of an event or of the start."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(202)
        self._end(b"{}")
        self.server.heard.put((self.path.rpartition("/")[2], body))

    def _end(self, body: bytes) -> None:
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing: the environment's own log says what happened."""


class Environment:
    """An environment that has imported its handler; `start` is what that took."""

    def __init__(self, api: _Api, process: subprocess.Popen[bytes], log: Path) -> None:
        began = time.monotonic()
        self._api, self._process, self._log = api, process, log
        self._await(NEXT)
        self._waits = True
        self.start = Spent(time.monotonic() - began, self._processor())

    def invoke(self, event: Json) -> tuple[Any, Spent]:
        """What the handler answers, and what that took; raises RuntimeFailed."""
        if not self._waits:
            self._await(NEXT)
        self._waits = False
        began, used = time.monotonic(), self._processor()
        self._api.events.put(json.dumps(event).encode())
        body = self._await(RESPONSE)
        return json.loads(body), Spent(time.monotonic() - began, self._processor() - used)

    def _await(self, expected: str) -> bytes:
        deadline = time.monotonic() + SECONDS
        while True:
            try:
                heard, body = self._api.heard.get(timeout=0.5)
            except Empty:
                ended = self._process.poll()
                if ended is None and time.monotonic() < deadline:
                    continue
                reason = "no answer in time" if ended is None else f"ended with {ended}"
                raise RuntimeFailed(f"{reason}\n{self._log.read_text()}") from None
            if heard != expected:
                raise RuntimeFailed(f"{heard}: {body.decode()}\n{self._log.read_text()}")
            return body

    def _processor(self) -> float:
        """Seconds of the processor so far, in hundredths."""
        of = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(of[11]) + int(of[12])) / os.sysconf("SC_CLK_TCK")


@contextmanager
def started(
    runtime: Runtime, task: Path, handler: str, variables: Mapping[str, str], *, log: Path
) -> Iterator[Environment]:
    """An environment of a handler, with Lambda's variables and those of its function."""
    api = _Api()
    Thread(target=api.serve_forever, daemon=True).start()
    with log.open("wb") as output:
        # -S: what is shipped and nothing that this machine has.
        process = subprocess.Popen(
            [runtime.python, "-S", "-m", "awslambdaric", handler],
            cwd=task,
            env=_lambda(runtime, task, handler, api.server_address[1]) | dict(variables),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield Environment(api, process, log)
    finally:
        process.kill()
        process.wait()
        api.shutdown()
        api.server_close()


def _lambda(runtime: Runtime, task: Path, handler: str, port: int) -> dict[str, str]:
    """The variables that Lambda itself sets."""
    return {
        "_HANDLER": handler,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{PYTHON}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "1024",
        "AWS_LAMBDA_FUNCTION_NAME": "function",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/function",
        "AWS_LAMBDA_LOG_STREAM_NAME": "stream",
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{port}",
        "LAMBDA_RUNTIME_DIR": str(runtime.client),
        "LAMBDA_TASK_ROOT": str(task),
        "LANG": "en_US.UTF-8",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "PYTHONPATH": str(runtime.client),
        "TZ": ":UTC",
        # As in Lambda, where the folder is read-only.
        "PYTHONDONTWRITEBYTECODE": "1",
    }
