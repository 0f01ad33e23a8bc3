"""Reads: each question to a large ranking, beside PING and beside the package `leaderboard`.

All are asked in turn, over one client and one server, so that what else the machine does meets them
alike; the package, which is another process, a few times in a row. What an answer's payload costs
is measured too: as many lines, read by the same client from a plain list and made into entries,
less the same call for none.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from rich.table import Table

from bench import figures, peer
from bench.board import BOARD, KEYS, TIED, loaded, score_of, user
from leaderboard.adapters.valkey.encoding import listing_of
from leaderboard.adapters.valkey.ranking import ValkeyRanking
from leaderboard.boards import order
from leaderboard.ranking.listings import Listing, Position

IN_A_ROW = 10
TARGET_PINGS = 2
TARGET_RATIO = 2
JUDGED = "as it installs"
"""The kind of the package that the ratio is expected against."""
PAYLOAD = f"{KEYS.members}:payload"


@dataclass(frozen=True)
class TimedRead:
    """One read: `ask` makes up its argument, for us and for the package."""

    name: str
    argue: Callable[[], tuple[Any, Any]]
    ask: Callable[[Any], Listing | None]
    at_peer: str
    entries: int


@dataclass
class Times:
    """Seconds, sample by sample."""

    members: int
    question: TimedRead
    ours: list[float] = field(default_factory=list)
    ping: list[float] = field(default_factory=list)
    payload: list[float] = field(default_factory=list)
    theirs: dict[str, list[float]] = field(default_factory=dict)
    """The package's, by its kind; empty where it is not there."""

    @property
    def allowed(self) -> float:
        """Twice a PING, and what the payload costs."""
        return TARGET_PINGS * figures.median(self.ping) + figures.median(self.payload)

    def ratio(self, kind: str) -> float:
        return figures.median(self.theirs[kind]) / figures.median(self.ours)

    @property
    def is_met(self) -> bool:
        quick = figures.median(self.ours) < self.allowed
        return quick and (JUDGED not in self.theirs or self.ratio(JUDGED) >= TARGET_RATIO)


