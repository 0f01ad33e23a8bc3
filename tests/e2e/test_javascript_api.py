"""The JavaScript package's whole API in Node against the deployed stack."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import uuid
from pathlib import Path

import pytest

from tests.e2e.service import Json, Service
from tests.e2e.waiting import SECONDS

pytestmark = pytest.mark.e2e

SCRIPT = Path(__file__).with_name("whole_api.mjs")
USERS = 120
NAME = "Ada of the tests"
# Many calls, one after the other, and waits of two seconds for actions.
RUN_SECONDS = 5 * SECONDS


@pytest.fixture(scope="module")
def lived_on() -> str:
    return f"rating-{uuid.uuid4().hex[:12]}"


@pytest.fixture(scope="module")
def seen(service: Service, lived_on: str) -> Json:
    """What a player saw, whose life went from the sign-up to the deletion of the account."""
    for first in range(0, USERS, 60):
        batch = [submission(number) for number in range(first, first + 60)]
        path = f"/boards/{lived_on}/submissions"
        answer = service.call("POST", path, {"submissions": batch}, token=service.writer)
        assert answer.status == 200, answer
    node = shutil.which("node")
    assert node
    given = {name: service.addresses[name] for name in ("http", "socket", "cognito", "webClientId")}
    given |= {"email": f"{uuid.uuid4()}@example.com", "board": lived_on}
    run = subprocess.run(
        [node, str(SCRIPT), json.dumps(given)],
        capture_output=True,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stderr == ""
    said: Json = json.loads(run.stdout)
    return said


def submission(number: int) -> Json:
    return {"userId": f"user-{number}", "score": number, "submissionId": f"first-{number}"}


def test_account_is_made_and_each_refusal_has_its_code(seen: Json) -> None:
    assert seen["early"] == "user_not_confirmed"
    assert seen["twice"] == "username_exists"
    assert seen["wrong"] == "not_authorized"
    assert seen["visitor"] == ["sign_in_required", None]
    assert seen["renewed"] is True


def test_name_is_changed_and_a_bad_one_says_why(seen: Json) -> None:
    assert seen["renamed"] == {"userId": seen["userId"], "userName": NAME}
    bad = seen["badName"]
    assert (bad["code"], bad["status"]) == ("invalid", 422)
    assert [it["path"] for it in bad["errors"]] == ["body.userName"]
    assert bad["requestId"]


def test_actions_count_once_through_a_lost_answer_and_a_closed_page(seen: Json) -> None:
    """On one page whose clock is a day late, and one whose clock is a day early."""
    assert seen["lost"]["entry"]["userScore"] == 1
    assert seen["lost"]["replayed"] is True, "the first answer was lost"
    assert seen["replay"] == seen["lost"]
    assert (seen["kept"]["board"], seen["kept"]["action"]) == ("global", "visit")
    assert seen["kept"]["outcome"]["entry"]["userScore"] == 2
    assert seen["kept"]["outcome"]["replayed"] is False
    assert seen["scores"]["userName"] == NAME
    (score,) = seen["scores"]["scores"]
    assert (score["board"], score["userScore"]) == ("global", 2)


def test_refused_actions_say_why(seen: Json) -> None:
    assert seen["foreign"] == "ticket_invalid"
    assert seen["form"] == "invalid"
    assert seen["noAction"] == "action_not_found"


def test_reads_are_the_services(service: Service, seen: Json, lived_on: str) -> None:
    user = seen["user"]
    assert user["entry"] in user["around"]
    assert seen["found"]["unranked"] == ["nobody"]
    assert [it["userId"] for it in seen["found"]["entries"]] == [seen["userId"]]
    assert {"userId": seen["userId"], "userName": NAME} in seen["named"]
    assert seen["badSearch"] == "invalid"
    assert seen["formatted"] == "2"
    assert seen["top"]["entries"] == service.top(lived_on)["entries"][:3]
    expected = [[rank, f"user-{USERS - rank}"] for rank in range(1, USERS + 1)]
    assert seen["entries"] == expected, "three pages, each entry once"
    assert seen["history"] == [
        {"userScore": 2, "delta": 1, "cause": "action"},
        {"userScore": 1, "delta": 1, "cause": "action"},
    ]
    assert seen["unranked"] == "user_not_ranked"
    assert seen["noBoard"] == "board_not_found"
    assert seen["badLimit"] == "invalid"


def test_socket_opens_with_the_players_ticket(seen: Json) -> None:
    assert seen["followed"] == USERS
    assert seen["problems"] == []


def test_deleted_account_is_gone_here_and_there(service: Service, seen: Json) -> None:
    user_id, kept, code = seen["after"]
    assert (user_id, kept) == (None, 0)
    assert seen["elsewhere"] == ["session_ended", None]
    assert re.fullmatch("user_not_found|not_authorized", code)
    answer = service.call("GET", f"/boards/global/users/{seen['userId']}")
    assert answer.status == 404
