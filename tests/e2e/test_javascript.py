"""The JavaScript subscriber in Node against the deployed stack; the browser tests have Chromium."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue
from threading import Thread

import pytest

from tests.e2e.service import Json, Service
from tests.e2e.waiting import SECONDS

pytestmark = pytest.mark.e2e

SCRIPT = Path(__file__).with_name("follow.mjs")


@pytest.fixture
def shown(service: Service, board: str) -> Iterator[SimpleQueue[Json]]:
    """The boards that the subscriber shows, in order."""
    addresses = service.addresses
    boards: SimpleQueue[Json] = SimpleQueue()
    node = shutil.which("node")
    assert node
    with subprocess.Popen(
        [node, str(SCRIPT), addresses["http"], addresses["socket"], board],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin
        lines = process.stdout
        assert lines

        def read() -> None:
            for line in lines:
                boards.put(json.loads(line))

        reader = Thread(target=read)
        reader.start()
        try:
            yield boards
        finally:
            process.stdin.close()
            assert process.wait(SECONDS) == 0, "the subscriber leaves nothing that runs"
            reader.join()


def test_every_board_shown_is_newer_and_the_last_is_the_top(
    service: Service, board: str, shown: SimpleQueue[Json]
) -> None:
    assert shown.get(timeout=SECONDS)["version"] == 0
    for number in range(30):
        service.write(board, f"user-{number % 12}", score=number)
    last = service.await_score(board, "user-5", 29)
    versions = [0]
    while versions[-1] < last["version"]:
        now = shown.get(timeout=SECONDS)
        assert now["version"] > versions[-1]
        assert [it["rank"] for it in now["entries"]] == list(range(1, len(now["entries"]) + 1))
        versions.append(now["version"])
    assert now["entries"] == last["entries"]
    assert (now["epoch"], now["total"]) == (last["epoch"], last["total"])
