"""The ranking at size: loading it, the memory that it takes, reads of it, score records into it.

The records go through the cache's adapter and its scripts. Beside them, on the same server, with
the same client, the same records and the same layout, the same work without a script: per record
HGET what is known of the user, compare the version here, ZREM the old member, ZADD the new one and
HSET what is known now, each command its own round trip; and once a batch ZRANGE, to see whether the
top changed. And the same commands pipelined, in three round trips a batch. Neither is atomic: two
functions side by side would spoil the board.
"""

from __future__ import annotations

import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.table import Table

from bench import figures, loading, peer, reads
from bench.board import BOARD, KEYS, score_of, updates
from leaderboard.adapters.valkey.connection import ValkeyConnection
from leaderboard.adapters.valkey.encoding import VERSION_BYTES, stored
from leaderboard.adapters.valkey.ranking import ValkeyRanking
from leaderboard.boards import order
from leaderboard.ranking.score_state import ScoreState
from leaderboard.ranking.tops import Hint
from local.cache import CacheServer as Server
from local.servers import await_condition

BATCHES = (1, 100, 1000)
# A record costs the same in a larger batch where each command goes by itself.
MOST_COMMANDS = 100

TARGET_BATCH = 1000
TARGET_MICROSECONDS = 40

Apply = Callable[[Sequence[ScoreState]], float]


def run(*, small: bool, report: Callable[[str], None]) -> list[Table]:
    sizes = (100_000,) if small else (1_000_000, 10_000_000)
    seconds, rounds = (0.7, 200) if small else (5.0, 1000)
    chance = random.Random(1)
    with_peer = peer.install(report)
    loads: list[loading.LoadResult] = []
    times: list[reads.Times] = []
    rows: list[Row] = []
    with serving(report) as cache:
        for members in sizes:
            loads.append(loading.load(cache, members, with_peer=with_peer, report=report))
            times += reads.measure(
                cache, members, rounds=rounds, with_peer=with_peer, report=report
            )
            rows += measured(cache, members, seconds=seconds, chance=chance, report=report)
    return [
        *loading.tables(loads, small=small),
        *reads.tables(times, small=small),
        table(rows, small=small),
    ]


@contextmanager
def serving(report: Callable[[str], None]) -> Iterator[ValkeyRanking]:
    """A Valkey as the service meets it: a cluster, of one node."""
    report("starting Valkey (cluster mode on)")
    with tempfile.TemporaryDirectory(prefix="leaderboard-bench-") as folder:
        server = Server(Path(folder))
        try:
            await_condition(server.is_ready, what="Valkey took no writes")
            with apart(server):
                # A server of its own on a machine that is not: it may be slow to answer.
                yield ValkeyRanking(ValkeyConnection(server.endpoint, seconds=60.0))
        finally:
            server.stop()


@contextmanager
def apart(server: Server) -> Iterator[None]:
    """The server has a core of its own, as if it were elsewhere; who asks it has the others."""
    if not hasattr(os, "sched_setaffinity"):
        yield
        return
    cores = sorted(os.sched_getaffinity(0))
    os.sched_setaffinity(server.process_id(), cores[-1:])
    os.sched_setaffinity(0, cores[:-1] or cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, cores)


Row = tuple[int, int, dict[str, list[float]]]
"""Members, records a batch, and microseconds a record of each batch, by way of writing."""

WAYS = ("script", "pipeline", "command")


def measured(
    cache: ValkeyRanking,
    members: int,
    *,
    seconds: float,
    chance: random.Random,
    report: Callable[[str], None],
) -> Iterator[Row]:
    ways: dict[str, Apply] = {
        "script": lambda records: by_script(cache, records),
        "pipeline": lambda records: by_pipeline(cache.connection.client.library, records),
        "command": lambda records: by_command(cache.connection.client.library, records),
    }
    source = updates(members, chance)
    for size in BATCHES:
        report(f"{members:,} members: {size:,} records a batch")
        taken: dict[str, list[float]] = {way: [] for way in WAYS}
        deadline = time.monotonic() + seconds
        # In turn, so that what else the machine does meets all of them alike.
        while time.monotonic() < deadline or len(taken["command"]) < 3:
            for way in WAYS:
                count = min(size, MOST_COMMANDS) if way == "command" else size
                batch = [next(source) for _ in range(count)]
                taken[way].append(ways[way](batch) * 1e6 / count)
        yield members, size, taken


