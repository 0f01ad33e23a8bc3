"""From a board's change to the last of its viewers, in a process of its own.

`python -m bench.reach SINK CA_FILE TABLE COUNT`: the service's own listing, encoding and posting,
against a sink and a double of the table. Prints one line of JSON.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from pathlib import Path

from bench.posters import NO_LIMIT, REGION
from leaderboard import clock
from leaderboard.adapters.aws.posting import PostingDelivery
from leaderboard.adapters.dynamodb.audiences import AudienceTable
from leaderboard.boards.boards_file import parse
from leaderboard.boards.snapshots import Score, Snapshot, ranked
from leaderboard.frames.broadcast import Broadcaster
from leaderboard.frames.changes import Change
from leaderboard.frames.delivery import Sender
from leaderboard.ranking.tops import BoardItem

HANDLES = 256
PAGE = 2000


class NoCache:
    """No other boards, and no readers."""

    def keep_top(self, key: str, *, revision: int, body: str) -> None:
        assert key
        assert revision
        assert body

    def keep_paces(self, paces: object) -> None:
        assert paces

    def active_paces(self) -> dict[str, str]:
        return {}

    def remember_told(self, key: str, *, epoch: str, version: int) -> None:
        raise AssertionError((key, epoch, version))  # nothing is late here

    def read_told(self, key: str) -> None:
        raise AssertionError(key)


def item(version: int) -> BoardItem:
    scores = (
        Score(f"{number:036d}", f"Player {number}", 1000 * version - number, 1_795_421_730_000)
        for number in range(10)
    )
    return BoardItem(
        Snapshot("global", "all", "e1", version, 100_000, ranked(scores)), version, "life"
    )


def main() -> None:
    sink, ca_file, table, count = sys.argv[1:]
    os.environ["AWS_ENDPOINT_URL_DYNAMODB"] = table
    os.environ["AWS_REGION"] = os.environ["AWS_DEFAULT_REGION"] = REGION
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    broadcaster = Broadcaster(
        catalog=parse({"boards": {"global": {}}}),
        sender=Sender(
            audience=AudienceTable(f"viewers-{count}", audience_shards=1),
            delivery=PostingDelivery(sink, REGION, handles=HANDLES, ca_file=Path(ca_file)),
        ),
        cache=NoCache(),
        posts_per_second=int(NO_LIMIT),
        now_ms=clock.machine_ms,
    )
    samples = []
    for version in range(1, 4):  # the first opens the connections
        began, used = time.perf_counter(), time.process_time()
        ((_, delivered),) = broadcaster.send([Change(item(version), item(version + 1))])
        samples.append((time.perf_counter() - began, time.process_time() - used))
        assert delivered.sent == int(count), delivered
    seconds, cpu = min(samples[1:])
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps({"seconds": seconds, "cpu": cpu, "first": samples[0][0], "memory": memory}))


if __name__ == "__main__":
    main()
