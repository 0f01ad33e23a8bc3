"""The second reader of the score table's stream: what it writes, refuses, skips and repeats."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import handlers.history_stream
import handlers.score_stream
import handlers.upkeep
from leaderboard import wiring
from leaderboard.adapters.aws.clients import client
from leaderboard.adapters.dynamodb.history import HistoryTable
from leaderboard.boards import rules
from leaderboard.errors import Unavailable
from leaderboard.history.lines import HistoryLine
from leaderboard.scoring.items import Cause
from tests.integration import aws
from tests.integration.conftest import Dependencies
from tests.integration.events import CONTEXT, stream_record

Json = dict[str, Any]


@pytest.fixture(autouse=True)
def switches(dependencies: Dependencies) -> Dependencies:
    return dependencies


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch, switches: Dependencies) -> Iterator[None]:  # noqa: ARG001
    """The history waits for the ranking, as it does on AWS."""
    monkeypatch.setenv("RANK_WAIT_MS", "2000")
    wiring.configuration.cache_clear()
    yield
    wiring.configuration.cache_clear()


def score(user: str, amount: int, *, board: str = "global", name: str | None = None) -> Json:
    """A trusted write; its stream record."""
    sent = score.__dict__.setdefault("sent", iter(range(1, 1_000_000)))
    wanted = {"delta": amount} if rules_of(board).operator == "increment" else {"score": amount}
    wiring.submissions().submit(
        user_id=user,
        board=board,
        submission_id=f"s-{next(sent)}",
        user_name=name,
        **wanted,
    )
    return record_of(user, board)


def rules_of(board: str) -> rules.Board:
    return wiring.catalog().find(board)


def record_of(user: str, board: str = "global", *, name: str = "MODIFY") -> Json:
    """The record of an item as it is stored now."""
    key = {
        "userId": {"S": user},
        "boardSeason": {"S": wiring.board_season(board).key if board != "profile" else board},
    }
    image = client("dynamodb").get_item(TableName=aws.SCORES, Key=key)["Item"]
    numbers = record_of.__dict__.setdefault("numbers", iter(range(1, 1_000_000)))
    return stream_record(next(numbers), key, image, name=name)


def deliver(*records: Json) -> list[str]:
    """Hand a batch over; the numbers that it reports as failed."""
    answer = handlers.history_stream.handler({"Records": list(records)}, CONTEXT)
    return [it["itemIdentifier"] for it in answer["batchItemFailures"]]


def rank(*records: Json) -> None:
    answer = handlers.score_stream.handler({"Records": list(records)}, CONTEXT)
    assert answer == {"batchItemFailures": []}


def number(of: Json) -> str:
    return str(of["dynamodb"]["SequenceNumber"])


def lines(user: str, board: str = "global") -> list[HistoryLine]:
    return wiring.history_table().read(user, wiring.board_season(board).key, limit=1000)


def shown(user: str, board: str = "global") -> list[tuple[int | None, int, int | None]]:
    return [(it.user_score, it.delta, it.rank) for it in lines(user, board)]


def stored() -> list[Json]:
    items: list[Json] = client("dynamodb").scan(TableName=aws.HISTORY)["Items"]
    return items


def queued() -> list[Json]:
    url = aws.ENVIRONMENT["FAILURE_QUEUE_URL"]
    answer = client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)
    return [json.loads(it["Body"]) for it in answer.get("Messages", [])]


def test_each_write_is_a_line_with_what_it_added() -> None:
    assert deliver(score("ann", 10), score("ann", 5), score("ann", 20), score("bob", 7)) == []
    assert shown("ann") == [(35, 20, None), (15, 5, None), (10, 10, None)]
    assert shown("bob") == [(7, 7, None)]
    assert {it.write.cause for it in lines("ann")} == {Cause.TRUSTED_WRITE}


def test_line_has_the_rank_that_its_write_brought() -> None:
    first, second = score("ann", 10), score("bob", 20)
    rank(first, second)
    assert deliver(first, second) == []
    third = score("ann", 30)
    rank(third)
    assert deliver(third) == []
    assert shown("ann") == [(40, 30, 1), (10, 10, 2)]


def test_write_that_was_overtaken_has_no_rank() -> None:
    first, second = score("ann", 10), score("ann", 20)
    rank(first, second)
    deliver(first, second)
    assert shown("ann") == [(30, 20, 1), (10, 10, None)]


def test_line_of_a_batch_before_has_no_rank_once_it_was_overtaken() -> None:
    first, second = score("ann", 10), score("ann", 20)
    rank(first, second)
    deliver(first)
    assert shown("ann") == [(10, 10, None)]


@pytest.mark.usefixtures("patient")
def test_history_waits_for_the_ranking_a_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    first = score("ann", 10)
    rank(score("bob", 20))
    monkeypatch.setattr("leaderboard.history.history_writer.time.sleep", lambda _: rank(first))
    deliver(first)
    assert shown("ann") == [(10, 10, 2)]


@pytest.mark.usefixtures("patient")
def test_score_that_stays_unranked_gets_its_line_without_a_rank(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pauses: list[float] = []
    rank(score("bob", 20))
    monkeypatch.setattr("leaderboard.history.history_writer.time.sleep", pauses.append)
    deliver(score("ann", 10))
    assert shown("ann") == [(10, 10, None)]
    assert len(pauses) > 0


@pytest.mark.usefixtures("patient")
def test_lines_are_written_at_once_while_the_cache_is_down(switches: Dependencies) -> None:
    switches.down.add("cache")
    assert deliver(score("ann", 10)) == []
    assert shown("ann") == [(10, 10, None)]


def test_hidden_user_has_lines_without_a_rank() -> None:
    rank(score("bob", 20))
    score("ann", 10)
    wiring.moderation().set_standing("ann", "hidden", reason="test", by="me")
    record = score("ann", 10)
    rank(record)
    deliver(record)
    assert shown("ann") == [(20, 10, None)]


def test_what_is_delivered_twice_is_written_once() -> None:
    first, second = score("ann", 10), score("ann", 20)
    rank(first)
    deliver(first)
    rank(second)
    deliver(first, second)
    assert shown("ann") == [(30, 20, 1), (10, 10, 1)]


def test_rename_adds_no_line() -> None:
    first = score("ann", 10)
    wiring.profiles().rename("ann", "Anna")
    assert deliver(first, record_of("ann"), record_of("ann", "profile")) == []
    assert shown("ann") == [(10, 10, None)]


def test_removal_is_a_line() -> None:
    first = score("ann", 10)
    season = wiring.board_season("global")
    wiring.moderation().remove("ann", season, by="me")
    removal = record_of("ann")
    again = score("ann", 4)
    rank(first, removal, again)
    deliver(first, removal, again)
    assert shown("ann") == [(4, 4, 1), (None, -10, None), (10, 10, None)]
    assert [it.write.cause for it in lines("ann")][1] is Cause.REMOVAL


def test_board_without_a_history_has_no_lines(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def release(days: int) -> None:
        (tmp_path / "boards.yml").write_text(f"boards: {{global: {{historyDays: {days}}}}}")
        monkeypatch.setenv("BOARDS_FILE", str(tmp_path / "boards.yml"))
        aws.forget()

    release(0)
    deliver(score("ann", 10))
    assert stored() == []
    release(7)
    deliver(score("ann", 5))
    assert shown("ann") == [(15, 5, None)]


def test_line_expires_after_the_days_of_its_board() -> None:
    deliver(score("ann", 10))
    (item,) = stored()
    assert int(item["expiresAt"]["N"]) == int(item["at"]["N"]) // 1000 + 90 * 86_400


def test_line_that_has_expired_is_not_read_though_it_is_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    deliver(score("ann", 10), score("ann", 20))
    (newest, oldest) = lines("ann")
    late = oldest.write.expires_s * 1000 + 1
    monkeypatch.setattr("leaderboard.clock.machine_ms", lambda: late)
    assert lines("ann") == [it for it in (newest, oldest) if it.write.expires_s * 1000 > late]
    assert len(stored()) == 2


def test_score_of_an_older_release_has_no_line_until_its_next_write() -> None:
    old = score("ann", 10)
    del old["dynamodb"]["NewImage"]["wrote"]
    client("dynamodb").put_item(TableName=aws.SCORES, Item=old["dynamodb"]["NewImage"])
    deliver(old, score("ann", 5))
    assert shown("ann") == [(15, 5, None)]
    assert lines("ann")[0].write.before_expires_s is None


def broken(name: str, value: Json) -> Json:
    found = score("poison", 1)
    found["dynamodb"]["NewImage"]["wrote"]["M"][name] = value
    return found


@pytest.mark.parametrize(
    ("name", "value"),
    [("v", {"S": "x"}), ("at", {"N": "-1"}), ("by", {"S": "?"}), ("was", {"N": "1.5"})],
)
def test_poison_goes_whole_to_the_failure_queue_and_its_neighbours_are_written(
    name: str, value: Json
) -> None:
    poison = broken(name, value)
    assert deliver(score("ann", 10), poison, score("bob", 20)) == []
    assert (shown("ann"), shown("bob")) == ([(10, 10, None)], [(20, 20, None)])
    (failure,) = queued()
    assert failure["record"] == poison


def test_poison_is_delivered_again_while_the_queue_does_not_take_it(
    switches: Dependencies,
) -> None:
    switches.down.add("sqs")
    poison = broken("v", {"S": "x"})
    assert deliver(score("ann", 10), poison) == [number(poison)]
    assert shown("ann") == [(10, 10, None)]


def test_expiry_is_ignored() -> None:
    gone = score("ann", 10)
    gone["eventName"] = "REMOVE"
    del gone["dynamodb"]["NewImage"]
    assert deliver(gone) == []


def test_lines_are_delivered_again_while_the_table_is_down(switches: Dependencies) -> None:
    first, second = score("ann", 10), score("bob", 20)
    switches.down.add("dynamodb")
    assert deliver(first, second) == [number(first)]
    switches.down.clear()
    assert deliver(first, second) == []
    assert (shown("ann"), shown("bob")) == ([(10, 10, None)], [(20, 20, None)])


def test_line_that_fails_hurts_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, third = score("ann", 10), score("bob", 20), score("cyd", 30)
    real = HistoryTable.write

    def write(table: HistoryTable, line: HistoryLine) -> bool:
        if line.user_id == "bob":
            raise Unavailable("down")
        return real(table, line)

    monkeypatch.setattr(HistoryTable, "write", write)
    assert deliver(first, second, third) == [number(second)]
    assert len(stored()) == 2


# A deleted user's lines


@pytest.fixture
def upkeep(switches: Dependencies) -> Dependencies:
    switches.functions[aws.ENVIRONMENT["UPKEEP_FUNCTION"]] = handlers.upkeep.handler
    return switches


@pytest.fixture
def players(monkeypatch: pytest.MonkeyPatch, switches: Dependencies) -> Iterator[None]:  # noqa: ARG001
    """The pool of sign-ins."""
    pool = client("cognito-idp").create_user_pool(PoolName="players")["UserPool"]["Id"]
    monkeypatch.setenv("USER_POOL_ID", pool)
    aws.forget()
    yield
    client("cognito-idp").delete_user_pool(UserPoolId=pool)


def erase(user: str) -> None:
    wiring.moderation().erase(user, account=user)


@pytest.fixture
def deleted(players: None, switches: Dependencies) -> Dependencies:  # noqa: ARG001
    """A user `ann` with lines, who is deleted now; `bob` stays."""
    deliver(score("ann", 10), score("ann", 20), score("ann", 9000, board="fastest-lap"))
    deliver(score("bob", 7))
    erase("ann")
    return switches


def test_erased_user_leaves_no_line(deleted: Dependencies, upkeep: Dependencies) -> None:
    late = [record_of("ann", "profile"), record_of("ann"), record_of("ann", "fastest-lap")]
    assert deliver(*late) == []
    assert [it["userId"]["S"] for it in stored()] == ["bob"]
    assert deleted.invoked == upkeep.invoked
    assert [it["histories"] for it in upkeep.invoked] == [["ann"]]


def test_line_that_is_delivered_again_with_the_deletion_goes_with_it(
    players: None,  # noqa: ARG001
    upkeep: Dependencies,  # noqa: ARG001
) -> None:
    late = score("ann", 10)
    erase("ann")
    assert deliver(late, record_of("ann", "profile"), record_of("ann")) == []
    assert deliver(late, record_of("ann", "profile"), record_of("ann")) == []
    assert stored() == []


def test_deletion_that_cannot_be_handed_over_is_delivered_again(
    deleted: Dependencies, upkeep: Dependencies
) -> None:
    tombstone = record_of("ann")
    deleted.down.add("lambda")
    assert deliver(tombstone) == [number(tombstone)]
    upkeep.down.clear()
    assert deliver(tombstone) == []
    assert [it["userId"]["S"] for it in stored()] == ["bob"]


def test_history_that_takes_long_to_erase_is_erased_by_several_invocations(
    upkeep: Dependencies, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(*(score("ann", 1) for _ in range(12)))
    monkeypatch.setattr("leaderboard.adapters.dynamodb.history.ERASED_AT_ONCE", 5)
    monkeypatch.setattr(handlers.upkeep, "SHARE", 0)
    event = {"histories": ["ann"]}
    handlers.upkeep.handler(event, CONTEXT)
    assert stored() == []
    assert upkeep.invoked == [{"profiles": [], "archived": [], **event}] * 3


def test_history_that_cannot_be_erased_is_asked_for_again(
    upkeep: Dependencies, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(score("ann", 1), score("bob", 1))
    real = HistoryTable.erase
    refused = iter([True])

    def erase(table: HistoryTable, user_id: str, *, deadline: float) -> tuple[int, bool]:
        if user_id == "ann" and next(refused, False):
            raise Unavailable("down")
        return real(table, user_id, deadline=deadline)

    monkeypatch.setattr(HistoryTable, "erase", erase)
    handlers.upkeep.handler({"histories": ["ann", "bob"]}, CONTEXT)
    assert stored() == []
    assert [it["histories"] for it in upkeep.invoked] == [["ann"]]
