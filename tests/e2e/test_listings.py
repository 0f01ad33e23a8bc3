"""Pages, neighbours and friends through the deployed stack, beside the table in a plain list."""

from __future__ import annotations

import itertools
import random
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any

import pytest

from tests.e2e import oracle
from tests.e2e.outages import OUTAGES, await_recovery, rebuild
from tests.e2e.service import Answer, Json, Service, assert_problem
from tests.e2e.tables import Tables
from tests.e2e.waiting import AT_ONCE, await_value

pytestmark = pytest.mark.e2e

USERS = 112
"""More than the 100 that are counted while the answers come from the index."""


class Board:
    """A board whose scores the tests know."""

    def __init__(self, service: Service, tables: Tables, board: str, order: str) -> None:
        self.service = service
        self.tables = tables
        self.board = board
        self.order = order

    @property
    def expected(self) -> list[Json]:
        items = self.tables.items("scoresTable")
        return oracle.ranking(items, self.board, "all", order=self.order)

    def page(self, cursor: str | None = None, limit: int = 50) -> Json:
        following = "" if cursor is None else f"&cursor={cursor}"
        return self.service.read(f"/boards/{self.board}/entries?limit={limit}{following}")

    def pages(self, limit: int) -> Iterator[Json]:
        cursor = None
        while True:
            page = self.page(cursor, limit)
            yield page
            cursor = page["nextCursor"]
            if cursor is None:
                return

    def user(self, user_id: str, around: int = 5) -> Json:
        return self.service.read(f"/boards/{self.board}/users/{user_id}?around={around}")

    def query(self, user_ids: list[str]) -> Json:
        answer = self.service.call(
            "POST", f"/boards/{self.board}/entries/query", {"userIds": user_ids}
        )
        assert answer.status == 200, answer
        found: Json = answer.body
        return found

    def write(self, scores: dict[str, int]) -> None:
        with ThreadPoolExecutor(AT_ONCE) as threads:
            writes = [
                threads.submit(self.service.write, self.board, user_id, score=score)
                for user_id, score in scores.items()
            ]
            for write in writes:
                write.result()

    def await_whole(self) -> list[Json]:
        """The whole board, once the ranking is that of the table."""
        expected = self.expected

        def whole() -> bool:
            page = self.page(limit=100)
            return "degraded" not in page and page["entries"] == expected[:100]

        await_value(whole, what=f"{self.board} is complete")
        return expected


