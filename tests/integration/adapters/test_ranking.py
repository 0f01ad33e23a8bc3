"""The ranking's scripts on a real Valkey: what each call takes, keeps, refuses and answers."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import count, islice
from typing import Any

import msgpack
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st
from redis.cluster import RedisCluster
from redis.exceptions import NoPermissionError

from leaderboard.adapters.valkey import ranking as adapter, viewer_cache
from leaderboard.adapters.valkey.connection import Script, ValkeyConnection
from leaderboard.adapters.valkey.encoding import FORMAT, CacheKeys
from leaderboard.adapters.valkey.ranking import ValkeyRanking
from leaderboard.adapters.valkey.viewer_cache import ViewerCache
from leaderboard.boards.rules import MAX_SCORE, Board, Order
from leaderboard.boards.seasons import BoardSeason
from leaderboard.boards.snapshots import Entry, Score, default_name
from leaderboard.errors import CacheUnavailable
from leaderboard.ranking.listings import KnownRank, Listing, Position
from leaderboard.ranking.score_state import ScoreState
from leaderboard.ranking.tops import COMPLETE, NEW, PARTIAL, TOTAL_MS, CachedTop, Hint
from tests.integration.aws import close
from tests.integration.deployed import DeployedValkey
from tests.integration.valkey import Valkey
from tests.unit import strategies

HINT = Hint(revision=4, version=3, epoch="e", digest="d", total=1)
DESC = BoardSeason.stored(Board("high", "High", order=Order.DESC, top_size=3), "all")
ASC = BoardSeason.stored(Board("low", "Low", order=Order.ASC, top_size=3), "all")
T0 = 1_795_420_800_000


@pytest.fixture(params=["local", "deployed"])
def cache_server(
    valkey: Valkey,
    deployed_valkey: DeployedValkey,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> Valkey:
    """The server as the local stack reaches it, and as a deployed stage does."""
    server = valkey if request.param == "local" else deployed_valkey
    deployed_valkey.trust(monkeypatch)
    server.client.flushall()
    return server


@pytest.fixture
def cache(cache_server: Valkey) -> Iterator[ValkeyRanking]:
    used = cache_server.cache()
    yield used
    close(used.connection)


def record(
    user_id: str, score: int | None, *, version: int = 1, at: int = T0, name: str = ""
) -> ScoreState:
    found = None if score is None else Score(user_id, name or user_id, score, at)
    return ScoreState(user_id, version, found)


def viewers(cache: ValkeyRanking) -> ViewerCache:
    return ViewerCache(cache.connection)


def top_of(cache: ValkeyRanking, board: BoardSeason, size: int = 2000) -> CachedTop:
    top = cache.read(board, size=size)
    assert top is not None
    return top


def started(
    cache: ValkeyRanking, board: BoardSeason, *records: ScoreState, as_: str = NEW
) -> CachedTop:
    top = cache.apply(board, records, start=as_).top
    assert top is not None
    return top


def users(top: CachedTop | None) -> list[str]:
    assert top is not None
    return [score.user_id for score in top.scores]


def everything(server: Valkey) -> dict[str, Any]:
    """All that the server holds, to compare."""
    held: dict[str, Any] = {}
    with server.connect(decode_responses=False) as raw:
        for key in sorted(raw.keys()):
            kind = raw.type(key)
            if kind == b"hash":
                held[key] = raw.hgetall(key)
            elif kind == b"zset":
                held[key] = raw.zrange(key, 0, -1, withscores=True)
            else:
                held[key] = raw.get(key)
    return held


# The way to it.


@pytest.mark.parametrize("command", ["FLUSHALL", "KEYS *", "CONFIG GET dir", "ACL LIST", "INFO"])
def test_deployed_user_may_do_nothing_dangerous(
    deployed_valkey: DeployedValkey, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    """So what the tests below do as this user shows that the adapter needs none of it."""
    deployed_valkey.trust(monkeypatch)
    cache = deployed_valkey.cache()
    with pytest.raises(NoPermissionError):
        cache.connection.client.library.execute_command(
            *command.split(), target_nodes=RedisCluster.RANDOM
        )
    close(cache.connection)


def test_cache_that_nobody_vouches_for_is_not_used(
    deployed_valkey: DeployedValkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    deployed_valkey.trust(monkeypatch)
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(CacheUnavailable):
        deployed_valkey.cache().read(DESC)
    monkeypatch.setenv("SSL_CERT_FILE", str(deployed_valkey.certificate))
    cache = deployed_valkey.cache()
    assert cache.read(DESC) is None
    close(cache.connection)


# The order.


@pytest.mark.parametrize("board", [DESC, ASC])
def test_better_scores_come_first(cache: ValkeyRanking, board: BoardSeason) -> None:
    scores = [5, -3, 0, 17, 4]
    started(cache, board, *(record(f"u{it}", it) for it in scores))
    best_first = sorted(scores, reverse=board is DESC)
    assert [it.user_score for it in top_of(cache, board).scores] == best_first


@pytest.mark.parametrize("board", [DESC, ASC])
def test_equal_scores_are_ordered_by_time_then_by_code_point(
    cache: ValkeyRanking, board: BoardSeason
) -> None:
    later = record("a", 7, at=T0 + 1)
    tied = [record(user, 7) for user in ("b", "B", "b.", "b-", "b:", "b_", "0")]
    started(cache, board, later, *random.Random(3).sample(tied, len(tied)))
    assert users(top_of(cache, board)) == ["0", "B", "b", "b-", "b.", "b:", "b_", "a"]


def test_order_equals_a_sorted_list_after_many_batches(cache: ValkeyRanking) -> None:
    chance = random.Random(11)
    known: dict[str, ScoreState] = {}
    started(cache, DESC)
    for _ in range(60):
        batch = [
            record(
                f"u{user}",
                None if chance.random() < 0.2 else chance.randint(-4, 4),
                version=chance.randint(1, 40),
                at=T0 + chance.randint(0, 2),
            )
            for user in chance.sample(range(25), chance.randint(1, 12))
        ]
        cache.apply(DESC, batch)
        for it in batch:
            if it.user_id not in known or it.version > known[it.user_id].version:
                known[it.user_id] = it
        expected = sorted(
            (it.score for it in known.values() if it.score is not None),
            key=lambda it: (-it.user_score, it.updated_ms, it.user_id),
        )
        top = top_of(cache, DESC)
        assert list(top.scores) == expected
        assert top.total == len(expected)


@pytest.mark.parametrize("board", [DESC, ASC])
def test_numbers_are_exact_to_the_last_one(cache: ValkeyRanking, board: BoardSeason) -> None:
    scores = [MAX_SCORE, MAX_SCORE - 1, MAX_SCORE - 2, 0, -MAX_SCORE + 1, -MAX_SCORE]
    records = [record(f"u{n}", it, version=MAX_SCORE - n) for n, it in enumerate(scores)]
    started(cache, board, *random.Random(1).sample(records, len(records)))
    found = [it.user_score for it in top_of(cache, board).scores]
    assert found == (scores if board is DESC else scores[::-1])


def test_versions_are_compared_exactly_to_the_last_one(cache: ValkeyRanking) -> None:
    started(cache, DESC, record("a", 1, version=MAX_SCORE - 1))
    assert cache.apply(DESC, [record("a", 2, version=MAX_SCORE - 2)]).applied == 0
    assert cache.apply(DESC, [record("a", 3, version=MAX_SCORE)]).applied == 1
    assert top_of(cache, DESC).scores[0].user_score == 3


# What is taken.


def test_only_newer_versions_are_taken(cache: ValkeyRanking) -> None:
    started(cache, DESC, record("a", 5, version=10))
    for version in (9, 10):
        applied = cache.apply(DESC, [record("a", 99, version=version)])
        assert applied.applied == 0
    assert cache.apply(DESC, [record("a", 4, version=11)]).applied == 1
    assert [it.user_score for it in top_of(cache, DESC).scores] == [4]


def test_removed_user_comes_back_only_with_a_newer_version(cache: ValkeyRanking) -> None:
    started(cache, DESC, record("a", 5, version=10), record("b", 4))
    cache.apply(DESC, [record("a", None, version=12)])
    assert users(top_of(cache, DESC)) == ["b"]
    assert cache.apply(DESC, [record("a", 5, version=11)]).applied == 0
    assert users(top_of(cache, DESC)) == ["b"]
    assert cache.apply(DESC, [record("a", 3, version=13)]).applied == 1
    assert users(top_of(cache, DESC)) == ["b", "a"]


def test_removal_of_a_stranger_is_remembered(cache: ValkeyRanking) -> None:
    started(cache, DESC, record("a", None, version=5))
    assert cache.apply(DESC, [record("a", 9, version=4)]).applied == 0
    assert top_of(cache, DESC).total == 0


def test_batch_of_a_thousand_is_taken_whole(cache: ValkeyRanking) -> None:
    batch = [record(f"u{n:04d}", n, at=T0 + n) for n in range(1000)]
    started(cache, DESC)
    assert cache.apply(DESC, batch).applied == 1000
    again = [record(f"u{n:04d}", 1000 - n, version=2, at=T0 + n) for n in range(1000)]
    applied = cache.apply(DESC, again)
    assert applied.applied == 1000
    assert applied.top is not None
    assert (applied.top.total, users(applied.top)) == (1000, ["u0000", "u0001", "u0002"])
    gone = [record(f"u{n:04d}", None, version=3) for n in range(1000)]
    assert cache.apply(DESC, gone).applied == 1000
    assert top_of(cache, DESC).total == 0


NAMES = (
    default_name("a"),
    "player-",
    "a|b",
    "|",
    "||1|",
    "Ωmega ☃ 👩‍🚀",
    "nul\x00inside",
    "two\nlines",
    '"quoted"',
    "\\",
    "%d",
)


@pytest.mark.parametrize("name", NAMES)
def test_names_come_back_as_they_went(cache: ValkeyRanking, name: str) -> None:
    started(cache, DESC, record("a", 5, name=name))
    assert top_of(cache, DESC).scores[0].user_name == name
    cache.apply(DESC, [record("a", 6, version=2, name=name)])
    assert top_of(cache, DESC).scores == (Score("a", name, 6, T0),)


def test_rename_to_and_from_the_name_that_the_id_gives_is_seen(cache: ValkeyRanking) -> None:
    started(cache, DESC, record("a", 5, name=default_name("a")))
    for version, name in ((2, "Ann"), (3, default_name("a")), (4, default_name("b"))):
        top = top_of(cache, DESC)
        cache.remember_recorded(DESC, top, HINT)
        after = cache.apply(DESC, [record("a", 5, version=version, name=name)]).top
        assert after is not None
        assert after.is_unrecorded
        assert after.scores == (Score("a", name, 5, T0),)


def test_longest_ids_keep_their_members_apart(cache: ValkeyRanking) -> None:
    long = "x" * 64
    started(cache, DESC, record(long, 5), record(long[:63], 5), record("1", 5), record("11", 5))
    assert users(top_of(cache, DESC)) == ["1", "11", long[:63], long]


# What is left to record.


def test_change_of_the_top_gets_a_fresh_id_each_time(cache: ValkeyRanking) -> None:
    seen = {started(cache, DESC, record("a", 1)).change_id}
    for version in range(2, 30):
        top = cache.apply(DESC, [record("a", version % 2, version=version)]).top
        assert top is not None
        seen.add(top.change_id)
    assert len(seen) == 29


def test_change_below_the_top_is_nothing_to_record(cache: ValkeyRanking) -> None:
    top = started(cache, DESC, *(record(f"u{n}", n + 10) for n in range(3)))
    cache.remember_recorded(DESC, top, HINT)
    for low in (record("low", 1), record("low", 2, version=2), record("low", None, version=3)):
        after = cache.apply(DESC, [low]).top
        assert after is not None
        assert not after.is_unrecorded
        assert after.scores == ()
        assert after.change_id == top.change_id


@pytest.mark.parametrize(
    "change",
    [
        record("u2", 13, version=2),
        record("u0", 99, version=2),
        record("new", 99),
        record("u1", None, version=2),
        record("u0", 10, version=2, name="renamed"),
        record("u0", 10, version=2, at=T0 - 1),
    ],
)
def test_change_in_the_top_is_to_be_recorded(cache: ValkeyRanking, change: ScoreState) -> None:
    top = started(cache, DESC, *(record(f"u{n}", n + 10) for n in range(3)))
    cache.remember_recorded(DESC, top, HINT)
    after = cache.apply(DESC, [change]).top
    assert after is not None
    assert after.is_unrecorded
    assert after.scores == top_of(cache, DESC, size=3).scores


def test_rename_below_the_top_is_nothing_to_record(cache: ValkeyRanking) -> None:
    top = started(cache, DESC, *(record(f"u{n}", n) for n in range(5)))
    cache.remember_recorded(DESC, top, HINT)
    after = cache.apply(DESC, [record("u0", 0, version=2, name="renamed")]).top
    assert after is not None
    assert not after.is_unrecorded
    assert top_of(cache, DESC).scores[-1].user_name == "renamed"


def test_newer_version_of_an_equal_entry_is_nothing_to_record(cache: ValkeyRanking) -> None:
    top = started(cache, DESC, record("a", 1))
    cache.remember_recorded(DESC, top, HINT)
    applied = cache.apply(DESC, [record("a", 1, version=2)])
    assert applied.applied == 1
    assert applied.top is not None
    assert not applied.top.is_unrecorded


def test_difference_that_nobody_recorded_shows_in_an_empty_batch(cache: ValkeyRanking) -> None:
    top = started(cache, DESC, record("a", 1))
    after = cache.apply(DESC, [record("a", 1)]).top
    assert after == top
    assert after is not None
    assert after.is_unrecorded


def test_mark_counts_only_while_its_change_is_the_current_one(cache: ValkeyRanking) -> None:
    before = started(cache, DESC, record("a", 1))
    cache.apply(DESC, [record("a", 2, version=2)])
    cache.remember_recorded(DESC, before, HINT)
    after = cache.read(DESC)
    assert after is not None
    assert after.is_unrecorded
    assert after.hint == HINT
    cache.remember_recorded(DESC, after, HINT)
    marked = cache.read(DESC)
    assert marked is not None
    assert not marked.is_unrecorded


def test_mark_that_comes_late_does_not_replace_a_newer_one(cache: ValkeyRanking) -> None:
    """Two functions record one after the other, and the second one's mark arrives first."""
    top = started(cache, DESC, record("ann", 3))
    newer = replace(HINT, revision=HINT.revision + 1, total=2)
    cache.remember_recorded(DESC, top, newer)
    cache.remember_recorded(DESC, top, HINT)
    after = cache.read(DESC)
    assert after is not None
    assert after.hint == newer


