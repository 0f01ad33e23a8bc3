"""The page on changing a live board speaks of every key of boards.yml, and of every parameter."""

from __future__ import annotations

import re
from pathlib import Path

from leaderboard.boards.boards_file import BoardRule
from tests.structure.template import service

PAGE = (Path(__file__).parents[2] / "docs" / "changing-boards.md").read_text(encoding="utf-8")


def named(heading: str) -> set[str]:
    """What the first column of the table below a heading names as code."""
    rows = re.findall(r"^\| (.+?) \|", PAGE.partition(f"## {heading}\n")[2], re.MULTILINE)
    table = rows[: next((at for at, it in enumerate(rows) if at and it == "parameter"), None)]
    return {name for row in table for name in re.findall(r"`(\w+)`", row)}


def test_every_key_of_a_board_has_its_line() -> None:
    keys = {field.alias or name for name, field in BoardRule.model_fields.items()}
    assert named("The keys of a board") == keys


def test_every_parameter_of_a_stage_has_its_line() -> None:
    assert named("The parameters of a stage") == set(service()["params"]["default"])
