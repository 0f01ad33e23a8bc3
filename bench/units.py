"""What a score and a read cost the cache: commands, time, and an estimate of AWS's units.

ElastiCache Serverless counts in ECPU: one for a simple command such as GET of up to a kilobyte;
for others as many as they take of a GET's processor time, or one a kilobyte, whichever is more. How
AWS measures that time is not published. So there are two estimates from the server's statistics: by
the processor time of its main thread, which has the sending and the receiving in it, and by the
time within commands alone, which is the most that it can be.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

from rich.table import Table

from bench import figures, reads
from bench.board import BOARD, chunks, updates
from bench.loading import begin, by_chunk, node
from bench.ranking import serving
from leaderboard.adapters.valkey.ranking import ValkeyRanking
from leaderboard.ranking.tops import COMPLETE

SLOT_UNITS = 30_000
"""ECPU a second that AWS gives one slot, which is one board in one season."""
KILOBYTE = 1024
BATCHES = (1, 10, 100, 1000)
ROUNDS = 10
OWN = {"info", "config|resetstat", "evalsha", "eval", "ping"}
"""Commands that carry or measure the work."""


@dataclass(frozen=True, slots=True)
class Use:
    """What the server did for one of something, on average."""

    what: str
    commands: float
    microseconds: float
    """Within commands."""
    processor: float
    """Of the server's main thread, microseconds."""
    kilobytes: float

    def units(self, simple: Use) -> tuple[float, float]:
        """ECPU: by processor time, and by the time within commands."""
        return (
            max(self.processor / simple.processor, self.kilobytes),
            max(self.microseconds / simple.microseconds, self.kilobytes),
        )


def run(*, small: bool, report: Callable[[str], None]) -> list[Table]:
    members = 100_000 if small else 1_000_000
    rounds = 2_000 if small else 20_000
    chance = random.Random(1)
    with serving(report) as cache:
        report(f"{members:,} members: filling")
        life = begin(cache)
        for chunk in chunks(members, in_order=True):
            by_chunk(cache, chunk, life)
        assert cache.set_completeness(BOARD, life, COMPLETE)
        simple = used("GET of 100 bytes", cache, getting(cache), rounds * 5)
        uses = [*scores(cache, members, rounds, chance), *asked(cache, members, rounds, chance)]
    return [table(simple, uses, members=members)]


def getting(cache: ValkeyRanking) -> Callable[[], object]:
    cache.connection.client.execute_command("SET", "simple", "x" * 100)
    return lambda: cache.connection.client.execute_command("GET", "simple")


def scores(cache: ValkeyRanking, members: int, rounds: int, chance: random.Random) -> Iterator[Use]:
    source = updates(members, chance)
    for size in BATCHES:
        batches = max(rounds // size, 2 * ROUNDS)
        made = iter([list(islice(source, size)) for _ in range(batches)])
        name = f"score, in batches of {size:,}"
        yield used(name, cache, lambda: cache.apply(BOARD, next(made)), batches, of=size)  # noqa: B023


def asked(cache: ValkeyRanking, members: int, rounds: int, chance: random.Random) -> Iterator[Use]:
    for question in reads.questions(cache, members, chance):
        arguments = iter([question.argue()[0] for _ in range(rounds // 4)])
        yield used(question.name, cache, lambda: question.ask(next(arguments)), rounds // 4)  # noqa: B023


def used(
    what: str, cache: ValkeyRanking, call: Callable[[], object], times: int, *, of: int = 1
) -> Use:
    """Make a call so often, and read in the server what one of its `of` records cost.

    The best of some rounds: what else the machine does adds to some of them.
    """
    rounds = [one_round(what, cache, call, max(times // ROUNDS, 2), of) for _ in range(ROUNDS)]
    return replace(
        rounds[0],
        microseconds=min(it.microseconds for it in rounds),
        processor=min(it.processor for it in rounds),
    )


def one_round(
    what: str, cache: ValkeyRanking, call: Callable[[], object], times: int, of: int
) -> Use:
    server: Any = node(cache)
    server.config_resetstat()
    before = seen(server)
    for _ in range(times):
        call()
    after = seen(server)
    stats = server.info("commandstats")
    count = times * of
    named = {name.removeprefix("cmdstat_"): it for name, it in stats.items()}
    carried = [it for name, it in named.items() if name.startswith("eval")] or [named["get"]]
    return Use(
        what,
        sum(it["calls"] for name, it in named.items() if name not in OWN) / count,
        sum(it["usec"] for it in carried) / count,
        (after[0] - before[0]) * 1e6 / count,
        (after[1] - before[1]) / KILOBYTE / count,
    )


def seen(server: Any) -> tuple[float, int]:
    """Processor seconds of the main thread, and bytes in and out, since the server began."""
    cpu, stats = server.info("cpu"), server.info("stats")
    return (
        float(cpu["used_cpu_user_main_thread"]) + float(cpu["used_cpu_sys_main_thread"]),
        int(stats["total_net_input_bytes"]) + int(stats["total_net_output_bytes"]),
    )


def table(simple: Use, uses: Sequence[Use], *, members: int) -> Table:
    made = figures.table(
        f"What the cache does for one score and one read, {members:,} members",
        "one",
        "commands",
        "µs in commands",
        "µs of processor",
        "KB",
        "ECPU, about",
        f"a second at {SLOT_UNITS:,}",
        caption=(
            "ECPU: by the processor time of the server, and by the time in commands, beside GET's.",
            "An estimate: AWS counts by its own measure.",
        ),
    )
    for it in (simple, *uses):
        low, high = sorted(it.units(simple))
        made.add_row(
            it.what,
            f"{it.commands:.1f}",
            f"{it.microseconds:.1f}",
            f"{it.processor:.1f}",
            f"{it.kilobytes:.2f}",
            f"{low:.1f} to {high:.1f}",
            f"{SLOT_UNITS / high:,.0f} to {SLOT_UNITS / low:,.0f}",
        )
    return made