def test_mark_of_another_life_changes_nothing(cache: ValkeyRanking, cache_server: Valkey) -> None:
    old = started(cache, DESC, record("a", 1))
    cache_server.client.flushall()
    started(cache, DESC, record("b", 1))
    before = everything(cache_server)
    cache.remember_recorded(DESC, old, HINT)
    assert everything(cache_server) == before


def test_age_is_known_once_there_was_a_record(cache: ValkeyRanking) -> None:
    top = started(cache, DESC, record("a", 1))
    assert top.age_ms is None
    cache.remember_recorded(DESC, top, HINT)
    after = cache.read(DESC)
    assert after is not None
    assert after.age_ms is not None
    assert 0 <= after.age_ms < 10_000


# One key of a ranking is lost.


def lose(server: Valkey, key: str) -> None:
    assert server.client.delete(getattr(CacheKeys.of(DESC.key), key)) == 1


LOST = pytest.mark.parametrize("key", ["members", "users"])
MANY = [record(f"u{n:02d}", n) for n in range(25)]


@LOST
def test_ranking_that_lost_a_key_has_no_life(
    cache: ValkeyRanking, cache_server: Valkey, key: str
) -> None:
    cache.remember_recorded(DESC, started(cache, DESC, *MANY), HINT)
    life = top_of(cache, DESC).life
    lose(cache_server, key)
    assert cache.read(DESC) is None
    assert cache.read(DESC, size=100) is None
    assert cache.list(DESC, after=None, limit=10) is None
    assert cache.around(DESC, "u03", reach=2) is None
    assert cache.find(DESC, ["u03"]) is None
    assert cache.dump(DESC, life=life) is None
    assert cache.fill(DESC, MANY, life=life) is None
    assert cache.apply(DESC, [record("new", 99)]).top is None


