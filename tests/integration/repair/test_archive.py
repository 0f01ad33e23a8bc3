"""Late records of seasons that the cache no longer keeps: the recorded top stays that of the table,
without a ranking and without a rebuild."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import handlers.rebuild
import handlers.score_stream
import handlers.upkeep
from leaderboard import clock, wiring
from leaderboard.adapters.aws.accounts import CognitoAccounts
from leaderboard.adapters.aws.clients import client
from leaderboard.adapters.dynamodb.boards import BoardTable
from leaderboard.adapters.dynamodb.index import BoardIndex
from leaderboard.adapters.valkey.ranking import ValkeyRanking
from leaderboard.boards.rules import Order
from leaderboard.boards.seasons import BoardSeason
from leaderboard.boards.snapshots import Score
from leaderboard.errors import Unavailable
from leaderboard.ranking.score_state import ScoreState
from leaderboard.ranking.tops import COMPLETE, PARTIAL
from leaderboard.scoring.items import VISIBLE, ScoreItem, Write
from tests.integration import aws
from tests.integration.conftest import Dependencies
from tests.integration.events import CONTEXT, stream_record

Json = dict[str, Any]
SEASON = "2026-W30"
KEY = f"weekly#{SEASON}"
KEY = f"weekly#{SEASON}"
T0 = clock.from_text("2026-07-20T08:00:00.000Z")


@pytest.fixture(autouse=True)
def switches(dependencies: Dependencies, monkeypatch: pytest.MonkeyPatch) -> Dependencies:
    monkeypatch.setattr("leaderboard.repair.upkeep.INDEX_LAG_SECONDS", 0)
    # Lambda would run it beside this; here it is over when the stream function is.
    dependencies.functions["leaderboard-test-upkeep"] = handlers.upkeep.handler
    return dependencies


def past(season: str = SEASON) -> BoardSeason:
    return BoardSeason.stored(wiring.catalog().find("weekly"), season)


def put(
    user: str,
    score: int | None,
    version: int,
    *,
    standing: str = VISIBLE,
    order: Order = Order.DESC,
) -> Json:
    """Write a score of long ago, or take it off; the image that the stream will have."""
    if score is None:
        image: Json = {
            "userId": {"S": user},
            "boardSeason": {"S": KEY},
            "version": {"N": str(version)},
        }
        client("dynamodb").put_item(TableName=aws.SCORES, Item=image)
        return image
    it = ScoreItem(
        user_id=user,
        board="weekly",
        season=SEASON,
        user_name=user.upper(),
        profile_version=1,
        standing=standing,
        user_score=score,
        updated_ms=T0 + score % 7,
        version=version,
        completed={},
        recovered_us={},
    )
    before = wiring.score_table().read(user, KEY)
    rules = replace(past().rules, order=order)
    wiring.score_table().write(Write(rules, it, read_version=before.version if before else 0))
    return stored(user)


def stored(user: str) -> Json:
    found = client("dynamodb").get_item(
        TableName=aws.SCORES, Key={"userId": {"S": user}, "boardSeason": {"S": KEY}}
    )
    image: Json = found["Item"]
    return image


def deliver(*images: Json) -> list[str]:
    records = [
        stream_record(
            number,
            {name: image[name] for name in ("userId", "boardSeason")},
            image,
            name="MODIFY",
        )
        for number, image in enumerate(images, start=1)
    ]
    answer = handlers.score_stream.handler({"Records": records}, CONTEXT)
    return [it["itemIdentifier"] for it in answer["batchItemFailures"]]


def recorded() -> list[str]:
    item = wiring.board_table().read(KEY)
    return [] if item is None else [it.user_id for it in item.snapshot.entries]


def numbers() -> tuple[int, int, int]:
    item = wiring.board_table().read(KEY)
    assert item is not None
    return item.snapshot.version, item.revision, item.snapshot.total


def crowd(count: int) -> list[str]:
    """So many users from the best to the last, recorded."""
    users = [f"user-{number:03}" for number in range(count)]
    deliver(*(put(user, 1000 - number, 1) for number, user in enumerate(users)))
    return users


def no_ranking() -> bool:
    return wiring.ranking_cache().read(past()) is None


def test_hidden_player_of_long_ago_makes_room_without_a_rebuild(switches: Dependencies) -> None:
    users = crowd(30)
    assert recorded() == users[:10]
    before = numbers()
    assert deliver(put(users[3], 997, 2, standing="hidden")) == []
    assert recorded() == [*users[:3], *users[4:11]]
    assert numbers()[0] == before[0] + 1
    assert no_ranking()
    assert all("archived" in it for it in switches.invoked)  # and no rebuild


def test_first_record_of_long_ago_knows_that_the_index_has_keys_of_both_orders() -> None:
    """Two releases of different orders took a score each, before anything said which one counts."""
    images = [put("a", 1, 1, order=Order.ASC), put("b", 2, 1), put("c", 3, 1, order=Order.ASC)]
    for image in images:
        assert deliver(image) == []
    body = wiring.reads().entries(past(), cursor=None, limit=9)
    assert [it["userId"] for it in body["entries"]] == recorded() == ["c", "b", "a"]


def take_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A boards.yml without the board."""
    file = tmp_path / "boards.yml"
    file.write_text("boards: {global: {}}")
    monkeypatch.setenv("BOARDS_FILE", str(file))
    aws.forget()


