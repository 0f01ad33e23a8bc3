"""Trusted writes: the three operators, idempotency, and the boards' limits."""

from __future__ import annotations

import json
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from leaderboard.boards.snapshots import default_name
from tests.e2e.conftest import Settled
from tests.e2e.service import Json, Player, Service, assert_problem, is_moment
from tests.e2e.signing import Signer
from tests.e2e.tables import Tables
from tests.e2e.waiting import AT_ONCE, await_value

pytestmark = pytest.mark.e2e

OF_OPERATOR = {"global": "delta", "weekly": "score", "fastest-lap": "score", "rating-x": "score"}


@pytest.fixture
def user() -> str:
    """A user whom nobody has heard of."""
    return f"user-{uuid.uuid4().hex[:12]}"


def written(service: Service, board: str, user: str, **body: object) -> tuple[int, bool]:
    answer = service.write(board, user, **body)
    return answer["entry"]["userScore"], answer["changed"]


def test_answer_is_the_entry_and_what_came_of_it(service: Service, board: str, user: str) -> None:
    answer = service.write(board, user, score=1500, userName="Ada")
    moment = answer["entry"].pop("scoreUpdatedAt")
    assert is_moment(moment)
    assert answer == {
        "entry": {"userId": user, "userName": "Ada", "userScore": 1500},
        "changed": True,
        "replayed": False,
    }


def test_increment_adds(service: Service, user: str, settled: Settled) -> None:
    assert written(service, "global", user, delta=40) == (40, True)
    assert written(service, "global", user, delta=2) == (42, True)
    assert written(service, "global", user, delta=0) == (42, False)
    settled("global")


def test_increment_of_nothing_makes_a_score_of_0(service: Service, user: str) -> None:
    assert written(service, "global", user, delta=0) == (0, True)


def test_best_keeps_the_highest(service: Service, user: str, settled: Settled) -> None:
    assert written(service, "weekly", user, score=700) == (700, True)
    assert written(service, "weekly", user, score=699) == (700, False)
    assert written(service, "weekly", user, score=700) == (700, False)
    assert written(service, "weekly", user, score=701) == (701, True)
    settled("weekly", season=service.top("weekly")["season"])


def test_best_keeps_the_lowest_where_lower_is_better(
    service: Service, user: str, settled: Settled
) -> None:
    assert written(service, "fastest-lap", user, score=70_000) == (70_000, True)
    assert written(service, "fastest-lap", user, score=70_001) == (70_000, False)
    assert written(service, "fastest-lap", user, score=69_999) == (69_999, True)
    settled("fastest-lap", order="asc")


def test_latest_takes_what_comes(service: Service, board: str, user: str, settled: Settled) -> None:
    assert written(service, board, user, score=1500) == (1500, True)
    assert written(service, board, user, score=1400) == (1400, True)
    assert written(service, board, user, score=1400) == (1400, False)
    assert written(service, board, user, score=-3) == (-3, True)
    settled(board)


def test_time_moves_only_with_the_score(service: Service, board: str, user: str) -> None:
    first = service.write(board, user, score=10)["entry"]
    same = service.write(board, user, score=10, userName="Ada")["entry"]
    other = service.write(board, user, score=11)["entry"]
    assert same["scoreUpdatedAt"] == first["scoreUpdatedAt"]
    assert other["scoreUpdatedAt"] > first["scoreUpdatedAt"]


@pytest.mark.parametrize("board", OF_OPERATOR)
def test_both_neither_and_the_wrong_one_are_refused(
    service: Service, tables: Tables, board: str, user: str
) -> None:
    right = OF_OPERATOR[board]
    wrong = "delta" if right == "score" else "score"
    with tables.unchanged():
        for body in ({"score": 6000, "delta": 6000}, {}, {wrong: 6000}, {right: None}):
            assert_problem(service.put(board, user, body), 422, "invalid")


@pytest.mark.parametrize(
    ("board", "body"),
    [
        ("global", {"delta": 1_000_000_001}),
        ("weekly", {"score": 100_001}),
        ("fastest-lap", {"score": 600_001}),
        ("fastest-lap", {"score": 4_999}),
        ("rating-x", {"score": 10_001}),
        ("rating-x", {"score": 2**53 - 1}),
    ],
)
def test_score_beyond_the_boards_limits_is_refused(
    service: Service, tables: Tables, user: str, board: str, body: Json
) -> None:
    with tables.unchanged():
        assert_problem(service.put(board, user, body), 409, "score_limit")


