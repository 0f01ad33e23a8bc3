"""Histories through the deployed stack: a score and what explains it, until the player is gone."""

from __future__ import annotations

import pytest

from tests.e2e.service import Json, Service, assert_problem
from tests.e2e.tables import Tables
from tests.e2e.waiting import await_value

pytestmark = pytest.mark.e2e

Told = tuple[int | None, int, str]


def told(service: Service, board: str, user: str) -> list[Told]:
    lines = history(service, board, user)["lines"]
    return [(it["userScore"], it["delta"], it["cause"]) for it in lines]


def history(service: Service, board: str, user: str, query: str = "") -> Json:
    return service.read(f"/boards/{board}/users/{user}/history{query}")


def await_told(service: Service, board: str, user: str, expected: list[Told]) -> None:
    await_value(lambda: told(service, board, user) == expected, what=f"the history {expected}")


def test_history_explains_a_score(service: Service, board: str) -> None:
    for score in (30, 80, 50):
        service.write(board, "ada", score=score)
    await_told(
        service,
        board,
        "ada",
        [(50, -30, "trusted_write"), (80, 50, "trusted_write"), (30, 30, "trusted_write")],
    )
    first = history(service, board, "ada", "?limit=2")
    second = history(service, board, "ada", f"?limit=2&cursor={first['nextCursor']}")
    assert [it["userScore"] for it in first["lines"] + second["lines"]] == [50, 80, 30]
    assert second["nextCursor"] is None
    foreign = f"/boards/{board}/users/bob/history?cursor={first['nextCursor']}"
    assert_problem(service.call("GET", foreign), 422, "invalid")


def test_rank_is_the_one_that_the_write_brought(service: Service, board: str) -> None:
    service.write(board, "bob", score=60)
    service.await_score(board, "bob", 60)

    def ranked() -> bool:
        # The emulator may show the write to the history before it is ranked.
        score = len(told(service, board, "bob")) + 60
        service.write(board, "bob", score=score)
        service.await_score(board, "bob", score)
        return any(it["rank"] == 1 for it in history(service, board, "bob")["lines"])

    await_value(ranked, what="a line with its rank")


def test_rename_is_no_line_and_a_removal_is_one(service: Service, board: str) -> None:
    service.write(board, "ada", score=30, userName="Ada")
    service.write(board, "ada", score=40, userName="Countess")
    path = f"/boards/{board}/users/ada"
    removed = service.call("DELETE", path, token=service.moderator)
    assert removed.status == 204
    assert_problem(service.call("GET", f"{path}/history"), 404, "user_not_ranked")
    service.write(board, "ada", score=5)
    await_told(
        service,
        board,
        "ada",
        [
            (5, 5, "trusted_write"),
            (None, -40, "removal"),
            (40, 10, "trusted_write"),
            (30, 30, "trusted_write"),
        ],
    )


def test_erased_user_leaves_no_line(service: Service, tables: Tables, board: str) -> None:
    user = f"{board}:leaver"
    for score in (1, 2, 3):
        service.write(board, user, score=score)
    await_value(lambda: len(told(service, board, user)) == 3, what="three lines")
    answer = service.call("DELETE", f"/users/{user}", token=service.moderator)
    assert answer.status == 204
    unranked = service.call("GET", f"/boards/{board}/users/{user}/history")
    assert_problem(unranked, 404, "user_not_ranked")
    await_value(
        lambda: not [it for it in tables.items("historyTable") if it["userId"] == user],
        what="no line is left",
    )
