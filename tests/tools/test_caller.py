"""Every tool is the same caller in the same Region, `sls` included."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from botocore.exceptions import ProfileNotFound

from local import service
from local.stack import StackFailed
from tools import caller

PROFILES = """\
[default]
region = eu-west-1
aws_access_key_id = of-default
aws_secret_access_key = secret

[profile play]
region = eu-north-1
aws_access_key_id = of-play
aws_secret_access_key = secret

[profile nowhere]
aws_access_key_id = of-nowhere
aws_secret_access_key = secret
"""
KEYS = {"AWS_ACCESS_KEY_ID": "of-shell", "AWS_SECRET_ACCESS_KEY": "secret"}
STAGE_KEYS = {"AWS_DEV_ACCESS_KEY_ID": "of-dev", "AWS_DEV_SECRET_ACCESS_KEY": "secret"}
# The rule in JavaScript, as serverless.yml asks it.
ASK = """
require('./plugins/region.js')({
  options: JSON.parse(process.argv[1]), resolveConfigurationProperty: async () => 'dev',
}).then(console.log);
"""


@dataclass(frozen=True, slots=True)
class Shell:
    """What a shell says, and what follows from it."""

    variables: Mapping[str, str]
    region: str
    source: str
    key: str
    option: str | None = None


SHELLS = {
    "--region goes first": Shell(
        {"AWS_REGION": "us-east-2"}, "ap-south-1", "--region", "of-default", option="ap-south-1"
    ),
    "AWS_REGION before AWS_DEFAULT_REGION": Shell(
        {"AWS_REGION": "us-east-2", "AWS_DEFAULT_REGION": "us-west-1"},
        "us-east-2",
        "AWS_REGION",
        "of-default",
    ),
    "AWS_DEFAULT_REGION before a profile's": Shell(
        {"AWS_DEFAULT_REGION": "us-west-1", "AWS_PROFILE": "play"},
        "us-west-1",
        "AWS_DEFAULT_REGION",
        "of-play",
    ),
    "the profile's": Shell({"AWS_PROFILE": "play"}, "eu-north-1", "profile play", "of-play"),
    "a profile goes before keys": Shell(
        {"AWS_PROFILE": "play"} | KEYS, "eu-north-1", "profile play", "of-play"
    ),
    "AWS_PROFILE before AWS_DEFAULT_PROFILE": Shell(
        {"AWS_PROFILE": "play", "AWS_DEFAULT_PROFILE": "default"},
        "eu-north-1",
        "profile play",
        "of-play",
    ),
    "keys go before AWS_DEFAULT_PROFILE": Shell(
        {"AWS_DEFAULT_PROFILE": "play"} | KEYS, "eu-north-1", "profile play", "of-shell"
    ),
    "a profile for this stage": Shell(
        {"AWS_DEV_PROFILE": "play", "AWS_PROFILE": "nowhere"} | STAGE_KEYS,
        "eu-north-1",
        "profile play",
        "of-play",
    ),
    "keys for this stage": Shell(
        {"AWS_PROFILE": "play"} | STAGE_KEYS, "eu-north-1", "profile play", "of-dev"
    ),
    "the default profile": Shell({}, "eu-west-1", "profile default", "of-default"),
    "a profile without a Region": Shell(
        {"AWS_PROFILE": "nowhere"}, "eu-central-1", "the default", "of-nowhere"
    ),
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with profiles, and nothing of this machine's environment."""
    (tmp_path / "config").write_text(PROFILES)
    variables = service.environment() | {
        "AWS_CONFIG_FILE": str(tmp_path / "config"),
        "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "credentials"),
    }
    monkeypatch.setattr("os.environ", variables)
    monkeypatch.setattr(caller, "ROOT", tmp_path)
    return tmp_path


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("shell", SHELLS.values(), ids=SHELLS.keys())
def test_shell_says_one_caller_and_one_region(shell: Shell) -> None:
    os.environ.update(shell.variables)
    found = caller.of_shell("dev", region=shell.option)
    assert (found.region.name, found.region.source) == (shell.region, shell.source)
    assert found.session.region_name == shell.region
    credentials = found.session.get_credentials()
    assert credentials is not None
    assert credentials.access_key == shell.key


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("shell", SHELLS.values(), ids=SHELLS.keys())
def test_sls_deploys_to_the_same_region(shell: Shell) -> None:
    options = f'{{"region": "{shell.option}"}}' if shell.option else "{}"
    answer = subprocess.run(
        ["node", "-e", ASK, options],  # noqa: S607
        cwd=service.ROOT,
        env=os.environ | shell.variables,
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.strip() == shell.region


def test_file_of_the_stage_is_read_and_the_shell_goes_before_it(folder: Path) -> None:
    (folder / ".env.dev").write_text("AWS_REGION=us-east-2\nAWS_PROFILE=play\n")
    (folder / ".env").write_text("AWS_REGION=us-west-1\n")
    os.environ["AWS_PROFILE"] = "nowhere"
    assert caller.of_shell("dev").region == caller.Region("us-east-2", "AWS_REGION")
    assert caller.of_shell("dev").profile == "nowhere"


@pytest.mark.usefixtures("folder")
def test_profile_that_is_not_there_is_an_error() -> None:
    os.environ["AWS_PROFILE"] = "paly"
    with pytest.raises(ProfileNotFound):
        caller.of_shell("dev")


@pytest.mark.usefixtures("folder")
def test_page_and_rotate_say_the_region_and_what_to_do() -> None:
    from local import deployed, keys

    os.environ.update(
        AWS_PROFILE="play", AWS_ENDPOINT_URL="http://127.0.0.1:9", AWS_MAX_ATTEMPTS="1"
    )
    advice = "AWS_ENDPOINT_URL and the network."
    with pytest.raises(StackFailed) as failed:
        deployed.configuration("dev", region=None, prefix="")
    assert str(failed.value).startswith("Cannot read stage dev (eu-north-1): ")
    assert str(failed.value).endswith(advice)
    with pytest.raises(StackFailed) as failed:
        keys.rotate_stage("dev", region="eu-west-3", prefix="", revoke=False)
    assert str(failed.value).startswith(
        "The key of stack leaderboard-dev (eu-west-3) was not rotated: "
    )
