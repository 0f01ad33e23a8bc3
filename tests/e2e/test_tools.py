"""The local stack's command line, as somebody in a shell meets it."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from local.service import ROOT
from tests.commands import command
from tests.e2e.service import Service
from tests.e2e.waiting import SECONDS, await_value
from tests.stack import Running, running

pytestmark = pytest.mark.e2e

LOCAL = [sys.executable, "-m", "local"]


def parents() -> dict[int, int]:
    """Every process that lives, with its parent; one that waits to be reaped does not."""
    listed = subprocess.run(
        ["ps", "-axo", "pid=,ppid=,stat="],  # noqa: S607
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [line.split() for line in listed.stdout.splitlines()]
    return {int(pid): int(parent) for pid, parent, state in lines if not state.startswith("Z")}


def parents_in(folder: Path) -> dict[int, int]:
    """The same where there is a /proc, and perhaps no ps."""
    found = {}
    for stat in folder.glob("[0-9]*/stat"):
        with suppress(OSError):
            # The name, in parentheses, may hold anything.
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
            if state != "Z":
                found[int(stat.parent.name)] = int(parent)
    return found


def living() -> dict[int, int]:
    folder = Path("/proc")
    return parents_in(folder) if (folder / "self").exists() else parents()


def descendants(pid: int) -> set[int]:
    """The processes that a process started, and those that they did, with itself."""
    found = {pid}
    while more := {child for child, parent in living().items() if parent in found} - found:
        found |= more
    return found


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_stopped_stack_leaves_no_process_no_port_and_no_folder() -> None:
    with running() as stack:
        started = descendants(stack.process.pid)
        ports = [
            int(urlsplit(stack.addresses["http"]).port or 0),
            int(stack.addresses["cache"].rpartition(":")[2]),
        ]
        folder = Path(stack.addresses["log"]).parent
        assert len(started) > 3
        assert all(map(listens, ports))
        assert folder.is_dir()
        stack.process.send_signal(signal.SIGTERM)
        stack.process.wait(SECONDS)
    await_value(lambda: not started & living().keys(), what="all its processes are gone")
    assert not any(map(listens, ports))
    assert not folder.exists()


def test_port_in_use_is_one_sentence_and_a_failure(stack: Running) -> None:
    port = urlsplit(stack.addresses["http"]).port
    answer = command("local", "up", "--json", "--port", str(port), seconds=SECONDS * 2)
    assert answer.returncode == 1
    assert answer.stdout == ""
    *progress, sentence = answer.stderr.splitlines()
    assert f"Port {port} is in use" in sentence
    assert all(line.startswith("[") for line in progress)


def test_board_in_a_pipe_is_plain_lines(stack: Running, service: Service, board: str) -> None:
    service.write(board, "ada", score=5, userName="<b>Ada</b> [red]")
    service.await_score(board, "ada", 5)
    with subprocess.Popen(
        [*LOCAL, "watch", board, "--url", stack.addresses["socket"]],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    ) as watching:
        assert watching.stdout is not None
        try:
            first = watching.stdout.readline()
            service.write(board, "ada", score=6)
            second = watching.stdout.readline()
        finally:
            watching.send_signal(signal.SIGTERM)
    for line, score in ((first, 5), (second, 6)):
        assert line.endswith(f"1. <b>Ada</b> [red] {score}\n")
        assert line[:-1].isprintable(), "no escapes for a terminal"
        assert board in line
