"""`python -m local up`: what it prints, where it listens, and that nothing of it stays."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import urllib3

from local.announcement import FILE
from local.cache import free_ports
from local.service import ROOT, TOOL, environment
from local.stack import variables
from tests.commands import command
from tests.processes import descendants, living
from tests.stack import NotReady, Running, running

pytestmark = pytest.mark.e2e

PROMISED = {
    "http",
    "socket",
    "userPoolId",
    "webClientId",
    "machineClientId",
    "machineClientSecret",
    "moderatorClientId",
    "moderatorClientSecret",
    "cognito",
    "cache",
    "region",
    "accessKeyId",
    "secretAccessKey",
    "scoresTable",
    "boardsTable",
    "connectionsTable",
    "submissionsTable",
    "historyTable",
    "page",
}
WAIT_SECONDS = 60.0


def eventually(condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + WAIT_SECONDS
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def answers(url: str) -> bool:
    try:
        return urllib3.request("GET", url, retries=False, timeout=5).status == 200
    except urllib3.exceptions.HTTPError:
        return False


def is_gone(stack: Running) -> bool:
    """No port answers, the folder is gone, and it is announced no more."""
    return not (
        answers(f"{stack.addresses['http']}/boards")
        or answers(f"http://{stack.addresses['cache']}")
        or answers(stack.addresses["page"])
        or Path(stack.addresses["log"]).parent.exists()
        or (FILE.exists() and stack.addresses["socket"] in FILE.read_text())
    )


def local(*arguments: str, seconds: float = WAIT_SECONDS) -> subprocess.CompletedProcess[str]:
    return command("local", *arguments, seconds=seconds)


def test_addresses_come_in_one_line_once_all_is_ready(stack: Running) -> None:
    assert set(stack.addresses) >= PROMISED
    assert all(stack.addresses[name] for name in PROMISED)
    assert answers(f"{stack.addresses['http']}/boards")
    assert answers(stack.addresses["page"])


def test_everything_is_on_loopback(stack: Running) -> None:
    for name in ("http", "socket", "cognito", "page"):
        assert urlsplit(stack.addresses[name]).hostname == "127.0.0.1"
    assert stack.addresses["cache"].startswith("127.0.0.1:")


@pytest.mark.parametrize(("option", "used"), [("--port", "http"), ("--page-port", "page")])
def test_port_in_use_is_said_in_one_sentence(stack: Running, option: str, used: str) -> None:
    port = urlsplit(stack.addresses[used]).port
    with pytest.raises(NotReady) as failure, running(option, str(port)):
        pass
    assert f"Port {port} is in use" in str(failure.value)
    assert "Traceback" not in str(failure.value)


def test_each_end_leaves_nothing_and_addresses_stay_at_one_port(stack: Running) -> None:
    """Three starts at one port, with pages of other origins, beside another stack."""
    pages = ["http://localhost:4321", "http://192.168.1.5:3000"]
    port = free_ports()[0]
    options = ["--port", str(port), *(it for page in pages for it in ("--origin", page))]
    seen = set()
    for end in (signal.SIGTERM, signal.SIGINT, signal.SIGKILL):
        with running(*options) as other:
            seen.add((other.addresses["http"], other.addresses["socket"]))
            assert_allowed(other, *pages)
            started = descendants(other.process.pid)
            assert len(started) > 3
            assert not is_gone(other)
            other.process.send_signal(end)
            other.process.wait(WAIT_SECONDS)
            assert eventually(lambda other=other: is_gone(other)), end  # type: ignore[misc]
            assert eventually(lambda ended=started: not ended & living().keys()), end  # type: ignore[misc]
        assert answers(f"{stack.addresses['http']}/boards"), end
    assert len(seen) == 1
    assert (stack.addresses["http"], stack.addresses["socket"]) not in seen


def assert_allowed(stack: Running, *pages: str) -> None:
    """These origins, and no other."""
    boards = f"{stack.addresses['http']}/boards"
    for page, allowed in [*((it, it) for it in pages), ("http://localhost:4322", None)]:
        answer = urllib3.request("GET", boards, headers={"origin": page})
        assert answer.status == 200
        assert answer.headers.get("access-control-allow-origin") == allowed


def test_kill_in_the_middle_of_the_start_leaves_nothing(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "local", "up", "--json"],
        cwd=ROOT,
        env=os.environ | {"TMPDIR": str(tmp_path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if "deploying" in line:
                break
        process.send_signal(signal.SIGTERM)
        assert process.wait(WAIT_SECONDS) == 130
    assert eventually(lambda: not list(tmp_path.glob("leaderboard-*")))


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("up", "--players", "-1"), "0 to 200 players"),
        (("up", "--port", "70000"), "a port is 0 to 65535"),
        (("up", "--origin", "http://localhost:3000/"), "no origin: scheme, host and port alone"),
        (("up", "--origin", "localhost:3000"), "no origin"),
        (("watch", "global", "--bord"), "unrecognized arguments"),
        ((), "required"),
    ],
)
def test_wrong_arguments_are_refused_with_the_reason(
    arguments: tuple[str, ...], complaint: str
) -> None:
    answer = local(*arguments)
    assert answer.returncode == 2
    assert complaint in answer.stderr


def test_watching_an_unknown_board_ends_with_one_sentence(stack: Running) -> None:
    answer = local("watch", "nosuchboard", "--url", stack.addresses["socket"])
    assert answer.returncode == 1
    assert answer.stderr == "There is no board 'nosuchboard'.\n"


def test_watching_ends_quietly_with_the_reader_of_its_pipe(stack: Running) -> None:
    """`watch BOARD | head -1`: on a board where nothing happens it ends at once, too."""
    with subprocess.Popen(
        [sys.executable, "-m", "local", "watch", "fastest-lap", "--url", stack.addresses["socket"]],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as watching:
        assert watching.stdout is not None
        assert watching.stderr is not None
        try:
            assert watching.stdout.readline().startswith("fastest-lap all v")
            watching.stdout.close()
            assert watching.wait(WAIT_SECONDS) == 0
            assert watching.stderr.read() == ""
        finally:
            watching.kill()


@pytest.mark.parametrize("arguments", [(), ("up",), ("watch",)])
def test_help_is_everywhere(arguments: tuple[str, ...]) -> None:
    answer = local(*arguments, "--help")
    assert answer.returncode == 0
    assert answer.stdout.startswith("usage: python -m local")


@pytest.mark.parametrize(
    ("function", "payload", "key"),
    [("boards", "get-top", "statusCode"), ("score_stream", "score-stream", "batchItemFailures")],
)
def test_functions_can_be_invoked_from_the_working_tree(
    stack: Running, function: str, payload: str, key: str
) -> None:
    answer = subprocess.run(
        [
            TOOL,
            "invoke",
            "local",
            "-f",
            function,
            "-p",
            f"tests/events/{payload}.json",
            "--stage",
            "local",
        ],
        cwd=ROOT,
        env=environment()
        | variables(stack.addresses["cognito"], stack.addresses["cache"])
        | {"VIRTUAL_ENV": sys.prefix},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=WAIT_SECONDS * 2,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    # Osls prints the result last, after what the function logged.
    result = json.loads(answer.stdout[answer.stdout.rindex("\n{\n") :])
    assert key in result
