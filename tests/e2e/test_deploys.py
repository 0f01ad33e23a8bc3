"""Deploys over a stage that has scores: what boards.yml says otherwise comes to count, or the
deploy is refused before it begins."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from local import service as deployment
from local.stack import STAGE, variables
from tests.e2e.service import Service
from tests.e2e.viewer import Screen, viewing
from tests.e2e.waiting import await_value
from tests.stack import Running, running

pytestmark = pytest.mark.e2e

BOARD = "rating-changed"


@pytest.fixture(scope="module")
def own() -> Iterator[Running]:
    """A stack of its own: its boards change."""
    with running() as stack:
        yield stack


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return deployment.copy(tmp_path_factory.mktemp("changed") / "service")


def deploy(own: Running, folder: Path, old: str, new: str) -> None:
    """Deploys the same service with another `boards.yml`."""
    text = (deployment.ROOT / "boards.yml").read_text(encoding="utf-8")
    assert text.count(old) == 1
    (folder / "boards.yml").write_text(text.replace(old, new), encoding="utf-8")
    deployment.run(
        ["deploy", "--stage", STAGE],
        folder=folder,
        variables=variables(own.addresses["cognito"], own.addresses["cache"])
        | {"LOG_FILE": own.addresses["log"], "SLS_AWS_MONITORING_FREQUENCY": "250"},
    )


def test_schedule_of_a_board_with_scores_is_refused_and_an_order_changes_at_once(
    own: Running, folder: Path
) -> None:
    service = Service(own.addresses)
    for user, score in {"ann": 6100, "bob": 5900, "cy": 7550}.items():
        service.write(BOARD, user, score=score)
    before = await_value(
        lambda: len((it := service.top(BOARD))["entries"]) == 3 and it,
        what="all three on the board",
    )

    rating = "title: Rating\n    order: desc"
    with pytest.raises(deployment.ToolFailed) as refused:
        deploy(own, folder, rating, f"{rating}\n    schedule: weekly")
    assert f"{BOARD}: its schedule is weekly now, and it has scores in the season 'all'" in str(
        refused.value
    )
    assert service.top(BOARD) == before, "nothing was deployed"

    with viewing(own.addresses) as viewer:
        screen = Screen()
        screen.take(viewer.subscribe(BOARD))
        deploy(own, folder, rating, rating.replace("desc", "asc"))
        after = await_value(
            lambda: (it := service.top(BOARD))["version"] > before["version"] and it,
            what="the board in its new order",
        )
        assert [it["userScore"] for it in after["entries"]] == [5900, 6100, 7550]
        assert (after["epoch"], after["version"]) == (before["epoch"], before["version"] + 1)
        viewer.follow(BOARD, screen, lambda it: it.version == after["version"])
        assert screen.entries == after["entries"]
    boards = {it["board"]: it for it in service.read("/boards")["boards"]}
    assert boards["rating-*"]["order"] == "asc", json.dumps(boards)
    service.write(BOARD, "dan", score=6000)
    last = service.await_score(BOARD, "dan", 6000)
    assert [it["userScore"] for it in last["entries"]] == [5900, 6000, 6100, 7550]
