"""The tables of scores and submissions: conditions, transactions, tombstones and the index."""

from __future__ import annotations

import random
import time
from dataclasses import replace
from typing import Any

import pytest

from leaderboard import clock, wiring
from leaderboard.adapters.aws.clients import client
from leaderboard.adapters.dynamodb.index import INDEX
from leaderboard.adapters.dynamodb.readable import typed
from leaderboard.adapters.dynamodb.score_items import score_state
from leaderboard.boards import order
from leaderboard.boards.rules import MAX_SCORE, Board, Order
from leaderboard.boards.seasons import BoardSeason
from leaderboard.boards.snapshots import default_name
from leaderboard.errors import Raced
from leaderboard.scoring.items import Answer, CompletedTicket, Profile, ScoreItem, Submission, Write
from tests.integration import aws

pytestmark = pytest.mark.usefixtures("stage")

T0 = 1_795_420_800_000
HIGH = Board("global", "Global", order=Order.DESC)
LOW = Board("fastest-lap", "Lap", order=Order.ASC)
ANSWER = Answer(40, T0, changed=True)
# One time for the whole run, so that equal submissions are equal whenever they are made.
# The table keeps whole seconds; the run may begin long before its last test.
SOON = (int(time.time()) + 24 * 3600) * 1000


def item(user: str = "ann", score: int | None = 40, **changes: Any) -> ScoreItem:
    return replace(
        ScoreItem(
            user_id=user,
            board="global",
            season="all",
            user_name="Ann | ☃",
            profile_version=0,
            user_score=score,
            updated_ms=T0,
            version=T0,
        ),
        **changes,
    )


def submission(submission_id: str = "s-1", *, expires_ms: int | None = None) -> Submission:
    expires = SOON if expires_ms is None else expires_ms
    return Submission("ann", "global", submission_id, "digest", "all", ANSWER, expires)


def raw(user: str, key: str = "global#all") -> Any:
    found = client("dynamodb").get_item(
        TableName=aws.SCORES, Key={"userId": {"S": user}, "boardSeason": {"S": key}}
    )
    return found.get("Item")


def put_raw(user: str, key: str = "global#all", **attributes: Any) -> None:
    image = {"userId": {"S": user}, "boardSeason": {"S": key}, **attributes}
    client("dynamodb").put_item(TableName=aws.SCORES, Item=image)


def write_profile(user: str, version: int, name: str, standing: str = "visible") -> None:
    put_raw(
        user,
        "profile",
        userName={"S": name},
        standing={"S": standing},
        version={"N": str(version)},
    )


def test_user_without_a_score_has_no_item() -> None:
    table = wiring.score_table()
    assert table.read("ann", "global#all") is None
    assert table.read_profile("ann") is None
    assert table.read_user("ann") == (None, [])
    assert table.read_submission("ann", "global", "s-1") is None


def test_item_comes_back_as_it_was_written() -> None:
    failed = CompletedTicket("before", T0 + 4, Answer(None, None, changed=False))
    taken = {"quiz": (CompletedTicket("jti", T0 + 5, ANSWER), failed)}
    written = item(
        completed=taken,
        open={"lap": "jti-2"},
        recovered_us={"actions": T0 * 1000 + 7},
        user_score=MAX_SCORE,
    )
    wiring.score_table().write(Write(HIGH, written, 0))
    assert wiring.score_table().read("ann", "global#all") == written
    assert wiring.score_table().read_user("ann") == (None, [written])


def test_item_of_an_older_release_is_read() -> None:
    """It remembered one ticket of an action, and a name with its answer."""
    image = typed(
        {
            "userId": "ann",
            "boardSeason": "global#all",
            "userName": "Ann | ☃",
            "userScore": 40,
            "scoreUpdatedAt": clock.to_text(T0),
            "profileVersion": 0,
            "standing": "visible",
            "version": T0,
            "taken": {
                "quiz": {
                    "ticket": "jti",
                    "completedMs": T0 + 5,
                    "answer": {
                        "userName": "Ann before",
                        "userScore": 40,
                        "scoreUpdatedAt": clock.to_text(T0),
                        "changed": True,
                    },
                }
            },
            "paced": {"actions": T0 * 1000},
        }
    )
    client("dynamodb").put_item(TableName=aws.SCORES, Item=image)
    table = wiring.score_table()
    read = table.read("ann", "global#all")
    taken = {"quiz": (CompletedTicket("jti", T0 + 5, ANSWER),)}
    assert read == item(completed=taken, recovered_us={"actions": T0 * 1000})
    table.write(Write(HIGH, read, T0))
    assert table.read("ann", "global#all") == read
    assert "Ann before" not in str(raw("ann"))


