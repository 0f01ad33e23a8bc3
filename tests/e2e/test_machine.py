"""The commands that get somebody a first trusted write, and a first moderator's act."""

from __future__ import annotations

import json
import subprocess
import uuid

import pytest

from tests.commands import command
from tests.e2e.service import Service
from tests.e2e.test_smoke import surroundings
from tests.stack import Running

pytestmark = pytest.mark.e2e


def printed(stack: Running, *options: str) -> str:
    environment = surroundings(stack)
    run = command("tools.machine", "--stage", "local", *options, environment=environment)
    assert (run.returncode, run.stderr) == (0, ""), run
    return run.stdout


def executed(commands: str) -> object:
    """What a shell answers that is given these lines."""
    run = subprocess.run(
        ["sh"],  # noqa: S607
        input=commands,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, ""), run
    return json.loads(run.stdout)


def test_printed_commands_write_a_score(stack: Running) -> None:
    user = f"user-{uuid.uuid4()}"
    commands = printed(stack, "--user", user)
    assert stack.addresses["machineClientSecret"] in commands
    answer = executed(commands)
    assert isinstance(answer, dict)
    assert (answer["entry"]["userId"], answer["entry"]["userScore"]) == (user, 500)
    again = executed(commands)
    assert isinstance(again, dict)
    assert again["replayed"]


def test_printed_commands_of_the_moderator_read_a_standing(
    stack: Running, service: Service
) -> None:
    user = f"user-{uuid.uuid4()}"
    service.write("global", user, delta=1)
    commands = printed(stack, "--client", "moderator", "--user", user)
    answer = executed(commands)
    assert isinstance(answer, dict)
    assert (answer["userId"], answer["standing"]) == (user, "visible")
    # The act itself is shown as a comment, for whoever means it.
    hidden = executed("\n".join(line.removeprefix("# ") for line in act(commands)))
    assert hidden == {"userId": user, "standing": "hidden"}


@pytest.mark.parametrize("client", ["machine", "moderator"])
def test_refused_client_ends_the_commands_with_one_line(stack: Running, client: str) -> None:
    commands = printed(stack, "--client", client)
    secret = stack.addresses[f"{client}ClientSecret"]
    run = subprocess.run(
        ["sh"],  # noqa: S607
        input=commands.replace(secret, "wrong"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode != 0
    assert run.stdout == ""
    (line,) = run.stderr.splitlines()
    assert line.startswith("curl: (22) ")


def act(commands: str) -> list[str]:
    """The lines for the token, and those of the act."""
    lines = commands.splitlines()
    return (
        lines[1:4]
        + [line for line in lines if line.startswith("# ") and "curl" in line]
        + [line for line in lines if line.startswith("#   -")]
    )


def test_user_that_is_none_is_refused(stack: Running) -> None:
    run = command("tools.machine", "--user", "a;b", environment=surroundings(stack))
    assert run.returncode == 2
    assert "a user id is 1 to 64 of" in run.stderr
