"""Judges and challenges with every kind of mistake in them."""

from __future__ import annotations

import re
import sys
import time
from typing import Any


def raises(**_: Any) -> int:
    raise KeyError("a mistake in the judge")


def exits(**_: Any) -> int:
    sys.exit("goodbye")


def interrupts(**_: Any) -> int:
    raise KeyboardInterrupt


def sleeps(**_: Any) -> int:
    time.sleep(60)
    return 1


def loops(**_: Any) -> int:
    turns = 0
    while True:
        try:
            while True:
                turns += 1
        except Exception:  # noqa: BLE001 - it holds on to everything that it can
            turns = 0


def matches(**_: Any) -> int:
    """A pattern that takes years."""
    return int(bool(re.match(r"(a+)+$", "a" * 40 + "b")))


def swallows(**_: Any) -> int:
    """Goes on past the deadline, and answers in the end."""
    try:
        time.sleep(60)
    except BaseException:  # noqa: BLE001
        return 1
    return 1


def text(**_: Any) -> Any:
    return "5"


def true(**_: Any) -> Any:
    return True


def half(**_: Any) -> Any:
    return 0.5


def large(**_: Any) -> int:
    return 501


def small(**_: Any) -> int:
    return -1


def takes_nothing() -> int:
    return 1


def changes_evidence(*, evidence: Any, **_: Any) -> int:
    evidence["answer"].append("more")
    return 5


def bytes_asked(**_: Any) -> Any:
    return {"seed": b"bytes"}


def nan_asked(**_: Any) -> Any:
    return float("nan")


def none_asked(**_: Any) -> Any:
    return None


def half_a_character_asked(**_: Any) -> Any:
    return "\ud800"


def much_asked(**_: Any) -> Any:
    return "é" * 4096


def most_asked(**_: Any) -> Any:
    return "é" * 4095


def naps(**_: Any) -> int:
    time.sleep(0.1)
    return 1
