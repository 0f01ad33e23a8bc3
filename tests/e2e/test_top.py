"""GET /boards and GET top: what anybody reads, and how it is cached."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from tests.e2e import oracle
from tests.e2e.conftest import Settled
from tests.e2e.service import Json, Service, assert_problem, is_moment, moment
from tests.e2e.tables import Tables
from tests.e2e.viewer import Viewer
from tests.e2e.waiting import AT_ONCE, await_value

pytestmark = pytest.mark.e2e

TOP = {"board", "season", "epoch", "version", "total", "since", "entries", "endsAt"}
USERS = 25
ORIGIN = "http://localhost:5173"


@pytest.fixture(scope="module")
def large(service: Service, tables: Tables) -> tuple[str, list[Json]]:
    """A board of 25 users, ties among them, and its whole ranking."""
    board = "rating-large"

    def write(number: int) -> None:
        service.write(board, f"user-{number:02}", score=1000 - number // 2)

    # The best come last, so that the last record of the top counts everybody.
    with ThreadPoolExecutor(AT_ONCE) as threads:
        list(threads.map(write, reversed(range(USERS))))
    expected = oracle.ranking(tables.items("scoresTable"), board, "all")
    await_value(
        lambda: oracle.unmoved(service.top(board)["entries"]) == expected[:10],
        what="the top of 25 users",
    )
    return board, expected


# The boards.


def test_boards_are_listed_with_their_rules(service: Service) -> None:
    boards = {it["board"]: it for it in service.read("/boards")["boards"]}
    assert set(boards) >= {"global", "weekly", "fastest-lap", "rating-*"}
    for it in boards.values():
        assert set(it) == {
            *("board", "title", "order", "operator", "topSize", "season", "schedule", "seasons"),
            *("actions", "format", "frameIntervalMs", "viewers"),
        }
        assert set(it["season"]) == {"season", "startsAt", "endsAt"}
        for action in it["actions"].values():
            assert set(action) == {"points", "evidence", "minSeconds", "expiresSeconds"}
    everything = boards["global"]
    assert (everything["order"], everything["operator"]) == ("desc", "increment")
    assert everything["topSize"] == 10
    assert everything["season"] == {"season": "all", "startsAt": None, "endsAt": None}
    assert (everything["schedule"], everything["seasons"]) == ("never", ["all"])
    assert everything["actions"] == {
        "visit": {"points": 1, "evidence": False, "minSeconds": 2, "expiresSeconds": 300},
        "quiz": {
            "points": {"min": 0, "max": 10},
            "evidence": True,
            "minSeconds": 2,
            "expiresSeconds": 300,
        },
    }
    assert (boards["fastest-lap"]["order"], boards["fastest-lap"]["operator"]) == ("asc", "best")
    assert boards["fastest-lap"]["format"] == {"kind": "duration"}
    assert boards["rating-*"]["operator"] == "latest"
    assert boards["rating-*"]["actions"] == {}


def test_season_of_a_week_is_from_monday_to_monday(service: Service) -> None:
    (weekly,) = (it for it in service.read("/boards")["boards"] if it["board"] == "weekly")
    season = weekly["season"]
    starts, ends = moment(season["startsAt"]), moment(season["endsAt"])
    assert (ends - starts).days == 7
    assert starts.isoformat() == f"{starts.date()}T00:00:00+00:00"
    assert starts.strftime("%G-W%V") == season["season"]
    assert starts.isoweekday() == 1
    # The current one, and the four before it, which the service keeps.
    weeks = [(starts - timedelta(weeks=back)).strftime("%G-W%V") for back in range(5)]
    assert (weekly["schedule"], weekly["seasons"]) == ("weekly", weeks)


# The top.


def test_board_without_scores_is_empty_at_version_0(service: Service, board: str) -> None:
    assert service.top(board) == {
        "board": board,
        "season": "all",
        "epoch": None,
        "version": 0,
        "total": 0,
        "since": None,
        "entries": [],
        "endsAt": None,
    }


def test_top_is_the_first_ten_of_the_order(service: Service, large: tuple[str, list[Json]]) -> None:
    board, expected = large
    top = service.top(board)
    assert set(top) == TOP
    assert oracle.unmoved(top["entries"]) == expected[:10]
    assert top["total"] == USERS
    assert (top["board"], top["season"], top["endsAt"]) == (board, "all", None)
    assert isinstance(top["epoch"], str)
    assert top["version"] >= 1
    assert all(is_moment(it["scoreUpdatedAt"]) for it in top["entries"])


def test_ranks_count_on_and_places_are_shared(
    service: Service, large: tuple[str, list[Json]]
) -> None:
    entries = service.top(large[0])["entries"]
    assert [it["rank"] for it in entries] == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    assert [it["place"] for it in entries] == [1, 1, 3, 3, 5, 5, 7, 7, 9, 9]


@pytest.mark.parametrize("limit", [1, 3, 10])
def test_limit_up_to_the_top_size_cuts_the_recorded_top(
    service: Service, large: tuple[str, list[Json]], limit: int
) -> None:
    board, expected = large
    whole, cut = service.top(board), service.top(board, f"?limit={limit}")
    assert cut == {**whole, "entries": whole["entries"][:limit]}
    assert oracle.unmoved(cut["entries"]) == expected[:limit]


@pytest.mark.parametrize("limit", [11, 25, 26, 100])
def test_limit_past_the_top_size_reads_the_ranking_without_a_version(
    service: Service, large: tuple[str, list[Json]], limit: int
) -> None:
    board, expected = large
    top = service.top(board, f"?limit={limit}")
    assert set(top) == TOP
    assert oracle.unmoved(top["entries"]) == expected[:limit]
    assert (top["epoch"], top["version"], top["total"]) == (None, None, USERS)


def test_limit_past_the_top_size_of_an_empty_board(service: Service, board: str) -> None:
    top = service.top(board, "?limit=50")
    assert (top["entries"], top["total"]) == ([], 0)
    assert (top["epoch"], top["version"]) == (None, None)


def test_current_season_may_be_named(service: Service, large: tuple[str, list[Json]]) -> None:
    board, _ = large
    assert service.top(board, "?season=all") == service.top(board)
    weekly = service.top("weekly")
    assert service.top("weekly", f"?season={weekly['season']}") == weekly


def test_past_season_is_a_board_of_its_own(
    service: Service, settled: Settled, tables: Tables
) -> None:
    service.write("weekly", "ada", score=5)
    settled("weekly", season=service.top("weekly")["season"])
    past = service.top("weekly", "?season=2026-W01")
    assert past == {
        "board": "weekly",
        "season": "2026-W01",
        "epoch": None,
        "version": 0,
        "total": 0,
        "since": None,
        "entries": [],
        "endsAt": "2026-01-05T00:00:00.000Z",
    }
    assert not [it for it in tables.items("scoresTable") if it["boardSeason"] == "weekly#2026-W01"]


def test_season_of_the_first_years_ends_at_a_full_date(service: Service) -> None:
    assert is_moment(service.top("weekly", "?season=0001-W01")["endsAt"])


def test_total_is_the_rankings_whatever_was_recorded(service: Service, board: str) -> None:
    for number in range(12):
        service.write(board, f"user-{number:02}", score=100 - number)
    await_value(
        lambda: service.top(board, "?limit=50")["total"] == 12, what="12 users in the ranking"
    )
    assert service.top(board)["total"] == 12


def test_scores_at_the_edge_are_exact_and_in_order(
    service: Service, viewer: Viewer, board: str, settled: Settled
) -> None:
    edge = -(2**53 - 1)
    for number, user in enumerate(("a", "b", "c")):
        service.write(board, user, score=edge + number)
    settled(board)
    expected = [("c", edge + 2), ("b", edge + 1), ("a", edge)]
    entries = (
        service.top(board)["entries"],
        service.top(board, "?limit=50")["entries"],
        viewer.subscribe(board)["entries"],
    )
    for shown in entries:
        assert [(it["userId"], it["userScore"]) for it in shown] == expected


def test_board_id_of_48_characters_is_a_board(service: Service, viewer: Viewer) -> None:
    board = "rating-" + "x" * 41
    service.write(board, "ada", score=1)
    service.await_score(board, "ada", 1)
    assert [it["userId"] for it in viewer.subscribe(board)["entries"]] == ["ada"]


def test_list_tells_how_many_watch_a_board(
    service: Service, viewers: Callable[..., Viewer]
) -> None:
    for _ in range(3):
        viewers().subscribe("weekly")
    service.write("weekly", "watched", score=90_000)

    def told() -> bool:
        (weekly,) = (it for it in service.read("/boards")["boards"] if it["board"] == "weekly")
        return weekly["viewers"] is not None and weekly["viewers"] >= 3

    await_value(told, what="three viewers")


# Caching.


def test_held_top_is_answered_304(service: Service, board: str) -> None:
    service.write(board, "ada", score=5)
    service.await_score(board, "ada", 5)
    first = service.call("GET", f"/boards/{board}/top")
    tag = first.headers["etag"]
    assert first.headers["cache-control"] == "public, max-age=1"
    assert first.headers["content-type"] == "application/json"
    for held in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = service.call("GET", f"/boards/{board}/top", headers={"if-none-match": held})
        assert again.status == 304, held
        assert again.data == b""
        assert again.headers["etag"] == tag
        assert again.headers["cache-control"] == "public, max-age=1"
    for other in ('"other"', tag.strip('"'), ""):
        again = service.call("GET", f"/boards/{board}/top", headers={"if-none-match": other})
        assert (again.status, again.data) == (200, first.data), other


def test_tag_moves_with_the_top(service: Service, board: str) -> None:
    def tag() -> str:
        return service.call("GET", f"/boards/{board}/top").headers["etag"]

    tags = [tag()]
    for score in (5, 6):
        service.write(board, "ada", score=score)
        service.await_score(board, "ada", score)
        tags.append(tag())
    assert len(set(tags)) == 3
    service.write(board, "ada", score=6)
    assert tag() == tags[-1]


def test_tag_past_the_top_size_is_of_the_body(
    service: Service, large: tuple[str, list[Json]]
) -> None:
    path = f"/boards/{large[0]}/top?limit="
    first = service.call("GET", f"{path}50")
    held = {"if-none-match": first.headers["etag"]}
    assert first.headers["cache-control"] == "public, max-age=1"
    assert service.call("GET", f"{path}50", headers=held).status == 304
    # 100 and 50 show the same 25; 20 are others.
    assert service.call("GET", f"{path}20", headers=held).status == 200
    assert service.call("GET", f"/boards/{large[0]}/top", headers=held).status == 200


# Pages of other origins.


def preflight(service: Service, origin: str, method: str = "POST") -> dict[str, str]:
    answer = service.call(
        "OPTIONS",
        "/boards/global/scores",
        headers={
            "origin": origin,
            "access-control-request-method": method,
            "access-control-request-headers": "authorization,content-type",
        },
    )
    return {name.lower(): value for name, value in answer.headers.items()}


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_allowed_origin_may_call(service: Service, method: str) -> None:
    for origin in (ORIGIN, service.addresses["cognito"]):
        headers = preflight(service, origin, method)
        assert headers["access-control-allow-origin"] == origin
        assert method in headers["access-control-allow-methods"].split(",")
        allowed = headers["access-control-allow-headers"].lower().split(",")
        assert {"authorization", "content-type", "if-none-match"} <= set(allowed)


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "http://localhost:5174"])
def test_other_origin_may_not(service: Service, origin: str) -> None:
    assert "access-control-allow-origin" not in preflight(service, origin)
    answer = service.call("GET", "/boards/global/top", headers={"origin": origin})
    assert "access-control-allow-origin" not in answer.headers


def test_page_can_read_answers_and_errors_with_their_tag(service: Service) -> None:
    answers = (
        service.call("GET", "/boards/global/top", headers={"origin": ORIGIN}),
        service.call("GET", "/boards/nope/top", headers={"origin": ORIGIN}),
    )
    for answer in answers:
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        exposed = answer.headers["access-control-expose-headers"].lower().split(",")
        assert {"etag", "retry-after"} <= set(exposed)
    assert_problem(answers[1], 404, "board_not_found")