def number(record: ScoreState) -> int:
    return order.signed(BOARD.rules.order, score_of(record).user_score)


def member(record: ScoreState) -> bytes:
    it = score_of(record)
    return order.member(it.updated_ms, it.user_id, it.user_name)


def by_script(cache: ValkeyRanking, records: Sequence[ScoreState]) -> float:
    started = time.perf_counter()
    applied = cache.apply(BOARD, records)
    seconds = time.perf_counter() - started
    assert applied.top is not None
    if applied.top.is_unrecorded:  # as the recorder does, once it has written the board's item
        mark(cache)
    return seconds


def mark(cache: ValkeyRanking) -> None:
    top = cache.read(BOARD)
    assert top is not None
    cache.remember_recorded(BOARD, top, Hint(1, 1, "e", "d", top.total))


def by_pipeline(client: Any, records: Sequence[ScoreState]) -> float:
    started = time.perf_counter()
    known = client.hmget(KEYS.users, [order.pack(it.user_id) for it in records])
    gone, placed, users = [], {}, {}
    for it, old in zip(records, known, strict=True):
        packed, value = stored(it)
        version, old_member = split(packed, old)
        if it.version > version:
            gone.append(old_member)
            placed[member(it)] = number(it)
            users[packed] = value
    pipeline = client.pipeline()
    if users:
        pipeline.zrem(KEYS.members, *gone)
        pipeline.zadd(KEYS.members, placed)
        pipeline.hset(KEYS.users, mapping=users)
        pipeline.execute()
    client.zrange(KEYS.members, 0, BOARD.rules.top_size - 1, withscores=True)
    return time.perf_counter() - started


def by_command(client: Any, records: Sequence[ScoreState]) -> float:
    started = time.perf_counter()
    for it in records:
        packed, value = stored(it)
        version, old_member = split(packed, client.hget(KEYS.users, packed))
        if it.version > version:
            client.zrem(KEYS.members, old_member)
            client.zadd(KEYS.members, {member(it): number(it)})
            client.hset(KEYS.users, packed, value)
    client.zrange(KEYS.members, 0, BOARD.rules.top_size - 1, withscores=True)
    return time.perf_counter() - started


def split(packed: bytes, known: bytes) -> tuple[int, bytes]:
    """The version and the member in what is known of a user; all users here are on the board."""
    time_end = VERSION_BYTES + order.TIME_BYTES
    carried = order.NAME_MARK + known[time_end:] if known[time_end:] else b""
    old = known[VERSION_BYTES:time_end] + packed + carried
    return int.from_bytes(known[:VERSION_BYTES], "big"), old


def table(rows: Sequence[Row], *, small: bool) -> Table:
    caption = [
        "µs a record, median over the batches, the client's work included.",
        "One script call: adapters.valkey.ranking; atomic, reads the top if it changed.",
        "One command a call: HGET, ZREM, ZADD and HSET a record, each its own round trip; ZRANGE",
        "of the top a batch; same client, same layout. Pipelined: the same commands, each with all",
        "records of the batch, in three round trips. Neither of the two is atomic.",
    ]
    for count, size, taken in rows:
        if size == TARGET_BATCH and not small:
            script = figures.median(taken["script"])
            caption.append(
                figures.judged(
                    f"Expected at {count:,} members and {size:,} a batch under "
                    f"{TARGET_MICROSECONDS} µs",
                    met=script < TARGET_MICROSECONDS,
                )
            )
    made = figures.table(
        "Ranking: score records into a board",
        "members",
        "records a batch",
        "one script call",
        "p99",
        "pipelined",
        "one command a call",
        "better than commands",
        "better than pipelined",
        caption=caption,
    )
    for count, size, taken in rows:
        made.add_row(
            f"{count:,}",
            f"{size:,}",
            f"{figures.median(taken['script']):.1f}",
            f"{figures.quantile(taken['script'], 0.99):.1f}",
            f"{figures.median(taken['pipeline']):.1f}",
            f"{figures.median(taken['command']):.1f}",
            figures.times(against(taken, "command")),
            figures.times(against(taken, "pipeline")),
        )
    return made


def against(taken: dict[str, list[float]], way: str) -> float:
    return figures.median(taken[way]) / figures.median(taken["script"])
