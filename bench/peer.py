"""The package `leaderboard` from PyPI, asked the same questions on the same server.

It lives in an environment of its own under .build/, in a process of its own. It speaks no cluster,
but a node that has every slot answers it like any server; its keys share a hash tag, because it
sends some of its commands as one transaction.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import redis

from bench.board import Chunks, score_of

ROOT = Path(__file__).parent.parent
ENVIRONMENT = ROOT / ".build" / "bench-peer"
PINS = Path(__file__).with_name("peer.txt")
WORKER = Path(__file__).with_name("peer_worker.py")
NAME = "{peer}"

KINDS = {
    "as it installs": ("leaderboard.leaderboard:Leaderboard", "PythonParser"),
    "with hiredis": ("leaderboard.leaderboard:Leaderboard", "HiredisParser"),
    "for places": (
        "leaderboard.competition_ranking_leaderboard:CompetitionRankingLeaderboard",
        "PythonParser",
    ),
}
"""Its class and its client's parser: it has a class for ranks, and one for places instead."""


def install(report: Callable[[str], None]) -> bool:
    """Make the environment, once; whether it is there."""
    ready = ENVIRONMENT / "ready"
    pins = PINS.read_text(encoding="utf-8")
    if ready.exists() and ready.read_text(encoding="utf-8") == pins:
        return True
    report("installing the package leaderboard into .build/bench-peer")
    python = ENVIRONMENT / "bin" / "python"
    try:
        run(sys.executable, "-m", "venv", "--clear", str(ENVIRONMENT))
        run(python, "-m", "pip", "install", "-qq", "--disable-pip-version-check", "-r", PINS)
    except subprocess.CalledProcessError as error:
        report(f"without the package leaderboard, which could not be installed:\n{error.stderr}")
        return False
    ready.write_text(pins, encoding="utf-8")
    return True


def run(*command: str | Path) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)


def load(endpoint: str, chunks: Chunks) -> None:
    """Lay out a board as the package does: a sorted set of users, a hash of what they are called.

    Its own way would take 0.2 ms a member.
    """
    host, _, port = endpoint.rpartition(":")
    with redis.Redis(host=host, port=int(port)) as client:
        for chunk in chunks:
            scores: dict[Any, Any] = {}
            names: dict[Any, Any] = {}
            for record in sorted(chunk, key=lambda it: score_of(it).user_score):
                scores[record.user_id] = score_of(record).user_score
                names[record.user_id] = score_of(record).user_name
            pipeline = client.pipeline(transaction=False)
            pipeline.zadd(NAME, scores)
            pipeline.hset(f"{NAME}:member_data", mapping=names)
            pipeline.execute()


class Peer:
    """The package, in its own process."""

    def __init__(self, endpoint: str, kind: str) -> None:
        port = endpoint.rpartition(":")[2]
        self._process = subprocess.Popen(
            [ENVIRONMENT / "bin" / "python", "-I", WORKER, port, NAME, *KINDS[kind]],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def ask(self, what: str, arguments: Sequence[Any]) -> tuple[list[float], Sequence[str]]:
        """How long a question took there with each argument, and who came at last."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"ask": what, "with": arguments}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        return answer["seconds"], answer["members"]

    def stop(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=10)


@contextmanager
def asking(endpoint: str, kind: str) -> Iterator[Peer]:
    peer = Peer(endpoint, kind)
    try:
        yield peer
    finally:
        peer.stop()