@LOST
def test_ranking_that_lost_a_key_begins_anew_and_publishes_no_remains(
    cache: ValkeyRanking, cache_server: Valkey, key: str
) -> None:
    first = started(cache, DESC, *MANY)
    cache.remember_recorded(DESC, first, HINT)
    lose(cache_server, key)
    again = record("u03", 99, version=2, at=T0 + 1)
    applied = cache.apply(DESC, [again], start=PARTIAL)
    assert applied.top is not None
    assert applied.rebuild_due
    assert (applied.top.completeness, applied.top.hint) == (PARTIAL, None)
    assert applied.top.life != first.life
    assert not applied.top.is_unrecorded
    assert cache.fill(DESC, MANY, life=applied.top.life) == 24
    assert cache.set_completeness(DESC, applied.top.life, COMPLETE)
    top = top_of(cache, DESC)
    assert (top.total, users(top)[:3]) == (25, ["u03", "u24", "u23"])


@LOST
def test_key_lost_while_a_rebuild_fills_ends_the_life(
    cache: ValkeyRanking, cache_server: Valkey, key: str
) -> None:
    life = started(cache, DESC, as_=PARTIAL).life
    assert cache.fill(DESC, MANY, life=life) == 25
    lose(cache_server, key)
    assert cache.set_completeness(DESC, life, COMPLETE)
    assert cache.read(DESC) is None


