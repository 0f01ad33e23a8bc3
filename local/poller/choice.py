"""Where every decision comes from: one callable, so that one seed repeats a whole run.

A choice of 0 is always the quiet one (the same task goes on, nothing is killed or delivered twice),
so a run that hypothesis shrinks towards zeros becomes a run that reads easily.
"""

import random
from collections.abc import Callable, Iterable, Sequence

Choose = Callable[[Sequence[str]], int]
"""Takes the names of the options (at least two) and gives the index of one of them."""

_THOUSAND = [f"{number}/1000" for number in range(1000)]


def seeded(seed: int | str) -> Choose:
    """Choose evenly at random; the same seed chooses the same."""
    return drawn(random.Random(seed))


def drawn(source: random.Random) -> Choose:
    """Choose by a source of one's own: hypothesis shrinks `st.randoms(use_true_random=False)`.

    (Its `st.data()` draws on the test's own thread only, where these choices are not made.)
    """

    def choose(options: Sequence[str]) -> int:
        return source.randrange(len(options))

    return choose


def scripted(numbers: Iterable[int]) -> Choose:
    """Choose by a list of numbers, such as one that hypothesis drew, and 0 when it is used up."""
    remaining = iter(numbers)

    def choose(options: Sequence[str]) -> int:
        return next(remaining, 0) % len(options)

    return choose


def happens(choose: Choose, chance: float) -> bool:
    """Whether something of this chance (0 to 1, in thousandths) happens now."""
    thousandths = round(chance * len(_THOUSAND))
    if thousandths <= 0:
        return False
    return choose(_THOUSAND) >= len(_THOUSAND) - thousandths
