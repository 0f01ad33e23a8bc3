"""Posting: frames to many connections, on loopback, by the service and by other clients."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.table import Table

from bench import figures
from bench.posters import names
from bench.reach import PAGE
from local.service import ROOT, ToolFailed

BUILD = ROOT / ".build"
AIOBOTOCORE = "aiobotocore==3.10.0"
KEY = {
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "x" * 40,
    "AWS_SESSION_TOKEN": "t" * 800,
}
TARGET_RATIO = 30
TARGET_SECONDS = 1.0
TARGET_BYTES = 120 * 1024 * 1024
LATENCY_MS = 15
HANDLES = 256
ROUNDS, SMALL_ROUNDS = 5, 1
LINES = {
    "service": f"this service (pycurl, {HANDLES} handles)",
    "boto3": "boto3, 32 threads",
    "aiobotocore": "aiobotocore, 64 at a time",
    "floor": "bare epoll, 64 sockets, unsigned",
}

Round = dict[str, dict[str, float]]
"""What each client measured."""


def run(*, small: bool, report: Callable[[str], None]) -> list[Table]:
    report("building the sink")
    sink = build_sink()
    report("preparing aiobotocore")
    other = aiobotocore_environment()
    with TemporaryDirectory() as folder:
        certificate, key = certify(Path(folder))
        settings: dict[str, tuple[int, Path | None, Path | None]] = {
            "TLS": (0, certificate, key),
            f"TLS, {LATENCY_MS} ms": (LATENCY_MS, certificate, key),
        }
        if not small:
            settings = {"plain": (0, None, None), **settings}
        tables = []
        for title, (latency, its_certificate, its_key) in settings.items():
            rounds: list[Round] = []
            for number in range(1, (SMALL_ROUNDS if small else ROUNDS) + 1):
                report(f"{title}: round {number}")
                rounds.append({})
                for client in LINES:  # in turn, so that what else the machine does meets all alike
                    count = 20_000 if client in {"service", "floor"} else 1_000
                    if small:
                        count //= 2
                    with listening(sink, latency, its_certificate, its_key) as url:
                        python = other if client == "aiobotocore" else sys.executable
                        asked = (client, url, str(its_certificate or ""), HANDLES, count)
                        rounds[-1][client] = worker(python, "bench.posters", *asked)
            tables.append(posting_table(title, rounds, latency))
        counts = (1_000, 10_000) if small else (1_000, 10_000, 100_000)
        reached = {}
        with listening(sink, LATENCY_MS, certificate, key) as url, audiences() as table:
            for count in counts:
                report(f"from a board's change to {count:,} viewers")
                reached[count] = worker(
                    sys.executable, "bench.reach", url, str(certificate), table, count
                )
        tables.append(reach_table(reached))
    return tables


def worker(python: str | Path, module: str, *arguments: object) -> dict[str, float]:
    ran = subprocess.run(
        [str(python), "-m", module, *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, **KEY},
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        raise ToolFailed(f"{module} failed:\n{ran.stderr[-2000:]}")
    answer: dict[str, float] = json.loads(ran.stdout)
    return answer


def build_sink() -> Path:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise ToolFailed("The sink is written in C: install a compiler, and OpenSSL's headers.")
    BUILD.mkdir(exist_ok=True)
    program = BUILD / "sink"
    built = subprocess.run(
        [
            compiler,
            "-O2",
            "-D_GNU_SOURCE",
            "-o",
            program,
            ROOT / "bench" / "sink.c",
            "-lssl",
            "-lcrypto",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    if built.returncode:
        raise ToolFailed(f"The sink does not build:\n{built.stderr[-2000:]}")
    return program


def aiobotocore_environment() -> Path:
    """Its own: it pins another botocore than the service's."""
    folder = BUILD / "aiobotocore"
    python = folder / "bin" / "python"
    ready = folder / AIOBOTOCORE
    if not ready.exists():
        commands: list[list[str | Path]] = [
            [sys.executable, "-m", "venv", "--clear", folder],
            [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", AIOBOTOCORE],
        ]
        for command in commands:
            made = subprocess.run(command, capture_output=True, text=True, check=False)
            if made.returncode:
                raise ToolFailed(f"{AIOBOTOCORE} cannot be installed:\n{made.stderr[-2000:]}")
        ready.touch()
    return python


def certify(folder: Path) -> tuple[Path, Path]:
    from tests.integration.sink import certified

    with certified(folder):
        return folder / "sink.pem", folder / "sink.key"


@contextmanager
def listening(
    program: Path, latency_ms: int, certificate: Path | None, key: Path | None
) -> Iterator[str]:
    tls = [certificate, key] if certificate and key else []
    cores = sorted(os.sched_getaffinity(0))
    process = subprocess.Popen(
        [program, str(latency_ms), *tls],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin
    assert process.stdout
    try:
        os.sched_setaffinity(process.pid, {cores[-1]})  # the posters have the first
        port = int(process.stdout.readline())
        yield f"{'https' if tls else 'http'}://127.0.0.1:{port}/prod"
    finally:
        process.stdin.close()
        process.wait()
        process.stdout.close()


@contextmanager
def audiences() -> Iterator[str]:
    """A double of the table: pages of connections, as DynamoDB's Query answers them.

    `viewers-1000` has so many rows; a page is what was asked for.
    """

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            query: dict[str, Any] = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            rows = int(query["TableName"].partition("-")[2])
            start = int(query.get("ExclusiveStartKey", {}).get("at", {}).get("N", "0"))
            body = page(rows, start, min(start + query["Limit"], rows))
            self.send_response(200)
            self.send_header("Content-Type", "application/x-amz-json-1.0")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_arguments: Any) -> None:
            return

    pages: dict[tuple[int, int], bytes] = {}
    everybody = names(100_000)

    def page(rows: int, start: int, end: int) -> bytes:
        if (rows, start) not in pages:
            items = [{"connectionId": {"S": name}} for name in everybody[start:end]]
            answer: dict[str, Any] = {"Items": items, "Count": len(items)}
            if end < rows:
                answer["LastEvaluatedKey"] = {"at": {"N": str(end)}}
            pages[rows, start] = json.dumps(answer).encode()
        return pages[rows, start]

    for rows in (1_000, 10_000, 100_000):
        for start in range(0, rows, PAGE):
            page(rows, start, min(start + PAGE, rows))
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def posting_table(title: str, rounds: Sequence[Round], latency_ms: int) -> Table:
    def rate(client: str, measured: Round) -> float:
        return measured[client]["posts"] / measured[client]["seconds"]

    def against_boto3(client: str) -> list[float]:
        return [rate(client, it) / rate("boto3", it) for it in rounds]

    captions = [f"Rounds: {len(rounds)}; medians. Each client has a process of its own."]
    theirs = figures.median([rate("boto3", it) for it in rounds])
    most = HANDLES / latency_ms * 1000 if latency_ms else math.inf
    if most >= TARGET_RATIO * theirs:
        expected = f"Expected: at least {TARGET_RATIO} {figures.TIMES} boto3's posts a second"
        is_met = figures.median(against_boto3("service")) >= TARGET_RATIO
        captions.append(figures.judged(expected, met=is_met))
    else:
        ratio = figures.times(most / theirs)
        captions.append(f"{HANDLES} at a time are at most {most:,.0f} a second, {ratio} boto3's.")
    made = figures.table(
        f"Posting 1 KB to each of many connections: {title}",
        "one core",
        "posts/s",
        "against boto3",
        "least",
        "most",
        "CPU µs a post",
        caption=captions,
    )
    for client, line in LINES.items():
        ratios = against_boto3(client)
        cpu = [it[client]["cpu"] / it[client]["posts"] for it in rounds]
        made.add_row(
            line,
            f"{figures.median([rate(client, it) for it in rounds]):,.0f}",
            figures.times(figures.median(ratios)),
            figures.times(min(ratios)),
            figures.times(max(ratios)),
            f"{figures.median(cpu) * 1e6:.0f}",
        )
    return made


def reach_table(reached: dict[int, dict[str, float]]) -> Table:
    captions = [
        figures.judged(
            f"Expected: 10,000 within {TARGET_SECONDS:.0f} s",
            met=reached[10_000]["seconds"] <= TARGET_SECONDS,
        )
    ]
    if 100_000 in reached:
        met = reached[100_000]["memory"] < TARGET_BYTES
        captions.append(figures.judged("Expected at 100,000: under 120 MB", met=met))
    made = figures.table(
        f"From a board's change to its viewers: list, encode, post; TLS, {LATENCY_MS} ms",
        "viewers",
        "seconds",
        "of CPU",
        "MB at most",
        caption=captions,
    )
    for count, it in reached.items():
        made.add_row(
            f"{count:,}",
            f"{it['seconds']:.2f}",
            f"{it['cpu']:.2f}",
            f"{it['memory'] / 1024 / 1024:.0f}",
        )
    return made