def test_remembered_answers_hold_no_name() -> None:
    table = wiring.score_table()
    table.write(Write(HIGH, item(completed={"quiz": (CompletedTicket("jti", T0, ANSWER),)}), 0))
    assert str(raw("ann")).count("Ann | ☃") == 1
    table.write(Write(HIGH, item("bob"), 0, submission=submission()))
    (known,) = client("dynamodb").scan(TableName=aws.SUBMISSIONS)["Items"]
    assert "userName" not in str(known)


def test_submission_of_an_older_release_is_read() -> None:
    wiring.score_table().write(Write(HIGH, item(), 0, submission=submission()))
    (known,) = client("dynamodb").scan(TableName=aws.SUBMISSIONS)["Items"]
    known["answer"]["M"]["userName"] = {"S": "Ann before"}
    client("dynamodb").put_item(TableName=aws.SUBMISSIONS, Item=known)
    assert wiring.score_table().read_submission("ann", "global", "s-1") == submission()


def test_write_counts_only_while_the_item_is_the_one_that_was_read() -> None:
    table = wiring.score_table()
    table.write(Write(HIGH, item(), 0))
    table.write(Write(HIGH, item(version=T0 + 1, user_score=50), T0))
    for read_version in (0, T0, T0 + 2):
        with pytest.raises(Raced):
            table.write(Write(HIGH, item(version=T0 + 9, user_score=99), read_version))
    stored = table.read("ann", "global#all")
    assert stored is not None
    assert (stored.user_score, stored.version) == (50, T0 + 1)


def test_first_write_counts_only_while_there_is_no_profile_still() -> None:
    table = wiring.score_table()
    write_profile("ann", 1, "Renamed")
    with pytest.raises(Raced):
        table.write(Write(HIGH, item(), 0, profile=Profile("ann", default_name("ann"))))
    assert raw("ann") is None


@pytest.mark.parametrize("version", [6, 8])
def test_first_write_counts_only_while_the_profile_is_the_one_that_was_read(version: int) -> None:
    table = wiring.score_table()
    write_profile("ann", 7, "Ann")
    with pytest.raises(Raced):
        table.write(Write(HIGH, item(), 0, profile=Profile("ann", "Ann", version=version)))
    assert raw("ann") is None
    table.write(Write(HIGH, item(), 0, profile=Profile("ann", "Ann", version=7)))
    assert raw("ann") is not None


def test_name_and_score_are_written_together_or_not_at_all() -> None:
    table = wiring.score_table()
    named = Profile("ann", "New", version=T0)
    first = submission()
    table.write(Write(HIGH, item(), 0, Profile("ann", default_name("ann")), named, first))
    assert table.read_profile("ann") == named
    assert table.read_submission("ann", "global", "s-1") == first
    newer = replace(named, user_name="Newer", version=T0 + 1)
    second = Write(HIGH, item(version=T0 + 1), T0, named, newer, submission())
    with pytest.raises(Raced):
        table.write(second)
    assert table.read_profile("ann") == named
    assert raw("ann")["version"] == {"N": str(T0)}


def test_submission_is_remembered_once() -> None:
    table = wiring.score_table()
    table.write(Write(HIGH, item(), 0, submission=submission()))
    with pytest.raises(Raced):
        table.write(Write(HIGH, item(version=T0 + 1), T0, submission=submission()))
    assert raw("ann")["version"] == {"N": str(T0)}
    table.write(Write(HIGH, item(version=T0 + 1), T0, submission=submission("s-2")))


def test_submission_that_expired_is_as_good_as_gone() -> None:
    table = wiring.score_table()
    table.write(Write(HIGH, item(), 0, submission=submission(expires_ms=T0 - 10**11)))
    table.write(Write(HIGH, item(version=T0 + 1), T0, submission=submission()))
    assert table.read_submission("ann", "global", "s-1") == submission()


def test_submissions_of_two_users_do_not_meet() -> None:
    table = wiring.score_table()
    table.write(Write(HIGH, item(), 0, submission=submission()))
    other = replace(submission(), user_id="ann2")
    table.write(Write(HIGH, item("ann2"), 0, submission=other))
    elsewhere = replace(submission(), board="weekly")
    table.write(Write(HIGH, item("ann3"), 0, submission=elsewhere))


def test_new_score_on_a_tombstone_goes_on_with_its_version_and_takes_its_ttl_off() -> None:
    put_raw("ann", version={"N": str(T0 + 5)}, expiresAt={"N": "1"})
    table = wiring.score_table()
    stone = table.read("ann", "global#all")
    assert stone is not None
    assert stone.is_new
    assert stone.version == T0 + 5
    wiring.submissions().submit(user_id="ann", board="global", submission_id="s", delta=3)
    assert raw("ann")["version"] == {"N": str(T0 + 6)}
    assert "expiresAt" not in raw("ann")
    assert raw("ann")["userName"] == {"S": default_name("ann")}


def test_tombstone_is_no_score_of_the_user() -> None:
    put_raw("ann", version={"N": "5"}, expiresAt={"N": "1"})
    assert wiring.score_table().read_user("ann") == (None, [])


# Profiles.


