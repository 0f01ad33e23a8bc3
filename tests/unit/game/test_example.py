"""The example of docs/judges.md does what the page says."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

from leaderboard.scoring.judges import FAILED
from local.service import ROOT

PAGE = ROOT / "docs" / "judges.md"


def test_example_judges_as_the_page_says(tmp_path: Path) -> None:
    (code,) = re.findall(r"```py\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    module = tmp_path / "cups.py"
    module.write_text(code, encoding="utf-8")
    cups = runpy.run_path(str(module))
    assert cups["table"](action="cups", seed=bytes(32)) == {"cups": ["red", "green", "blue"]}

    def judged(evidence: object) -> object:
        return cups["points"](action="cups", seed=bytes(32), evidence=evidence, elapsed_ms=900)

    answers = [judged({"cup": cup}) for cup in range(3)]
    assert sorted(answers, key=str) == [3, FAILED, FAILED]
    assert [judged(it) for it in (None, {}, {"cup": 3}, {"cup": "0"}, [0])] == [None] * 5