def test_ranking_without_a_member_has_lost_nothing(cache: ValkeyRanking) -> None:
    """The server has no empty keys: a ranking that everybody left has no order."""
    life = started(cache, DESC).life
    assert top_of(cache, DESC).life == life
    for version in (1, 3):
        cache.apply(DESC, [record("a", 5, version=version), record("b", None)])
        cache.apply(DESC, [record("a", None, version=version + 1)])
        assert (top_of(cache, DESC).life, top_of(cache, DESC).total) == (life, 0)
    cache.apply(DESC, [record("a", 5, version=5)])
    assert (top_of(cache, DESC).life, users(top_of(cache, DESC))) == (life, ["a"])


def test_loss_of_the_users_is_noticed_where_everybody_left(
    cache: ValkeyRanking, cache_server: Valkey
) -> None:
    started(cache, DESC, record("a", 5), record("b", None))
    cache.apply(DESC, [record("a", None, version=3)])
    lose(cache_server, "users")
    late = record("a", 5, version=2)
    assert cache.apply(DESC, [late]).top is None


# Listings.


@dataclass(frozen=True)
class Oracle:
    """A board as a plain list of entries in order."""

    board: BoardSeason
    entries: list[Entry]

    @classmethod
    def of(cls, board: BoardSeason, records: Iterable[ScoreState]) -> Oracle:
        newest: dict[str, ScoreState] = {}
        for it in records:
            if it.user_id not in newest or it.version > newest[it.user_id].version:
                newest[it.user_id] = it
        scores = sorted(
            (it.score for it in newest.values() if it.score is not None),
            key=lambda it: cls.key(board, it),
        )
        numbers = [it.user_score for it in scores]
        entries = [
            Entry(
                rank,
                numbers.index(it.user_score) + 1,
                it.user_id,
                it.user_name,
                it.user_score,
                it.updated_ms,
            )
            for rank, it in enumerate(scores, start=1)
        ]
        return cls(board, entries)

    @staticmethod
    def key(board: BoardSeason, it: Score | Entry | Position) -> tuple[int, int, str]:
        better = -it.user_score if board.rules.order is Order.DESC else it.user_score
        return better, it.updated_ms, it.user_id

    def listing(self, entries: Iterable[Entry]) -> Listing:
        return Listing(tuple(entries), len(self.entries))

    def list(self, after: Position | None, limit: int) -> Listing:
        behind = (
            it
            for it in self.entries
            if after is None or self.key(self.board, it) > self.key(self.board, after)
        )
        return self.listing(islice(behind, limit))

    def around(self, user_id: str, reach: int) -> Listing:
        at = [it.user_id for it in self.entries].index(user_id)
        return self.listing(self.entries[max(0, at - reach) : at + reach + 1])

    def find(self, user_ids: Iterable[str]) -> Listing:
        asked = set(user_ids)
        return self.listing(it for it in self.entries if it.user_id in asked)


IDS = (
    *(f"u{n}" for n in range(6)),
    "B",
    "0aa6f2bc-1111-4222-8333-00000000000a",
    "0aa6f2bc-1111-4222-8333-00000000000b",
    "0aa6f2bc-1111-4222-8333-00000000000:",
    "0aa6f2bc-",
    "0aa6f2bc",
    "x" * 64,
)


@st.composite
def histories(draw: st.DrawFn) -> list[list[ScoreState]]:
    """Batches in which few users score, tie, move, vanish and come back, in any order.

    A user's version says the same wherever it comes again.
    """
    known: dict[tuple[str, int], ScoreState] = {}

    def drawn(user_id: str) -> ScoreState:
        version = draw(st.integers(1, 9))
        if (user_id, version) not in known:
            known[user_id, version] = ScoreState(user_id, version, scored(user_id, version))
        return known[user_id, version]

    def scored(user_id: str, version: int) -> Score | None:
        if draw(st.integers(0, 4)) == 0:
            return None
        name = draw(st.sampled_from(["Ann", default_name(user_id), *NAMES]))
        number = draw(st.one_of(st.integers(-1, 1), strategies.scores))
        return Score(user_id, name, number, T0 + version % 3)

    batches = st.lists(st.lists(st.sampled_from(IDS), unique=True, max_size=12), max_size=4)
    return [[drawn(user_id) for user_id in batch] for batch in draw(batches)]


def seen(batches: list[list[ScoreState]]) -> list[ScoreState]:
    return [it for batch in batches for it in batch]


