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
import urllib3

from leaderboard.boards.boards_file import load
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

# Until four changes of a board that people play.
WAIT_SECONDS = 120.0


def take(shell: Mapping[str, str], patch: pytest.MonkeyPatch) -> None:
    """From here on this process is one of that shell."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy") or name.startswith("AWS_"):
            patch.delenv(name)
    for name, value in shell.items():
        patch.setenv(name, value)


def test_sample_players_move_a_watched_board_at_its_pace_behind_any_proxy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With the variables of every shell at once: each of them has to be ignored."""
    take(SHELLS["upper case"] | SHELLS["lower case"], monkeypatch)
    with (
        running("--players", "8", quick=False) as stack,
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
            lines = [watching.stdout.readline() for _ in range(4)]
        finally:
            give_up.cancel()
            watching.send_signal(signal.SIGTERM)
        assert [line.split()[:2] for line in lines] == [["global", "all"]] * 4
        assert "1. " in lines[-1]
        versions = [int(line.split()[2].removeprefix("v")) for line in lines]
        assert versions == sorted(set(versions))
        boards = urllib3.request("GET", f"{stack.addresses['http']}/boards").json()["boards"]
        intervals = {it["board"]: it["frameIntervalMs"] for it in boards}
        assert intervals["global"] == load(ROOT / "boards.yml").find("global").frame_interval_ms


@pytest.mark.parametrize("shell", SHELLS.values(), ids=SHELLS)
def test_isolated_process_knows_neither_proxy_nor_profile(
    shell: Mapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As the commands for the stage `local` are, which use AWS's tools in their own process."""
    take(shell, monkeypatch)
    asked = (
        "import boto3, json, os, urllib.request; from local import service; service.isolate();"
        "boto3.Session(region_name='us-east-1').client('sts');"
        "print(json.dumps(urllib.request.getproxies()))"
    )
    answer = subprocess.run(
        [sys.executable, "-c", asked], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert json.loads(answer.stdout) == {"no": "127.0.0.1,localhost"}
