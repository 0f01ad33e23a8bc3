"""The kinds of question that the quiz asks, each with one right choice and three wrong ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from fractions import Fraction

from game.draws import Draws
from game.tables import CAPITALS, KINDS, ROMAN, WEEKDAYS


@dataclass(frozen=True, slots=True)
class Question:
    """A question, its right answer and three wrong ones; all four answers differ."""

    text: str
    right: str
    wrong: tuple[str, str, str]


def drawn(draws: Draws) -> Question:
    """A question of a drawn kind."""
    return draws.one_of(ALL)(draws)


def _near(draws: Draws, text: str, right: int, offsets: Iterable[int]) -> Question:
    """Three wrong answers close to a right number, all of them positive."""
    others = sorted({right + it for it in offsets if it != 0 and right + it > 0} - {right})
    first, second, third = draws.some_of(others, 3)
    return Question(text, str(right), (str(first), str(second), str(third)))


def product(draws: Draws) -> Question:
    """Two factors, one of them small."""
    a, b = draws.between(3, 12), draws.between(6, 25)
    # Mistakes that people make: one factor more or less, a slip in the tens.
    return _near(draws, f"What is {a} × {b}?", a * b, (a, -a, b, -b, 10, -10, 2, -2))


def total(draws: Draws) -> Question:
    """Two numbers of two or three digits."""
    a, b = draws.between(27, 489), draws.between(16, 289)
    return _near(draws, f"What is {a} + {b}?", a + b, (10, -10, 1, -1, 9, 11, 100))


def difference(draws: Draws) -> Question:
    """The smaller of two numbers taken from the larger."""
    a, b = draws.between(120, 500), draws.between(16, 99)
    return _near(draws, f"What is {a} − {b}?", a - b, (10, -10, 1, -1, 9, -9, 20))


def percentage(draws: Draws) -> Question:
    """A share that comes out even."""
    share, whole = draws.one_of((5, 10, 15, 20, 25, 30, 40, 60, 75)), 20 * draws.between(2, 40)
    right = share * whole // 100
    return _near(
        draws, f"What is {share} % of {whole}?", right, (right, 5, -5, 10, 2, -2, whole // 10)
    )


def sequence(draws: Draws) -> Question:
    """The next number of a row that grows by a rule."""
    start, step = draws.between(1, 20), draws.between(2, 9)
    rule = draws.below(4)
    if rule == 0:  # always so much more
        row = [start + step * it for it in range(5)]
    elif rule == 1:  # so much more, and one more each time
        row = [start + step * it + it * (it - 1) // 2 for it in range(5)]
    elif rule == 2:  # doubled
        row = [start * 2**it for it in range(5)]
    else:  # each the sum of the two before
        row = [start, start + step]
        while len(row) < 5:
            row.append(row[-1] + row[-2])
    *shown, right = row
    text = f"Which number comes next? {', '.join(map(str, shown))}, …"
    return _near(draws, text, right, (1, -1, 2, step, -step, shown[-1] - shown[-2] + 1, 10))


def clock(draws: Draws) -> Question:
    """A time of day some hours and minutes later."""
    now = 5 * draws.between(0, 287)
    hours, minutes = draws.between(1, 9), 5 * draws.between(1, 11)
    later = now + 60 * hours + minutes
    times = [later, *(later + it for it in draws.some_of((-60, 60, -10, 10, -20, 20, 120), 3))]
    right, *wrong = (f"{it // 60 % 24:02}:{it % 60:02}" for it in times)
    text = f"It is {now // 60:02}:{now % 60:02}. What time is it {hours} h {minutes} min later?"
    return Question(text, right, (wrong[0], wrong[1], wrong[2]))


def weekday(draws: Draws) -> Question:
    """A day of the week some days later."""
    today, days = draws.below(7), draws.between(8, 60)
    right = WEEKDAYS[(today + days) % 7]
    first, second, third = draws.some_of([it for it in WEEKDAYS if it != right], 3)
    text = f"Today is {WEEKDAYS[today]}. Which day is it in {days} days?"
    return Question(text, right, (first, second, third))


def roman(draws: Draws) -> Question:
    """A number in Roman numerals."""
    right = left = draws.between(14, 199)
    numeral = ""
    for value, letters in ROMAN:
        numeral += letters * (left // value)
        left %= value
    return _near(draws, f"Which number is {numeral}?", right, (1, -1, 2, -2, 5, -5, 10, -10, 20))


def fraction(draws: Draws) -> Question:
    """The largest of four fractions."""
    values = sorted({Fraction(above, below) for below in range(2, 10) for above in range(1, below)})
    *others, largest = sorted(draws.some_of(values, 4))
    first, second, third = (f"{it.numerator}/{it.denominator}" for it in others)
    right = f"{largest.numerator}/{largest.denominator}"
    # The wrong ones stand in the text too, so that the question says which four it compares.
    listed = ", ".join(draws.mixed([right, first, second, third]))
    return Question(f"Which of these is the largest? {listed}", right, (first, second, third))


def divisible(draws: Draws) -> Question:
    """The one of four numbers that a small number divides."""
    divisor = draws.between(3, 9)
    right = divisor * draws.between(7, 30)
    others = [it for it in range(right - 15, right + 16) if it % divisor]
    first, second, third = draws.some_of(others, 3)
    text = f"Which number can be divided by {divisor} without a remainder?"
    return Question(text, str(right), (str(first), str(second), str(third)))


def capital(draws: Draws) -> Question:
    """The capital of a country."""
    country, *others = draws.some_of(list(CAPITALS), 4)
    first, second, third = (CAPITALS[it] for it in others)
    return Question(f"What is the capital of {country}?", CAPITALS[country], (first, second, third))


def country(draws: Draws) -> Question:
    """The country of a capital."""
    right, first, second, third = draws.some_of(list(CAPITALS), 4)
    return Question(
        f"{CAPITALS[right]} is the capital of which country?", right, (first, second, third)
    )


def odd_one_out(draws: Draws) -> Question:
    """The one of four things that is not of a kind with the others."""
    kind, other = draws.some_of(list(KINDS), 2)
    first, second, third = draws.some_of(KINDS[kind], 3)
    return Question(f"Which one is not {kind}?", draws.one_of(KINDS[other]), (first, second, third))


ALL: tuple[Callable[[Draws], Question], ...] = (
    product,
    total,
    difference,
    percentage,
    sequence,
    clock,
    weekday,
    roman,
    fraction,
    divisible,
    capital,
    country,
    odd_one_out,
)
