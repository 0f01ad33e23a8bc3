"""This state deployed over the last released one, which has scores and viewers."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import time
import uuid
import zipfile
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from local import service as deployment
from local.service import ROOT
from local.stack import STACK_NAME, STAGE, variables
from tests.e2e.service import Player, Service
from tests.e2e.tables import Tables
from tests.e2e.viewer import FRAMES, Screen, Viewer, viewing
from tests.e2e.waiting import await_value
from tests.stack import Running, running

pytestmark = pytest.mark.e2e

Json = dict[str, Any]

STATE = re.compile(r"^State: `([0-9a-f]{40})`$", re.MULTILINE)
BOARDS = ("global", "weekly", "fastest-lap", "rating-before")
BUSY = "rating-meanwhile"
NAME = "Zoë 👩‍🚀"
USERS = [f"user-{number:02}" for number in range(14)]
# The member of an answer that has another name now, as the changelog says.
RENAMED = {"history": "acts"}
# A release that lays the cache out anew fills it within a minute; the emulator is not punctual.
FILL_SECONDS = 120.0


def git(*arguments: str) -> bytes:
    return subprocess.run(
        ["git", *arguments],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout


def released() -> str:
    """The commit that the newest entry of the changelog names; skips where history lacks it."""
    found = STATE.search((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    assert found, "no entry of CHANGELOG.md has a line: State: `<the commit's full hash>`"
    commit = found[1]
    try:
        git("cat-file", "-e", f"{commit}^{{commit}}")
    except (FileNotFoundError, subprocess.CalledProcessError):
        reason = f"The released state {commit} is not in this repository's history."
        if os.environ.get("CI") and is_whole():
            pytest.fail(f"{reason} Name one in CHANGELOG.md that is.")
        pytest.skip(f"{reason} `git fetch --unshallow` may bring it.")
    return commit


def is_whole() -> bool:
    """Whether all of the history is here."""
    try:
        return git("rev-parse", "--is-shallow-repository").strip() == b"false"
    except (FileNotFoundError, subprocess.CalledProcessError):
        return False


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A stack of the released state, run by its own tools."""
    root = tmp_path_factory.mktemp("released") / "repository"
    with zipfile.ZipFile(io.BytesIO(git("archive", "--format=zip", released()))) as archive:
        archive.extractall(root)
    (root / "node_modules").symlink_to(ROOT / "node_modules")
    with running(root=root) as stack:
        yield stack


def deploy(old: Running, folder: Path) -> None:
    """This state over it."""
    deployment.run(
        ["deploy", "--stage", STAGE],
        folder=deployment.copy(folder),
        variables=variables(old.addresses["cognito"], old.addresses["cache"])
        | {"LOG_FILE": old.addresses["log"], "SLS_AWS_MONITORING_FREQUENCY": "250"},
    )


