"""Loading: a whole board into the ranking, as a rebuild does it, and the memory that it takes.

Two loaders side by side, as the segments of a rebuild are; making up the records is not counted.
`Cache.fill` sends what it is given by its place in the order: so what makes the difference is how
much it is given at a time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from rich.table import Table

from bench import figures, peer
from bench.board import BOARD, CHUNK, KEYS, SEASON, Chunks, chunks
from leaderboard.adapters.cache import Cache
from leaderboard.ranking import BATCH, COMPLETE, PARTIAL, ScoreRecord

LOADERS = 2
TARGET_RATE = 200_000
FREED_SECONDS = 120.0
SAMPLES = 10_000

Fill = Callable[[Cache, Sequence[ScoreRecord], str], None]


@dataclass(frozen=True, slots=True)
class Load:
    """Members a second, and bytes a user; of the package's layout too, where it is there."""

    members: int
    in_order: float
    by_chunk: float
    unsorted: float
    held: float
    order: float
    peer: float | None


def load(cache: Cache, members: int, *, with_peer: bool, report: Callable[[str], None]) -> Load:
    """Load a board in three ways, and leave it complete; beside it the package's."""
    cache.client.flushall()
    base = used(cache)

    def rate(way: str, source: Chunks, fill: Fill) -> float:
        cache.drop(BOARD.board, SEASON)
        await_freed(cache, base)
        return members / filled(cache, source, fill, f"{members:,} members, {way}", report)

    in_order = rate("in board order", chunks(members, in_order=True), by_chunk)
    unsorted = rate("unsorted", chunks(members), by_call)
    sorted_ = rate("sorted by chunk", chunks(members), by_chunk)
    check(cache, members)
    held = used(cache) - base
    order = cache.client.memory_usage(KEYS.order, samples=SAMPLES)
    peers: float | None = None
    if with_peer:
        report(f"{members:,} members: the package's board")
        before = used(cache)
        peer.load(cache.endpoint, chunks(members, in_order=True))
        peers = (used(cache) - before) / members
    return Load(members, in_order, sorted_, unsorted, held / members, order / members, peers)


def filled(
    cache: Cache, source: Chunks, fill: Fill, what: str, report: Callable[[str], None]
) -> float:
    """Seconds that loaders need for all of it, together."""
    begun = cache.apply(BOARD, SEASON, [], start=PARTIAL).top
    assert begun is not None
    seconds, done, said = 0.0, 0, 0.0
    with ThreadPoolExecutor(LOADERS) as loaders:
        for chunk in source:
            parts = [chunk[at::LOADERS] for at in range(LOADERS)]
            started = time.perf_counter()
            for _ in loaders.map(lambda part: fill(cache, part, begun.life), parts):
                pass
            seconds += time.perf_counter() - started
            done += len(chunk)
            if seconds - said > 10:
                said = seconds
                report(f"{what}: {done:,} at {done / seconds:,.0f} a second")
    assert cache.settle(BOARD, SEASON, begun.life, COMPLETE)
    return seconds


def by_chunk(cache: Cache, records: Sequence[ScoreRecord], life: str) -> None:
    assert cache.fill(BOARD, SEASON, records, life=life) == len(records)


def by_call(cache: Cache, records: Sequence[ScoreRecord], life: str) -> None:
    for start in range(0, len(records), BATCH):
        by_chunk(cache, records[start : start + BATCH], life)


def used(cache: Cache) -> int:
    memory: dict[str, Any] = node(cache).info("memory")
    return int(memory["used_memory"])


def node(cache: Cache) -> Any:
    (primary,) = cache.client.get_primaries()
    return cache.client.get_redis_connection(primary)


def await_freed(cache: Cache, base: int) -> None:
    """Until what was dropped is gone: the server frees it beside its work."""
    deadline = time.monotonic() + FREED_SECONDS
    while used(cache) > base + 1_000_000:
        assert time.monotonic() < deadline, "the server keeps what was dropped"
        time.sleep(0.05)


def check(cache: Cache, members: int) -> None:
    """That all are there, the best first."""
    top = cache.list(BOARD, SEASON, after=None, limit=100)
    assert top is not None
    assert top.total == members
    best = next(chunks(members, in_order=True))[:500]
    best.sort(key=_place)
    assert [it.user_id for it in top.entries] == [it.user_id for it in best[:100]]


def _place(record: ScoreRecord) -> tuple[int, int, str]:
    score = record.score
    assert score is not None
    return -score.user_score, score.updated_ms, score.user_id


def tables(loads: Sequence[Load], *, small: bool) -> list[Table]:
    made = figures.table(
        "Loading: members a second, by two loaders side by side",
        "members",
        f"{CHUNK:,} at a time",
        f"{BATCH:,} at a time",
        "in board order",
        caption=[
            "Version check, order and users included, in calls of 1,000; each sorts what it gets.",
            f"A rebuild goes by {CHUNK:,}, in the order of the table's scan, which is none.",
            *(
                figures.judged(
                    f"Expected at {it.members:,} members above {TARGET_RATE:,} a second",
                    met=it.by_chunk > TARGET_RATE,
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
        rates = (it.by_chunk, it.unsorted, it.in_order)
        made.add_row(f"{it.members:,}", *(f"{rate:,.0f}" for rate in rates))
        theirs = "not there" if it.peer is None else f"{it.peer:.0f}"
        memory.add_row(f"{it.members:,}", f"{it.held:.0f}", f"{it.order:.0f}", theirs)
    return [made, memory]
