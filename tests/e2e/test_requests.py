"""Requests that do not validate: each gets the contract's error, and nothing is written."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.e2e.service import (
    Answer,
    Player,
    Service,
    assert_gateway_refuses,
    assert_problem,
)
from tests.e2e.tables import Tables, Written

pytestmark = pytest.mark.e2e

BEYOND = 2**53


@pytest.fixture(scope="module")
def before(tables: Tables) -> Written:
    return tables.written()


@pytest.fixture(autouse=True)
def nothing_written(tables: Tables, before: Written) -> Iterator[None]:
    """No test here writes anything."""
    yield
    assert tables.written() == before


def put(service: Service, raw: bytes, *, board: str = "rating-bad", user: str = "ada") -> Answer:
    path = f"/boards/{board}/users/{user}/score"
    return service.call("PUT", path, raw=raw, token=service.writer)


# Bodies.

BODIES: dict[str, bytes] = {
    "nothing": b"",
    "spaces": b"   ",
    "no JSON": b"{",
    "text after it": b'{"score":1,"submissionId":"s"} x',
    "array": b'[{"score":1,"submissionId":"s"}]',
    "number": b"1",
    "string": b'"score"',
    "null": b"null",
    "form": b"score=1&submissionId=s",
    "bytes that are no text": b"\xff\xfe{}",
    "half a character as key": b'{"score":1,"submissionId":"s","\\ud800":1}',
    "deep arrays": b"[" * 8000 + b"]" * 8000,
    "deep objects": b'{"a":' * 2500 + b"1" + b"}" * 2500,
    "unknown member": b'{"score":1,"submissionId":"s","rank":1}',
    "time of the client": b'{"score":1,"submissionId":"s","scoreUpdatedAt":"2020-01-01T00:00:00Z"}',
    "other spelling of a member": b'{"score":1,"submission_id":"s"}',
    "no submission": b'{"score":1}',
    "no score": b'{"submissionId":"s"}',
    "null as score": b'{"score":null,"submissionId":"s"}',
}


@pytest.mark.parametrize("name", BODIES)
def test_body_that_does_not_validate_is_refused(service: Service, name: str) -> None:
    assert_problem(put(service, BODIES[name]), 422, "invalid")


SCORES = {
    "text": '"1"',
    "true": "true",
    "array": "[1]",
    "object": "{}",
    "fraction": "1.5",
    "fraction past what is exact": "9007199254740993.0",
    "negative exponent": "1e-2",
    "largest exponent of a double": "1e308",
    "exponent without end": "1E+1000000",
    "beyond doubles": "1e400",
    "below doubles": "-1e400",
    "NaN": "NaN",
    "Infinity": "Infinity",
    "2^53": str(BEYOND),
    "-2^53": str(-BEYOND),
    "2^63": str(2**63),
    "5,000 digits": "1" * 5000,
    "leading zero": "01",
    "plus": "+1",
    "hexadecimal": "0x10",
}


@pytest.mark.parametrize("name", SCORES)
def test_score_that_is_no_integer_within_2_to_the_53_is_refused(
    service: Service, name: str
) -> None:
    raw = f'{{"score":{SCORES[name]},"submissionId":"s"}}'.encode()
    assert_problem(put(service, raw), 422, "invalid")


@pytest.mark.parametrize("name", SCORES)
def test_delta_is_held_to_the_same(service: Service, name: str) -> None:
    raw = f'{{"delta":{SCORES[name]},"submissionId":"s"}}'.encode()
    assert_problem(put(service, raw, board="global"), 422, "invalid")


SUBMISSIONS = ["", "x" * 65, "a\nb", "a\tb", "a\x00b", "a\x7fb", "é", "\ud800", 5, None, ["s"]]


@pytest.mark.parametrize("submission", SUBMISSIONS, ids=ascii)
def test_submission_id_is_1_to_64_of_printable_ascii(service: Service, submission: object) -> None:
    body = json.dumps({"score": 1, "submissionId": submission}).encode()
    assert_problem(put(service, body), 422, "invalid")


NAMES = {
    "empty": "",
    "spaces": "   ",
    "33 characters": "x" * 33,
    "10,000 characters": "x" * 10_000,
    "null character": "a\x00b",
    "newline": "a\nb",
    "tab": "a\tb",
    "escape": "a\x1b[31mb",
    "delete": "a\x7fb",
    "C1 control": "a\x85b",
    "line separator": "a\u2028b",
    "paragraph separator": "a\u2029b",
    "right-to-left override": "a\u202eb",
    "left-to-right mark": "a\u200eb",
    "right-to-left mark": "a\u200fb",
    "Arabic letter mark": "a\u061cb",
    "isolate": "a\u2066b\u2069",
    "zero-width space": "\u200b",
    "byte order mark": "\ufeff",
    "half a character": "a\ud800b",
    "grapheme joiner": "a\u034fb",
    "joiner among letters": "a\u200db",
    "selector among letters": "a\ufe0fb",
    "tags among letters": "a\U000e0061\U000e007f",
    "Hangul filler": "a\u3164b",
    "blank of Braille": "a\u2800b",
    "4 marks on a letter": "a" + "\u0323\u0324\u0325\u0326",
    "number": 5,
    "list": ["ada"],
}


@pytest.mark.parametrize("name", NAMES)
def test_name_that_no_board_may_show_is_refused(service: Service, name: str) -> None:
    body = {"score": 1, "submissionId": "s", "userName": NAMES[name]}
    problem = assert_problem(put(service, json.dumps(body).encode()), 422, "invalid")
    assert [it["path"] for it in problem["errors"]] == ["body.userName"]


SIZES = {
    "1 MB": b'{"score":1,"submissionId":"s","userName":"' + b"x" * 1_000_000 + b'"}',
    "1 MB of spaces": b" " * 1_000_000,
    "1 MB that is no JSON": b"[" * 1_000_000,
    "a byte past 16 KB": b'{"score":1,"submissionId":"s"}'.ljust(16 * 1024 + 1),
}


@pytest.mark.parametrize("name", SIZES)
def test_body_past_16_kb_is_too_large(service: Service, name: str) -> None:
    assert_problem(put(service, SIZES[name]), 413, "body_too_large")


def test_players_bodies_are_measured_too(service: Service, player: Player) -> None:
    for path in ("/boards/global/tickets", "/boards/global/scores", "/socket-tickets"):
        raw = json.dumps({"action": "x" * 1_000_000}).encode()
        answer = service.call("POST", path, raw=raw, token=player.token)
        assert_problem(answer, 413, "body_too_large")


def test_body_of_other_content_types_is_read_as_json(service: Service, player: Player) -> None:
    for kind in ("text/plain", "application/x-www-form-urlencoded", "application/octet-stream"):
        answer = service.call(
            "POST",
            "/boards/global/tickets",
            raw=b'{"action":"none"}',
            token=player.token,
            headers={"content-type": kind},
        )
        assert_problem(answer, 404, "action_not_found")


# Ids.

USERS = {
    "number sign": "a%23b",
    "at sign": "a%40b",
    "newline": "a%0ab",
    "only a newline after it": "ada%0a",
    "null character": "a%00b",
    "space": "a%20b",
    "plus": "a+b",
    "percent": "a%25b",
    "slash encoded twice": "a%252fb",
    "letter beyond ASCII": "%C3%A9",
    "bytes that are no text": "a%ff",
    "65 characters": "x" * 65,
    "10,000 characters": "x" * 10_000,
}


@pytest.mark.parametrize("name", USERS)
def test_user_id_of_other_characters_is_refused(service: Service, name: str) -> None:
    answer = put(service, b'{"score":1,"submissionId":"s"}', user=USERS[name])
    assert_problem(answer, 422, "invalid")


@pytest.mark.parametrize("user", ["a%2fb", "a/b", "", "%2f", "..%2f..%2fboards"])
def test_slash_leads_to_no_route(service: Service, user: str) -> None:
    answer = put(service, b'{"score":1,"submissionId":"s"}', user=user)
    assert_gateway_refuses(answer, 404)


BOARDS = {
    "unknown": "nope",
    "the pattern itself": "rating-*",
    "capitals": "GLOBAL",
    "number sign": "global%23all",
    "at sign": "global%40",
    "newline": "global%0a",
    "space": "%20global",
    "null character": "global%00",
    "percent": "global%25",
    "49 characters": "rating-" + "x" * 42,
    "10,000 characters": "rating-" + "x" * 10_000,
    "letter beyond ASCII": "rating-%C3%A9",
    "bytes that are no text": "rating-%ff",
    "dots": "rating-..",
    "HTML": "%3Cb%3E",
}


@pytest.mark.parametrize("name", BOARDS)
def test_board_that_is_none_is_not_found(service: Service, player: Player, name: str) -> None:
    board = BOARDS[name]
    ticket = {"ticket": "x"}
    assert_problem(service.call("GET", f"/boards/{board}/top"), 404, "board_not_found")
    for answer in (
        put(service, b'{"score":1,"submissionId":"s"}', board=board),
        service.call("POST", f"/boards/{board}/tickets", {"action": "a"}, token=player.token),
        service.call("POST", f"/boards/{board}/scores", ticket, token=player.token),
    ):
        assert_problem(answer, 404, "board_not_found")


def test_half_a_character_in_a_body_is_refused_at_its_member(
    service: Service, player: Player
) -> None:
    answer = service.call(
        "POST", "/boards/global/tickets", {"action": "\ud800"}, token=player.token
    )
    problem = assert_problem(answer, 422, "invalid")
    assert [it["path"] for it in problem["errors"]] == ["body.action"]


@pytest.mark.parametrize(
    ("board", "action"),
    [
        ("global", "lap"),
        ("weekly", "visit"),
        ("rating-x", "visit"),
        ("global", ""),
        ("global", "VISIT"),
        ("global", "visit\n"),
        ("global", "<b>"),
        ("global", "x" * 10_000),
        ("global", "__class__"),
    ],
    ids=ascii,
)
def test_action_that_a_board_has_not_is_not_found(
    service: Service, player: Player, board: str, action: str
) -> None:
    answer = service.call(
        "POST", f"/boards/{board}/tickets", {"action": action}, token=player.token
    )
    assert_problem(answer, 404, "action_not_found")


@pytest.mark.parametrize(
    "body", [{}, {"action": 5}, {"action": None}, {"action": ["visit"]}, [], "visit"]
)
def test_ticket_request_that_does_not_validate_is_refused(
    service: Service, player: Player, body: object
) -> None:
    answer = service.call("POST", "/boards/global/tickets", body, token=player.token)
    assert_problem(answer, 422, "invalid")


@pytest.mark.parametrize(
    "extra", [{"points": 500}, {"userId": "ada"}, {"season": "all"}, {"notBefore": "now"}]
)
def test_client_names_no_amount_no_user_and_no_time(
    service: Service, player: Player, extra: dict[str, object]
) -> None:
    body = {"action": "visit", **extra}
    answer = service.call("POST", "/boards/global/tickets", body, token=player.token)
    assert_problem(answer, 422, "invalid")


# Queries.

SEASONS = [
    ("global", "2026-W48"),
    ("global", ""),
    ("global", "ALL"),
    ("weekly", "all"),
    ("weekly", "2026-11-23"),
    ("weekly", "2026-11"),
    ("weekly", "2026-w48"),
    ("weekly", "2026-W00"),
    ("weekly", "2025-W53"),
    ("weekly", "2026-W54"),
    ("weekly", "2026-W480"),
    ("weekly", "26-W48"),
    ("weekly", "0000-W01"),
    ("weekly", "2026-W48%0a"),
    ("weekly", "%202026-W48"),
    ("weekly", "2026-W48%23"),
    ("weekly", "%EF%BC%92026-W48"),
    ("weekly", "2026-W4%D9%A8"),
    ("weekly", "x" * 5000),
    ("weekly", "%00"),
    ("weekly", "%ff"),
]


@pytest.mark.parametrize(("board", "season"), SEASONS)
def test_season_that_is_none_is_refused(service: Service, board: str, season: str) -> None:
    answer = service.call("GET", f"/boards/{board}/top?season={season}")
    assert_problem(answer, 422, "invalid")


@pytest.mark.parametrize("season", ["2199-W01", "9999-W01", "9999-W52"])
def test_season_of_the_future_is_refused(service: Service, season: str) -> None:
    answer = service.call("GET", f"/boards/weekly/top?season={season}")
    assert_problem(answer, 422, "invalid")


@pytest.mark.parametrize(
    "limit", ["0", "-1", "101", "1.5", "ten", "", "1e1", "%D9%A5", "99999999999999999999", "null"]
)
def test_limit_is_an_integer_from_1_to_100(service: Service, limit: str) -> None:
    answer = service.call("GET", f"/boards/global/top?limit={limit}")
    assert_problem(answer, 422, "invalid")


@pytest.mark.parametrize(
    "query",
    ["limit=1&limit=2", "limit=1&limit=1", "season=all&season=all", "x=1&x=2", "x&x", "x=&x="],
)
def test_doubled_query_parameter_is_refused(service: Service, query: str) -> None:
    assert_problem(service.call("GET", f"/boards/global/top?{query}"), 422, "invalid")


@pytest.mark.parametrize("query", ["season=2026-W01", "season=all", "colour=blue"])
def test_unknown_query_parameter_is_refused_on_writes(service: Service, query: str) -> None:
    path = f"/boards/rating-bad/users/ada/score?{query}"
    body = {"score": 1, "submissionId": "s"}
    problem = assert_problem(service.call("PUT", path, body, token=service.writer), 422, "invalid")
    assert problem["errors"][0]["path"] == f"query.{query.partition('=')[0]}"


@pytest.mark.parametrize("name", ["offset", "page"])
def test_reads_say_that_pages_go_by_cursor(service: Service, name: str) -> None:
    answer = service.call("GET", f"/boards/global/entries?{name}=50")
    problem = assert_problem(answer, 422, "invalid")
    assert problem["errors"][0]["path"] == f"query.{name}"
    assert "`cursor`" in problem["detail"]


@pytest.mark.parametrize("limit", ["1_0", "%2B5", "%205", "5.0", "%D9%A5", "1e1"])
def test_numbers_of_a_query_are_digits(service: Service, limit: str) -> None:
    answer = service.call("GET", f"/boards/global/top?limit={limit}")
    problem = assert_problem(answer, 422, "invalid")
    assert problem["errors"][0]["path"] == "query.limit"


def test_doubled_query_parameter_is_refused_beside_a_body(service: Service) -> None:
    answer = service.call(
        "PUT",
        "/boards/rating-bad/users/ada/score?dry=1&dry=1",
        {"score": 1, "submissionId": "s"},
        token=service.writer,
    )
    assert_problem(answer, 422, "invalid")


@pytest.mark.parametrize("query", ["x=1", "Limit=1000", "cursor=abc", "limit%5B%5D=5", "&&", "=1"])
def test_unknown_query_parameter_is_ignored_on_reads(service: Service, query: str) -> None:
    plain, odd = service.top("global"), service.top("global", f"?{query}")
    assert odd == plain


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"),
        ("GET", "/board"),
        ("GET", "/boards/global"),
        ("POST", "/boards"),
        ("DELETE", "/boards/global/top"),
        ("GET", "/boards/global/tickets"),
        ("POST", "/boards/global/users/ada/score"),
        ("PATCH", "/me/scores"),
    ],
)
def test_other_routes_are_the_gateways_404(service: Service, method: str, path: str) -> None:
    assert_gateway_refuses(service.call(method, path), 404)


@pytest.mark.parametrize(
    ("method", "path", "body", "where"),
    [
        ("PUT", "/boards/rating-x/users/a%40b/score", {"score": 1}, "path.userId"),
        ("PUT", "/boards/rating-x/users/ada/score", {"score": "1"}, "body.score"),
        ("PUT", "/boards/rating-x/users/ada/score", {"delta": 1}, "body.delta"),
        ("GET", "/boards/global/top?limit=0", None, "query.limit"),
        ("GET", "/boards/global/top?season=soon", None, "query.season"),
    ],
)
def test_error_says_where_in_the_request(
    service: Service, method: str, path: str, body: dict[str, object] | None, where: str
) -> None:
    sent = None if body is None else {"submissionId": "s", **body}
    answer = service.call(method, path, sent, token=service.writer if sent else None)
    assert [it["path"] for it in assert_problem(answer, 422, "invalid")["errors"]] == [where]


def test_member_given_twice_is_refused(service: Service, tables: Tables) -> None:
    raw = b'{"score":1,"score":2,"submissionId":"twice"}'
    answer = service.call(
        "PUT", "/boards/rating-x/users/twice/score", raw=raw, token=service.writer
    )
    assert_problem(answer, 422, "invalid")
    assert tables.user("twice") == []
