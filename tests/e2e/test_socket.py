"""Following boards: snapshots, updates, and what a client does about gaps."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.e2e import oracle
from tests.e2e.conftest import Settled
from tests.e2e.service import Json, Service, is_moment, moment
from tests.e2e.tables import Tables
from tests.e2e.viewer import Screen, Viewer
from tests.e2e.waiting import AT_ONCE

pytestmark = pytest.mark.e2e

View = Callable[..., Viewer]


def fill(service: Service, board: str, scores: dict[str, int]) -> None:
    with ThreadPoolExecutor(AT_ONCE) as threads:
        list(threads.map(lambda it: service.write(board, it[0], score=it[1]), scores.items()))


def next_frame(viewer: Viewer) -> Json:
    return viewer.receive_until(lambda it: it["type"] in ("snapshot", "update"), what="a frame")


@pytest.fixture
def crowded(service: Service, board: str, settled: Settled) -> str:
    """A board with a full top, of which a change is smaller than the whole: 100, 99, … 91."""
    fill(service, board, {f"user-{number:02}": 100 - number for number in range(10)})
    settled(board)
    return board


def test_first_subscriber_gets_version_0_and_then_a_snapshot(
    service: Service, viewer: Viewer, board: str
) -> None:
    empty = viewer.subscribe(board)
    moment(empty.pop("publishedAt"))
    assert empty == {
        "type": "snapshot",
        "board": board,
        "season": "all",
        "epoch": None,
        "version": 0,
        "total": 0,
        "endsAt": None,
        "since": None,
        "entries": [],
    }
    entry = service.write(board, "ada", score=5)["entry"]
    first = next_frame(viewer)
    assert first["type"] == "snapshot"
    assert first["version"] == 1
    assert first["epoch"]
    assert first["total"] == 1
    assert oracle.unmoved(first["entries"]) == [{"rank": 1, "place": 1, **entry}]


def test_snapshot_is_the_recorded_top(
    service: Service, viewer: Viewer, board: str, settled: Settled
) -> None:
    fill(service, board, {f"user-{number}": number for number in range(15)})
    settled(board)
    snapshot, top = viewer.subscribe(board), service.top(board)
    for name in ("board", "season", "epoch", "version", "since", "entries", "endsAt"):
        assert snapshot[name] == top[name], name
    # In frames it is as recorded, so it may be behind the ranking's own.
    assert len(top["entries"]) <= snapshot["total"] <= top["total"] == 15


def test_season_of_a_scheduled_board_is_named_with_its_end(
    service: Service, viewer: Viewer
) -> None:
    snapshot, top = viewer.subscribe("weekly"), service.top("weekly")
    assert (snapshot["season"], snapshot["endsAt"]) == (top["season"], top["endsAt"])
    assert is_moment(snapshot["endsAt"])
    assert moment(snapshot["endsAt"]).isoweekday() == 1


@pytest.mark.parametrize("number", [int, float])  # Lua and Godot send 7.0 for 7
def test_what_is_up_to_date_is_said_to_be_current(
    service: Service, viewer: Viewer, board: str, number: type[float]
) -> None:
    service.write(board, "ada", score=5)
    service.await_score(board, "ada", 5)
    snapshot = viewer.subscribe(board)
    have = {"epoch": snapshot["epoch"], "version": number(snapshot["version"])}
    assert viewer.subscribe(board, have=have) == {
        "type": "current",
        "board": board,
        "season": "all",
        **have,
    }


@pytest.mark.parametrize(
    "other",
    [{"version": 0}, {"version": 99}, {"epoch": "other"}, {"epoch": None}, {"epoch": ""}],
    ids=json.dumps,
)
def test_what_is_not_up_to_date_gets_the_snapshot(
    service: Service, viewer: Viewer, board: str, other: Json
) -> None:
    service.write(board, "ada", score=5)
    service.await_score(board, "ada", 5)
    first = viewer.subscribe(board)
    have = {"epoch": first["epoch"], "version": first["version"], **other}
    again = viewer.subscribe(board, have=have)
    assert again["type"] == "snapshot"
    assert again["entries"] == first["entries"]


def test_current_subscriber_gets_what_follows(
    service: Service, viewer: Viewer, crowded: str
) -> None:
    have = {name: service.top(crowded)[name] for name in ("epoch", "version")}
    assert viewer.subscribe(crowded, have=have)["type"] == "current"
    service.write(crowded, "user-00", score=101)
    update = next_frame(viewer)
    assert (update["type"], update["from"]) == ("update", have["version"])


def test_two_viewers_see_the_same(service: Service, viewers: View, board: str) -> None:
    early, late = viewers(), viewers()
    screens = Screen(), Screen()
    screens[0].take(early.subscribe(board))
    fill(service, board, {f"user-{number}": number for number in range(12)})
    screens[1].take(late.subscribe(board))
    service.write(board, "user-0", score=100)
    for viewer, screen in zip((early, late), screens, strict=True):
        viewer.follow(board, screen, lambda it: it.scores.get("user-0") == 100)
    for screen in screens:
        assert screen.entries == service.top(board)["entries"]
    assert screens[0].version == screens[1].version
    assert screens[0].epoch == screens[1].epoch


def test_unsubscribed_viewer_gets_nothing_more(service: Service, viewers: View, board: str) -> None:
    leaving, staying = viewers(), viewers()
    for viewer in (leaving, staying):
        viewer.subscribe(board)
        viewer.subscribe(f"{board}-2")
    reply = leaving.ask({"action": "unsubscribe", "board": board})
    assert reply == {"type": "unsubscribed", "board": board}
    service.write(board, "ada", score=5)
    assert next_frame(staying)["board"] == board
    # The other board is followed on; its frame comes after where the first one's would have.
    service.write(f"{board}-2", "ada", score=5)
    assert next_frame(leaving)["board"] == f"{board}-2"
    assert set(leaving.ping()["boards"]) == {f"{board}-2"}
    assert len([it for it in leaving.frames if it.get("board") == board]) == 2


def test_unsubscribing_from_what_is_not_followed_is_fine(viewer: Viewer, board: str) -> None:
    reply = viewer.ask({"action": "unsubscribe", "board": board})
    assert reply == {"type": "unsubscribed", "board": board}


def test_subscribing_twice_brings_each_update_once(
    service: Service, viewer: Viewer, board: str
) -> None:
    viewer.subscribe(board)
    viewer.subscribe(board)
    service.write(board, "ada", score=5)
    assert next_frame(viewer)["version"] == 1
    service.write(board, "ada", score=6)
    assert next_frame(viewer)["version"] == 2
    viewer.ping()
    versions = [it["version"] for it in viewer.frames if it["type"] != "pong"]
    assert versions == [0, 0, 1, 2]


def test_pong_names_the_boards_and_their_versions(
    service: Service, viewer: Viewer, board: str
) -> None:
    assert viewer.ping()["boards"] == {}
    service.write(board, "ada", score=5)
    top = service.await_score(board, "ada", 5)
    viewer.subscribe(board)
    viewer.subscribe(f"{board}-2")
    pong = viewer.ping()
    assert set(pong) == {"type", "serverTime", "boards"}
    assert is_moment(pong["serverTime"])
    assert pong["boards"] == {
        board: {"season": "all", "epoch": top["epoch"], "version": top["version"]},
        f"{board}-2": {"season": "all", "epoch": None, "version": 0},
    }


def test_updates_chain_without_a_hole_over_100_writes(
    service: Service, tables: Tables, viewer: Viewer, board: str
) -> None:
    viewer.subscribe(board)
    writes = [(f"user-{number % 25}", (number * 7919) % 9973) for number in range(100)]
    with ThreadPoolExecutor(AT_ONCE) as threads:
        list(threads.map(lambda it: service.write(board, it[0], score=it[1]), writes))
    expected = oracle.ranking(tables.items("scoresTable"), board, "all")
    screen = Screen()
    frames = 0
    for frame in [it for it in viewer.frames if it["type"] == "snapshot"]:
        screen.take(frame)
    while oracle.unmoved(screen.entries) != expected[:10]:
        frame = next_frame(viewer)
        frames += 1
        if frame["type"] == "update":
            assert frame["from"] == screen.version, "a hole"
            assert frame["version"] > frame["from"]
            assert frame["epoch"] == screen.epoch
            assert moment(frame["scoredAt"]) <= moment(frame["publishedAt"])
        else:
            assert frame["version"] > screen.version
        assert screen.take(frame)
    assert 2 <= frames <= 100
    top = service.top(board)
    assert (top["version"], top["entries"]) == (screen.version, screen.entries)


def test_update_names_who_came_and_who_left(service: Service, viewer: Viewer, crowded: str) -> None:
    viewer.subscribe(crowded)
    entry = service.write(crowded, "newcomer", score=92)["entry"]
    update = next_frame(viewer)
    assert update["type"] == "update"
    # Behind the one who had 92 before; the last one makes room.
    assert oracle.unmoved(update["upsert"]) == [{"rank": 10, "place": 9, **entry}]
    assert update["remove"] == ["user-09"]
    assert update["total"] == 11


def test_update_names_only_what_changed(service: Service, viewer: Viewer, crowded: str) -> None:
    viewer.subscribe(crowded)
    service.write(crowded, "user-04", score=99)
    update = next_frame(viewer)
    # 100, 99, 99, 98, 97, 95: those above and below keep their rank.
    assert {it["userId"]: (it["rank"], it["place"]) for it in update["upsert"]} == {
        "user-04": (3, 2),
        "user-02": (4, 4),
        "user-03": (5, 5),
    }
    assert update["remove"] == []


def test_change_that_is_larger_than_the_whole_comes_as_a_snapshot(
    service: Service, viewer: Viewer, crowded: str
) -> None:
    held = viewer.subscribe(crowded)
    service.write(crowded, "newcomer", score=1000)
    frame = next_frame(viewer)
    # Everybody stands one lower.
    assert (frame["type"], frame["version"]) == ("snapshot", held["version"] + 1)
    assert frame["entries"] == service.top(crowded)["entries"]


def test_client_that_lost_frames_is_right_after_subscribing_again(
    service: Service, viewer: Viewer, crowded: str
) -> None:
    screen = Screen()
    screen.take(viewer.subscribe(crowded))
    for score in (101, 102, 103):
        service.write(crowded, "user-00", score=score)
        assert next_frame(viewer)["type"] == "update"
    service.write(crowded, "user-09", score=93)
    later = next_frame(viewer)
    assert later["type"] == "update"
    assert later["from"] != screen.version
    assert not screen.take(later)
    viewer.send({"action": "subscribe", "board": crowded})
    viewer.follow(crowded, screen, lambda it: it.scores["user-09"] == 93)
    assert screen.entries == service.top(crowded)["entries"]
    assert screen.version == later["version"]


def test_client_that_missed_the_last_frame_learns_it_from_a_pong(
    service: Service, viewers: View, crowded: str
) -> None:
    sleeper, other = viewers(), viewers()
    screen = Screen()
    screen.take(sleeper.subscribe(crowded))
    other.subscribe(crowded)
    service.write(crowded, "user-00", score=101)
    next_frame(other)
    sleeper.send({"action": "ping"})
    pong = sleeper.receive_until(lambda it: it["type"] == "pong", what="the pong")
    assert pong["boards"][crowded]["version"] == screen.version + 1
    screen.take(sleeper.subscribe(crowded, have=screen.have))
    assert screen.scores["user-00"] == 101


def test_client_ignores_what_it_has_already(service: Service, viewer: Viewer, crowded: str) -> None:
    screen = Screen()
    screen.take(viewer.subscribe(crowded))
    service.write(crowded, "user-00", score=101)
    update = next_frame(viewer)
    assert screen.take(update)
    shown = list(screen.entries)
    assert screen.take(update)
    assert screen.entries == shown == service.top(crowded)["entries"]


def test_ties_share_a_place_and_the_earlier_is_first(
    service: Service, viewer: Viewer, board: str, settled: Settled
) -> None:
    for user, score in (("zoe", 7), ("ada", 7), ("bea", 9), ("cem", 5), ("dan", 7)):
        service.write(board, user, score=score)
    settled(board)
    expected = [("bea", 1, 1), ("zoe", 2, 2), ("ada", 3, 2), ("dan", 4, 2), ("cem", 5, 5)]
    for entries in (viewer.subscribe(board)["entries"], service.top(board)["entries"]):
        assert [(it["userId"], it["rank"], it["place"]) for it in entries] == expected


def test_lower_is_first_where_the_board_says_so(
    service: Service, viewer: Viewer, settled: Settled
) -> None:
    for user, score in (("slow", 500_000), ("fast", 5_000), ("also-fast", 5_000)):
        service.write("fastest-lap", user, score=score)
    settled("fastest-lap", order="asc")
    entries = viewer.subscribe("fastest-lap")["entries"]
    scores = [it["userScore"] for it in entries]
    assert scores == sorted(scores)
    first = [(it["userId"], it["place"]) for it in entries if it["userScore"] == 5_000]
    assert {place for _, place in first} == {1}
    users = [user for user, _ in first]
    assert users.index("fast") < users.index("also-fast")


def test_nothing_is_sent_while_the_top_stays(
    service: Service, viewer: Viewer, crowded: str
) -> None:
    snapshot = viewer.subscribe(crowded)
    # Outside the top, the same score again, and a name outside the top.
    service.write(crowded, "user-10", score=12)
    service.write(crowded, "user-10", score=13)
    service.write(crowded, "late", score=1, userName="Late")
    service.write(crowded, "user-00", score=100)
    # The next change of the top is the very next version: none of those was one.
    service.write(crowded, "user-00", score=101)
    update = next_frame(viewer)
    assert (update["type"], update["from"]) == ("update", snapshot["version"])
    assert update["version"] == snapshot["version"] + 1
    assert [it["userId"] for it in update["upsert"]] == ["user-00"]
    assert update["total"] == 12


def test_renamed_user_is_shown_by_the_new_name(
    service: Service, viewer: Viewer, crowded: str
) -> None:
    before = viewer.subscribe(crowded)["entries"][0]
    service.write(crowded, "user-00", score=100, userName="<i>Ada</i>")
    update = next_frame(viewer)
    assert update["upsert"] == [{**before, "userName": "<i>Ada</i>"}]
    assert update["scoredAt"] == before["scoreUpdatedAt"]


def test_boards_do_not_mix(service: Service, viewer: Viewer, board: str) -> None:
    # One's id begins with the other's.
    longer = f"{board}-2"
    viewer.subscribe(longer)
    service.write(board, "ada", score=5)
    service.await_score(board, "ada", 5)
    service.write(longer, "bea", score=6)
    frame = next_frame(viewer)
    assert (frame["board"], [it["userId"] for it in frame["entries"]]) == (longer, ["bea"])


def test_closed_viewer_does_not_disturb_the_others(
    service: Service, viewers: View, tables: Tables, board: str
) -> None:
    staying = viewers()
    staying.subscribe(board)
    for number in range(4):
        leaving = viewers()
        leaving.subscribe(board)
        # No farewell: the connection is simply gone.
        leaving.connection.close_socket()
        service.write(board, "ada", score=number)
        frame = next_frame(staying)
        assert frame["version"] == number + 1
    following = {audience for audience, _ in tables.connections() if audience.startswith(board)}
    assert len(following) == 1


def test_viewer_sees_a_frame_soon(service: Service, viewer: Viewer, crowded: str) -> None:
    viewer.subscribe(crowded)
    for score in range(101, 111):
        entry = service.write(crowded, "user-00", score=score)["entry"]
        update = next_frame(viewer)
        assert update["scoredAt"] == entry["scoreUpdatedAt"]
        age = moment(update["publishedAt"]) - moment(update["scoredAt"])
        # A quiet board is posted at once; this is a hundred times what it takes.
        assert age.total_seconds() < 5
