"""The HTTP functions in process: what a request must be, and what reads answer when."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest

import handlers.board_stream
import handlers.boards
import handlers.moderation
import handlers.rebuild
import handlers.score_stream
import handlers.scores
from leaderboard import clock, wiring
from leaderboard.adapters.aws.clients import client
from leaderboard.adapters.dynamodb.boards import BoardTable
from leaderboard.adapters.valkey.connection import Cluster
from leaderboard.adapters.valkey.encoding import CacheKeys
from leaderboard.boards.snapshots import default_name
from tests.integration import aws
from tests.integration.conftest import Dependencies
from tests.integration.events import CONTEXT, Answer, answered, request, stream_record
from tests.integration.valkey import Valkey
from tests.structure.template import events, functions

Json = dict[str, Any]
TRUSTED = "PUT /boards/{board}/users/{userId}/score"
BATCH = "POST /boards/{board}/submissions"
NOW = 1_795_420_800_000
"""2026-11-23T08:00:00Z, a Monday of the week 2026-W48."""


@pytest.fixture(autouse=True)
def switches(dependencies: Dependencies, monkeypatch: pytest.MonkeyPatch) -> Dependencies:
    monkeypatch.setattr(clock, "machine_ms", lambda: NOW)
    return dependencies


def write(
    body: str | Json, *, board: str = "global", user: str = "ann", encoded: bool = False
) -> Answer:
    event = request(
        TRUSTED, path={"board": board, "userId": user}, body=body, base64=encoded, user="machine"
    )
    return answered(handlers.scores.handler(event, CONTEXT))


def read(board: str = "global", query: str = "", tag: str | None = None) -> Answer:
    headers = {} if tag is None else {"if-none-match": tag}
    event = request("GET /boards/{board}/top", path={"board": board}, query=query, headers=headers)
    return answered(handlers.boards.handler(event, CONTEXT))


def drained() -> None:
    """What the two streams would have delivered by now."""
    deliver(aws.SCORES, handlers.score_stream.handler)
    deliver(aws.BOARDS, handlers.board_stream.handler)


def deliver(table: str, function: Callable[..., Any]) -> None:
    items = client("dynamodb").scan(TableName=table)["Items"]
    records = [
        stream_record(n, {key: it[key] for key in ("userId", "boardSeason") if key in it}, it)
        for n, it in enumerate(items)
    ]
    assert function({"Records": records}, CONTEXT) == {"batchItemFailures": []}


def scored(count: int, board: str = "global") -> None:
    """So many users with scores, two of each, the higher the better."""
    for number in range(count):
        body = {"delta": 100 - number // 2} if board == "global" else {"score": 50 + number}
        answer = write({"submissionId": "s", **body}, board=board, user=f"user-{number:03d}")
        assert answer.status == 200, answer.text
    drained()


def users(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.text
    return [it["userId"] for it in answer.json["entries"]]


def refused(answer: Answer, status: int, code: str) -> Json:
    assert (answer.status, answer.json["code"]) == (status, code), answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")
    assert answer.json["status"] == status
    assert answer.json["requestId"] == "request-1"
    found: Json = answer.json
    return found


def written() -> int:
    return len(client("dynamodb").scan(TableName=aws.SCORES)["Items"])


# Bodies.


def padded(size: int) -> str:
    body = json.dumps({"submissionId": "s", "delta": 5})
    return body[:-1] + " " * (size - len(body)) + "}"


@pytest.mark.parametrize("encoded", [False, True])
def test_body_past_its_size_is_refused(encoded: bool) -> None:
    def sent(size: int) -> Answer:
        text = padded(size)
        body = base64.b64encode(text.encode()).decode() if encoded else text
        return write(body, encoded=encoded)

    refused(sent(16 * 1024 + 1), 413, "body_too_large")
    refused(sent(1024 * 1024), 413, "body_too_large")
    assert written() == 0
    assert sent(16 * 1024).status == 200


def test_size_of_a_body_is_that_of_its_bytes() -> None:
    body = json.dumps({"submissionId": "s", "delta": 5, "userName": "☃" * 6000}, ensure_ascii=False)
    assert len(body) < 16 * 1024 < len(body.encode())
    refused(write(body), 413, "body_too_large")


def test_body_in_base64_is_the_body() -> None:
    text = json.dumps({"submissionId": "s", "delta": 5, "userName": "Ünï ☃"}, ensure_ascii=False)
    answer = write(base64.b64encode(text.encode()).decode(), encoded=True)
    assert answer.status == 200
    assert answer.json["entry"]["userName"] == "Ünï ☃"


DEEP = 5000
BODIES = {
    "no JSON": "{",
    "nothing": "",
    "a list": "[]",
    "a number": "7",
    "null": "null",
    "no number": '{"submissionId": "s", "delta": NaN}',
    "deep lists": '{"submissionId": "s", "delta": 5, "x": ' + "[" * DEEP + "]" * DEEP + "}",
    "deep objects": '{"a":' * 2500 + "1" + "}" * 2500,
    "digits without end": '{"submissionId": "s", "delta": ' + "9" * 5000 + "}",
    "a fraction": '{"submissionId": "s", "delta": 14.5}',
    "past what is exact, with a point": '{"submissionId": "s", "delta": 9007199254740992.0}',
    "just past what is exact": '{"submissionId": "s", "delta": 9007199254740991.5}',
    "an exponent": '{"submissionId": "s", "delta": 1e308}',
    "an exponent past every float": '{"submissionId": "s", "delta": 1e400}',
    "an exponent without end": '{"submissionId": "s", "delta": 1E+1000000}',
    "a member twice": '{"submissionId": "s", "delta": 5, "delta": 5}',
    "a byte order mark": '\ufeff{"submissionId": "s", "delta": 5}',
    "infinity": '{"submissionId": "s", "delta": -Infinity}',
    "a name with nothing to see in it": '{"submissionId":"s","delta":5,"userName":"A\\u034fda"}',
    "a number in quotes": '{"submissionId": "s", "delta": "5"}',
    "truth": '{"submissionId": "s", "delta": true}',
    "past what is exact": '{"submissionId": "s", "delta": 9007199254740992}',
    "both": '{"submissionId": "s", "delta": 5, "score": 5}',
    "neither": '{"submissionId": "s"}',
    "no id": '{"delta": 5}',
    "an id that is too long": '{"submissionId": "' + "s" * 65 + '", "delta": 5}',
    "an id with a line": '{"submissionId": "a\\nb", "delta": 5}',
    "half a character": '{"submissionId": "s", "delta": 5, "userName": "\\ud800"}',
    "half a character as id": '{"submissionId": "\\ud800", "delta": 5}',
    "a name of directions": '{"submissionId": "s", "delta": 5, "userName": "a\\u202eb"}',
    "something unknown": '{"submissionId": "s", "delta": 5, "points": 7}',
}


@pytest.mark.parametrize("encoded", [False, True])
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_body_that_does_not_validate_is_refused(body: str, encoded: bool) -> None:
    text = base64.b64encode(body.encode()).decode() if encoded else body
    problem = refused(write(text, encoded=encoded), 422, "invalid")
    assert all(it["path"] and it["message"] for it in problem["errors"])
    assert problem["errors"]
    assert written() == 0


@pytest.mark.parametrize("delta", ["1500", "1500.0", "1.5e3", "15e2", "150000e-2"])
def test_integer_is_its_value_in_any_spelling(delta: str) -> None:
    answer = write(f'{{"submissionId": "s", "delta": {delta}}}')
    assert answer.json["entry"]["userScore"] == 1500
    again = write('{"submissionId": "s", "delta": 1500}')
    assert (again.status, again.json["replayed"]) == (200, True)
    refused(write('{"submissionId": "s", "delta": 1501}'), 409, "submission_conflict")


def test_exact_limit_of_scores_holds_in_any_spelling() -> None:
    for number, delta in enumerate(("9007199254740993.0", "9.007199254740992e15", "-1e16")):
        problem = refused(
            write(f'{{"submissionId": "s{number}", "delta": {delta}}}'), 422, "invalid"
        )
        assert problem["errors"][0]["path"] == "body.delta"
    # The board's own limit comes behind that of the numbers.
    refused(write('{"submissionId": "s", "delta": 9007199254740991.0}'), 409, "score_limit")
    assert written() == 0


@pytest.mark.parametrize("delta", ["14.5", "true", '"5"', "1e400", "1e308", "1E+1000000", "[5]"])
def test_number_that_is_no_integer_is_refused_by_its_name(delta: str) -> None:
    problem = refused(write(f'{{"submissionId": "s", "delta": {delta}}}'), 422, "invalid")
    assert [it["path"] for it in problem["errors"]] == ["body.delta"]
    body = f'{{"submissions": [{{"userId": "ann", "submissionId": "s", "delta": {delta}}}]}}'
    event = request(BATCH, path={"board": "global"}, body=body, user="machine")
    batch = answered(handlers.scores.handler(event, CONTEXT))
    found = batch.json["errors"] if batch.status == 422 else batch.json["results"][0]["errors"]
    assert [it["path"] for it in found] == ["body.submissions.0.delta"]
    assert written() == 0


def test_name_is_held_to_the_same_rule_wherever_it_comes_in() -> None:
    body = {"submissionId": "s", "delta": 5, "userName": "A\u034fda"}
    renaming = request("PUT /me", body={"userName": "A\u034fda"}, user="ann")
    batch = request(
        BATCH,
        path={"board": "global"},
        body={"submissions": [{"userId": "ann", **body}]},
        user="machine",
    )
    problem = refused(write(body), 422, "invalid")
    assert (
        refused(answered(handlers.scores.handler(renaming, CONTEXT)), 422, "invalid")["errors"]
        == problem["errors"]
    )
    (found,) = answered(handlers.scores.handler(batch, CONTEXT)).json["results"][0]["errors"]
    (error,) = problem["errors"]
    assert error["path"] == "body.userName"
    assert found == {"path": "body.submissions.0.userName", "message": error["message"]}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-32", "utf-8-sig"])
def test_other_encodings_than_utf_8_are_refused(encoding: str) -> None:
    text = '{"submissionId": "s", "delta": 5}'
    refused(write(base64.b64encode(text.encode(encoding)).decode(), encoded=True), 422, "invalid")
    assert written() == 0


def test_event_with_half_a_character_is_refused() -> None:
    refused(write('{"submissionId": "\ud800", "delta": 5}'), 422, "invalid")


def test_bytes_that_are_no_text_are_refused() -> None:
    refused(write(base64.b64encode(b'{"a": "\xff"}').decode(), encoded=True), 422, "invalid")


# Paths and queries.


@pytest.mark.parametrize("user", ["a%23b", "a%40b", "a%0Ab", "a%2Fb", "a" * 65, "%20", "%C3%BC"])
def test_user_id_that_is_none_is_refused(user: str) -> None:
    refused(write({"submissionId": "s", "delta": 5}, user=user), 422, "invalid")
    assert written() == 0


@pytest.mark.parametrize("board", ["gone", "GLOBAL", "rating", "a%23b", "..%2Fx", "b" * 49])
def test_board_that_is_none_is_not_found(board: str) -> None:
    refused(write({"submissionId": "s", "score": 5}, board=board), 404, "board_not_found")
    refused(read(board), 404, "board_not_found")
    assert written() == 0


@pytest.mark.parametrize("query", ["limit=5&limit=5", "limit=1&limit=2", "season=all&season=all"])
def test_doubled_query_parameter_is_refused(query: str) -> None:
    problem = refused(read(query=query), 422, "invalid")
    assert problem["errors"][0]["path"] == f"query.{query.partition('=')[0]}"


def test_unknown_query_parameter_is_ignored_on_reads() -> None:
    assert read(query="colour=blue&limit=5").status == 200


HANDLERS: dict[str, Callable[..., Any]] = {
    "boards": handlers.boards.handler,
    "moderation": handlers.moderation.handler,
    "scores": handlers.scores.handler,
}
ROUTES = [
    (function, it if isinstance(it, str) else f"{it['method']} {it['path']}")
    for function in HANDLERS
    for it in events(function, "httpApi")
]
WRITES = [
    (function, route) for function, route in ROUTES if not route.startswith(("GET ", "HEAD "))
]


def test_routes_of_every_function_are_tried() -> None:
    assert {name for name in functions() if events(name, "httpApi")} == {*HANDLERS}
    assert len(WRITES) >= 9


@pytest.mark.parametrize(("function", "route"), WRITES)
@pytest.mark.parametrize(
    "query", ["colour=blue", "seasons=all", "colour", "Season=all", "=", "offset=0"]
)
def test_unknown_query_parameter_is_refused_on_writes(
    function: str, route: str, query: str
) -> None:
    path = {"board": "global", "userId": "ann"}
    event = request(route, path=path, query=query, body={}, user="ann")
    problem = refused(answered(HANDLERS[function](event, CONTEXT)), 422, "invalid")
    assert problem["errors"][0]["path"] == f"query.{query.partition('=')[0]}"


@pytest.mark.parametrize("query", ["season=2026-W01", "season=all", "limit=1"])
def test_score_is_never_written_to_another_season_than_was_named(query: str) -> None:
    event = request(
        TRUSTED,
        path={"board": "weekly", "userId": "ann"},
        query=query,
        body={"submissionId": "s", "delta": 5},
        user="machine",
    )
    problem = refused(answered(handlers.scores.handler(event, CONTEXT)), 422, "invalid")
    assert problem["errors"][0]["path"] == f"query.{query.partition('=')[0]}"
    assert written() == 0


def test_parameters_of_a_write_are_known() -> None:
    assert query({"userIds": ["ann"]}, season="season=all").status == 200
    event = request(
        "DELETE /boards/{board}/users/{userId}",
        path={"board": "global", "userId": "ann"},
        query="season=nope",
        user="machine",
    )
    event["requestContext"]["authorizer"]["jwt"]["claims"]["client_id"] = "tool"
    problem = refused(answered(handlers.moderation.handler(event, CONTEXT)), 422, "invalid")
    assert problem["errors"][0]["path"] == "query.season"


@pytest.mark.parametrize("name", ["offset", "page"])
def test_reads_say_that_pages_go_by_cursor(name: str) -> None:
    for answer in (read(query=f"{name}=2"), page(f"limit=5&{name}=10"), user("ann", f"{name}=")):
        problem = refused(answer, 422, "invalid")
        assert problem["errors"][0]["path"] == f"query.{name}"
        assert "`cursor`" in problem["detail"]


NO_DIGITS = ["1_0", "%2B5", "+5", "5+", "%205", "5.0", "%D9%A5", "1e1", "0x5", "-0", "", "5%00"]


@pytest.mark.parametrize("text", NO_DIGITS)
def test_numbers_of_a_query_are_digits(text: str) -> None:
    for answer in (read(query=f"limit={text}"), page(f"limit={text}")):
        assert refused(answer, 422, "invalid")["errors"][0]["path"] == "query.limit"
    answer = user("ann", f"around={text}")
    assert refused(answer, 422, "invalid")["errors"][0]["path"] == "query.around"


@pytest.mark.parametrize("limit", ["0", "-1", "101", "ten", "", "1.5"])
def test_limit_out_of_bounds_is_refused(limit: str) -> None:
    refused(read(query=f"limit={limit}"), 422, "invalid")


# Seasons.


def test_past_season_is_read_as_it_was_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "machine_ms", lambda: NOW - 7 * 86_400_000)
    aws.forget()
    scored(3, "weekly")
    monkeypatch.setattr(clock, "machine_ms", lambda: NOW)
    aws.forget()
    past = read("weekly", "season=2026-W47")
    assert len(users(past)) == 3
    assert past.json["season"] == "2026-W47"
    assert past.json["endsAt"] == "2026-11-23T00:00:00.000Z"
    now = read("weekly")
    assert users(now) == []
    assert (now.json["season"], now.json["version"]) == ("2026-W48", 0)


@pytest.mark.parametrize(
    ("board", "season"),
    [
        ("weekly", "2026-W49"),
        ("weekly", "2026-W00"),
        ("weekly", "2026-W54"),
        ("weekly", "2026-11"),
        ("weekly", "all"),
        ("weekly", ""),
        ("global", "2026-W48"),
        ("global", "ALL"),
    ],
)
def test_season_that_is_none_or_has_not_begun_is_refused(board: str, season: str) -> None:
    refused(read(board, f"season={season}"), 422, "invalid")


# The top, as recorded and past it.


def test_board_without_scores_is_empty() -> None:
    for query in ("", "limit=100"):
        answer = read(query=query)
        assert users(answer) == []
        assert answer.json["total"] == 0
        assert answer.json["epoch"] is None
        assert "degraded" not in answer.json
    assert read().json["version"] == 0


def test_top_is_what_was_recorded() -> None:
    scored(14)
    answer = read()
    body = answer.json
    assert users(answer) == [f"user-{n:03d}" for n in range(10)]
    assert [it["rank"] for it in body["entries"]] == list(range(1, 11))
    assert [it["place"] for it in body["entries"]] == [1, 1, 3, 3, 5, 5, 7, 7, 9, 9]
    assert (body["board"], body["season"], body["version"], body["total"]) == (
        "global",
        "all",
        1,
        14,
    )
    assert "degraded" not in body
    assert answer.headers["cache-control"] == "public, max-age=1"
    assert len(users(read(query="limit=3"))) == 3


def test_further_entries_are_those_of_the_ranking() -> None:
    scored(14)
    answer = read(query="limit=100")
    assert users(answer) == [f"user-{n:03d}" for n in range(14)]
    assert (answer.json["epoch"], answer.json["version"], answer.json["total"]) == (None, None, 14)


def test_held_top_is_not_sent_again() -> None:
    scored(3)
    for query in ("", "limit=2", "limit=50"):
        first = read(query=query)
        tag = first.headers["etag"]
        for held in (tag, f"W/{tag}", f'"other", {tag}', "*"):
            again = read(query=query, tag=held)
            assert (again.status, again.text) == (304, "")
            assert again.headers["etag"] == tag
        assert read(query=query, tag='"other"').status == 200


def test_tag_moves_with_the_top() -> None:
    scored(3)
    tags = [read(query=query).headers["etag"] for query in ("", "limit=50")]
    write({"submissionId": "later", "delta": 500}, user="user-002")
    drained()
    for query, tag in zip(("", "limit=50"), tags, strict=True):
        assert read(query=query, tag=tag).status == 200


def test_total_is_the_rankings_as_it_is_now() -> None:
    """The leaders are far ahead: nobody else changes the top that is recorded."""
    scored(10)
    before = read()
    assert (before.json["version"], before.json["total"]) == (1, 10)
    assert write({"submissionId": "late", "delta": 1}, user="late").status == 200
    drained()
    after, user = read(), page_of("late")
    assert (after.json["version"], after.json["total"]) == (1, 11)
    assert (user["total"], user["entry"]["place"]) == (11, 11)
    assert after.json["entries"] == before.json["entries"]
    assert read("global", "limit=3").json["total"] == 11
    # Who holds the old number is sent the new one.
    assert read(tag=before.headers["etag"]).status == 200
    assert read(tag=after.headers["etag"]).status == 304


def page_of(user: str) -> Json:
    path = {"board": "global", "userId": user}
    event = request("GET /boards/{board}/users/{userId}", path=path)
    found: Json = answered(handlers.boards.handler(event, CONTEXT)).json
    return found


def test_total_is_as_recorded_while_the_ranking_cannot_tell(
    switches: Dependencies, cache_server: Valkey
) -> None:
    scored(10)
    assert write({"submissionId": "late", "delta": 1}, user="late").status == 200
    drained()
    switches.down.add("cache")
    assert (read().json["total"], read().json["degraded"]) == (10, True)
    switches.down.clear()
    assert read().json["total"] == 11
    cache_server.client.flushall()
    assert read().json["total"] == 10


def test_top_costs_one_trip_to_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    scored(10)
    read()
    trips: list[str] = []
    execute = Cluster.execute_command

    def counted(client: Cluster, *arguments: Any, **options: Any) -> Any:
        trips.append(str(arguments[0]))
        return execute(client, *arguments, **options)

    monkeypatch.setattr(Cluster, "execute_command", counted)
    monkeypatch.setattr(BoardTable, "read", None)  # and none to the table
    assert len(users(read())) == 10
    assert len(trips) == 1, trips


@pytest.mark.parametrize("query", ["", "limit=100"])
def test_reads_go_on_in_the_same_order_while_the_cache_is_down(
    switches: Dependencies, query: str
) -> None:
    scored(14)
    before = read(query=query)
    switches.down.add("cache")
    during = read(query=query)
    assert during.json["degraded"] is True
    assert {**during.json, "degraded": None} == {**before.json, "degraded": None}
    assert list(during.json)[:2] == ["board", "degraded"]
    switches.down.clear()
    assert "degraded" not in read(query=query).json


def test_board_without_scores_is_degraded_while_the_cache_is_down(switches: Dependencies) -> None:
    switches.down.add("cache")
    for query in ("", "limit=100"):
        answer = read(query=query)
        assert users(answer) == []
        assert answer.json["degraded"] is True


def test_cold_cache_shows_the_recorded_top(cache_server: Valkey) -> None:
    scored(14)
    before = read()
    cache_server.client.flushall()
    cold = read()
    assert (cold.json, cold.headers["etag"]) == (before.json, before.headers["etag"])
    assert cache_server.client.exists(CacheKeys.of("global#all").kept_top)
    further = read(query="limit=100")
    assert users(further) == [f"user-{n:03d}" for n in range(14)]
    assert further.json["degraded"] is True


def test_partial_ranking_is_not_shown(cache_server: Valkey) -> None:
    scored(14)
    cache_server.client.flushall()
    write({"submissionId": "later", "delta": 500}, user="late")
    items = client("dynamodb").scan(TableName=aws.SCORES)["Items"]
    (late,) = [it for it in items if it["userId"]["S"] == "late"]
    keys = {key: late[key] for key in ("userId", "boardSeason")}
    record = stream_record(1, keys, late)
    handlers.score_stream.handler({"Records": [record]}, CONTEXT)
    assert users(read()) == [f"user-{n:03d}" for n in range(10)]
    assert users(read(query="limit=100")) == ["late", *(f"user-{n:03d}" for n in range(14))]


def test_reads_of_a_recorded_top_ask_the_cache_alone(switches: Dependencies) -> None:
    scored(3)
    read()
    switches.down.add("dynamodb")
    assert len(users(read())) == 3


def test_table_that_is_down_is_said_to_be(switches: Dependencies, cache_server: Valkey) -> None:
    scored(3)
    cache_server.client.flushall()
    switches.down.add("dynamodb")
    answer = read()
    refused(answer, 503, "unavailable")
    assert answer.headers["retry-after"] == "1"
    refused(write({"submissionId": "s2", "delta": 5}), 503, "unavailable")


def test_boards_are_listed_while_the_cache_is_down(switches: Dependencies) -> None:
    switches.down.add("cache")
    answer = answered(handlers.boards.handler(request("GET /boards"), CONTEXT))
    listed = {it["board"]: it for it in answer.json["boards"]}
    assert set(listed) == {"global", "weekly", "fastest-lap", "rating-*"}
    assert listed["weekly"]["season"]["season"] == "2026-W48"
    assert listed["global"]["viewers"] is None


def test_board_that_is_not_listed_can_be_read() -> None:
    listed = answered(handlers.boards.handler(request("GET /boards"), CONTEXT)).json["boards"]
    assert "smoke-check" not in {it["board"] for it in listed}
    top = get("top", board="smoke-check")
    assert (top.status, top.json["board"], top.json["entries"]) == (200, "smoke-check", [])


# The ranking: pages, neighbours, some users.


def get(route: str, query: str = "", **path: str) -> Answer:
    event = request(f"GET /boards/{{board}}/{route}", path={"board": "global", **path}, query=query)
    return answered(handlers.boards.handler(event, CONTEXT))


def page(query: str = "", board: str = "global") -> Answer:
    return get("entries", query, board=board)


def user(user_id: str, query: str = "", board: str = "global") -> Answer:
    return get("users/{userId}", query, board=board, userId=user_id)


def query(body: Any, season: str = "", board: str = "global") -> Answer:
    sent = body if isinstance(body, str) else json.dumps(body)
    route = "POST /boards/{board}/entries/query"
    event = request(route, path={"board": board}, query=season, body=sent)
    return answered(handlers.boards.handler(event, CONTEXT))


def names(first: int, last: int) -> list[str]:
    return [f"user-{number:03d}" for number in range(first, last)]


@pytest.fixture(params=["well", "down", "cold"])
def cache_state(
    request: pytest.FixtureRequest, switches: Dependencies, cache_server: Valkey
) -> Callable[[], bool]:
    """Brings the cache into its state; answers whether reads are degraded then."""

    def bring() -> bool:
        if request.param == "down":
            switches.down.add("cache")
        elif request.param == "cold":
            cache_server.client.flushall()
        return bool(request.param != "well")

    return bring


def headed(answer: Answer, degraded: bool) -> None:
    assert answer.status == 200, answer.text
    head = ["board", "degraded", "season"] if degraded else ["board", "season"]
    assert list(answer.json)[: len(head)] == head
    assert ("degraded" in answer.json) is degraded
    assert answer.json.get("degraded", True) is True


def test_pages_show_everybody_once(cache_state: Callable[[], bool]) -> None:
    scored(14)
    degraded = cache_state()
    found, cursor, sizes = [], "", []
    while cursor is not None:
        answer = page(f"limit=4{cursor and '&cursor='}{cursor}")
        headed(answer, degraded)
        assert answer.headers["cache-control"] == "public, max-age=1"
        assert answer.json["total"] == 14
        found += answer.json["entries"]
        sizes.append(len(answer.json["entries"]))
        cursor = answer.json["nextCursor"]
    assert [it["userId"] for it in found] == names(0, 14)
    assert [it["rank"] for it in found] == list(range(1, 15))
    assert [it["place"] for it in found][:6] == [1, 1, 3, 3, 5, 5]
    assert sizes == [4, 4, 4, 2]


def test_page_that_ends_with_the_board_is_the_last(cache_state: Callable[[], bool]) -> None:
    scored(6)
    cache_state()
    assert page("limit=6").json["nextCursor"] is None
    half = page("limit=3").json["nextCursor"]
    assert page(f"limit=3&cursor={half}").json["nextCursor"] is None


def test_page_has_fifty_entries_unless_another_limit_is_asked_for() -> None:
    scored(52)
    assert users(page()) == names(0, 50)
    assert users(page(f"cursor={page().json['nextCursor']}")) == names(50, 52)
    assert users(page("limit=100")) == names(0, 52)


def test_page_goes_on_in_the_index_where_the_ranking_left_off(switches: Dependencies) -> None:
    scored(14)
    first = page("limit=5").json
    switches.down.add("cache")
    second = page(f"limit=5&cursor={first['nextCursor']}").json
    switches.down.clear()
    third = page(f"limit=5&cursor={second['nextCursor']}").json
    assert [it["rank"] for it in [*first["entries"], *second["entries"], *third["entries"]]] == [
        *range(1, 15)
    ]
    assert ("degraded" in first, "degraded" in second, "degraded" in third) == (False, True, False)


def test_user_is_read_with_its_neighbours(cache_state: Callable[[], bool]) -> None:
    scored(14)
    degraded = cache_state()
    answer = user("user-007", "around=2")
    headed(answer, degraded)
    body = answer.json
    assert [it["userId"] for it in body["around"]] == names(5, 10)
    assert body["entry"] == body["around"][2]
    assert (body["entry"]["rank"], body["entry"]["place"], body["total"]) == (8, 7, 14)
    assert body["percentile"] == 100 * (14 - 7 + 1) / 14
    assert answer.headers["cache-control"] == "public, max-age=1"
    assert [it["userId"] for it in user("user-000").json["around"]] == names(0, 6)
    assert [it["userId"] for it in user("user-012", "around=50").json["around"]] == names(0, 14)
    assert user("user-000", "around=0").json["around"] == [user("user-000").json["entry"]]
    assert user("user-001").json["percentile"] == 100.0


def test_user_without_a_score_is_not_ranked(cache_state: Callable[[], bool]) -> None:
    refused(user("nobody"), 404, "user_not_ranked")
    scored(3)
    cache_state()
    refused(user("nobody"), 404, "user_not_ranked")
    refused(user("user-001", board="fastest-lap"), 404, "user_not_ranked")


def test_users_are_ranked_among_themselves(cache_state: Callable[[], bool]) -> None:
    scored(14)
    degraded = cache_state()
    asked = ["user-009", "nobody", "user-001", "user-009", "Z", "nobody"]
    answer = query({"userIds": asked})
    headed(answer, degraded)
    assert [(it["userId"], it["rank"], it["place"]) for it in answer.json["entries"]] == [
        ("user-001", 2, 1),
        ("user-009", 10, 9),
    ]
    assert answer.json["unranked"] == ["nobody", "Z"]
    assert set(answer.json) - {"degraded"} == {"board", "season", "entries", "unranked"}


def test_board_without_scores_has_empty_listings(switches: Dependencies) -> None:
    for down in (set[str](), {"cache"}):
        switches.down |= down
        assert page().json == {
            "board": "global",
            **({"degraded": True} if down else {}),
            "season": "all",
            "entries": [],
            "total": 0,
            "nextCursor": None,
        }
        refused(user("ann"), 404, "user_not_ranked")
        assert query({"userIds": ["ann"]}).json["unranked"] == ["ann"]


def test_scores_of_a_board_that_began_while_the_cache_is_down_are_listed(
    switches: Dependencies,
) -> None:
    switches.down.add("cache")
    write({"submissionId": "s", "delta": 5})
    assert users(page()) == ["ann"]
    assert user("ann").json["percentile"] == 100.0
    assert query({"userIds": ["ann"]}).json["unranked"] == []
    assert users(read(query="limit=100")) == ["ann"]


def test_past_seasons_ranking_is_read(
    monkeypatch: pytest.MonkeyPatch, cache_state: Callable[[], bool]
) -> None:
    monkeypatch.setattr(clock, "machine_ms", lambda: NOW - 7 * 86_400_000)
    aws.forget()
    scored(7, "weekly")
    monkeypatch.setattr(clock, "machine_ms", lambda: NOW)
    aws.forget()
    cache_state()
    past = "season=2026-W47"
    first = page(f"{past}&limit=4", board="weekly")
    assert users(first) == names(3, 7)[::-1]
    cursor = first.json["nextCursor"]
    assert users(page(f"{past}&limit=4&cursor={cursor}", board="weekly")) == names(0, 3)[::-1]
    assert user("user-003", past, board="weekly").json["entry"]["rank"] == 4
    asked = query({"userIds": ["user-003"]}, past, board="weekly")
    assert (asked.json["season"], users(asked)) == ("2026-W47", ["user-003"])
    # This week nobody has a score.
    assert users(page(board="weekly")) == []
    refused(user("user-003", board="weekly"), 404, "user_not_ranked")
    # A cursor belongs to its season.
    problem = refused(page(f"cursor={cursor}", board="weekly"), 422, "invalid")
    assert problem["errors"][0]["path"] == "query.cursor"


def test_season_that_left_the_cache_is_read_from_the_index(
    monkeypatch: pytest.MonkeyPatch, cache_server: Valkey
) -> None:
    monkeypatch.setattr(clock, "machine_ms", lambda: NOW - 7 * 86_400_000)
    aws.forget()
    scored(14, "weekly")
    monkeypatch.setattr(clock, "machine_ms", lambda: NOW)
    aws.forget()
    scored(2, "weekly")
    past = "season=2026-W47"
    asked: list[Callable[[], Answer]] = [
        lambda: page(f"{past}&limit=5", board="weekly"),
        lambda: user("user-003", past, board="weekly"),
        lambda: query({"userIds": ["user-003", "user-009"]}, past, board="weekly"),
        lambda: read("weekly", f"{past}&limit=50"),
    ]
    kept = [ask() for ask in asked]
    top = read("weekly", past)
    assert wiring.ranking_cache().drop("weekly#2026-W47")
    for ask, before in zip(asked, kept, strict=True):
        headed(before, degraded=False)
        headed(ask(), degraded=True)
        assert {**ask().json, "degraded": None} == {**before.json, "degraded": None}
    assert read("weekly", past).json == top.json
    assert "degraded" not in page(board="weekly").json
    # Reading it brings no ranking back.
    ranking = CacheKeys.of("weekly#2026-W47").ranking
    assert cache_server.client.exists(*ranking) == 0


CURSORS = ["", "x", "1", "AAAA", "%00", "%ff", "null", "1" + "A" * 40, "x" * 5000, "..%2F.."]


@pytest.mark.parametrize("cursor", CURSORS)
def test_cursor_that_is_none_is_refused(cursor: str) -> None:
    problem = refused(page(f"cursor={cursor}"), 422, "invalid")
    assert [it["path"] for it in problem["errors"]] == ["query.cursor"]
    assert "Start again without" in problem["detail"]


def test_cursor_of_another_board_is_refused() -> None:
    scored(3)
    scored(3, "rating-a")
    cursor = page("limit=1").json["nextCursor"]
    assert page(f"limit=1&cursor={cursor}").status == 200
    for board in ("rating-a", "rating-b", "fastest-lap"):
        refused(page(f"cursor={cursor}", board=board), 422, "invalid")
    refused(page(f"cursor={cursor[:-1]}"), 422, "invalid")
    refused(page(f"cursor={cursor}&cursor={cursor}"), 422, "invalid")


@pytest.mark.parametrize("limit", ["0", "-1", "101", "ten", "", "1.5", "1e1"])
def test_page_is_of_1_to_100_entries(limit: str) -> None:
    problem = refused(page(f"limit={limit}"), 422, "invalid")
    assert [it["path"] for it in problem["errors"]] == ["query.limit"]


@pytest.mark.parametrize("around", ["-1", "51", "10000", "x", "", "0.5", "1" * 400])
def test_neighbours_are_from_0_to_50(around: str) -> None:
    problem = refused(user("ann", f"around={around}"), 422, "invalid")
    assert [it["path"] for it in problem["errors"]] == ["query.around"]


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"userIds": []}, "body.userIds"),
        ({"userIds": names(0, 101)}, "body.userIds"),
        ({"userIds": ["ann"] * 101}, "body.userIds"),
        ({"userIds": ["ann", "b b"]}, "body.userIds.1"),
        ({"userIds": ["ann", "bob", "x" * 65]}, "body.userIds.2"),
        ({"userIds": [""]}, "body.userIds.0"),
        ({"userIds": ["ann\n"]}, "body.userIds.0"),
        ({"userIds": ["a%20b"]}, "body.userIds.0"),
        ({"userIds": [5]}, "body.userIds.0"),
        ({"userIds": [None]}, "body.userIds.0"),
        ({"userIds": [["ann"]]}, "body.userIds.0"),
        ({"userIds": "ann"}, "body.userIds"),
        ({"userIds": {"ann": 1}}, "body.userIds"),
        ({"userIds": None}, "body.userIds"),
        ({"user_ids": ["ann"]}, "body.userIds"),
        ({"userIds": ["ann"], "season": "all"}, "body.season"),
        ({}, "body.userIds"),
        ("{", "body"),
        ("[]", "body"),
    ],
)
def test_query_that_does_not_validate_is_refused(body: Any, path: str) -> None:
    problem = refused(query(body), 422, "invalid")
    assert path in [it["path"] for it in problem["errors"]]


def test_query_of_a_hundred_users_is_answered() -> None:
    scored(3)
    answer = query({"userIds": names(0, 100)})
    assert (users(answer), len(answer.json["unranked"])) == (names(0, 3), 97)


def test_query_past_16_kb_is_too_large() -> None:
    refused(query({"userIds": ["x" * 64] * 300}), 413, "body_too_large")


@pytest.mark.parametrize("season", ["2026-W49", "2026-W00", "2026-11", "all", "", "x" * 20])
def test_every_read_refuses_a_season_that_is_none_or_has_not_begun(season: str) -> None:
    asked = f"season={season}"
    for answer in (
        page(asked, "weekly"),
        user("ann", asked, "weekly"),
        query({"userIds": ["ann"]}, asked, "weekly"),
    ):
        problem = refused(answer, 422, "invalid")
        assert [it["path"] for it in problem["errors"]] == ["query.season"]
    refused(page("season=2026-W48"), 422, "invalid")


@pytest.mark.parametrize("board", ["gone", "GLOBAL", "rating-*", "a%23b"])
def test_listings_of_a_board_that_is_none_are_not_found(board: str) -> None:
    refused(page(board=board), 404, "board_not_found")
    refused(user("ann", board=board), 404, "board_not_found")
    refused(query({"userIds": ["ann"]}, board=board), 404, "board_not_found")


@pytest.mark.parametrize("user_id", ["a%20b", "a%23b", "x" * 65, "%00", "a%2Fb"])
def test_user_id_that_is_none_cannot_be_read(user_id: str) -> None:
    problem = refused(user(user_id), 422, "invalid")
    assert [it["path"] for it in problem["errors"]] == ["path.userId"]


def test_listings_ask_the_cache_alone_while_it_is_well(switches: Dependencies) -> None:
    scored(3)
    switches.down.add("dynamodb")
    assert users(page()) == names(0, 3)
    assert user("user-001").status == 200
    assert users(query({"userIds": ["user-001"]})) == ["user-001"]


def test_listings_while_all_is_down_are_unavailable(switches: Dependencies) -> None:
    scored(3)
    switches.down |= {"cache", "dynamodb"}
    for answer in (page(), user("user-001"), query({"userIds": ["user-001"]})):
        refused(answer, 503, "unavailable")


def test_degraded_reads_are_counted(
    cache_state: Callable[[], bool], capsys: pytest.CaptureFixture[str]
) -> None:
    scored(14)
    degraded = cache_state()
    capsys.readouterr()
    friends = query({"userIds": ["user-001"]})
    for answer in (page(), user("user-001"), friends, read(query="limit=50")):
        assert answer.status == 200
    printed = [json.loads(text) for text in capsys.readouterr().out.splitlines()]
    counted = [it["ReadsDegraded"] for it in printed if "_aws" in it]
    assert counted == ([[1.0]] * 4 if degraded else [])


def test_reference_is_served() -> None:
    first = answered(handlers.boards.handler(request("GET /openapi.json"), CONTEXT))
    assert (first.status, first.json["openapi"]) == (200, "3.1.0")
    assert "/boards/{board}/entries" in first.json["paths"]
    held = request("GET /openapi.json", headers={"if-none-match": first.headers["etag"]})
    again = answered(handlers.boards.handler(held, CONTEXT))
    assert (again.status, again.text) == (304, "")


# The list of boards.


@pytest.mark.parametrize(
    ("moment", "season", "starts", "ends"),
    [
        # A week belongs to the year of its Thursday, and years have 52 weeks or 53.
        ("2026-12-31T23:59:59.999Z", "2026-W53", "2026-12-28", "2027-01-04"),
        ("2027-01-03T23:59:59.999Z", "2026-W53", "2026-12-28", "2027-01-04"),
        ("2027-01-04T00:00:00.000Z", "2027-W01", "2027-01-04", "2027-01-11"),
        ("2024-12-30T00:00:00.000Z", "2025-W01", "2024-12-30", "2025-01-06"),
        ("2024-02-29T12:00:00.000Z", "2024-W09", "2024-02-26", "2024-03-04"),
    ],
)
def test_boards_tell_when_their_season_began_and_ends(
    monkeypatch: pytest.MonkeyPatch, moment: str, season: str, starts: str, ends: str
) -> None:
    monkeypatch.setattr(clock, "machine_ms", lambda: clock.from_text(moment))
    aws.forget()
    answer = answered(handlers.boards.handler(request("GET /boards"), CONTEXT))
    (weekly,) = [it for it in answer.json["boards"] if it["board"] == "weekly"]
    midnight = "T00:00:00.000Z"
    assert weekly["season"] == {
        "season": season,
        "startsAt": f"{starts}{midnight}",
        "endsAt": f"{ends}{midnight}",
    }
    assert read("weekly").json["endsAt"] == f"{ends}{midnight}"
    assert page(f"season={season}", board="weekly").json["season"] == season


# A player's own.


def test_scores_of_a_player_are_listed_current_seasons_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(clock, "machine_ms", lambda: NOW - 7 * 86_400_000)
    aws.forget()
    write({"submissionId": "s", "score": 7}, board="weekly")
    monkeypatch.setattr(clock, "machine_ms", lambda: NOW)
    aws.forget()
    write({"submissionId": "s", "delta": 5, "userName": "Ann"})
    write({"submissionId": "t", "score": 9}, board="weekly")
    answer = answered(handlers.scores.handler(request("GET /me/scores", user="ann"), CONTEXT))
    assert (answer.json["userId"], answer.json["userName"]) == ("ann", "Ann")
    assert [(it["board"], it["season"], it["userScore"]) for it in answer.json["scores"]] == [
        ("global", "all", 5),
        ("weekly", "2026-W48", 9),
        ("weekly", "2026-W47", 7),
    ]


def test_player_without_scores_has_a_name_that_tells_nothing() -> None:
    answer = answered(
        handlers.scores.handler(request("GET /me/scores", user="0123456789abc"), CONTEXT)
    )
    assert answer.json == {
        "userId": "0123456789abc",
        "userName": default_name("0123456789abc"),
        "scores": [],
    }


def test_ticket_is_taken_by_its_player() -> None:
    asked = request(
        "POST /boards/{board}/tickets",
        path={"board": "global"},
        body={"action": "visit"},
        user="ann",
    )
    issued = answered(handlers.scores.handler(asked, CONTEXT))
    assert issued.status == 201
    assert (issued.json["action"], issued.json["points"]) == ("visit", 1)
    taken = request(
        "POST /boards/{board}/scores",
        path={"board": "global"},
        body={"ticket": issued.json["ticket"]},
        user="ann",
    )
    refused(answered(handlers.scores.handler(taken, CONTEXT)), 409, "ticket_too_early")
    assert wiring.score_table().read("ann", "global#all") is None


@pytest.mark.parametrize("key", ["members", "users"])
def test_board_that_lost_a_key_is_read_from_the_tables_until_it_is_filled(
    key: str, cache_server: Valkey, switches: Dependencies
) -> None:
    def listed() -> Answer:
        path, query = {"board": "global"}, {"limit": 100}
        event = request("GET /boards/{board}/entries", path=path, query=query)
        return answered(handlers.boards.handler(event, CONTEXT))

    scored(25)
    everybody, top = users(listed()), read().json
    assert len(everybody) == 25
    cache_server.client.delete(getattr(CacheKeys.of("global#all"), key))
    answer = listed()
    assert (users(answer), answer.json["degraded"]) == (everybody, True)
    assert write({"submissionId": "again", "delta": 1000}, user=everybody[-1]).status == 200
    image = client("dynamodb").get_item(
        TableName=aws.SCORES,
        Key={"userId": {"S": everybody[-1]}, "boardSeason": {"S": "global#all"}},
    )["Item"]
    record = stream_record(1, {}, image)
    assert handlers.score_stream.handler({"Records": [record]}, CONTEXT)["batchItemFailures"] == []
    wiring.cache_connection().client.execute_command("DEL", CacheKeys.of("global#all").kept_top)
    assert read().json == top  # not the one who scored since
    (rebuild,) = switches.invoked
    assert handlers.rebuild.handler(rebuild, CONTEXT)["finished"]
    answer = listed()
    assert users(answer) == [everybody[-1], *everybody[:-1]]
    assert "degraded" not in answer.json
    assert recorded_total() == 25


def recorded_total() -> int:
    item = wiring.board_table().read("global#all")
    assert item is not None
    return item.snapshot.total