@pytest.mark.parametrize(
    ("board", "body"),
    [
        ("global", {"delta": 0}),
        ("weekly", {"score": 100_000}),
        ("fastest-lap", {"score": 600_000}),
        ("fastest-lap", {"score": 5_000}),
        ("rating-x", {"score": 10_000}),
        ("rating-x", {"score": -(2**53 - 1)}),
    ],
)
def test_score_at_the_boards_limits_is_taken(
    service: Service, user: str, board: str, body: Json
) -> None:
    assert service.put(board, user, body).status == 200


def test_sum_past_the_limit_is_refused_and_leaves_the_score(
    service: Service, tables: Tables, user: str
) -> None:
    service.write("global", user, delta=999_999_999)
    with tables.unchanged():
        assert_problem(service.put("global", user, {"delta": 2}), 409, "score_limit")
    assert written(service, "global", user, delta=1) == (1_000_000_000, True)


def test_negative_delta_is_refused(service: Service, tables: Tables, user: str) -> None:
    service.write("global", user, delta=10)
    with tables.unchanged():
        assert_problem(service.put("global", user, {"delta": -1}), 422, "invalid")


# Idempotency.


def test_submission_again_is_answered_as_before(
    service: Service, tables: Tables, user: str
) -> None:
    body = {"delta": 5, "submissionId": "game 1", "userName": "Ada"}
    first = service.put("global", user, body)
    assert first.status == 200, first
    service.write("global", user, delta=7)
    with tables.unchanged():
        for _ in range(2):
            again = service.put("global", user, body)
            assert again.body == {**first.body, "replayed": True}
    assert written(service, "global", user, delta=0) == (12, False)


def test_submission_again_in_another_form_of_json_is_the_same(service: Service, user: str) -> None:
    first = service.put("global", user, {"delta": 5, "submissionId": "game", "userName": "é"})
    raw = b' {"userName":"e\\u0301", "submissionId":"g\\u0061me",\n"delta":5} '
    path = f"/boards/global/users/{user}/score"
    again = service.call("PUT", path, raw=raw, token=service.writer)
    assert again.body == {**first.body, "replayed": True}


@pytest.mark.parametrize(
    "other", [{"delta": 6}, {"delta": 5, "userName": "Ada"}, {"delta": 0}], ids=str
)
def test_submission_id_with_another_body_is_a_conflict(
    service: Service, tables: Tables, user: str, other: Json
) -> None:
    service.write("global", user, delta=5, submissionId="game")
    with tables.unchanged():
        refused = service.put("global", user, {**other, "submissionId": "game"})
        assert_problem(refused, 409, "submission_conflict")


def test_submission_ids_are_each_users_and_boards_own(service: Service, user: str) -> None:
    body = {"score": 6000, "submissionId": "game"}
    assert written(service, "weekly", user, **body) == (6000, True)
    assert written(service, "fastest-lap", user, **body) == (6000, True)
    assert written(service, "weekly", f"{user}-2", **body) == (6000, True)


@pytest.mark.parametrize("submission", ["a#b@c", " ", "~" * 64, '"\\', "../..", "{}"])
def test_submission_id_is_any_printable_ascii(service: Service, user: str, submission: str) -> None:
    first = service.put("global", user, {"delta": 1, "submissionId": submission})
    again = service.put("global", user, {"delta": 1, "submissionId": submission})
    assert (first.status, first.body["replayed"]) == (200, False)
    assert (again.status, again.body["replayed"]) == (200, True)


def test_refused_submission_is_not_remembered(service: Service, user: str) -> None:
    refused = service.put("rating-x", user, {"score": 10_001, "submissionId": "game"})
    assert_problem(refused, 409, "score_limit")
    assert written(service, "rating-x", user, score=10_000, submissionId="game") == (10_000, True)


def test_one_submission_at_once_many_times_counts_once(service: Service, user: str) -> None:
    body = {"delta": 5, "submissionId": "game"}
    with ThreadPoolExecutor(AT_ONCE) as threads:
        answers = list(threads.map(lambda _: service.put("global", user, body), range(12)))
    assert [it.status for it in answers] == [200] * 12
    assert sorted(it.body["replayed"] for it in answers) == [False] + [True] * 11
    assert {it.body["entry"]["userScore"] for it in answers} == {5}
    assert all(it.body["changed"] for it in answers)
    assert written(service, "global", user, delta=0) == (5, False)