def crowd(users: int, *, low: int) -> dict[str, int]:
    """So many users, about three of each score."""
    chance = random.Random(users)
    return {f"user-{number:03}": low + chance.randrange(users // 3) for number in range(users)}


@pytest.fixture(scope="module")
def large(service: Service, tables: Tables) -> tuple[Board, list[Json]]:
    """A board of a pattern, the highest first, that the tests only read while the cache is well."""
    board = Board(service, tables, f"rating-{uuid.uuid4().hex[:12]}", "desc")
    board.write(crowd(USERS, low=1000))
    return board, board.await_whole()


@pytest.fixture(scope="module")
def laps(service: Service, tables: Tables) -> tuple[Board, list[Json]]:
    """The board of fastest laps: the lowest first, and the best of each user."""
    board = Board(service, tables, "fastest-lap", "asc")
    board.write(crowd(30, low=20_000))
    board.write(crowd(30, low=19_998))
    return board, board.await_whole()


@pytest.fixture(params=["large", "laps"])
def known(request: pytest.FixtureRequest) -> tuple[Board, list[Json]]:
    found: tuple[Board, list[Json]] = request.getfixturevalue(request.param)
    return found


def unranked_past(entries: list[Json], counted: int = 100) -> list[Json]:
    """What the index says of entries: past those that are counted no rank and no place."""
    return [it if it["rank"] <= counted else {**it, "rank": None, "place": None} for it in entries]


@pytest.mark.parametrize("limit", [1, 7, 50, 100])
def test_pages_together_are_the_whole_board(known: tuple[Board, list[Json]], limit: int) -> None:
    board, expected = known
    few = expected[: 4 * limit]
    pages = list(itertools.islice(board.pages(limit), 4))
    assert [it for page in pages for it in page["entries"]] == few
    for page in pages:
        assert set(page) == {"board", "season", "entries", "total", "nextCursor"}
        assert (page["board"], page["season"]) == (board.board, "all")
        assert page["total"] == len(expected)
    assert (pages[-1]["nextCursor"] is None) == (len(few) == len(expected))


def test_page_may_be_cached_for_a_second(service: Service, large: tuple[Board, list[Json]]) -> None:
    for path in ("entries", "users/user-000"):
        answer = service.call("GET", f"/boards/{large[0].board}/{path}")
        assert answer.headers["cache-control"] == "public, max-age=1"


def test_user_stands_between_its_neighbours(known: tuple[Board, list[Json]]) -> None:
    board, expected = known
    total = len(expected)
    for at in (0, 1, total // 2, total - 2, total - 1):
        entry = expected[at]
        for around in (0, 1, 5, 50):
            found = board.user(entry["userId"], around)
            assert found == {
                "board": board.board,
                "season": "all",
                "entry": entry,
                "total": total,
                "percentile": 100 * (total - entry["place"] + 1) / total,
                "around": expected[max(0, at - around) : at + around + 1],
            }
    entry = expected[total // 2]
    unsaid = board.service.read(f"/boards/{board.board}/users/{entry['userId']}")
    assert unsaid == board.user(entry["userId"], around=5)


def test_percentile_is_100_for_the_first_alone(known: tuple[Board, list[Json]]) -> None:
    board, expected = known
    found = {it["place"]: board.user(it["userId"], 0)["percentile"] for it in expected[:9]}
    assert [place for place, share in found.items() if share == 100] == [1]
    last = board.user(expected[-1]["userId"], 0)["percentile"]
    tied = sum(it["place"] == expected[-1]["place"] for it in expected)
    assert last == 100 * tied / len(expected)


def test_friends_are_ranked_among_themselves(known: tuple[Board, list[Json]]) -> None:
    board, expected = known
    chance = random.Random(4)
    friends = chance.sample(expected, 20)
    asked = [it["userId"] for it in friends]
    found = board.query(["nobody", *asked, asked[0], "no-one", "nobody"])
    assert found == {
        "board": board.board,
        "season": "all",
        "entries": sorted(friends, key=lambda it: it["rank"]),
        "unranked": ["nobody", "no-one"],
    }


def test_hundred_users_are_found_at_once(large: tuple[Board, list[Json]]) -> None:
    board, expected = large
    found = board.query([it["userId"] for it in reversed(expected[:100])])
    assert found["entries"] == expected[:100]


def test_user_without_a_score_is_not_ranked(service: Service, board: str) -> None:
    for name in (board, "global", "weekly"):
        answer = service.call("GET", f"/boards/{name}/users/nobody-{board}")
        assert_problem(answer, 404, "user_not_ranked")


def test_board_without_scores_is_one_empty_page(service: Service, board: str) -> None:
    assert service.read(f"/boards/{board}/entries") == {
        "board": board,
        "season": "all",
        "entries": [],
        "total": 0,
        "nextCursor": None,
    }


def test_every_listing_takes_the_current_season_by_name(service: Service) -> None:
    (weekly,) = (it for it in service.read("/boards")["boards"] if it["board"] == "weekly")
    season = weekly["season"]["season"]
    user_id = f"runner-{uuid.uuid4().hex[:8]}"
    service.write("weekly", user_id, score=777)
    path = f"/boards/weekly/users/{user_id}?season={season}"
    await_value(lambda: service.call("GET", path).status == 200, what="the score is ranked")
    assert service.read(path) == service.read(f"/boards/weekly/users/{user_id}")
    entries = service.read(f"/boards/weekly/entries?limit=100&season={season}")["entries"]
    assert user_id in [it["userId"] for it in entries]
    body = {"userIds": [user_id]}
    asked = service.call("POST", f"/boards/weekly/entries/query?season={season}", body)
    assert [it["userId"] for it in asked.body["entries"]] == [user_id]
    past = service.read(f"/boards/weekly/entries?season={weekly_before(season)}")
    assert (past["entries"], past["total"]) == ([], 0)


def weekly_before(season: str) -> str:
    year, week = season.split("-W")
    monday = date.fromisocalendar(int(year), int(week), 1) - timedelta(days=7)
    return monday.strftime("%G-W%V")


# While scores move.


def test_who_does_not_move_is_shown_once_while_others_do(
    service: Service, tables: Tables, board: str
) -> None:
    moving = Board(service, tables, board, "desc")
    still = {f"still-{number:02}": 1000 + number // 2 for number in range(30)}
    movers = {f"mover-{number:02}": 1000 + number * 2 for number in range(10)}
    moving.write(still | movers)
    moving.await_whole()
    chance = random.Random(9)
    shown: list[Json] = []
    for page in moving.pages(4):
        shown += page["entries"]
        for user_id in chance.sample(sorted(movers), 3):
            service.write(board, user_id, score=chance.randrange(995, 1025))
    found = [it["userId"] for it in shown if it["userId"] in still]
    assert found == [it["userId"] for it in moving.expected if it["userId"] in still]


def test_cursor_of_somebody_who_went_away_is_still_a_place(
    service: Service, tables: Tables, board: str
) -> None:
    moving = Board(service, tables, board, "desc")
    moving.write({f"user-{number}": 100 - number for number in range(9)})
    expected = moving.await_whole()
    cursor = moving.page(limit=4)["nextCursor"]
    service.write(board, "user-3", score=1)
    after = moving.await_whole()
    assert [it["userId"] for it in after][-1] == "user-3"
    assert [it["userId"] for it in moving.page(cursor, 3)["entries"]] == [
        it["userId"] for it in expected[4:7]
    ]


# While the cache is away.


def test_pages_go_on_when_the_cache_is_flushed_in_the_middle(
    tables: Tables, large: tuple[Board, list[Json]], cache: Any
) -> None:
    board, expected = large
    shown, degraded = [], []
    for number, page in enumerate(board.pages(20)):
        shown += page["entries"]
        degraded.append("degraded" in page)
        if number == 2:
            cache.flushall()
    assert shown == unranked_past(expected, 100)
    assert degraded == [False, False, False, True, True, True]
    rebuild(tables, board.board)
    assert board.await_whole() == expected


@pytest.mark.parametrize("outage", OUTAGES)
def test_listings_are_the_same_from_the_index_while_the_cache_is_down(
    service: Service,
    tables: Tables,
    large: tuple[Board, list[Json]],
    laps: tuple[Board, list[Json]],
    cache: Any,
    outage: str,
) -> None:
    with OUTAGES[outage](cache):
        for board, expected in (large, laps):
            count = len(expected)
            # As last recorded: who came below the top since may not be counted yet.
            total = service.top(board.board)["total"]
            assert 10 <= total <= count
            pages = list(board.pages(45))
            assert [it for page in pages for it in page["entries"]] == unranked_past(expected)
            for page in pages:
                assert list(page)[:3] == ["board", "degraded", "season"]
                assert (page["degraded"], page["total"]) == (True, total)
            for at in (0, 3, count // 2, 96, count - 1):
                entry = expected[min(at, count - 1)]
                rank = entry["rank"]
                found = board.user(entry["userId"])
                near = expected[max(0, rank - 6) : rank + 5]
                assert found["around"] == unranked_past(near)
                assert [found["entry"]] == unranked_past([entry])
                among = max(total, entry["place"])
                share = 100 * (among - entry["place"] + 1) / among
                assert found["percentile"] == (share if rank <= 100 else None)
                assert (found["degraded"], found["total"]) == (True, total)
            friends = [*expected[::9], expected[-1]] if count % 9 != 1 else expected[::9]
            asked = [it["userId"] for it in reversed(friends)]
            found = board.query([*asked, "nobody"])
            assert found["entries"] == unranked_past(friends)
            assert (found["unranked"], found["degraded"]) == (["nobody"], True)
            answer = service.call("GET", f"/boards/{board.board}/users/nobody")
            assert_problem(answer, 404, "user_not_ranked")
        # A score of this moment is on no ranking yet, and in the index.
        late = f"rating-{uuid.uuid4().hex[:12]}"
        service.write(late, "ann", score=5)
        assert service.read(f"/boards/{late}/users/ann")["entry"]["rank"] == 1
    await_recovery(service, f"rating-{uuid.uuid4().hex[:12]}")
    rebuild(tables, large[0].board)
    assert large[0].await_whole() == large[1]


# Bad input.

Ask = Callable[[Service, str], Answer]


def entries(service: Service, query: str) -> Answer:
    return service.call("GET", f"/boards/weekly/entries?{query}")


def neighbours(service: Service, query: str) -> Answer:
    return service.call("GET", f"/boards/weekly/users/ada?{query}")


def friends(service: Service, query: str) -> Answer:
    body = {"userIds": ["ada"]}
    return service.call("POST", f"/boards/weekly/entries/query?{query}", body)


@pytest.mark.parametrize("ask", [entries, neighbours, friends])
@pytest.mark.parametrize(
    "season", ["all", "", "2026-11", "2026-W00", "2199-W01", "2026-W48%00", "x" * 3000]
)
def test_season_that_is_none_or_has_not_begun_is_refused(
    service: Service, ask: Ask, season: str
) -> None:
    problem = assert_problem(ask(service, f"season={season}"), 422, "invalid")
    assert [it["path"] for it in problem["errors"]] == ["query.season"]


@pytest.mark.parametrize("ask", [entries, neighbours, friends])
def test_doubled_query_parameter_is_refused(service: Service, ask: Ask) -> None:
    assert_problem(ask(service, "season=x&season=x"), 422, "invalid")


@pytest.mark.parametrize("around", ["-1", "51", "10000", "", "five", "1.5", "%00"])
def test_around_is_from_0_to_50(service: Service, around: str) -> None:
    problem = assert_problem(neighbours(service, f"around={around}"), 422, "invalid")
    assert [it["path"] for it in problem["errors"]] == ["query.around"]


def test_cursors_that_were_cut_forged_or_mixed_up_are_refused(
    service: Service, large: tuple[Board, list[Json]], laps: tuple[Board, list[Json]]
) -> None:
    board = large[0]
    cursor = board.page(limit=3)["nextCursor"]
    other = laps[0].page(limit=3)["nextCursor"]
    flipped = cursor[:-1] + ("A" if cursor[-1] != "A" else "B")
    for bad in (
        cursor[:-1],
        cursor[1:],
        flipped,
        cursor + "A",
        other,
        "",
        "abc",
        "%00%ff",
        "x" * 4000,
    ):
        answer = service.call("GET", f"/boards/{board.board}/entries?cursor={bad}")
        problem = assert_problem(answer, 422, "invalid")
        assert [it["path"] for it in problem["errors"]] == ["query.cursor"]
        assert "Start again without" in problem["errors"][0]["message"]
    assert board.page(cursor, 3)["entries"] == large[1][3:6]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"userIds": []}, "body.userIds"),
        ({"userIds": [f"user-{number}" for number in range(101)]}, "body.userIds"),
        ({"userIds": ["ada", "b b"]}, "body.userIds.1"),
        ({"userIds": ["ada", "", "#"]}, "body.userIds.1"),
        ({"userIds": [5]}, "body.userIds.0"),
        ({"userIds": "ada"}, "body.userIds"),
        ({}, "body.userIds"),
        (["ada"], "body"),
    ],
)
def test_query_that_does_not_validate_is_refused(service: Service, body: object, path: str) -> None:
    answer = service.call("POST", "/boards/global/entries/query", body)
    problem = assert_problem(answer, 422, "invalid")
    assert path in [it["path"] for it in problem["errors"]]


def test_query_past_16_kb_is_too_large(service: Service) -> None:
    body = {"userIds": ["x" * 64] * 1000}
    answer = service.call("POST", "/boards/global/entries/query", body)
    assert_problem(answer, 413, "body_too_large")


@pytest.mark.parametrize("name", ["nope", "GLOBAL", "rating-*", "global%23all"])
def test_listings_of_a_board_that_is_none_are_not_found(service: Service, name: str) -> None:
    assert_problem(service.call("GET", f"/boards/{name}/entries"), 404, "board_not_found")
    assert_problem(service.call("GET", f"/boards/{name}/users/ada"), 404, "board_not_found")
    body = {"userIds": ["ada"]}
    answer = service.call("POST", f"/boards/{name}/entries/query", body)
    assert_problem(answer, 404, "board_not_found")


@pytest.mark.parametrize("user_id", ["a%20b", "a%23b", "x" * 65, "%00", "%ff"])
def test_user_id_that_is_none_cannot_be_read(service: Service, user_id: str) -> None:
    answer = service.call("GET", f"/boards/global/users/{user_id}")
    problem = assert_problem(answer, 422, "invalid")
    assert [it["path"] for it in problem["errors"]] == ["path.userId"]


# The reference.


def test_reference_is_served_and_cached(service: Service) -> None:
    first = service.call("GET", "/openapi.json")
    assert first.status == 200
    assert first.headers["content-type"] == "application/json"
    assert first.body["openapi"] == "3.1.0"
    held = service.call("GET", "/openapi.json", headers={"if-none-match": first.headers["etag"]})
    assert (held.status, held.data) == (304, b"")


def test_large_answers_come_in_gzip_to_who_accepts_it(service: Service) -> None:
    for path in ("/openapi.json", "/boards"):
        plain = service.call("GET", path)
        packed = service.call("GET", path, headers={"accept-encoding": "gzip"})
        assert packed.headers["content-encoding"] == "gzip"
        assert int(packed.headers["content-length"]) < len(plain.data) / 2
        assert packed.body == plain.body


# Without a body.


@pytest.mark.parametrize("path", ["/boards", "/boards/global/top", "/health"])
def test_head_answers_as_get_does(service: Service, path: str) -> None:
    got, head = (service.call(method, path) for method in ("GET", "HEAD"))
    assert (got.status, head.status, head.data) == (200, 200, b"")
    assert got.headers["cache-control"] == head.headers["cache-control"]
    assert service.call("GET", "/health").body == {"status": "ok"}
