"""Figures: how samples are summed up, and how a target is held against them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

from rich.table import Table

__all__ = ["TIMES", "judged", "median", "quantile", "table", "times"]

TIMES = "\u00d7"


def quantile(samples: Sequence[float], share: float) -> float:
    """The smallest sample that at least this share of them does not exceed."""
    ordered = sorted(samples)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def times(ratio: float) -> str:
    return f"{ratio:.2f} {TIMES}" if ratio < 10 else f"{ratio:.0f} {TIMES}"


def judged(text: str, *, met: bool) -> str:
    return f"{text}: {'met' if met else 'MISSED'}"


def table(title: str, *columns: str, caption: Sequence[str] = ()) -> Table:
    """A table whose first column names the row and whose others are figures."""
    made = Table(
        title=title,
        title_justify="left",
        caption="\n".join(caption) or None,
        caption_justify="left",
    )
    made.add_column(columns[0])
    for column in columns[1:]:
        made.add_column(column, justify="right")
    return made
