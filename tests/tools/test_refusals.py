"""What the tools for a deployed stage say where there is none that they can use: one line, at
once, and nothing else."""

from __future__ import annotations

import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import boto3
import pytest

from local import service
from local.servers import Emulator, await_condition
from tests.commands import command
from tools.stage import NEEDED

REGION = "eu-central-1"
TOOLS = {
    "smoke": ("tools.smoke",),
    "machine": ("tools.machine",),
    "moderator": ("tools.machine", "--client", "moderator"),
    "rotate": ("local", "rotate"),
    "page": ("local", "page", "--port", "0"),
}
each_tool = pytest.mark.parametrize("tool", TOOLS.values(), ids=TOOLS)


@pytest.fixture
def shell(tmp_path: Path) -> Mapping[str, str]:
    """Credentials of nobody, and an endpoint where nobody listens."""
    return service.environment() | {
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
        "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_REGION": REGION,
    }


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An account in which the first deploy of the stage `dev` has failed, and in which `dev-old`
    is of a version without clients that have a secret."""
    emulator = Emulator(tmp_path_factory.mktemp("emulator"), port=0, region=REGION)
    try:
        await_condition(emulator.is_ready, what="The emulator did not answer")
        client = boto3.client(
            "cloudformation",
            region_name=REGION,
            endpoint_url=emulator.endpoint,
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )
        for stage, outputs in (("dev", ()), ("dev-old", NEEDED)):
            template = {
                "Resources": {"Bucket": {"Type": "AWS::S3::Bucket"}},
                "Outputs": {it: {"Value": "one"} for it in outputs},
            }
            client.create_stack(StackName=f"leaderboard-{stage}", TemplateBody=json.dumps(template))
        yield emulator.endpoint
    finally:
        emulator.stop()


def refusal(tool: tuple[str, ...], *options: str, environment: Mapping[str, str]) -> str:
    """The one line that is said."""
    run = command(*tool, *options, environment=environment, seconds=60)
    assert run.returncode == 1
    assert run.stdout == ""
    (line,) = run.stderr.splitlines()
    return line


@each_tool
@pytest.mark.parametrize("stage", ["", "dev x", "../dev", "dev;id", "dëv"])
def test_stage_that_cannot_be_one_is_refused(
    shell: Mapping[str, str], tool: tuple[str, ...], stage: str
) -> None:
    assert refusal(tool, f"--stage={stage}", environment=shell) == (
        f'"{stage}" is no name of a stage: those have letters, digits and hyphens.'
    )


@pytest.mark.parametrize(
    "target",
    ["doctor", "deploy", "package", "smoke", "machine", "moderator", "rotate", "page"],
)
def test_make_hands_on_each_value_in_one_piece(target: str) -> None:
    odd = 'it\'s; `id` "x" > y'
    recipe = subprocess.run(
        ["make", "-n", "-o", "setup", target, f"STAGE={odd}", f"PREFIX={odd}", f"PLAYER={odd}"],  # noqa: S607
        cwd=service.ROOT,
        env={name: it for name, it in os.environ.items() if not name.startswith("MAKE")},
        capture_output=True,
        text=True,
        check=True,
    )
    for line in recipe.stdout.splitlines():
        words = shlex.split(line)
        assert words[words.index("--stage") + 1] == odd
        assert {odd, f"prefix={odd}"} & set(words[words.index("--stage") + 2 :])
    assert ("--user" in recipe.stdout) == (target in ("machine", "moderator"))


@each_tool
def test_endpoint_that_is_no_address_is_named(
    shell: Mapping[str, str], tool: tuple[str, ...]
) -> None:
    line = refusal(tool, environment=dict(shell) | {"AWS_ENDPOINT_URL": "localhost"})
    assert line == (
        'Cannot read stage dev: AWS_ENDPOINT_URL is "localhost", which is no URL. '
        "Unset it for AWS itself."
    )


@each_tool
def test_profiles_that_cannot_be_read_are_named(
    shell: Mapping[str, str], tool: tuple[str, ...]
) -> None:
    Path(shell["AWS_CONFIG_FILE"]).write_text("[default\n", encoding="utf-8")
    line = refusal(tool, environment=shell)
    assert line.startswith("Cannot read stage dev: Unable to parse config file: ")


@each_tool
def test_aws_that_does_not_answer_is_said_soon(
    shell: Mapping[str, str], tool: tuple[str, ...]
) -> None:
    began = time.monotonic()
    line = refusal(tool, environment=shell)
    assert "http://127.0.0.1:9 does not answer. Check the Region's name" in line
    assert time.monotonic() - began < 8


@pytest.fixture
def interruptible() -> Iterator[None]:
    """What is started in the background of a shell would ignore the signal, and so its children."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
@each_tool
def test_interrupt_ends_the_wait_for_aws(shell: Mapping[str, str], tool: tuple[str, ...]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with (
            subprocess.Popen(
                [sys.executable, "-m", *tool],
                cwd=service.ROOT,
                env=dict(shell) | {"AWS_ENDPOINT_URL": address},
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            ) as running,
            silent.accept()[0],
        ):  # it asks
            running.send_signal(signal.SIGINT)
            try:
                said = running.communicate(timeout=8)
            finally:
                running.kill()
    assert said[0] == ""
    assert said[1] in ("", "interrupted\n")
    assert running.returncode == 130


@each_tool
def test_stage_that_is_half_deployed_is_said(
    shell: Mapping[str, str], endpoint: str, tool: tuple[str, ...]
) -> None:
    line = refusal(tool, environment=dict(shell) | {"AWS_ENDPOINT_URL": endpoint})
    if tool == TOOLS["rotate"]:
        assert line == (
            "The key of stack leaderboard-dev (eu-central-1) was not rotated: it is not deployed "
            "there. Check --stage, the Region (--region, AWS_REGION) and AWS_PROFILE."
        )
    else:
        assert line == (
            "Stage dev (eu-central-1) is not deployed to its end: its stack leaderboard-dev is "
            "CREATE_COMPLETE and has no output HttpApiId. `make doctor STAGE=dev` says what to do."
        )


@pytest.mark.parametrize("tool", ["machine", "moderator"])
def test_stage_without_the_client_is_said(
    shell: Mapping[str, str], endpoint: str, tool: str
) -> None:
    environment = dict(shell) | {"AWS_ENDPOINT_URL": endpoint}
    assert refusal(TOOLS[tool], "--stage", "dev-old", environment=environment) == (
        f"Stage dev-old has no client {tool}: deploy it again."
    )
