"""What happens while the cache is empty, hangs or is away: scores go on, boards become right."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.e2e import oracle
from tests.e2e.conftest import Settled
from tests.e2e.outages import OUTAGES, await_recovery, full, rebuild
from tests.e2e.service import Json, Player, Service
from tests.e2e.signing import Signer
from tests.e2e.tables import Tables
from tests.e2e.viewer import Screen, Viewer
from tests.e2e.waiting import AT_ONCE, await_value

pytestmark = pytest.mark.e2e

USERS = 14


@pytest.fixture
def crowded(service: Service, board: str, settled: Settled) -> str:
    """A board with more users than its top shows: 113 down to 100."""

    def write(number: int) -> None:
        service.write(board, f"user-{number:02}", score=100 + number)

    with ThreadPoolExecutor(AT_ONCE) as threads:
        list(threads.map(write, range(USERS)))
    settled(board)
    return board


def whole(tables: Tables, board: str) -> list[Json]:
    return oracle.ranking(tables.items("scoresTable"), board, "all")


def await_whole(service: Service, tables: Tables, board: str) -> None:
    """The ranking behind the top is complete again, and the table's."""
    expected = whole(tables, board)

    def complete() -> bool:
        top = service.top(board, "?limit=100")
        return "degraded" not in top and oracle.unmoved(top["entries"]) == expected

    await_value(complete, what=f"{board} is complete")


def test_empty_cache_shows_the_recorded_top(service: Service, crowded: str, cache: Any) -> None:
    """Its total too is as recorded, while the ranking cannot tell its own."""
    before = service.top(crowded)
    cache.flushall()
    after = service.top(crowded)
    assert after | {"total": 0} == before | {"total": 0}
    assert len(after["entries"]) <= after["total"] <= before["total"]


def test_next_score_after_a_flush_shows_on_a_right_and_complete_board(
    service: Service, tables: Tables, viewer: Viewer, crowded: str, cache: Any, settled: Settled
) -> None:
    screen = Screen()
    screen.take(viewer.subscribe(crowded))
    before = service.top(crowded)
    cache.flushall()
    # Not the best, nor one that the top showed: the others must come back with it.
    service.write(crowded, "user-00", score=112)
    top = service.await_score(crowded, "user-00", 112)
    assert oracle.unmoved(top["entries"]) == whole(tables, crowded)[:10]
    assert (top["epoch"], top["version"]) == (before["epoch"], before["version"] + 1)
    viewer.follow(crowded, screen, lambda it: it.scores.get("user-00") == 112)
    assert screen.entries == top["entries"]
    assert screen.version == top["version"]
    assert all(len(it["entries"]) == 10 for it in viewer.frames_of(crowded, "snapshot"))
    await_whole(service, tables, crowded)
    settled(crowded)


def test_flushes_in_the_middle_of_a_burst_lose_nothing(
    service: Service, tables: Tables, viewer: Viewer, crowded: str, cache: Any
) -> None:
    screen = Screen()
    screen.take(viewer.subscribe(crowded))
    epoch = screen.epoch

    def write(number: int) -> None:
        if number in (20, 40):
            cache.flushall()
        service.write(crowded, f"user-{number % 20:02}", score=200 + (number * 37) % 101)

    with ThreadPoolExecutor(AT_ONCE) as threads:
        list(threads.map(write, range(60)))
    await_whole(service, tables, crowded)
    expected = whole(tables, crowded)
    viewer.follow(crowded, screen, lambda it: oracle.unmoved(it.entries) == expected[:10])
    assert oracle.unmoved(service.top(crowded)["entries"]) == expected[:10]
    assert screen.epoch == epoch
    # What came while the cache was filled again was never less than what was known.
    for snapshot in viewer.frames_of(crowded, "snapshot"):
        assert len(snapshot["entries"]) == 10