def test_different_submissions_at_once_all_count(service: Service, user: str) -> None:
    with ThreadPoolExecutor(AT_ONCE) as threads:
        answers = list(
            threads.map(lambda delta: service.put("global", user, {"delta": delta}), range(1, 13))
        )
    assert [it.status for it in answers] == [200] * 12
    assert max(it.body["entry"]["userScore"] for it in answers) == sum(range(1, 13))
    assert written(service, "global", user, delta=0) == (78, False)


def test_one_submission_at_once_with_two_bodies_counts_one(service: Service, user: str) -> None:
    bodies = [{"delta": 5, "submissionId": "game"}, {"delta": 6, "submissionId": "game"}] * 6
    with ThreadPoolExecutor(AT_ONCE) as threads:
        answers = list(threads.map(lambda body: service.put("global", user, body), bodies))
    assert sorted(it.status for it in answers) == [200] * 6 + [409] * 6
    score, _ = written(service, "global", user, delta=0)
    assert {it.body["entry"]["userScore"] for it in answers if it.status == 200} == {score}


def test_first_scores_of_one_user_at_once_agree_on_the_name(
    service: Service, tables: Tables, board: str, user: str
) -> None:
    bodies: list[Json] = [{"score": 5}, {"score": 5, "userName": "Ada"}] * 4

    def put(number: int) -> int:
        return service.put(f"{board}-{number}", user, bodies[number]).status

    with ThreadPoolExecutor(AT_ONCE) as threads:
        assert list(threads.map(put, range(8))) == [200] * 8
    await_value(
        lambda: {it["userName"] for it in tables.user(user)} == {"Ada"},
        what="the name on every board",
    )
    assert len(tables.user(user)) == 9


def test_players_and_trusted_servers_at_once_lose_nothing(
    service: Service, tables: Tables, player: Player
) -> None:
    ticket = Signer.of(tables).ready(service.ticket(player, "global", "visit")["ticket"])
    with ThreadPoolExecutor(AT_ONCE) as threads:
        completed = threads.submit(service.complete, player, "global", ticket)
        answers = list(
            threads.map(
                lambda delta: service.put("global", player.user_id, {"delta": delta}), range(1, 9)
            )
        )
        assert completed.result().status == 200
    assert [it.status for it in answers] == [200] * 8
    assert written(service, "global", player.user_id, delta=0) == (1 + 36, False)


# Batches.


def batched(service: Service, board: str, submissions: list[Json]) -> list[Json]:
    body = {"submissions": submissions}
    answer = service.call("POST", f"/boards/{board}/submissions", body, token=service.writer)
    assert answer.status == 200, answer
    found: list[Json] = answer.body["results"]
    return found


def test_batch_is_written_and_shown(
    service: Service, board: str, user: str, settled: Settled
) -> None:
    batch = [
        {"userId": f"{user}-{n % 5}", "score": n, "submissionId": f"s-{n}", "userName": f"User {n}"}
        for n in range(20)
    ]
    first = batched(service, board, batch)
    assert [(it["status"], it["entry"]["userScore"]) for it in first] == [
        (200, n) for n in range(20)
    ]
    service.await_score(board, f"{user}-4", 19)
    settled(board)
    # The answers again, with the names as they are now: each user's last one.
    for n, (again, it) in enumerate(zip(batched(service, board, batch), first, strict=True)):
        entry = it["entry"] | {"userName": f"User {15 + n % 5}"}
        assert again == it | {"entry": entry, "replayed": True}


def test_bad_submission_of_a_batch_fails_alone(service: Service, board: str, user: str) -> None:
    found = batched(
        service,
        board,
        [
            {"userId": user, "score": 5, "submissionId": "a"},
            {"userId": user, "score": 10_001, "submissionId": "b"},
            {"userId": user, "delta": 5, "submissionId": "c"},
            {"userId": "no id", "score": 5.5, "submissionId": ""},
            {"userId": user, "score": 6, "submissionId": "a"},
            {"userId": user, "score": 7, "submissionId": "d"},
        ],
    )
    assert [(it["status"], it.get("code")) for it in found] == [
        (200, None),
        (409, "score_limit"),
        (422, "invalid"),
        (422, "invalid"),
        (409, "submission_conflict"),
        (200, None),
    ]
    assert {it["path"] for it in found[3]["errors"]} == {
        f"body.submissions.3.{name}" for name in ("userId", "score", "submissionId")
    }
    assert written(service, board, user, score=7) == (7, False)


