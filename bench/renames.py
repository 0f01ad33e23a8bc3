"""Renames: how fresh a board stays while one player with many past seasons loops `PUT /me`.

Beside it the same loop on a request that writes nothing, in turn, so that what else the machine
does meets both alike. Then one rename of a player with still more past seasons.
"""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import boto3
from rich.table import Table

from bench import figures
from bench.path import TrustedServer, rests, signed_in, watching
from leaderboard import clock
from leaderboard.boards import order
from leaderboard.boards.rules import Order, Schedule
from leaderboard.boards.seasons import before, season_at
from leaderboard_client import Api, RateLimited
from local.players import server_api
from local.stack import Addresses, running

SEASONS, MANY_SEASONS = 60, 150
ROUNDS, WRITES = 8, 15
TARGET_RATIO = 1.2
# What the renames of a round set off has this long before it is measured.
BEGIN_SECONDS = 0.3
WARM_SECONDS = 3.0
WRITE_SHARDS = 4


def run(*, small: bool, report: Callable[[str], None]) -> list[Table]:
    rounds = 3 if small else ROUNDS
    with running(report=report) as stack:
        addresses = stack.addresses
        server = TrustedServer(server_api(addresses))
        renamer, reader, honest, first = (signed_in(addresses, number) for number in range(4))
        play_for_years(addresses, renamer.scores().user_id, SEASONS)
        play_for_years(addresses, honest.scores().user_id, MANY_SEASONS)
        fresh: dict[str, list[float]] = {"renames": [], "reads": []}
        asked = {"renames": 0, "reads": 0}
        names = itertools.count()

        def rename() -> None:
            put_name(renamer, f"Name {next(names)}")

        def read() -> None:
            reader.scores()

        with watching(addresses) as viewer:
            report("warming up")
            for _ in range(20):
                server.write(viewer)
            read()
            # The emulator starts upkeep's process now, and not in the middle of a round.
            put_name(first, "First")
            time.sleep(WARM_SECONDS)
            alone = [server.write(viewer).arrived for _ in rests(WRITES)]
            for number in range(rounds):
                report(f"round {number + 1} of {rounds}: {WRITES} scores beside each loop")
                for kind, call in (("renames", rename), ("reads", read)):
                    with looping(call) as count:
                        time.sleep(BEGIN_SECONDS)
                        fresh[kind] += [server.write(viewer).arrived for _ in rests(WRITES)]
                        asked[kind] += count()
            report(f"one rename of a player with {MANY_SEASONS} past seasons")
            started = time.perf_counter()
            put_name(honest, "Honest")
            seconds = time.perf_counter() - started
            after = [server.write(viewer).arrived for _ in rests(2 * WRITES)]
    return [made(alone, fresh, asked, seconds, after, small=small)]


def put_name(player: Api, name: str) -> None:
    with suppress(RateLimited):
        player.rename(name)


@contextmanager
def looping(call: Callable[[], None]) -> Iterator[Callable[[], int]]:
    """Calls as often as it can, until it is left; how often so far."""
    ended = threading.Event()
    calls = itertools.count()
    done = [0]

    def loop() -> None:
        while not ended.is_set():
            call()
            done[0] = next(calls) + 1

    thread = threading.Thread(target=loop)
    thread.start()
    try:
        yield lambda: done[0]
    finally:
        ended.set()
        thread.join()


def play_for_years(addresses: Addresses, user_id: str, seasons: int) -> None:
    """Puts scores of past weeks into the table, as the service left them there."""
    table: Any = boto3.resource(
        "dynamodb",
        endpoint_url=addresses.cognito,
        aws_access_key_id=addresses.access_key_id,
        aws_secret_access_key=addresses.secret_access_key,
        region_name=addresses.region,
    ).Table(addresses.scores_table)
    now = clock.machine_ms()
    week = season_at(Schedule.WEEKLY, now)
    with table.batch_writer() as batch:
        for ago in range(1, seasons + 1):
            key = f"weekly#{before(Schedule.WEEKLY, week, ago).season}"
            score, at = random.randint(1, 500), now - ago * 7 * 86_400_000
            batch.put_item(
                {
                    "userId": user_id,
                    "boardSeason": key,
                    "userName": "Old Name",
                    "userScore": score,
                    "scoreUpdatedAt": clock.to_text(at),
                    "version": at,
                    "profileVersion": 0,
                    "standing": "visible",
                    "boardSeasonShard": f"{key}#{random.randrange(WRITE_SHARDS)}",
                    "boardOrder": order.index_key(Order.DESC, score, at, user_id),
                }
            )


def made(
    alone: list[float],
    fresh: dict[str, list[float]],
    asked: dict[str, int],
    seconds: float,
    after: list[float],
    *,
    small: bool,
) -> Table:
    ratio = figures.median(fresh["renames"]) / figures.median(fresh["reads"])
    expected = figures.judged(
        f"Expected: freshness beside renames within {TARGET_RATIO} {figures.TIMES} that beside "
        f"reads (here {ratio:.2f})",
        met=ratio <= TARGET_RATIO,
    )
    table = figures.table(
        "Renames: a trusted write → its frame at a subscriber",
        "ms",
        "samples",
        "median",
        "p99",
        "calls of the loop",
        caption=[] if small else [expected],
    )
    rows = (
        ("alone", alone, 0),
        (
            f"beside PUT /me by a player of {SEASONS} past seasons",
            fresh["renames"],
            asked["renames"],
        ),
        ("beside GET /me/scores by a player without scores", fresh["reads"], asked["reads"]),
        (f"after one rename with {MANY_SEASONS} (answered in {seconds * 1000:.0f} ms)", after, 1),
    )
    for name, measured, calls in rows:
        table.add_row(
            name,
            str(len(measured)),
            f"{figures.median(measured) * 1000:.1f}",
            f"{figures.quantile(measured, 0.99) * 1000:.1f}",
            str(calls),
        )
    return table