def deliver_all(*users: str) -> None:
    """What the stream has of these users, their profiles among it."""
    for user in users:
        answer = client("dynamodb").query(
            TableName=aws.SCORES,
            KeyConditionExpression="userId = :user",
            ExpressionAttributeValues={":user": {"S": user}},
        )
        assert deliver(*answer["Items"]) == []


def test_erased_players_name_is_in_no_table_though_the_board_was_taken_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    users = crowd(12)
    before = numbers()
    monkeypatch.setattr(CognitoAccounts, "delete", lambda *_: None)
    take_out(tmp_path, monkeypatch)
    wiring.moderation().erase(users[3], account=users[3])
    deliver_all(users[3])  # the profile: upkeep brings the score up to it
    deliver_all(users[3])  # the score's tombstone
    assert recorded() == [*users[:3], *users[4:10]]
    assert numbers() == (before[0] + 1, before[1] + 1, before[2] - 1)
    for table in (aws.SCORES, aws.BOARDS, aws.CONNECTIONS, aws.SUBMISSIONS):
        assert users[3].upper() not in str(client("dynamodb").scan(TableName=table)["Items"])
    deliver_all(users[3])  # again, as any record may be
    assert numbers()[0] == before[0] + 1
    # Put back, the board has everybody who is left.
    monkeypatch.delenv("BOARDS_FILE")
    aws.forget()
    deliver_all(users[3])
    assert recorded() == [*users[:3], *users[4:11]]


def test_board_that_was_taken_out_keeps_who_scores_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    users = crowd(3)
    stone = put(users[1], None, 2)
    client("dynamodb").delete_item(
        TableName=aws.SCORES, Key={name: stone[name] for name in ("userId", "boardSeason")}
    )
    put(users[1], 5, 3)
    take_out(tmp_path, monkeypatch)
    assert deliver(stone) == []
    assert recorded() == users


def test_top_that_cannot_be_read_of_a_board_that_was_taken_out_is_emptied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    users = crowd(3)
    client("dynamodb").update_item(
        TableName=aws.BOARDS,
        Key={"boardSeason": {"S": KEY}},
        UpdateExpression="SET top = :broken",
        ExpressionAttributeValues={":broken": {"S": f"of {users[1].upper()}"}},
    )
    take_out(tmp_path, monkeypatch)
    assert deliver(put(users[1], None, 2)) == []
    assert recorded() == []
    assert "USER" not in str(client("dynamodb").scan(TableName=aws.BOARDS)["Items"])


def test_player_comes_back_to_the_right_place() -> None:
    users = crowd(12)
    deliver(put(users[3], 997, 2, standing="hidden"))
    deliver(put(users[3], 997, 3))
    assert recorded() == users[:10]


def test_rename_shows_in_the_top_of_long_ago() -> None:
    users = crowd(5)
    image = stored(users[2])
    image |= {"userName": {"S": "New Name"}, "version": {"N": "2"}}
    client("dynamodb").put_item(TableName=aws.SCORES, Item=image)
    deliver(image)
    item = wiring.board_table().read(KEY)
    assert item is not None
    assert item.snapshot.entries[2].user_name == "New Name"
    assert numbers()[0] == 2


def test_repeated_and_late_records_change_nothing() -> None:
    users = crowd(12)
    first = stored(users[0])
    removal = put(users[0], None, 2)
    deliver(removal)
    version = numbers()[0]
    assert deliver(first) == []
    assert deliver(removal, first, removal) == []
    assert recorded() == users[1:11]
    assert numbers()[0] == version


def test_record_of_somebody_outside_the_top_moves_no_version() -> None:
    users = crowd(15)
    version, revision, _ = numbers()
    deliver(put(users[14], None, 2))
    assert numbers()[:2] == (version, revision + 1)


def test_first_record_ever_of_a_season_long_past_is_recorded() -> None:
    deliver(put("ann", 5, 1))
    assert recorded() == ["ann"]
    assert numbers() == (1, 1, 1)
    assert no_ranking()


def test_removal_from_a_season_that_was_never_recorded_records_nothing() -> None:
    deliver(put("ann", None, 2))
    assert wiring.board_table().read(KEY) is None


def test_top_that_loses_everybody_is_empty() -> None:
    users = crowd(2)
    deliver(*(put(user, None, 2) for user in users))
    assert recorded() == []
    assert numbers() == (2, 2, 0)


def test_index_that_lags_far_behind_is_read_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """More users were taken off than are read behind the top, and the index still has them all."""
    users = crowd(60)
    stale = wiring.board_index().best(past(), 1000)

    def lagging(_: BoardIndex, __: BoardSeason, limit: int) -> list[Score]:
        return stale[:limit]

    removals = [put(user, None, 2) for user in users[:45]]
    monkeypatch.setattr(BoardIndex, "best", lagging)
    deliver(*removals)
    assert recorded() == users[45:55]


