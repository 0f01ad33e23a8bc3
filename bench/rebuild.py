"""How fast a rebuild is where it is not waiting for the table: decode, gather, sort, fill."""

# ruff: noqa: ARG002 - what stands in for the tables takes all that they take

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from rich.table import Table

from bench.figures import table
from bench.ranking import serving
from leaderboard import clock
from leaderboard.adapters.dynamodb.reports import Reports
from leaderboard.adapters.dynamodb.score_scanner import states_of
from leaderboard.adapters.valkey.ranking import ValkeyRanking
from leaderboard.adapters.valkey.rebuild_claim import RebuildClaim
from leaderboard.boards.boards_file import parse
from leaderboard.boards.seasons import BoardSeason
from leaderboard.ranking.recorder import Recorder
from leaderboard.ranking.tops import BoardItem, BoardRow
from leaderboard.repair.ports import ScanPage
from leaderboard.repair.rebuild import Rebuild
from leaderboard.repair.rebuild_completion import RebuildCompletion
from leaderboard.repair.rebuild_progress import RebuildRequest
from leaderboard.repair.rebuild_scan import RebuildScan
from leaderboard.repair.rebuild_targets import RebuildTargets
from leaderboard.repair.sweep import Sweep

Json = dict[str, Any]

PAGE_ITEMS = 1700
"""What a page of 1 MB holds where items have 600 bytes."""
SEGMENTS = 32
CATALOG = parse({"boards": {"bench": {"operator": "latest"}}})


def run(*, small: bool, report: Callable[[str], None]) -> list[Table]:
    made = table(
        "A rebuild, without the table's own time",
        "items",
        "invocations",
        "items a second",
        "items a second of processor",
        "of it decoding",
        caption=[
            f"TablePages of {PAGE_ITEMS:,} items as DynamoDB answers them, in {SEGMENTS} segments,",
            "eight at a time, into an empty Valkey; the processor's time is this process's alone.",
        ],
    )
    for items in (100_000,) if small else (100_000, 1_000_000):
        for seconds in (900.0, items / 1_000_000):
            with serving(report) as cache:
                report(f"rebuilding {items:,} items, {seconds:g} s an invocation")
                done = rebuild(cache, items, seconds)
            made.add_row(
                f"{items:,}",
                str(done.parts),
                f"{items / done.seconds:,.0f}",
                f"{items / done.processor:,.0f}",
                f"{done.decoding / done.processor:.0%}",
            )
    return [made]


@dataclass(frozen=True)
class Done:
    """Seconds of the whole, by the clock and of the processor, and those of decoding alone."""

    seconds: float
    processor: float
    decoding: float
    parts: int


def rebuild(cache: ValkeyRanking, items: int, seconds: float) -> Done:
    pages = TablePages(items)
    boards = Boards()
    now_ms = clock.machine_ms
    recorder = Recorder(cache, boards, 0)
    sweep = Sweep(cache=cache, index=Nobody(), scores=pages, now_ms=now_ms)
    service = Rebuild(
        catalog=CATALOG,
        targets=RebuildTargets(CATALOG, boards, cache, recorder, now_ms),
        scan=RebuildScan(CATALOG, boards, pages, cache, now_ms),
        completion=RebuildCompletion(CATALOG, cache, recorder, sweep, now_ms),
        cache=cache,
        claims=RebuildClaim(cache.connection),
        segments=SEGMENTS,
        now_ms=now_ms,
    )
    progress = service.begin(RebuildRequest("bench", "all"))
    parts = 0
    started, begun = time.perf_counter(), time.process_time()
    while not progress.finished:
        progress = service.resume(progress, seconds=seconds)
        parts += 1
    taken, processor = time.perf_counter() - started, time.process_time() - begun
    top = cache.read(BoardSeason.stored(CATALOG.find("bench"), "all"))
    assert top is not None
    assert (top.total, progress.items) == (items, items)
    begun = time.process_time()
    for body in pages.bodies:
        states_of(json.loads(body), Reports())
    return Done(taken, processor, time.process_time() - begun, parts)


@dataclass
class TablePages:
    """The table's pages, as they come over the wire."""

    items: int
    bodies: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        for start in range(0, self.items, PAGE_ITEMS):
            numbers = range(start, min(start + PAGE_ITEMS, self.items))
            self.bodies.append(json.dumps({"Items": [_item(it) for it in numbers]}).encode())

    def read_page(
        self, segment: int, segments: int, *, after: Json | None, only: str | None
    ) -> ScanPage:
        assert only == "bench#all"
        at = segment if after is None else int(after["at"])
        if at >= len(self.bodies):
            return ScanPage([], None)
        following = at + segments
        position = {"at": following} if following < len(self.bodies) else None
        return ScanPage(states_of(json.loads(self.bodies[at]), Reports()), position)

    def read_states(self, key: str, user_ids: Any) -> list[Any]:
        raise AssertionError("nothing is swept here")


class Boards:
    """The table of boards, in memory."""

    def __init__(self) -> None:
        self.item: BoardItem | None = None

    def read(self, key: str) -> BoardItem | None:
        return self.item

    def remember_mixed_order(self, key: str) -> None:
        """Its records name no order."""

    def write(self, item: BoardItem, *, read_revision: int, keep_day: bool = False) -> bool:
        self.item = item
        return True

    def open(self, key: str) -> bool:
        return False

    def list_all(self) -> Iterator[list[BoardRow]]:
        return iter(())

    def list_some(self, after: str | None, limit: int) -> tuple[list[BoardRow], str | None]:
        return [], None


class Nobody:
    """The index, which is not asked about a ranking that began empty."""

    def best(self, *_: Any) -> list[Any]:
        raise AssertionError

    after = best


def _item(number: int) -> Json:
    user = f"{number * 2654435761 % 2**32:08x}-0000-4000-8000-{number:012x}"
    return {
        "userId": {"S": user},
        "boardSeason": {"S": "bench#all"},
        "version": {"N": str(1_795_000_000_000 + number)},
        "userName": {"S": f"Player {number}"},
        "userScore": {"N": str(number * 7919 % 1_000_003)},
        "scoreUpdatedAt": {"S": "2026-11-23T08:15:30.123Z"},
        "standing": {"S": "visible"},
    }
