"""One score, hop by hop: from a player's sign-up to the screens of those who watch."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from leaderboard.boards.snapshots import default_name
from tests.e2e.conftest import Settled
from tests.e2e.service import Service, is_moment, moment
from tests.e2e.viewer import Viewer
from tests.e2e.waiting import await_value

pytestmark = pytest.mark.e2e

ENTRY = {"rank", "place", "userId", "userName", "userScore", "scoreUpdatedAt"}


def test_score_of_a_player_is_seen_live(
    service: Service, viewers: Callable[..., Viewer], settled: Settled
) -> None:
    player = service.sign_up()
    socket = service.call("POST", "/socket-tickets", token=player.token)
    assert socket.status == 201
    assert set(socket.body) == {"ticket", "expiresAt"}
    viewer = viewers(f"?ticket={socket.body['ticket']}")
    # A board that has a top already: what follows is an update.
    service.write("global", "rival", delta=1_000_000, userName="Rival")
    service.await_score("global", "rival", 1_000_000)
    service.write("global", player.user_id, delta=2_000_000)
    service.await_score("global", player.user_id, 2_000_000)
    settled("global")
    snapshot = viewer.subscribe("global")
    assert snapshot["type"] == "snapshot"
    assert set(snapshot) == {
        *("type", "board", "season", "epoch", "version", "total", "endsAt", "since"),
        *("entries", "publishedAt"),
    }
    assert (snapshot["season"], snapshot["endsAt"]) == ("all", None)
    assert is_moment(snapshot["publishedAt"])
    assert all(set(it) == {*ENTRY, "was"} for it in snapshot["entries"])
    (held,) = (it for it in snapshot["entries"] if it["userId"] == player.user_id)

    ticket = service.ticket(player, "global", "visit")
    assert ticket["points"] == 1
    good_from = moment(ticket["notBefore"])
    await_value(lambda: datetime.now(UTC) >= good_from, what=f"the time {good_from}")
    asked_at = datetime.now(UTC)
    answer = service.complete(player, "global", ticket["ticket"])
    assert answer.status == 200, answer
    entry = answer.body["entry"]
    assert entry["userScore"] == 2_000_001
    assert answer.body["changed"] is True
    assert answer.body["replayed"] is False

    update = viewer.receive_until(lambda it: it["type"] == "update", what="the update")
    seen_at = datetime.now(UTC)
    assert set(update) == {
        *("type", "board", "season", "epoch", "from", "version", "total", "upsert", "remove"),
        *("since", "scoredAt", "publishedAt"),
    }
    assert update["since"] == snapshot["since"]
    assert moment(update["since"]) <= asked_at < moment(update["since"]) + timedelta(days=1)
    assert (update["board"], update["season"]) == ("global", "all")
    assert update["epoch"] == snapshot["epoch"]
    assert (update["from"], update["version"]) == (snapshot["version"], snapshot["version"] + 1)
    assert update["upsert"] == [{**held, **entry}]
    assert update["remove"] == []
    assert update["scoredAt"] == entry["scoreUpdatedAt"]
    slack = timedelta(milliseconds=1)
    assert asked_at - slack <= moment(update["scoredAt"]) <= moment(update["publishedAt"])
    assert moment(update["publishedAt"]) <= seen_at

    top = service.await_score("global", player.user_id, 2_000_001)
    assert (top["epoch"], top["version"]) == (update["epoch"], update["version"])
    assert update["upsert"][0] in top["entries"]
    settled("global")

    own = service.call("GET", "/me/scores", token=player.token)
    assert own.status == 200
    assert own.body == {
        "userId": player.user_id,
        "userName": entry["userName"],
        "scores": [
            {
                "board": "global",
                "season": "all",
                "userScore": 2_000_001,
                "scoreUpdatedAt": entry["scoreUpdatedAt"],
            }
        ],
    }


def test_no_address_appears_on_a_board(service: Service) -> None:
    player = service.sign_up()
    service.write("global", player.user_id, delta=500_000_000)
    top = service.await_score("global", player.user_id, 500_000_000)
    assert "@" not in repr(top)
    (entry,) = (it for it in top["entries"] if it["userId"] == player.user_id)
    assert entry["userName"] == default_name(player.user_id)
