"""`python -m tools.reference`: write the files of the reference in `docs/`, or look for drift."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tools.reference import frames
from tools.reference.document import ROOT, Incomplete, document, encoded
from tools.reference.page import page

DOCUMENT = ROOT / "docs" / "openapi.json"
PAGE = ROOT / "docs" / "http.md"
FRAMES = ROOT / "docs" / "asyncapi.yaml"


def generated() -> dict[Path, str]:
    """Each file of the reference, as the code has it."""
    shown = document()
    return {
        DOCUMENT: encoded(shown),
        PAGE: page(shown),
        FRAMES: frames.encoded(frames.document()),
    }


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tools.reference",
        description="Generate the reference from the code: docs/openapi.json and docs/http.md of "
        "the HTTP API, docs/asyncapi.yaml of the WebSocket.",
    )
    parser.add_argument(
        "--check",
        action="store_true",
        help="write nothing; exit with 1 if a file is not what the code has",
    )
    check = parser.parse_args().check
    try:
        files = generated()
    except Incomplete as error:
        print(f"the reference is incomplete: {error}", file=sys.stderr)
        return 1
    stale = [
        path
        for path, text in files.items()
        if not path.is_file() or path.read_text(encoding="utf-8") != text
    ]
    for path in stale:
        name = path.relative_to(ROOT)
        if check:
            print(
                f"{name} is not what the code has; run python -m tools.reference", file=sys.stderr
            )
        else:
            path.write_text(files[path], encoding="utf-8")
            print(f"{name}: written")
    return int(check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
