"""Loading: a whole board into the ranking, as a rebuild does it, and the memory that it takes.

Two loaders side by side, as the segments of a rebuild are; making up the records is not counted.
`Cache.fill` sends what it is given by its place in the order: so what makes the difference is how
much it is given at a time. First the whole board goes in its order. Then, in the order of a scan,
most of it goes by large chunks; of the rest one half goes so, too, and the other by small ones, in
turn, to set both side by side on a board of that size.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from rich.table import Table

from bench import figures, peer
from bench.board import BOARD, CHUNK, KEYS, chunks
from leaderboard.adapters.valkey.ranking import FILL_AT_ONCE, ValkeyRanking
from leaderboard.ranking.ports import BATCH
from leaderboard.ranking.score_state import ScoreState
from leaderboard.ranking.tops import COMPLETE, PARTIAL

LOADERS = 2
TARGET_RATE = 200_000
MOST = 0.8
SAMPLES = 10_000

Fill = Callable[[ValkeyRanking, Sequence[ScoreState], str], None]


@dataclass(frozen=True, slots=True)
class LoadResult:
    """Members a second, and bytes a user; of the package's layout too, where it is there."""

    members: int
    in_order: float
    whole: float
    by_chunk: float
    by_call: float
    held: float
    order: float
    peer: float | None


@dataclass
class Rate:
    members: int = 0
    seconds: float = 0.0

    @property
    def a_second(self) -> float:
        return self.members / self.seconds if self.seconds else 0.0


def load(
    cache: ValkeyRanking, members: int, *, with_peer: bool, report: Callable[[str], None]
) -> LoadResult:
    """LoadResult a board, and leave it complete; beside it the package's."""
    report(f"{members:,} members: in order")
    in_order = Rate()
    with ThreadPoolExecutor(LOADERS) as loaders:
        life = begin(cache)
        for chunk in chunks(members, in_order=True):
            timed(loaders, in_order, by_chunk, cache, chunk, life)
    life = begin(cache)
    base = used(cache)
    most, chunked, called = Rate(), Rate(), Rate()
    with ThreadPoolExecutor(LOADERS) as loaders:
        done = said = 0
        for number, chunk in enumerate(chunks(members)):
            if done < members * MOST:
                timed(loaders, most, by_chunk, cache, chunk, life)
            elif number % 2:
                timed(loaders, chunked, by_chunk, cache, chunk, life)
            else:
                timed(loaders, called, by_call, cache, chunk, life)
            done += len(chunk)
            if (done - said) * 10 >= members:
                said = done
                report(f"{members:,} members: {done:,} at {most.a_second:,.0f} a second")
    assert cache.set_completeness(BOARD, life, COMPLETE)
    check(cache, members)
    held = used(cache) - base
    order = cache.connection.client.library.memory_usage(KEYS.members, samples=SAMPLES)
    peers: float | None = None
    if with_peer:
        report(f"{members:,} members: the package's board")
        before = used(cache)
        peer.load(cache.connection.endpoint, chunks(members))
        peers = (used(cache) - before) / members
    rates = (in_order.a_second, most.a_second, chunked.a_second, called.a_second)
    return LoadResult(members, *rates, held / members, order / members, peers)


def begin(cache: ValkeyRanking) -> str:
    """The life of an empty ranking, in an empty cache."""
    node(cache).execute_command("FLUSHALL", "SYNC")
    begun = cache.apply(BOARD, [], start=PARTIAL).top
    assert begun is not None
    return begun.life


def timed(
    loaders: ThreadPoolExecutor,
    rate: Rate,
    fill: Fill,
    cache: ValkeyRanking,
    chunk: Sequence[ScoreState],
    life: str,
) -> None:
    """LoadResult a chunk by all loaders, and note how long it took them together."""
    parts = [chunk[at::LOADERS] for at in range(LOADERS)]
    started = time.perf_counter()
    for _ in loaders.map(lambda part: fill(cache, part, life), parts):
        pass
    rate.seconds += time.perf_counter() - started
    rate.members += len(chunk)


def by_chunk(cache: ValkeyRanking, records: Sequence[ScoreState], life: str) -> None:
    assert cache.fill(BOARD, records, life=life) == len(records)


def by_call(cache: ValkeyRanking, records: Sequence[ScoreState], life: str) -> None:
    for start in range(0, len(records), BATCH):
        by_chunk(cache, records[start : start + BATCH], life)


def used(cache: ValkeyRanking) -> int:
    memory: dict[str, Any] = node(cache).info("memory")
    return int(memory["used_memory"])


def node(cache: ValkeyRanking) -> Any:
    (primary,) = cache.connection.client.library.get_primaries()
    return cache.connection.client.library.get_redis_connection(primary)


def check(cache: ValkeyRanking, members: int) -> None:
    """That all are there, the best first."""
    top = cache.list(BOARD, after=None, limit=100)
    assert top is not None
    assert top.total == members
    best = next(chunks(members, in_order=True))[:500]
    best.sort(key=_place)
    assert [it.user_id for it in top.entries] == [it.user_id for it in best[:100]]


def _place(record: ScoreState) -> tuple[int, int, str]:
    score = record.score
    assert score is not None
    return -score.user_score, score.updated_ms, score.user_id


def tables(loads: Sequence[LoadResult], *, small: bool) -> list[Table]:
    made = figures.table(
        "Loading: members a second, by two loaders side by side",
        "members",
        "in order",
        f"as scanned, {CHUNK:,} at a time",
        "of it the last fifth",
        f"{BATCH:,} at a time",
        "better",
        caption=[
            f"Version check, order and users included, in calls of {FILL_AT_ONCE}.",
            "Each sorts what it is given.",
            f"A rebuild goes by {CHUNK:,}, as the table's scan has them: in no order.",
            *(
                figures.judged(
                    f"Expected at {it.members:,} members in order above {TARGET_RATE:,} a second",
                    met=it.in_order > TARGET_RATE,
                )
                for it in loads
                if not small
            ),
        ],
    )
    memory = figures.table(
        "Memory: bytes a user",
        "members",
        "order and users",
        "of it the order",
        "package leaderboard",
        caption=[
            "Rank, place, version, time and a name of 13 characters; ids are UUIDs. The package",
            "keeps score and name: no version, no time, so no fair ties and no place.",
        ],
    )
    for it in loads:
        rates = (it.in_order, it.whole, it.by_chunk, it.by_call)
        better = figures.times(it.by_chunk / it.by_call)
        made.add_row(f"{it.members:,}", *(f"{rate:,.0f}" for rate in rates), better)
        theirs = "not there" if it.peer is None else f"{it.peer:.0f}"
        memory.add_row(f"{it.members:,}", f"{it.held:.0f}", f"{it.order:.0f}", theirs)
    return [made, memory]