def questions(cache: ValkeyRanking, members: int, chance: random.Random) -> list[TimedRead]:
    def anybody() -> str:
        return user(chance.randrange(members))

    def place() -> tuple[Position, int]:
        it = score_of(loaded(chance.randrange(members), members))
        page = chance.randrange(1, members // 50)
        return Position(it.user_score, it.updated_ms, it.user_id), page

    def twice(argument: Any) -> tuple[Any, Any]:
        return argument, argument

    def listed(limit: int) -> Callable[[Any], Listing | None]:
        return lambda after: cache.list(BOARD, after=after, limit=limit)

    def found(user_ids: Sequence[str]) -> Listing | None:
        return cache.find(BOARD, user_ids)

    def around(user_id: str) -> Listing | None:
        return cache.around(BOARD, user_id, reach=5)

    return [
        TimedRead("top 10", lambda: (None, 10), listed(10), "top", 10),
        TimedRead("top 100", lambda: (None, 100), listed(100), "top", 100),
        TimedRead("page of 50", place, listed(50), "page", 50),
        TimedRead("around 5", lambda: twice(anybody()), around, "around", 11),
        TimedRead("find 100", lambda: twice([anybody() for _ in range(100)]), found, "find", 100),
    ]


def measure(
    cache: ValkeyRanking,
    members: int,
    *,
    rounds: int,
    with_peer: bool,
    report: Callable[[str], None],
) -> list[Times]:
    report(f"{members:,} members: reads")
    asked = questions(cache, members, random.Random(2))
    store_payload(cache, {it.entries for it in asked})
    times = [Times(members, it) for it in asked]
    with ExitStack() as stack:
        peers = {
            kind: stack.enter_context(peer.asking(cache.connection.endpoint, kind))
            for kind in (peer.KINDS if with_peer else ())
        }
        for question in asked:
            check(question, [*peers.values()])
        for turn in range(1 + rounds // IN_A_ROW):
            for it in times:
                one_turn(cache, it, peers)
                if turn == 0:  # warming up
                    for samples in (it.ours, it.ping, it.payload, *it.theirs.values()):
                        samples.clear()
    return times


def one_turn(cache: ValkeyRanking, it: Times, peers: Mapping[str, peer.Peer]) -> None:
    arguments = [it.question.argue() for _ in range(IN_A_ROW)]
    for ours, _ in arguments:
        it.ping.append(seconds(cache.connection.client.library.ping))
        it.ours.append(seconds(partial(it.question.ask, ours)))
        nothing = seconds(partial(payload, cache, 0))
        it.payload.append(seconds(partial(payload, cache, it.question.entries)) - nothing)
    for kind, other in peers.items():
        taken = other.ask(it.question.at_peer, [theirs for _, theirs in arguments])[0]
        it.theirs.setdefault(kind, []).extend(taken)


def seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def store_payload(cache: ValkeyRanking, lengths: Iterable[int]) -> None:
    """As many lines as each answer has, as the scripts give them."""
    for entries in lengths:
        flat: list[bytes] = []
        for number in range(entries):
            it = score_of(loaded(number, 1_000_000))
            signed = order.signed(BOARD.rules.order, it.user_score)
            flat += [order.member(it.updated_ms, it.user_id, it.user_name), b"%d" % signed]
        cache.connection.client.execute_command("DEL", f"{PAYLOAD}:{entries}")
        cache.connection.client.library.rpush(f"{PAYLOAD}:{entries}", *flat)


def payload(cache: ValkeyRanking, entries: int) -> Listing | None:
    flat = cache.connection.client.execute_command("LRANGE", f"{PAYLOAD}:{entries}", 0, -1)
    return listing_of(BOARD.rules.order, [0, 0, 0, flat])


def check(question: TimedRead, peers: Sequence[peer.Peer]) -> None:
    """That the answer is whole, and that the package's is about as many."""
    ours, theirs = question.argue()
    listing = question.ask(ours)
    assert listing is not None
    if question.at_peer != "page":  # the last page may be shorter
        assert len(listing.entries) >= min(question.entries, 6)
    for other in peers:
        _, members = other.ask(question.at_peer, [theirs])
        assert len(members) >= min(question.entries, 6)


def tables(times: Sequence[Times], *, small: bool) -> list[Table]:
    made = figures.table(
        "Reads, beside PING and the package leaderboard: µs, median (p99)",
        "question",
        "members",
        "one call",
        "PING",
        "2 PING + payload",
        *(heading for kind in peer.KINDS for heading in (kind, "quicker")),
        caption=[
            "Rank, place, name, score and time of each entry, and the total, in one round trip.",
            "page of 50: behind an entry anywhere; around 5: that many on each side of a user.",
            "The package is asked for name, score and rank, of which it ranks the later ids first",
            f"among {TIED} users to a score; for places, by the class that it has for them, it has",
            "no rank. It uses the client that its writes need, once with the service's parser.",
            f"Expected: under 2 PING + payload, {TARGET_RATIO} {figures.TIMES} quicker than that.",
        ],
    )
    for it in times:
        verdict = "" if small else (" met" if it.is_met else " MISSED")
        row = [
            it.question.name,
            f"{it.members:,}",
            _both(it.ours),
            f"{figures.median(it.ping) * 1e6:.0f}",
            f"{it.allowed * 1e6:.0f}{verdict}",
        ]
        for kind in peer.KINDS:
            is_there = kind in it.theirs
            row.append(_both(it.theirs[kind]) if is_there else "not there")
            row.append(figures.times(it.ratio(kind)) if is_there else "")
        made.add_row(*row)
    return [made]


def _both(samples: Sequence[float]) -> str:
    return f"{figures.median(samples) * 1e6:.0f} ({figures.quantile(samples, 0.99) * 1e6:.0f})"