on_one_server = settings(
    max_examples=80,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


def whole(cache: ValkeyRanking, board: BoardSeason, batches: list[list[ScoreState]]) -> Oracle:
    cache.drop(board.key)
    started(cache, board, as_=COMPLETE)
    for batch in batches:
        cache.apply(board, batch)
    return Oracle.of(board, seen(batches))


@on_one_server
@given(
    st.sampled_from([DESC, ASC]),
    histories(),
    st.integers(1, 15),
    st.lists(
        st.builds(Position, strategies.scores, st.integers(T0 - 1, T0 + 3), st.sampled_from(IDS))
    ),
)
def test_list_is_that_of_a_sorted_list_behind_any_place(
    cache: ValkeyRanking,
    board: BoardSeason,
    history: list[list[ScoreState]],
    limit: int,
    elsewhere: list[Position],
) -> None:
    oracle = whole(cache, board, history)
    # Where somebody stands, stood once, or never did.
    stood = (it.score for it in seen(history) if it.score is not None)
    places = [Position(it.user_score, it.updated_ms, it.user_id) for it in stood] + elsewhere
    for after in (None, *places):
        assert cache.list(board, after=after, limit=limit) == oracle.list(after, limit)


@on_one_server
@given(st.sampled_from([DESC, ASC]), histories(), st.integers(0, 6))
def test_around_is_that_of_a_sorted_list(
    cache: ValkeyRanking, board: BoardSeason, history: list[list[ScoreState]], reach: int
) -> None:
    oracle = whole(cache, board, history)
    ranked = {it.user_id for it in oracle.entries}
    for user_id in IDS:
        expected = oracle.around(user_id, reach) if user_id in ranked else oracle.listing(())
        assert cache.around(board, user_id, reach=reach) == expected


@on_one_server
@given(st.sampled_from([DESC, ASC]), histories(), st.lists(st.sampled_from([*IDS, "nobody"])))
def test_find_is_that_of_a_sorted_list(
    cache: ValkeyRanking, board: BoardSeason, history: list[list[ScoreState]], asked: list[str]
) -> None:
    oracle = whole(cache, board, history)
    assert cache.find(board, asked) == oracle.find(asked)


@on_one_server
@given(
    st.sampled_from([DESC, ASC]),
    histories(),
    st.lists(st.sampled_from([*IDS, "nobody"]), min_size=1),
)
def test_known_ranks_are_those_of_the_newest_versions(
    cache: ValkeyRanking, board: BoardSeason, history: list[list[ScoreState]], asked: list[str]
) -> None:
    oracle = whole(cache, board, history)
    ranks = {it.user_id: it.rank for it in oracle.entries}
    in_order = sorted(seen(history), key=lambda it: it.version)
    known = {it.user_id: KnownRank(it.version, ranks.get(it.user_id)) for it in in_order}
    expected = {it: known[it] for it in asked if it in known}
    assert cache.known_ranks(board, asked) == expected


@pytest.mark.parametrize("board", [DESC, ASC])
def test_pages_through_a_thousand_ties_meet_without_gap_or_double(
    cache: ValkeyRanking, board: BoardSeason
) -> None:
    chance = random.Random(5)
    records = [
        record(f"u{n}", chance.randint(0, 3), at=T0 + chance.randint(0, 20)) for n in range(1000)
    ]
    started(cache, board, *records, as_=COMPLETE)
    found: list[Entry] = []
    after = None
    while True:
        page = cache.list(board, after=after, limit=37)
        assert page is not None
        if not page.entries:
            break
        found += page.entries
        last = page.entries[-1]
        after = Position(last.user_score, last.updated_ms, last.user_id)
        # Who stood there leaves before the next page is asked for.
        cache.apply(board, [record(last.user_id, None, version=2)])
    left = Oracle.of(board, records).entries
    assert [it.user_id for it in found] == [it.user_id for it in left]


@pytest.mark.parametrize("beginning", [None, NEW, PARTIAL])
def test_ranking_that_is_not_whole_answers_nothing(
    cache: ValkeyRanking, beginning: str | None
) -> None:
    if beginning:
        started(cache, DESC, record("a", 1), as_=beginning)
    assert cache.list(DESC, after=None, limit=10) is None
    assert cache.list(DESC, after=Position(1, T0, "a"), limit=10) is None
    assert cache.around(DESC, "a", reach=1) is None
    assert cache.find(DESC, ["a"]) is None
    assert cache.known_ranks(DESC, ["a"]) is None


def test_find_of_nobody_tells_the_total(cache: ValkeyRanking) -> None:
    started(cache, DESC, record("a", 1), as_=COMPLETE)
    assert cache.find(DESC, []) == Listing((), 1)


def test_listings_raise_while_the_cache_is_down() -> None:
    calls: list[Callable[[ValkeyRanking], object]] = [
        lambda it: it.list(DESC, after=None, limit=1),
        lambda it: it.around(DESC, "a", reach=1),
        lambda it: it.find(DESC, ["a"]),
        lambda it: it.known_ranks(DESC, ["a"]),
    ]
    for call in calls:
        with pytest.raises(CacheUnavailable):
            call(ValkeyRanking(ValkeyConnection("127.0.0.1:1")))


# Lives.


def test_cold_cache_takes_nothing(cache: ValkeyRanking, cache_server: Valkey) -> None:
    assert cache.apply(DESC, [record("a", 1)]).top is None
    assert cache.read(DESC) is None
    assert everything(cache_server) == {}


@pytest.mark.parametrize("beginning", [NEW, PARTIAL])
def test_life_begins_as_it_is_told(cache: ValkeyRanking, beginning: str) -> None:
    top = started(cache, DESC, record("a", 1), as_=beginning)
    assert top.completeness == beginning
    assert users(top) == ["a"]


def test_life_that_is_there_is_not_begun_again(cache: ValkeyRanking) -> None:
    first = started(cache, DESC, record("a", 1))
    second = started(cache, DESC, record("b", 2), as_=PARTIAL)
    assert (second.life, second.completeness) == (first.life, NEW)
    assert users(second) == ["b", "a"]


def test_life_without_its_state_leaves_nothing_behind(
    cache: ValkeyRanking, cache_server: Valkey
) -> None:
    started(cache, DESC, record("a", 9, version=50), record("b", 8))
    cache_server.client.delete(CacheKeys.of(DESC.key).state)
    top = started(cache, DESC, record("a", 1, version=2), as_=PARTIAL)
    assert users(top_of(cache, DESC)) == ["a"]
    assert top.total == 1


def test_new_life_is_complete_once_its_own_record_was_accepted(cache: ValkeyRanking) -> None:
    top = started(cache, DESC, record("a", 1))
    cache.remember_recorded(DESC, top, HINT)
    assert top_of(cache, DESC).completeness == COMPLETE


def test_partial_life_is_never_to_be_recorded(cache: ValkeyRanking) -> None:
    top = started(cache, DESC, record("a", 1), as_=PARTIAL)
    assert top.change_id != top.recorded_change_id
    assert not top.is_unrecorded
    cache.remember_recorded(DESC, top, HINT)
    assert top_of(cache, DESC).completeness == PARTIAL


def test_other_life_takes_nothing_from_a_rebuild(
    cache: ValkeyRanking, cache_server: Valkey
) -> None:
    old = started(cache, DESC, as_=PARTIAL)
    cache_server.client.flushall()
    assert cache.fill(DESC, [record("a", 1)], life=old.life) is None
    started(cache, DESC, record("b", 1), as_=PARTIAL)
    before = everything(cache_server)
    assert cache.fill(DESC, [record("a", 1)], life=old.life) is None
    assert not cache.set_completeness(DESC, old.life, COMPLETE)
    assert everything(cache_server) == before


def test_rebuild_that_ends_has_the_top_recorded_anew(cache: ValkeyRanking) -> None:
    top = started(cache, DESC, record("a", 1))
    cache.remember_recorded(DESC, top, HINT)
    assert cache.set_completeness(DESC, top.life, COMPLETE)
    after = cache.read(DESC)
    assert after is not None
    assert after.is_unrecorded


def test_life_that_was_confirmed_does_not_become_partial(cache: ValkeyRanking) -> None:
    top = started(cache, DESC, record("a", 1))
    assert cache.set_completeness(DESC, top.life, PARTIAL, only_new=True)
    assert top_of(cache, DESC).completeness == PARTIAL
    assert cache.set_completeness(DESC, top.life, COMPLETE)
    assert not cache.set_completeness(DESC, top.life, PARTIAL, only_new=True)
    assert top_of(cache, DESC).completeness == COMPLETE


def test_one_caller_claims_the_rebuild_of_a_partial_life(cache: ValkeyRanking) -> None:
    first = cache.apply(DESC, [record("a", 1)], start=PARTIAL)
    second = cache.apply(DESC, [record("b", 1)])
    assert (first.rebuild_due, second.rebuild_due) == (True, False)


def test_claim_given_back_is_taken_by_the_next(cache: ValkeyRanking) -> None:
    assert cache.apply(DESC, [], start=PARTIAL).rebuild_due
    cache.release(DESC)
    assert cache.apply(DESC, []).rebuild_due
    assert not cache.apply(DESC, []).rebuild_due


def test_rebuild_that_fell_silent_is_claimed_again(
    cache: ValkeyRanking, monkeypatch: pytest.MonkeyPatch
) -> None:
    life = started(cache, DESC, as_=PARTIAL).life
    monkeypatch.setattr(adapter, "REBUILD_SILENCE_SECONDS", -1)
    assert cache.apply(DESC, []).rebuild_due
    assert cache.fill(DESC, [], life=life) == 0


def test_rebuild_that_is_heard_of_is_not_claimed_by_another(
    cache: ValkeyRanking, cache_server: Valkey
) -> None:
    life = started(cache, DESC, as_=PARTIAL).life
    cache_server.client.hset(CacheKeys.of(DESC.key).state, "filledAt", 1)
    cache.fill(DESC, [record("a", 1)], life=life)
    assert not cache.apply(DESC, [record("b", 1)]).rebuild_due


@pytest.mark.parametrize("beginning", [NEW, COMPLETE])
def test_life_that_lacks_nothing_is_not_rebuilt(cache: ValkeyRanking, beginning: str) -> None:
    assert not cache.apply(DESC, [record("a", 1)], start=beginning).rebuild_due


# Filling and dumping.


@on_one_server
@given(st.sampled_from([DESC, ASC]), histories(), st.lists(st.booleans(), min_size=4, max_size=4))
def test_filling_beside_live_records_comes_to_the_same_as_applying(
    cache: ValkeyRanking, board: BoardSeason, history: list[list[ScoreState]], filled: list[bool]
) -> None:
    cache.drop(board.key)
    life = started(cache, board, as_=COMPLETE).life
    for batch, fill in zip(history, filled, strict=False):
        if fill:
            cache.fill(board, batch, life=life)
        else:
            cache.apply(board, batch)
    oracle = Oracle.of(board, seen(history))
    assert cache.list(board, after=None, limit=100) == oracle.list(None, 100)


@pytest.fixture(params=["Valkey 9", "older servers"])
def commands(cache_server: Valkey, request: pytest.FixtureRequest) -> Iterator[None]:
    """With the command that notes only who is new, and without it."""
    if request.param == "Valkey 9":
        yield
        return
    users = cache_server.client.acl_users()
    for user in users:
        cache_server.client.execute_command("ACL SETUSER", user, "-hsetex")
    yield
    for user in users:
        cache_server.client.execute_command("ACL SETUSER", user, "+hsetex")


@pytest.mark.usefixtures("commands")
def test_fill_takes_any_number_and_answers_how_many_were_newer(cache: ValkeyRanking) -> None:
    life = started(cache, DESC, record("u7", 9, version=9), as_=PARTIAL).life
    records = [record(f"u{n}", n % 50, version=2, at=T0 + n) for n in range(2500)]
    records += [record(f"gone{n}", None) for n in range(30)]
    assert cache.fill(DESC, iter(records), life=life) == 2529
    assert cache.fill(DESC, records, life=life) == 0
    assert cache.set_completeness(DESC, life, COMPLETE)
    oracle = Oracle.of(DESC, [*records, record("u7", 9, version=9)])
    assert cache.list(DESC, after=None, limit=2000) == oracle.list(None, 2000)


def test_fill_leaves_a_changed_top_to_be_recorded(cache: ValkeyRanking) -> None:
    top = started(cache, DESC, record("a", 1), as_=COMPLETE)
    cache.remember_recorded(DESC, top, HINT)
    cache.fill(DESC, [record("b", 2)], life=top.life)
    assert top_of(cache, DESC).is_unrecorded


def test_fill_puts_back_who_is_missing_in_the_order_or_stands_wrong(
    cache: ValkeyRanking, cache_server: Valkey
) -> None:
    records = [record(f"u{n}", n) for n in range(5)]
    life = started(cache, DESC, *records, as_=COMPLETE).life
    key = CacheKeys.of(DESC.key).members
    with cache_server.connect(decode_responses=False) as raw:
        best, worst = raw.zrange(key, 0, 0) + raw.zrange(key, -1, -1)
        raw.zrem(key, best)
        raw.zadd(key, {worst: -99})
    assert users(top_of(cache, DESC)) != ["u4", "u3", "u2", "u1", "u0"]
    assert cache.fill(DESC, records, life=life) == 0
    assert users(top_of(cache, DESC)) == ["u4", "u3", "u2", "u1", "u0"]


def dumped(cache: ValkeyRanking, board: BoardSeason, life: str) -> list[ScoreState]:
    records: list[ScoreState] = []
    cursor = None
    while True:
        page = cache.dump(board, life=life, cursor=cursor, limit=50)
        assert page is not None
        records += page.states
        cursor = page.cursor
        if cursor is None:
            return records


def test_dump_has_every_user_as_the_ranking_knows_it(cache: ValkeyRanking) -> None:
    records = [
        record(
            f"u{n}",
            None if n % 9 == 0 else -n,
            version=n + 1,
            at=T0 + n,
            name=NAMES[n % len(NAMES)],
        )
        for n in range(700)
    ]
    life = started(cache, ASC, as_=COMPLETE).life
    cache.fill(ASC, records, life=life)
    found = {it.user_id: it for it in dumped(cache, ASC, life)}
    assert found == {it.user_id: it for it in records}
    assert cache.dump(ASC, life="another") is None


def test_dump_shows_who_is_missing_in_the_order(cache: ValkeyRanking, cache_server: Valkey) -> None:
    life = started(cache, DESC, record("a", 1), record("b", 2, version=7), as_=COMPLETE).life
    cache_server.client.zremrangebyrank(CacheKeys.of(DESC.key).members, 0, 0)
    assert set(dumped(cache, DESC, life)) == {record("a", 1), record("b", None, version=7)}


def test_dropped_ranking_leaves_nothing_and_its_life_is_over(
    cache: ValkeyRanking, cache_server: Valkey
) -> None:
    life = started(cache, DESC, record("a", 1), as_=COMPLETE).life
    started(cache, ASC, record("b", 1))
    viewers(cache).keep_top(DESC.key, revision=1, body="x")
    cache.drop(DESC.key)
    assert not any("high" in key for key in cache_server.client.keys())  # noqa: SIM118
    assert cache.fill(DESC, [record("a", 1)], life=life) is None
    assert users(top_of(cache, ASC)) == ["b"]
    cache.drop(DESC.key)


# Copies of the recorded top.


def test_older_copy_does_not_replace_a_newer_one(cache: ValkeyRanking) -> None:
    viewers(cache).keep_top(DESC.key, revision=10, body="ten")
    viewers(cache).keep_top(DESC.key, revision=9, body="nine")
    assert viewers(cache).read_kept_top(DESC.key).body == "ten"
    viewers(cache).keep_top(DESC.key, revision=11, body="eleven with spaces ☃")
    assert viewers(cache).read_kept_top(DESC.key).body == "eleven with spaces ☃"


def test_copy_goes_by_itself(cache: ValkeyRanking, cache_server: Valkey) -> None:
    viewers(cache).keep_top(DESC.key, revision=1, body="one")
    assert 0 < cache_server.client.ttl(CacheKeys.of(DESC.key).kept_top) <= viewer_cache.KEPT_SECONDS


def test_paces_are_kept_by_board(cache: ValkeyRanking) -> None:
    viewers(cache).keep_paces({"high": ("quick", 1000), "quiet": ("slow", 0)})
    assert viewers(cache).read_paces(["low", "high"]) == [None, "quick"]
    assert viewers(cache).read_paces(["quiet"]) == ["slow"]


def test_boards_that_sent_a_moment_ago_are_active(cache: ValkeyRanking) -> None:
    assert viewers(cache).active_paces() == {}
    viewers(cache).keep_paces(
        {"high": ("quick", 60_000), "quiet": ("slow", 0), "low": ("brief", 30)}
    )
    assert viewers(cache).active_paces().items() >= {("high", "quick")}
    time.sleep(0.05)
    assert viewers(cache).active_paces() == {"high": "quick"}


def test_paces_of_long_ago_are_forgotten(cache: ValkeyRanking, cache_server: Valkey) -> None:
    viewers(cache).keep_paces({"high": ("quick", 1000), "old": ("slow", 1000)})
    cache_server.client.zadd(viewer_cache.PACES[1], {"old": 1})
    viewers(cache).keep_paces({"high": ("quick", 1000)})
    assert viewers(cache).read_paces(["high", "old"]) == ["quick", None]


def test_mark_is_kept_by_board_and_season(cache: ValkeyRanking, cache_server: Valkey) -> None:
    assert viewers(cache).read_told(DESC.key) is None
    viewers(cache).remember_told(DESC.key, epoch="e1", version=7)
    assert viewers(cache).read_told(DESC.key) == ("e1", 7)
    assert viewers(cache).read_told("high#2026-W01") is None
    assert 0 < cache_server.client.ttl(CacheKeys.of(DESC.key).told) <= viewer_cache.TOLD_SECONDS


# Keys, and scripts that are refused.


def calls(cache: ValkeyRanking) -> list[tuple[str, Any]]:
    """Every script of the adapter, in an order in which all of them do something."""
    numbers = count(1)
    life: list[CachedTop] = []

    def begin() -> None:
        life.append(started(cache, DESC, record("a", 1), record("b", 2), as_=PARTIAL))

    def apply() -> None:
        cache.apply(DESC, [record("a", next(numbers), version=next(numbers) + 1)])

    return [
        ("begin", begin),
        ("apply", apply),
        ("fill", lambda: cache.fill(DESC, [record("c", 7)], life=life[0].life)),
        ("dump", lambda: cache.dump(DESC, life=life[0].life)),
        ("set_completeness", lambda: cache.set_completeness(DESC, life[0].life, COMPLETE)),
        ("read", lambda: cache.read(DESC, size=10)),
        ("list", lambda: cache.list(DESC, after=Position(1, T0, "z"), limit=9)),
        ("around", lambda: cache.around(DESC, "a", reach=2)),
        ("find", lambda: cache.find(DESC, ["a", "nobody"])),
        ("known_ranks", lambda: cache.known_ranks(DESC, ["a", "nobody"])),
        ("remember_recorded", lambda: cache.remember_recorded(DESC, life[0], HINT)),
        ("remove", lambda: cache.apply(DESC, [record("a", None, version=99)])),
        ("keep", lambda: viewers(cache).keep_top(DESC.key, revision=1, body="x")),
        (
            "pace",
            lambda: viewers(cache).keep_paces({"high": ("x", 1000), "low": ("x", 0)}),
        ),
        ("active", viewers(cache).active_paces),
        (
            "keep again",
            lambda: viewers(cache).keep_top(DESC.key, revision=2, body="x"),
        ),
    ]


def test_scripts_touch_no_key_that_they_do_not_declare(
    cache: ValkeyRanking, cache_server: Valkey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each call runs as a user who may touch the keys that it declares, and no others."""
    declared: list[str] = []
    narrow: list[Any] = []

    def run(
        _connection: ValkeyConnection, script: Script, keys: tuple[str, ...], *values: Any
    ) -> Any:
        declared.extend(keys)
        assert len({cache_server.client.execute_command("CLUSTER KEYSLOT", k) for k in keys}) == 1
        assert "{" in keys[0]
        allowed = [f"~{key}" for key in keys]
        cache_server.client.execute_command(
            "ACL", "SETUSER", "narrow", "reset", "on", "nopass", "+@all", *allowed
        )
        client = cache_server.connect(decode_responses=False, username="narrow", password="any")
        narrow.append(client)
        return client.eval(script.source, len(keys), *keys, *values)

    monkeypatch.setattr(ValkeyConnection, "run", run)
    for _, call in calls(cache):
        call()
    with pytest.raises(Exception, match=r"can't access|No permissions"):
        narrow[-1].eval("return redis.call('GET', '{high#all}other')", 1, declared[-1])
    for client in narrow:
        client.close()
    cache_server.client.execute_command("ACL", "DELUSER", "narrow")
    keys = CacheKeys.of(DESC.key)
    assert set(declared) == {*keys.ranking, keys.kept_top, *viewer_cache.PACES}


def test_keys_of_a_board_season_share_a_slot_and_name_their_format() -> None:
    keys = CacheKeys.of(DESC.key)
    for key in (*keys.ranking, keys.kept_top):
        assert key.startswith(f"{FORMAT}:{{high#all}}:")


def test_nothing_is_written_when_a_record_is_refused(
    cache: ValkeyRanking, cache_server: Valkey
) -> None:
    started(cache, DESC, record("a", 1), record("b", 2))
    before = everything(cache_server)
    keys = CacheKeys.of(DESC.key).ranking
    options: list[str | int] = [DESC.rules.order, DESC.rules.top_size, "fresh", "", "", 30]
    fine = (b"new", bytes(6) + b"\x01" + bytes(6) + b"new", 5)
    for value in (b"", b"short", bytes(6) + b"\x09" + bytes(6) + b"b"):
        packed = msgpack.packb([*fine, b"b", value, "no score"], use_bin_type=False)
        with pytest.raises(CacheUnavailable):
            cache.connection.run(adapter.APPLY, keys, *options, packed, TOTAL_MS)
        cache.connection.outage.pause.end()
    assert everything(cache_server) == before


def test_nothing_is_written_where_a_key_is_of_another_kind(
    cache: ValkeyRanking, cache_server: Valkey
) -> None:
    started(cache, DESC, record("a", 1))
    keys = CacheKeys.of(DESC.key)
    cache_server.client.delete(keys.members)
    cache_server.client.set(keys.members, "no sorted set")
    before = everything(cache_server)
    with pytest.raises(CacheUnavailable):
        cache.apply(DESC, [record("a", 9, version=2), record("b", 9)])
    assert everything(cache_server) == before


def test_scripts_come_back_after_the_server_forgot_them(
    cache: ValkeyRanking, cache_server: Valkey
) -> None:
    started(cache, DESC, record("a", 1))
    cache_server.client.script_flush()
    assert users(top_of(cache, DESC)) == ["a"]
