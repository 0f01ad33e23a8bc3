"""The conversations of clients/conformance are what the service says today.

`RECORD=1 pytest tests/integration/service/test_conformance.py` records them anew, after a change
of the protocol.
"""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

from tests.integration.story.conversations import all_conversations
from tests.integration.story.edges import Rig

FOLDER = Path(__file__).parent.parent.parent.parent / "clients" / "conformance"


def named(texts: dict[str, str]) -> dict[str, str]:
    """Epochs are drawn by chance: they get the same names in every run."""
    epochs = dict.fromkeys(re.findall(r'"epoch":"(\w+)"', "".join(texts.values())))
    names = {it: f"e{number:07}" for number, it in enumerate(epochs, start=1)}
    return {
        name: re.sub(r'(?<="epoch":")\w+', lambda found: names[found[0]], text)
        for name, text in texts.items()
    }


def written(lines: list[dict[str, object]]) -> str:
    """As JSON lines."""
    return "".join(json.dumps(it, ensure_ascii=False, separators=(",", ":")) + "\n" for it in lines)


def test_recorded_conversations_are_what_the_service_says(rig: Rig) -> None:
    made = named({f"{it.name}.jsonl": written(it.lines) for it in all_conversations(rig)})
    assert len(made) > 15
    if os.environ.get("RECORD"):
        for old in FOLDER.glob("*.jsonl"):
            old.unlink()
        for name, text in made.items():
            (FOLDER / name).write_text(text, encoding="utf-8")
    found = {it.name: it.read_text(encoding="utf-8") for it in FOLDER.glob("*.jsonl")}
    assert found == made, "RECORD=1 records them anew"


def test_readme_lists_every_conversation() -> None:
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    for path in FOLDER.glob("*.jsonl"):
        header = json.loads(path.read_text(encoding="utf-8").partition("\n")[0])
        assert f"| `{path.stem}` | {header['about']} |" in readme
        assert header["conversation"] == path.stem
