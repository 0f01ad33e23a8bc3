"""The local stack's command line, as somebody in a shell meets it."""

from __future__ import annotations

import signal
import subprocess
import sys
from urllib.parse import urlsplit

import pytest

from local.service import ROOT
from tests.commands import command
from tests.e2e.service import Service
from tests.e2e.waiting import SECONDS
from tests.stack import Running

pytestmark = pytest.mark.e2e

LOCAL = [sys.executable, "-m", "local"]


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