def fill(service: Service) -> Player:
    """Scores on every kind of board, with ties, and users whom a moderator changed."""
    for number, user in enumerate(USERS):
        service.write("global", user, delta=10 + number // 2, userName=f"Player {number}")
        service.write("weekly", user, score=100 * number)
        service.write("fastest-lap", user, score=9000 - 10 * number)
        service.write("rating-before", user, score=1000 + number // 3)
    service.set_standing(USERS[1], "hidden")
    service.set_standing(USERS[2], "barred")
    for path in (f"/boards/weekly/users/{USERS[3]}?reason=test", f"/users/{USERS[4]}"):
        assert service.call("DELETE", path, token=service.moderator).status == 204
    player = service.sign_up()
    named = service.call("PUT", "/me", {"userName": NAME}, token=player.token)
    assert named.status == 200, named
    ticket = service.ticket(player, "global", "visit")["ticket"]
    await_value(
        lambda: service.complete(player, "global", ticket).status == 200, what="a visit counted"
    )
    return player


def entries(top: Json) -> list[Json]:
    """Those of a top. The release before does not say their ranks of midnight."""
    return [{"was": None} | it for it in top["entries"]]


def settle(service: Service, player: Player, viewer: Viewer, screens: Mapping[str, Screen]) -> None:
    """Until all of it is on the boards, and the totals are what viewers have."""
    on_board = len(USERS) - 3
    totals = dict(zip(BOARDS, (on_board + 1, on_board - 1, on_board, on_board), strict=True))
    place = f"/boards/global/users/{player.user_id}"
    await_value(lambda: service.read(place)["entry"]["userName"] == NAME, what="the player's name")
    functions = Tables(service.addresses).client("lambda")

    def shown() -> bool:
        invoke(functions, "verify", {"audit": False})  # records totals that viewers lack
        return all(
            (screens[it].total, screens[it].entries) == (total, entries(service.top(it)))
            for it, total in totals.items()
        )

    watch(viewer, screens, shown)


def reads(service: Service, player: Player) -> Json:
    """What every read answers; of a walk through the pages, the entries."""
    users = [*USERS, player.user_id]
    own = service.call("GET", "/me/scores", token=player.token)
    found: Json = {"/me/scores": own.body}
    for user in users:
        path = f"/users/{user}/standing"
        found[path] = service.call("GET", path, token=service.moderator).body
    for board in BOARDS:
        for path in (f"/boards/{board}/top", f"/boards/{board}/top?limit=100"):
            found[path] = service.read(path)
        found[f"/boards/{board}/entries"] = list(pages(service, board))
        query = service.call("POST", f"/boards/{board}/entries/query", {"userIds": users})
        found[f"/boards/{board}/entries/query"] = query.body
        for user in users:
            path = f"/boards/{board}/users/{user}?around=2"
            answer = service.call("GET", path).body
            answer.pop("requestId", None)
            found[path] = answer
    assert '"degraded": true' not in json.dumps(found)
    return found


def pages(service: Service, board: str) -> Iterator[Json]:
    cursor = ""
    while cursor is not None:
        page = service.read(f"/boards/{board}/entries?limit=4{cursor}")
        yield from page["entries"]
        cursor = f"&cursor={page['nextCursor']}" if page["nextCursor"] else None  # type: ignore[assignment]


def lost(before: Any, after: Any, path: str = "") -> list[str]:
    """Where an answer lacks what it had; a release may add members to it."""
    if isinstance(before, dict) and isinstance(after, dict):
        return [
            found
            for name, it in before.items()
            for found in lost(it, after.get(RENAMED.get(name, name)), f"{path} {name}")
        ]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        pairs = enumerate(zip(before, after, strict=True))
        return [found for place, it in pairs for found in lost(*it, path=f"{path} {place}")]
    # The release before kept no ranks of midnight: the first record that does moves the version.
    begins_day = path.endswith("/top version") and after == before + 1
    return [] if before == after or begins_day else [f"{path}: {before!r} became {after!r}"]


def watch(viewer: Viewer, screens: Mapping[str, Screen], until: Callable[[], bool]) -> None:
    """Gives each board's frames to its screen; none may leave a gap."""
    deadline = time.monotonic() + FILL_SECONDS
    while not until():
        assert time.monotonic() < deadline, {name: it.scores for name, it in screens.items()}
        with suppress(TimeoutError):
            frame = viewer.receive(1.0)
            if frame["type"] in FRAMES:
                assert screens[frame["board"]].take(frame), frame


def write(service: Service, user: str, score: int) -> None:
    """As a trusted server does: sent again until it is answered, it counts once."""
    body = {"score": score, "submissionId": str(uuid.uuid4())}

    def answered() -> bool:
        status = service.put(BUSY, user, body).status
        assert status == 200 or status >= 500, status
        return status == 200

    await_value(answered, what=f"{user}'s write is taken", seconds=FILL_SECONDS)


def test_upgrade_keeps_every_answer_and_every_viewer(old: Running, tmp_path: Path) -> None:
    before = Service(old.addresses, described=False)
    player = fill(before)
    ticket = before.ticket(player, "global", "visit")["ticket"]
    once = before.write("weekly", USERS[0], score=5, submissionId="once")

    # The first connection starts two functions' processes, which takes long on a busy machine.
    with suppress(TimeoutError), viewing(old.addresses):
        pass
    with viewing(old.addresses) as viewer, ThreadPoolExecutor(1) as beside:
        viewer.described = False
        screens = {board: Screen() for board in (*BOARDS, BUSY)}
        for board, screen in screens.items():
            screen.take(viewer.subscribe(board))
        settle(before, player, viewer, screens)
        answers = reads(before, player)
        boards = {it["board"] for it in before.read("/boards")["boards"]}
        seen = {board: (screens[board].epoch, screens[board].version) for board in BOARDS}

        deploying = beside.submit(deploy, old, tmp_path / "service")
        writes = 0
        while not deploying.done():
            writes += 1
            write(before, USERS[0], writes)
            watch(viewer, screens, lambda: screens[BUSY].scores.get(USERS[0]) == writes)  # noqa: B023
            time.sleep(0.2)
        deploying.result()
        assert writes > 1, "somebody scored while it was deployed"

        after = Service(old.addresses)
        viewer.described = True
        for board in BOARDS:
            path = f"/boards/{board}/top"
            assert lost(answers[path], after.read(path)) == [], "at once, by what is recorded"
        # Where the cache was laid out anew, the rest says `degraded` until it is filled again.
        await_value(
            lambda: is_whole_again(after, player), what="no answer degraded", seconds=FILL_SECONDS
        )
        assert lost(answers, reads(after, player)) == []
        assert boards <= {it["board"] for it in after.read("/boards")["boards"]}

        functions = Tables(old.addresses).client("lambda")
        for board in (*BOARDS, BUSY):
            invoke(functions, "rebuild", {"board": board})
            compared = invoke(functions, "verify", {"board": board, "deep": True})
            assert (compared["finished"], compared["differences"]) == (True, 0), compared
        assert lost(answers, reads(after, player)) == []

        # Names of before are found once the index is filled, as docs/operations.md says.
        assert invoke(functions, "upkeep", {"names": True})["finished"] is True
        named = {it["userId"] for it in after.read("/users?name=player&limit=50")["users"]}
        assert named == {it for number, it in enumerate(USERS) if number not in {1, 2, 4}}
        assert [it["userId"] for it in after.read("/users?name=zoe")["users"]] == [player.user_id]

        # What was signed or remembered before counts on.
        replayed = after.write("weekly", USERS[0], score=5, submissionId="once")
        assert (replayed["replayed"], replayed["entry"]) == (True, once["entry"])
        assert after.complete(player, "global", ticket).status == 200
        top = {"weekly": 5000, "fastest-lap": 5500, "rating-before": 5000}
        for board, score in top.items():
            after.write(board, USERS[5], score=score)
        watch(
            viewer,
            screens,
            lambda: all(screens[it].scores.get(USERS[5]) == score for it, score in top.items()),
        )
        for board in BOARDS[1:]:
            epoch, version = seen[board]
            # One record began the day, one has the new score.
            assert (screens[board].epoch, screens[board].version) == (epoch, version + 2), board
            assert screens[board].entries == after.top(board)["entries"]


def is_whole_again(service: Service, player: Player) -> bool:
    try:
        reads(service, player)
    except AssertionError:
        return False
    return True


def invoke(functions: Any, name: str, event: Json) -> Json:
    answer = functions.invoke(FunctionName=f"{STACK_NAME}-{name}", Payload=json.dumps(event))
    payload = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, payload
    body: Json = payload
    return body