def test_user_whom_the_index_does_not_have_yet_is_ranked_by_the_own_record(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    users = crowd(30)
    stale = wiring.board_index().best(past(), 1000)

    def lagging(_: BoardIndex, __: BoardSeason, limit: int) -> list[Score]:
        return stale[:limit]

    risen = put(users[25], 2000, 2)
    monkeypatch.setattr(BoardIndex, "best", lagging)
    deliver(risen)
    assert recorded() == [users[25], *users[:9]]
    deliver(put(users[0], None, 2))
    assert recorded() == [users[25], *users[1:10]]


def test_record_that_loses_the_race_reads_again(monkeypatch: pytest.MonkeyPatch) -> None:
    users = crowd(12)
    write = BoardTable.write
    removal = put(users[0], None, 2)
    raced: list[str] = []

    def race(table: BoardTable, item: Any, **options: Any) -> bool:
        if not raced:
            raced.append("once")
            deliver(put(users[1], None, 2))
        return write(table, item, **options)

    monkeypatch.setattr(BoardTable, "write", race)
    assert deliver(removal) == []
    assert recorded() == users[2:]


def test_rebuild_by_hand_counts_the_total_and_leaves_no_ranking() -> None:
    users = crowd(60)
    put(users[0], None, 2)
    answer = handlers.rebuild.handler({"board": "weekly", "season": SEASON}, CONTEXT)
    assert answer["finished"]
    assert recorded() == users[1:11]
    assert numbers()[2] == 59
    assert no_ranking()


def test_ranking_that_is_there_is_kept_up_to_date(
    switches: Dependencies, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the hour of grace after it was kept: it tells the total, too."""
    users = crowd(12)
    with monkeypatch.context() as patch:
        patch.setattr(ValkeyRanking, "drop", lambda *_: True)
        handlers.rebuild.handler({"board": "weekly", "season": SEASON}, CONTEXT)
    deliver(put(users[0], None, 2))
    top = wiring.ranking_cache().read(past(), size=100)
    assert top is not None
    assert top.completeness == COMPLETE
    assert [it.user_id for it in top.scores] == users[1:]
    assert recorded() == users[1:11]
    assert numbers()[2] == 11
    assert all("archived" in it for it in switches.invoked)  # and no rebuild


def test_partial_ranking_holds_nothing_back() -> None:
    users = crowd(12)
    record = ScoreState("user-000", 1, None)
    wiring.ranking_cache().apply(past(), [record], start=PARTIAL)
    deliver(put(users[0], None, 2))
    assert recorded() == users[1:11]
    assert not wiring.ranking_cache().drop(KEY, partial=False), "it is to be filled first"


def test_upkeep_that_cannot_be_asked_is_asked_again(switches: Dependencies) -> None:
    users = crowd(12)
    removal = put(users[0], None, 2)
    switches.down.add("lambda")
    assert len(deliver(removal)) == 1
    switches.down.clear()
    assert deliver(removal) == []
    assert recorded() == users[1:11]


def test_tables_that_are_down_are_asked_again(switches: Dependencies) -> None:
    users = crowd(12)
    put(users[0], None, 2)
    event = {"archived": [{"board": "weekly", "season": SEASON, "userIds": users[:1]}]}
    switches.down.add("dynamodb")
    with pytest.raises(Unavailable):
        handlers.upkeep.handler(event, CONTEXT)
    switches.down.clear()
    assert handlers.upkeep.handler(event, CONTEXT)["recorded"] == 1
    assert recorded() == users[1:11]


def test_season_of_a_schedule_that_the_board_had_once_is_kept_as_recorded() -> None:
    """boards.yml was changed: nobody can ask for that season, and no ranking is begun for it."""
    image = put("ann", 5, 1) | {"boardSeason": {"S": "weekly#2026-07"}}
    client("dynamodb").put_item(TableName=aws.SCORES, Item=image)
    assert deliver(image) == []
    assert wiring.ranking_cache().read(past("2026-07")) is None


@pytest.mark.parametrize("seed", range(2))
def test_top_is_that_of_the_table_after_any_history(seed: int) -> None:
    chance = random.Random(seed)
    users = [f"u{number}" for number in range(25)]
    state: dict[str, tuple[int, int | None]] = {}
    images: list[Json] = []
    for _ in range(60):
        user = chance.choice(users)
        version = state.get(user, (0, None))[0] + 1
        kind = chance.random()
        if kind < 0.2 and user in state:
            images.append(put(user, None, version))
            state[user] = (version, None)
        else:
            score = chance.randint(1, 40)
            standing = "hidden" if kind > 0.85 else VISIBLE
            images.append(put(user, score, version, standing=standing))
            state[user] = (version, score if standing == VISIBLE else None)
        while images and chance.random() < 0.4:
            # In order per user, as a stream has them; some of them twice.
            some = images[: chance.randint(1, 5)]
            assert deliver(*some) == []
            if chance.random() < 0.7:
                del images[: len(some)]
    if images:
        assert deliver(*images) == []
    expected = sorted(
        (-score, T0 + score % 7, user) for user, (_, score) in state.items() if score is not None
    )
    assert recorded() == [user for _, _, user in expected[:10]]
