"""The ranking: score records into large boards, through the cache's adapter and its scripts.

Beside it, on the same server and with the same records, what one would write without a script: per
record HGET of the user's version, the comparison here, then ZADD and HSET, each command its own
round trip; and the same with the commands of a batch pipelined, which is two round trips a batch.
Both keep less (no name, no time of a tie, no top to compare) and are not atomic.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import redis
from rich.table import Table

from bench import figures
from leaderboard import order
from leaderboard.adapters.cache import Cache, Keys
from leaderboard.ranking import NEW, Hint, ScoreRecord
from leaderboard.rules import Board, Order
from leaderboard.snapshots import Score
from local.servers import Cache as Server
from local.servers import await_condition

BOARD = Board(board="bench", title="Bench", order=Order.DESC)
SEASON = "all"
BATCHES = (1, 100, 1000)
LOAD = 10_000
LOADED_MS = 1_700_000_000_000
NAIVE_SCORES, NAIVE_VERSIONS = "{naive}:scores", "{naive}:versions"

TARGET_BATCH = 1000
TARGET_MICROSECONDS = 40
TARGET_RATIO = 15

Apply = Callable[[Sequence[ScoreRecord]], float]


def run(*, small: bool, report: Callable[[str], None]) -> list[Table]:
    members = (10_000, 100_000) if small else (100_000, 1_000_000)
    seconds = 0.7 if small else 3.0
    chance = random.Random(1)
    with serving(report) as cache:
        rows = [
            row
            for count in members
            for row in measured(cache, count, seconds=seconds, chance=chance, report=report)
        ]
    return [table(rows, members=members[-1], small=small)]


@contextmanager
def serving(report: Callable[[str], None]) -> Iterator[Cache]:
    """A Valkey as the service meets it: a cluster, of one node."""
    report("starting Valkey (cluster mode on)")
    with tempfile.TemporaryDirectory(prefix="leaderboard-bench-") as folder:
        server = Server(Path(folder))
        try:
            await_condition(server.is_ready, what="Valkey took no writes")
            yield Cache(server.endpoint)
        finally:
            server.stop()


Row = tuple[int, int, dict[str, list[float]]]
"""Members, records a batch, and microseconds a record of each batch, by way of writing."""

WAYS = ("script", "pipeline", "command")


def measured(
    cache: Cache,
    members: int,
    *,
    seconds: float,
    chance: random.Random,
    report: Callable[[str], None],
) -> Iterator[Row]:
    host, _, port = cache.endpoint.rpartition(":")
    # For the other ways the plain client, which does less for a command than the cluster's.
    with redis.Redis(host=host, port=int(port), decode_responses=True) as plain:
        plain.flushall()
        fill(cache, plain, members, report=report)
        check(cache, members)
        ways: dict[str, Apply] = {
            "script": lambda records: by_script(cache, records),
            "pipeline": lambda records: by_pipeline(plain, records),
            "command": lambda records: by_command(plain, records),
        }
        source = records_of(members, chance)
        for size in BATCHES:
            report(f"{members:,} members: {size:,} records a batch")
            taken: dict[str, list[float]] = {way: [] for way in WAYS}
            deadline = time.monotonic() + seconds
            # In turn, so that what else the machine does meets all of them alike.
            while time.monotonic() < deadline or len(taken["command"]) < 3:
                for way in WAYS:
                    batch = [next(source) for _ in range(size)]
                    taken[way].append(ways[way](batch) * 1e6 / size)
            yield members, size, taken


def user(number: int) -> str:
    """36 characters, like the ids of Cognito."""
    return f"0aa6f2bc-1111-4222-8333-{number:012d}"


def records_of(members: int, chance: random.Random) -> Iterator[ScoreRecord]:
    """Newer scores of users who are on the board already, anywhere on it."""
    version = LOADED_MS + 1
    while True:
        version += 1
        number = chance.randrange(members)
        score = Score(user(number), f"player-{number}", chance.randrange(members), version)
        yield ScoreRecord(score.user_id, version, score)


def fill(cache: Cache, plain: redis.Redis, members: int, *, report: Callable[[str], None]) -> None:
    """Load a board as the service lays it out, and as the other ways do."""
    cache.apply(BOARD, SEASON, [loaded(0)], start=NEW)
    mark(cache)
    keys = Keys.of(BOARD.board, SEASON)
    for start in range(0, members, LOAD):
        numbers = range(start, min(start + LOAD, members))
        ranking: dict[str, int] = {}
        users: dict[Any, Any] = {}
        for number in numbers:
            score = loaded(number).score
            assert score is not None
            placed = order.signed(BOARD.order, score.user_score)
            member = order.member(score.updated_ms, score.user_id)
            ranking[member] = placed
            users[score.user_id] = f"{LOADED_MS}|{placed}|{member}|{score.user_name}"
        pipeline = plain.pipeline(transaction=False)
        pipeline.zadd(keys.order, ranking)
        pipeline.hset(keys.users, mapping=users)
        pipeline.zadd(NAIVE_SCORES, {user(number): number for number in numbers})
        pipeline.hset(NAIVE_VERSIONS, mapping={user(number): LOADED_MS for number in numbers})
        pipeline.execute()
        done = start + len(numbers)
        if done * 10 // members > start * 10 // members:
            report(f"{members:,} members: {done:,} loaded")


def loaded(number: int) -> ScoreRecord:
    score = Score(user(number), f"player-{number}", number, LOADED_MS)
    return ScoreRecord(score.user_id, LOADED_MS, score)


def check(cache: Cache, members: int) -> None:
    """That the board was loaded as the service would have: it finds nothing new in it."""
    step = max(1, members // 1000)
    sample = [loaded(number) for number in range(0, members, step)]
    applied = cache.apply(BOARD, SEASON, sample)
    top = cache.read(BOARD, SEASON, size=BOARD.top_size)
    best = [loaded(members - 1 - place).score for place in range(BOARD.top_size)]
    assert applied.taken == 0, "the loaded board is laid out in another way than the service's"
    assert top is not None
    assert top.total == members
    assert list(top.scores) == best


def by_script(cache: Cache, records: Sequence[ScoreRecord]) -> float:
    started = time.perf_counter()
    applied = cache.apply(BOARD, SEASON, records)
    seconds = time.perf_counter() - started
    assert applied.top is not None
    if applied.top.is_unrecorded:  # as the recorder does, once it has written the board's item
        mark(cache)
    return seconds


def mark(cache: Cache) -> None:
    top = cache.read(BOARD, SEASON)
    assert top is not None
    cache.mark(BOARD, SEASON, top, Hint(1, 1, "e", "d"))


def by_pipeline(plain: Any, records: Sequence[ScoreRecord]) -> float:
    started = time.perf_counter()
    versions = plain.hmget(NAIVE_VERSIONS, [it.user_id for it in records])
    newer = [
        it
        for it, version in zip(records, versions, strict=True)
        if version is None or it.version > int(version)
    ]
    pipeline = plain.pipeline(transaction=False)
    for it in newer:
        assert it.score is not None
        pipeline.zadd(NAIVE_SCORES, {it.user_id: it.score.user_score})
        pipeline.hset(NAIVE_VERSIONS, it.user_id, str(it.version))
    pipeline.execute()
    return time.perf_counter() - started


def by_command(plain: Any, records: Sequence[ScoreRecord]) -> float:
    started = time.perf_counter()
    for it in records:
        assert it.score is not None
        version = plain.hget(NAIVE_VERSIONS, it.user_id)
        if version is None or it.version > int(version):
            plain.zadd(NAIVE_SCORES, {it.user_id: it.score.user_score})
            plain.hset(NAIVE_VERSIONS, it.user_id, str(it.version))
    return time.perf_counter() - started


def table(rows: Sequence[Row], *, members: int, small: bool) -> Table:
    caption = [
        "µs a record, median over the batches, the client's work included.",
        "One script call: leaderboard.adapters.cache, which also keeps the order, compares the top",
        "and is atomic. One command a call: HGET, ZADD and HSET a record, each its own round trip.",
        "Pipelined: one HMGET, then all ZADDs and HSETs in one pipeline; neither is atomic.",
    ]
    for count, size, taken in rows:
        if (count, size) == (members, TARGET_BATCH) and not small:
            script, ratio = figures.median(taken["script"]), against(taken, "command")
            caption.append(
                figures.judged(
                    f"Expected at {count:,} members and {size:,} a batch under "
                    f"{TARGET_MICROSECONDS} µs and at least {TARGET_RATIO} {figures.TIMES} better",
                    met=script < TARGET_MICROSECONDS and ratio >= TARGET_RATIO,
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
