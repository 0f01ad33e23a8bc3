"""`python -m tools.module_map`: write the map of the code into CONTRIBUTING.md, one line a module.

Each line is the first sentence of the module's docstring, so the map cannot grow old by itself.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "CONTRIBUTING.md"
BEGIN, END = "<!-- map: python -m tools.module_map -->", "<!-- end of the map -->"
# In the order in which a score comes through.
PACKAGES = (
    "handlers",
    "leaderboard",
    "leaderboard/boards",
    "leaderboard/scoring",
    "leaderboard/ranking",
    "leaderboard/frames",
    "leaderboard/reading",
    "leaderboard/repair",
    "leaderboard/adapters/dynamodb",
    "leaderboard/adapters/valkey",
    "leaderboard/adapters/aws",
    "game",
)


def lines() -> Iterator[str]:
    """The map as Markdown: a heading for each package, and a line for each of its modules."""
    for package in PACKAGES:
        folder = ROOT / package
        yield ""
        yield f"**`{package}/`** {sentence(folder / '__init__.py')}"
        yield ""
        for path in sorted(folder.glob("*.py")):
            if path.name != "__init__.py":
                yield f"- `{path.name}`: {sentence(path)}"


def sentence(path: Path) -> str:
    """The first sentence of a module's docstring; raises ValueError for one without."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
    if not docstring:
        raise ValueError(f"{path.relative_to(ROOT)} has no docstring: say what it is for")
    paragraph = " ".join(docstring.split("\n\n")[0].split())
    return re.split(r"(?<=[.?!])\s", paragraph)[0]


def written() -> str:
    """CONTRIBUTING.md with the map of today."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    return "\n".join([before + BEGIN, *lines(), "", END]) + after


def main() -> int:
    """Write the map, or say with --check whether it is out of date."""
    parser = argparse.ArgumentParser(
        prog="python -m tools.module_map",
        description="Write the map of the code into CONTRIBUTING.md: one line a module, from its "
        "docstring.",
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing; exit with 1 if the map is out of date"
    )
    text = written()
    if text == PAGE.read_text(encoding="utf-8"):
        return 0
    if parser.parse_args().check:
        print("CONTRIBUTING.md: run python -m tools.module_map", file=sys.stderr)
        return 1
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