def test_profile_is_copied_to_every_score_that_is_behind() -> None:
    table = wiring.score_table()
    table.write(Write(HIGH, item(), 0))
    table.write(Write(LOW, item(board="fastest-lap"), 0))
    table.write(Write(HIGH, item(board="weekly", profile_version=8, user_name="Newest"), 0))
    write_profile("ann", 7, "Renamed", standing="hidden")
    assert wiring.profiles().copy("ann") == 2
    for key in ("global#all", "fastest-lap#all"):
        found = raw("ann", key)
        assert found["userName"] == {"S": "Renamed"}
        assert found["standing"] == {"S": "hidden"}
        assert found["version"] == {"N": str(T0 + 1)}
        assert "boardOrder" not in found
    assert raw("ann", "weekly#all")["userName"] == {"S": "Newest"}
    assert wiring.profiles().copy("ann") == 0


def test_score_of_a_board_that_is_no_more_is_left_as_it_is() -> None:
    wiring.score_table().write(Write(HIGH, item(board="gone"), 0))
    write_profile("ann", 7, "Renamed")
    assert wiring.profiles().copy("ann") == 0


# The index.


@pytest.mark.parametrize("board", [HIGH, LOW])
def test_index_has_the_order_of_the_board(board: Board) -> None:
    chance = random.Random(5)
    extremes = [MAX_SCORE, -MAX_SCORE, 0, 1, -1]
    items = [
        item(
            f"{chance.choice('aBz0')}{chance.choice('._:-')}{number}",
            board=board.board,
            user_score=chance.choice([*extremes, chance.randint(-9, 9)]),
            updated_ms=T0 + chance.randint(0, 2),
        )
        for number in range(80)
    ]
    for it in items:
        wiring.score_table().write(Write(board, it, 0))

    def key(it: ScoreItem) -> tuple[int, int, str]:
        assert it.user_score is not None
        assert it.updated_ms is not None
        return order.sort_key(board.order, it.user_score, it.updated_ms, it.user_id)

    expected = [it.user_id for it in sorted(items, key=key)]
    for limit in (1, 10, 100):
        found = wiring.board_index().best(BoardSeason.stored(board, "all"), limit)
        assert [it.user_id for it in found] == expected[:limit]


def test_scores_are_spread_over_the_shards_of_the_index() -> None:
    for number in range(40):
        wiring.score_table().write(Write(HIGH, item(f"user-{number}"), 0))
    found = client("dynamodb").scan(TableName=aws.SCORES, IndexName=INDEX)["Items"]
    assert {it["boardSeasonShard"]["S"] for it in found} == {
        f"global#all#{shard}" for shard in range(4)
    }


@pytest.mark.parametrize("standing", ["hidden", "barred"])
def test_who_may_not_be_seen_is_not_in_the_index(standing: str) -> None:
    wiring.score_table().write(Write(HIGH, item(), 0))
    wiring.score_table().write(Write(HIGH, item(version=T0 + 1, standing=standing), T0))
    assert wiring.board_index().best(BoardSeason.stored(HIGH, "all"), 10) == []


# What leaves the table for the ranking.


def test_image_of_the_table_is_the_record_of_the_stream() -> None:
    wiring.score_table().write(Write(HIGH, item(), 0))
    key, record = score_state(raw("ann"))
    assert key == "global#all"
    assert (record.user_id, record.version) == ("ann", T0)
    assert record.score is not None
    assert record.score.user_name == "Ann | ☃"
    assert (record.score.user_score, record.score.updated_ms) == (40, T0)


@pytest.mark.parametrize(
    "attributes", [{}, {"expiresAt": {"N": "1"}}, {"userScore": {"N": "4"}, "standing": "hidden"}]
)
def test_tombstone_and_hidden_score_are_removals(attributes: Any) -> None:
    if "standing" in attributes:
        attributes = {**attributes, "standing": {"S": "hidden"}}
    put_raw("ann", version={"N": "9"}, **attributes)
    _, record = score_state(raw("ann"))
    assert (record.version, record.score) == (9, None)


def test_scan_shows_every_item_of_one_board_season() -> None:
    table = wiring.score_table()
    for number in range(30):
        table.write(Write(HIGH, item(f"user-{number}"), 0))
    table.write(Write(HIGH, item("elsewhere", board="weekly"), 0))
    write_profile("ann", 1, "Ann")
    put_raw("stone", version={"N": "9"}, expiresAt={"N": "1"})
    scan = wiring.score_scanner()
    pages = [scan.read_page(it, 3, after=None, only="global#all") for it in range(3)]
    assert all(key == "global#all" for page in pages for key, _ in page.states)
    found = [record for page in pages for _, record in page.states]
    assert len(found) == 31, "each item is in one segment"
    assert {it.user_id for it in found} == {f"user-{n}" for n in range(30)} | {"stone"}
    assert [it.score for it in found if it.user_id == "stone"] == [None]
