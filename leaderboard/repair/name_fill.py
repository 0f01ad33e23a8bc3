"""Name fill: profiles that lack their keys of the index of names get them, or get them anew.

A stage has such profiles when it is brought up from a release without the search, or to one that
folds names otherwise. Somebody starts the fill by hand, once. It reads the whole table, page by
page, in one function beside all others.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Protocol

from leaderboard.repair.patience import patiently

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class FilledPage:
    """What a page of the table, or several in a row, came to.

    `filled` profiles were written. `resume_after` says where the next page begins; None: there is
    none.
    """

    filled: int
    resume_after: Json | None


class NameKeys(Protocol):
    """The keys of the index of names, in the profiles."""

    def fill_page(self, after: Json | None) -> FilledPage:
        """Write the keys of those profiles of a page that have others. Raises Unavailable."""


@dataclass(frozen=True)
class NameFill:
    """Fills the index of names from the profiles."""

    keys: NameKeys

    def run(self, after: Json | None, *, seconds: float) -> FilledPage:
        """Fill from where an earlier run ended (None: from the start), for so many seconds.

        It may be repeated. Raises Unavailable if the table does not answer for long.
        """
        deadline = time.monotonic() + seconds
        filled = 0
        while True:
            start = after
            page = patiently(lambda: self.keys.fill_page(start))  # noqa: B023 - called at once
            filled += page.filled
            after = page.resume_after
            if after is None or time.monotonic() >= deadline:
                return FilledPage(filled, after)
