"""The board in the terminal: what is drawn of it, and what it says when the service is away."""

from __future__ import annotations

import io
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from leaderboard.boards.rules import FormatKind
from leaderboard_client import Board, Changes, Entry, Problem, Scored, Status
from local import announcement
from local.__main__ import followed
from local.announcement import announced
from local.stack import Addresses, StackFailed
from local.view import Complaints, View, kind_of, line

ADA = Entry(1, 1, "ada", "<b>Ada</b> [red]", 1234, "2026-11-23T08:15:30.123Z")
BOB = Entry(2, 2, "bob", "Bob", 20, "2026-11-23T08:15:29.000Z")


def board(version: int, *entries: Entry, scored_at: str | None = None) -> Board:
    return Board(
        board="global",
        season="all",
        epoch="e1",
        version=version,
        total=len(entries),
        ends_at=None,
        entries=entries,
        published_at=None,
        scored_at=scored_at,
    )


def status(state: Any) -> Status:
    return Status(state=state, stale_since=None, attempt=0, retry_at=None)


def drawn(view: View, *, styled: bool = False) -> str:
    console = Console(file=io.StringIO(), width=80, force_terminal=styled, color_system="standard")
    console.print(view)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_board_is_a_table_of_places_names_and_scores() -> None:
    view = View("global", header="page http://localhost")
    view.tell(status("live"))
    view.show(board(3, ADA, BOB), Changes())
    text = drawn(view)
    assert "page http://localhost" in text
    assert "<b>Ada</b> [red]" in text
    assert "1,234" in text
    assert "season all · version 3 · 2 players" in text
    assert "live" not in text


def test_lost_connection_is_said_beneath_the_board() -> None:
    view = View("global")
    assert "connecting: waiting for the first snapshot" in drawn(view)
    view.show(board(3, ADA), Changes())
    view.tell(status("reconnecting"))
    assert drawn(view).rstrip().endswith("reconnecting")


def test_what_scored_is_lit_and_a_first_board_is_not() -> None:
    lit = "\x1b[1;32m"
    view = View("global")
    view.show(board(3, ADA, BOB), Changes())
    assert lit not in drawn(view, styled=True)
    view.show(board(4, ADA, BOB), Changes(scored=(Scored(BOB, 10, 20),)))
    (row,) = (it for it in drawn(view, styled=True).splitlines() if lit in it)
    assert "Bob" in row


def test_line_names_the_first_three() -> None:
    assert line(board(3, ADA, BOB)) == "global all v3 of 2: 1. <b>Ada</b> [red] 1,234  2. Bob 20"


@pytest.mark.parametrize(
    ("score", "shown"),
    [
        (0, "0:00.000"),
        (8_250, "0:08.250"),
        (75_500, "1:15.500"),
        (3_723_004, "1:02:03.004"),
        (-8_250, "−0:08.250"),
    ],
)
def test_laps_are_times_as_on_the_page(score: int, shown: str) -> None:
    lap = Entry(1, 1, "ada", "Ada", score, "2026-11-23T08:15:30.123Z")
    kind = kind_of("fastest-lap")
    assert line(board(3, lap), kind).endswith(f"1. Ada {shown}")
    view = View("fastest-lap", kind=kind)
    view.show(board(3, lap), Changes())
    assert shown in drawn(view)


def test_boards_of_numbers_and_unknown_ones_show_numbers() -> None:
    assert [kind_of(it) for it in ("global", "rating-any", "nosuchboard")] == [
        FormatKind.NUMBER
    ] * 3


def test_trouble_goes_to_standard_error_once(capsys: pytest.CaptureFixture[str]) -> None:
    complaints = Complaints()
    refused = Problem(code="socket_failed", message="No WebSocket: HTTP 403")
    complaints.tell(status("live"))
    complaints.report(Problem(code="board_not_found", message="said by who ends"))
    assert capsys.readouterr() == ("", "")
    for _ in range(3):
        complaints.tell(status("reconnecting"))
        complaints.report(refused)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == ["no connection; trying again", refused.message]
    complaints.tell(status("live"))
    complaints.tell(status("reconnecting"))
    assert capsys.readouterr().err.splitlines() == ["no connection; trying again"]


def test_watch_says_which_of_several_stacks_it_follows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / ".env.local"
    monkeypatch.setattr(announcement, "FILE", file)
    with pytest.raises(StackFailed, match="--url"):
        followed(None)
    with announced(addresses(1)), announced(addresses(2)):
        url, header = followed(None)
        assert url == "ws://127.0.0.1:1/local"
        assert header.startswith(url)
        assert "--url" in header
        assert "\n" not in header
        assert followed("ws://127.0.0.1:2/local") == ("ws://127.0.0.1:2/local", "")
        view = View("global", header=header)
        assert url in drawn(view).splitlines()[0]


def addresses(port: int) -> Addresses:
    host = f"127.0.0.1:{port}"
    values = {it.name: "" for it in fields(Addresses)}
    return Addresses(**values | {"socket": f"ws://{host}/local", "cognito": f"http://{host}"})
