"""docs/aws.md: each behaviour of AWS that the service relies on says how it was checked."""

from __future__ import annotations

import re
from functools import cache

from tests.structure.source import ROOT

PAGE = (ROOT / "docs" / "aws.md").read_text(encoding="utf-8")
KINDS = {"run", "document", "model", "others"}


def rows() -> list[list[str]]:
    lines = [line for line in PAGE.splitlines() if line.startswith("| ")]
    found = [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]
    return [row for row in found if row[0] not in {"the service relies on", "---"}]


@cache
def names() -> set[str]:
    """The tests' modules and functions."""
    paths = [*(ROOT / "tests").rglob("test_*.py")]
    texts = "\n".join(path.read_text(encoding="utf-8") for path in paths)
    return {path.name for path in paths} | set(re.findall(r"def (test_\w+)\(", texts))


def test_every_row_says_how_its_claim_was_checked_and_what_a_deploy_shows() -> None:
    assert len(rows()) > 25
    for claim, how, source, shown in rows():
        kinds = re.findall(r"\b(\w+)\b", re.sub(r": `[^,]*|`[^`]*`.*", "", how))
        assert kinds, claim
        assert set(kinds) <= KINDS, claim
        assert "document" not in kinds or source.startswith("["), claim
        assert shown, claim


def test_tests_that_the_page_names_are_there() -> None:
    named = {name for row in rows() for name in re.findall(r"`(test_\w+(?:\.py)?)`", row[1])}
    assert len(named) > 10
    assert sorted(named - names()) == []
    for row in rows():
        assert ("run:" in row[1]) == bool(re.search(r"`test_", row[1])), row[0]


def test_steps_of_the_smoke_check_that_the_page_names_are_there() -> None:
    check = (ROOT / "tools" / "smoke" / "check.py").read_text(encoding="utf-8")
    cells = [row[3] for row in rows() if re.search(r"\bsteps? \*", row[3])]
    named = {step for cell in cells for step in re.findall(r"\*([^*]+)\*", cell)}
    assert len(named) > 5
    assert [step for step in named if f'"{step}' not in check] == []


def test_sources_are_named() -> None:
    links = re.findall(r"\]\((https://[^)]+)\)", PAGE)
    assert len(links) > 25
    allowed = ("https://docs.aws.amazon.com/", "https://aws.amazon.com/", "https://github.com/")
    assert [it for it in links if not it.startswith(allowed)] == []
