"""The ranking: score records into large boards, through the cache's adapter and its scripts.

Beside it, on the same server, with the same client, the same records and the same layout, the same
work without a script: per record HGET what is known of the user, compare the version here, ZREM
the old member, ZADD the new one and HSET what is known now, each command its own round trip; and
once a batch ZRANGE, to see whether the top changed. And the same commands pipelined, in three round
trips a batch. Neither is atomic: two functions side by side would spoil the board.
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
from leaderboard.adapters.cache import VERSION_BYTES, Cache, Keys, stored
from leaderboard.ranking import NEW, Hint, ScoreRecord
from leaderboard.rules import Board, Order
from leaderboard.snapshots import Score
from local.servers import Cache as Server
from local.servers import await_condition

BOARD = Board(board="bench", title="Bench", order=Order.DESC)
SEASON = "all"
BATCHES = (1, 100, 1000)
LOAD = 10_000
# A record costs the same in a larger batch where each command goes by itself.
MOST_COMMANDS = 100
LOADED_MS = 1_700_000_000_000
KEYS = Keys.of(BOARD.board, SEASON)

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
    cache.client.flushall()
    fill(cache, members, report=report)
    check(cache, members)
    ways: dict[str, Apply] = {
        "script": lambda records: by_script(cache, records),
        "pipeline": lambda records: by_pipeline(cache.client, records),
        "command": lambda records: by_command(cache.client, records),
    }
    source = records_of(members, chance)
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


def fill(cache: Cache, members: int, *, report: Callable[[str], None]) -> None:
    """Load a board as the service lays it out, which `check` holds it to."""
    cache.apply(BOARD, SEASON, [loaded(0)], start=NEW)
    mark(cache)
    host, _, port = cache.endpoint.rpartition(":")
    with redis.Redis(host=host, port=int(port)) as plain:
        for start in range(0, members, LOAD):
            records = [loaded(it) for it in range(start, min(start + LOAD, members))]
            pipeline = plain.pipeline(transaction=False)
            pipeline.zadd(KEYS.order, {member(it): number(it) for it in records})
            users: dict[Any, Any] = dict(noted(it) for it in records)
            pipeline.hset(KEYS.users, mapping=users)
            pipeline.execute()
            done = start + len(records)
            if done * 10 // members > start * 10 // members:
                report(f"{members:,} members: {done:,} loaded")


def score_of(record: ScoreRecord) -> Score:
    assert record.score is not None
    return record.score


def number(record: ScoreRecord) -> int:
    return order.signed(BOARD.order, score_of(record).user_score)


def member(record: ScoreRecord) -> bytes:
    return order.member(score_of(record).updated_ms, record.user_id)


def noted(record: ScoreRecord) -> tuple[bytes, bytes]:
    packed, value, _ = stored(BOARD.order, record)
    return packed, value


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


def by_pipeline(client: Any, records: Sequence[ScoreRecord]) -> float:
    started = time.perf_counter()
    known = client.hmget(KEYS.users, [order.pack(it.user_id) for it in records])
    gone, placed, users = [], {}, {}
    for it, old in zip(records, known, strict=True):
        packed, value = noted(it)
        version, old_member = split(packed, old)
        if it.version > version:
            gone.append(old_member)
            placed[member(it)] = number(it)
            users[packed] = value
    pipeline = client.pipeline()
    if users:
        pipeline.zrem(KEYS.order, *gone)
        pipeline.zadd(KEYS.order, placed)
        pipeline.hset(KEYS.users, mapping=users)
        pipeline.execute()
    client.zrange(KEYS.order, 0, BOARD.top_size - 1, withscores=True)
    return time.perf_counter() - started


def by_command(client: Any, records: Sequence[ScoreRecord]) -> float:
    started = time.perf_counter()
    for it in records:
        packed, value = noted(it)
        version, old_member = split(packed, client.hget(KEYS.users, packed))
        if it.version > version:
            client.zrem(KEYS.order, old_member)
            client.zadd(KEYS.order, {member(it): number(it)})
            client.hset(KEYS.users, packed, value)
    client.zrange(KEYS.order, 0, BOARD.top_size - 1, withscores=True)
    return time.perf_counter() - started


def split(packed: bytes, known: bytes) -> tuple[int, bytes]:
    """The version and the member in what is known of a user; all users here are on the board."""
    time_end = VERSION_BYTES + order.TIME_BYTES
    return int.from_bytes(known[:VERSION_BYTES], "big"), known[VERSION_BYTES:time_end] + packed


def table(rows: Sequence[Row], *, members: int, small: bool) -> Table:
    caption = [
        "µs a record, median over the batches, the client's work included.",
        "One script call: leaderboard.adapters.cache; atomic, and reads the top if it changed.",
        "One command a call: HGET, ZREM, ZADD and HSET a record, each its own round trip; ZRANGE",
        "of the top a batch; same client, same layout. Pipelined: the same commands, each with all",
        "records of the batch, in three round trips. Neither of the two is atomic.",
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
