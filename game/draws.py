"""Numbers from a seed: the same ones for the same seed, on every version of Python."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

Item = TypeVar("Item")


class Draws:
    """Draws numbers one after the other, each from a hash of the seed and a counter.

    `random.Random` is not used: what it makes of a seed may change between versions of Python,
    and then a ticket issued before an upgrade would be judged by another question.
    """

    def __init__(self, seed: bytes) -> None:
        self._seed = seed
        self._drawn = 0

    def below(self, bound: int) -> int:
        """A number from 0 up to the bound, without the bound."""
        block = self._seed + self._drawn.to_bytes(4, "big")
        self._drawn += 1
        return int.from_bytes(hashlib.sha256(block).digest()[:8], "big") % bound

    def between(self, low: int, high: int) -> int:
        """A number from low to high, both included."""
        return low + self.below(high - low + 1)

    def one_of(self, items: Sequence[Item]) -> Item:
        """One of the items."""
        return items[self.below(len(items))]

    def some_of(self, items: Sequence[Item], count: int) -> list[Item]:
        """So many of the items, each at most once, in a drawn order."""
        left = list(items)
        return [left.pop(self.below(len(left))) for _ in range(count)]

    def mixed(self, items: Sequence[Item]) -> list[Item]:
        """All the items in a drawn order."""
        return self.some_of(items, len(items))
