"""The commands of docs/judges.md that play a game without a page run as they stand."""

from __future__ import annotations

import json
import re
import subprocess

import pytest

from local.service import ROOT
from tests.stack import Running

pytestmark = pytest.mark.e2e

HEADING = "### Play it without a page"


def commands(**settings: str) -> str:
    """The block, with the lines that a reader fills in filled in."""
    text = (ROOT / "docs" / "judges.md").read_text(encoding="utf-8").partition(HEADING)[2]
    block = re.search(r"```sh\n(.*?)```", text, flags=re.DOTALL)
    assert block is not None
    filled = block[1]
    for name, value in settings.items():
        filled, count = re.subn(rf"^{name}=.*$", f"{name}={value}", filled, flags=re.MULTILINE)
        assert count == 1, f"the block has no line {name}="
    assert "\u2026" not in filled, "a reader is not told of all that is left out"
    return filled


def test_game_is_played_by_the_commands_of_the_page(stack: Running) -> None:
    it = stack.addresses
    script = commands(
        http=it["http"],
        cognito=it["cognito"],
        client=it["webClientId"],
        # A game that the stack has: the page's own is one that its reader writes.
        board="global action=quiz evidence='{\"answer\": 1}'",
    )
    done = subprocess.run(
        ["sh", "-eu", "-c", script],  # noqa: S607
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    signed_up, confirmed, ticket, answer = map(json.loads, done.stdout.splitlines())
    assert (signed_up["UserConfirmed"], confirmed) == (False, {})
    assert ticket.keys() >= {"ticket", "challenge"}
    assert answer.keys() == {"entry", "changed", "replayed"}, answer