def test_score_outside_the_top_after_a_flush_makes_the_ranking_whole_again(
    service: Service, tables: Tables, crowded: str, cache: Any
) -> None:
    before = service.top(crowded)
    cache.flushall()
    service.write(crowded, "user-00", score=99)
    await_whole(service, tables, crowded)
    assert service.top(crowded)["entries"] == before["entries"]
    assert service.top(crowded)["version"] == before["version"]


def test_past_the_top_an_empty_cache_is_answered_from_the_index(
    service: Service, tables: Tables, crowded: str, cache: Any
) -> None:
    cache.flushall()
    top = service.top(crowded, "?limit=50")
    assert top["degraded"] is True
    assert oracle.unmoved(top["entries"]) == whole(tables, crowded)
    assert (top["epoch"], top["version"]) == (None, None)


def test_rebuild_fills_an_empty_cache_beside_writes(
    service: Service, tables: Tables, crowded: str, cache: Any, settled: Settled
) -> None:
    cache.flushall()
    with ThreadPoolExecutor(AT_ONCE) as threads:
        rebuilt = threads.submit(rebuild, tables, crowded)
        for score in range(300, 310):
            service.write(crowded, "user-05", score=score)
        done = rebuilt.result()
    assert (done["board"], done["season"]) == (crowded, "all")
    assert done["items"] >= USERS
    await_whole(service, tables, crowded)
    settled(crowded)


def test_audit_of_a_right_board_moves_nothing(
    service: Service, tables: Tables, crowded: str
) -> None:
    before = service.top(crowded)
    assert rebuild(tables, crowded)["moved"] is False
    assert service.top(crowded) == before


@pytest.mark.parametrize("outage", OUTAGES)
def test_scores_go_on_while_the_cache_is_down(
    service: Service,
    tables: Tables,
    viewers: Callable[..., Viewer],
    player: Player,
    crowded: str,
    cache: Any,
    settled: Settled,
    outage: str,
) -> None:
    before = service.top(crowded)
    following = viewers()
    following.subscribe(crowded)
    ticket = service.ticket(player, "global", "visit")["ticket"]
    ready = Signer.of(tables).ready(ticket)
    with OUTAGES[outage](cache):
        service.write(crowded, "user-00", score=500)
        assert service.complete(player, "global", ready).status == 200
        assert service.call("GET", "/me/scores", token=player.token).status == 200

        top = service.top(crowded)
        assert top["degraded"] is True
        # Its total too is as recorded, while the ranking cannot tell its own.
        assert {name: top[name] for name in before} | {"total": 0} == before | {"total": 0}
        assert len(top["entries"]) <= top["total"] <= before["total"]

        further = service.top(crowded, "?limit=50")
        assert further["degraded"] is True
        assert oracle.unmoved(further["entries"]) == whole(tables, crowded)

        assert service.read("/boards")["boards"]
        late = viewers()
        assert late.subscribe(crowded)["entries"] == before["entries"]
        assert following.ping()["boards"][crowded]["version"] == before["version"]

    # Nobody does anything: what failed is delivered again.
    await_recovery(service, f"{crowded}-2")
    top = service.await_score(crowded, "user-00", 500)
    assert "degraded" not in top
    assert oracle.unmoved(top["entries"]) == whole(tables, crowded)[:10]
    screen = Screen()
    following.follow(crowded, screen, lambda it: it.scores.get("user-00") == 500)
    assert screen.entries == top["entries"]
    service.write(crowded, "user-01", score=501)
    following.follow(crowded, screen, lambda it: it.scores.get("user-01") == 501)
    await_whole(service, tables, crowded)
    settled("global")


def test_scores_go_on_while_the_cache_is_full(
    service: Service, tables: Tables, crowded: str, cache: Any
) -> None:
    before = service.top(crowded)
    with full(cache):
        assert service.put(crowded, "user-00", {"score": 500}).status == 200
        assert service.top(crowded) == before
    await_recovery(service, f"{crowded}-2")
    service.await_score(crowded, "user-00", 500)
    await_whole(service, tables, crowded)
