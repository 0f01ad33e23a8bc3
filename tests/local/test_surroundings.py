"""The stack starts whatever proxies and AWS profiles the shell has set."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping

import pytest

from local.service import ROOT
from tests.stack import running

pytestmark = pytest.mark.e2e

# Nobody listens there.
PROXY, SOCKS = "http://127.0.0.1:1", "socks5://127.0.0.1:1"
SHELLS = {
    "upper case": {
        "HTTP_PROXY": PROXY,
        "HTTPS_PROXY": PROXY,
        "ALL_PROXY": SOCKS,
        "AWS_PROFILE": "missing",
    },
    "lower case": {
        "http_proxy": PROXY,
        "https_proxy": PROXY,
        "all_proxy": SOCKS,
        "no_proxy": "example.com",
        "AWS_DEFAULT_PROFILE": "missing",
    },
}

WAIT_SECONDS = 60.0


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Mapping[str, str]:
    variables: Mapping[str, str] = SHELLS[request.param]
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.startswith("AWS_"):
            monkeypatch.delenv(name)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return variables


def test_stack_starts_plays_and_is_watched_behind_a_proxy(shell: Mapping[str, str]) -> None:
    assert shell.items() <= os.environ.items()
    with (
        running("--players", "2") as stack,
        subprocess.Popen(
            [sys.executable, "-m", "local", "watch", "global", "--url", stack.addresses["socket"]],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        ) as watching,
    ):
        assert watching.stdout is not None
        give_up = threading.Timer(WAIT_SECONDS, watching.kill)
        give_up.start()
        try:
            lines = [watching.stdout.readline() for _ in range(2)]
        finally:
            give_up.cancel()
            watching.send_signal(signal.SIGTERM)
        assert all(line.startswith("global all v") for line in lines)


def test_isolated_process_knows_neither_proxy_nor_profile(shell: Mapping[str, str]) -> None:
    """As the commands for the stage `local` are, which use AWS's tools in their own process."""
    assert shell.items() <= os.environ.items()
    asked = (
        "import boto3, json, os, urllib.request; from local import service; service.isolate();"
        "boto3.Session(region_name='us-east-1').client('sts');"
        "print(json.dumps(urllib.request.getproxies()))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert json.loads(answer.stdout) == {"no": "127.0.0.1,localhost"}