def test_batches_of_one_user_at_once_count_each_write_once(service: Service, user: str) -> None:
    batch: list[Json] = [
        {"userId": user, "delta": n, "submissionId": f"s-{n}"} for n in range(1, 9)
    ]
    with ThreadPoolExecutor(AT_ONCE) as threads:
        found = list(threads.map(lambda _: batched(service, "global", batch), range(AT_ONCE)))
    assert {it["status"] for results in found for it in results} == {200}
    assert sum(not it["replayed"] for results in found for it in results) == 8
    assert written(service, "global", user, delta=0) == (36, False)


@pytest.mark.parametrize("body", [{}, {"submissions": []}, {"submissions": [{}] * 101}], ids=str)
def test_batch_of_none_or_too_many_is_refused_whole(
    service: Service, tables: Tables, board: str, body: Json
) -> None:
    with tables.unchanged():
        answer = service.call("POST", f"/boards/{board}/submissions", body, token=service.writer)
        assert_problem(answer, 422, "invalid")


def test_batch_past_its_size_is_refused_whole(
    service: Service, tables: Tables, board: str, user: str
) -> None:
    def sent(size: int) -> int:
        body = json.dumps(
            {"submissions": [{"userId": user, "score": 5, "submissionId": "a"}]}
        ).encode()
        answer = service.call(
            "POST",
            f"/boards/{board}/submissions",
            raw=body + b" " * (size - len(body)),
            token=service.writer,
        )
        return answer.status

    with tables.unchanged():
        assert sent(64 * 1024 + 1) == 413
    assert sent(64 * 1024) == 200


def test_batch_for_a_board_that_there_is_not_is_refused_whole(service: Service, user: str) -> None:
    submission = {"userId": user, "score": 5, "submissionId": "a"}
    answer = service.call(
        "POST", "/boards/nope/submissions", {"submissions": [submission]}, token=service.writer
    )
    assert_problem(answer, 404, "board_not_found")


# Names.


def test_name_goes_to_every_board(
    service: Service, board: str, user: str, settled: Settled
) -> None:
    other = f"{board}-2"
    service.write(board, user, score=5)
    service.write(other, user, score=6)
    service.write(board, user, score=7, userName="Ada Lovelace")
    for name in (board, other):
        service.await_entry(name, user, userName="Ada Lovelace")
        settled(name)


def test_name_is_kept_when_none_is_named(service: Service, board: str, user: str) -> None:
    assert service.write(board, user, score=5, userName="Ada")["entry"]["userName"] == "Ada"
    assert service.write(board, user, score=6)["entry"]["userName"] == "Ada"
    assert service.write(f"{board}-2", user, score=6)["entry"]["userName"] == "Ada"


@pytest.mark.parametrize("score", ["1500", "1500.0", "1.5e3", "15e2"])
def test_score_is_its_value_in_any_spelling(service: Service, board: str, score: str) -> None:
    path = f"/boards/{board}/users/ada/score"
    first, again = (
        service.call(
            "PUT", path, raw=f'{{"score":{it},"submissionId":"s"}}'.encode(), token=service.writer
        )
        for it in (score, "1500")
    )
    assert (first.status, first.body["entry"]["userScore"]) == (200, 1500)
    assert (again.status, again.body["replayed"]) == (200, True)


def test_new_user_is_named_for_a_digest_of_its_id(service: Service, board: str) -> None:
    assert service.write(board, "abcdefghij", score=5)["entry"]["userName"] == default_name(
        "abcdefghij"
    )


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("<b>&amp;</b>", "<b>&amp;</b>"),
        ('"; DROP TABLE', '"; DROP TABLE'),
        ("  Ada  ", "Ada"),
        ("e\u0301", "é"),
        ("山田太郎", "山田太郎"),
        ("אדה", "אדה"),
        ("👩\u200d🚀", "👩\u200d🚀"),
        ("x" * 32, "x" * 32),
        ("é" * 32, "é" * 32),
        ("e\u0301" * 32, "é" * 32),
        ("7", "7"),
    ],
    ids=ascii,
)
def test_name_that_is_text_is_shown_as_it_is(
    service: Service, board: str, name: str, kept: str
) -> None:
    assert service.write(board, "ada", score=5, userName=name)["entry"]["userName"] == kept
    top = service.await_entry(board, "ada", userName=kept)
    assert top["entries"][0]["userName"] == kept


@pytest.mark.parametrize("user", ["a", "A.b_c:d-9", "x" * 64, "...", "profile", "-", "0"])
def test_user_id_of_the_allowed_characters_is_taken(
    service: Service, board: str, user: str
) -> None:
    assert service.write(board, user, score=5)["entry"]["userId"] == user
    service.await_score(board, user, 5)
