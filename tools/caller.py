"""Who this shell is on AWS, and in which Region: one rule for every tool, and the one of `sls`
(`plugins/region.js` has it there)."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dotenv import dotenv_values

if TYPE_CHECKING:
    import boto3

ROOT = Path(__file__).parent.parent
UNLESS_TOLD = "eu-central-1"
ENDPOINT = "AWS_ENDPOINT_URL"


class EndpointUnusable(Exception):
    """The variable for another endpoint than AWS's says no address; the text is for people."""


@dataclass(frozen=True, slots=True)
class Region:
    """A Region's name, and what said so."""

    name: str
    source: str


@dataclass(frozen=True, slots=True)
class Caller:
    """What a shell says of its user; nothing of it was asked on AWS yet."""

    region: Region
    # The profile that was asked for by name.
    profile: str | None
    # Every Region that something here names, the chosen one included.
    named: tuple[Region, ...]
    session: boto3.Session


def adopt_environment(stage: str) -> None:
    """Reads `.env.<stage>`, or else `.env`, as `sls` does. The shell's own values go first."""
    for path in (ROOT / f".env.{stage}", ROOT / ".env"):
        if path.is_file():
            for name, value in dotenv_values(path).items():
                os.environ.setdefault(name, value or "")
            return


def of_shell(stage: str, *, region: str | None = None) -> Caller:
    """This shell's caller for a stage. Raises EndpointUnusable, and botocore's ProfileNotFound
    and ConfigParseError."""
    import boto3

    adopt_environment(stage)
    _check_endpoint()
    keys = _stage_keys(stage)
    profile = None if keys else _profile(stage)
    named = tuple(_regions(region, stage))
    session = boto3.Session(
        region_name=named[0].name,
        profile_name=profile,
        aws_access_key_id=keys.get("aws_access_key_id"),
        aws_secret_access_key=keys.get("aws_secret_access_key"),
        aws_session_token=keys.get("aws_session_token"),
    )
    return Caller(region=named[0], profile=profile, named=named, session=session)


def _check_endpoint() -> None:
    from botocore.utils import is_valid_endpoint_url

    endpoint = os.environ.get(ENDPOINT)
    if endpoint and not is_valid_endpoint_url(endpoint):
        raise EndpointUnusable(
            f'{ENDPOINT} is "{endpoint}", which is no URL. Unset it for AWS itself.'
        )


def _profile(stage: str) -> str | None:
    """The profile that signs; None leaves it to the variables with keys, and then to `default`."""
    # Said to boto3, which would put the variables with keys before AWS_PROFILE.
    if named := os.environ.get(_of_stage(stage, "PROFILE")) or os.environ.get("AWS_PROFILE"):
        return named
    keys = os.environ.get("AWS_ACCESS_KEY_ID") and os.environ.get("AWS_SECRET_ACCESS_KEY")
    return None if keys else os.environ.get("AWS_DEFAULT_PROFILE") or None


def _stage_keys(stage: str) -> dict[str, str]:
    """Keys for this stage alone, if the shell has them."""
    if os.environ.get(_of_stage(stage, "PROFILE")):
        return {}
    names = {
        "aws_access_key_id": "ACCESS_KEY_ID",
        "aws_secret_access_key": "SECRET_ACCESS_KEY",
        "aws_session_token": "SESSION_TOKEN",
    }
    found = {it: os.environ.get(_of_stage(stage, name), "") for it, name in names.items()}
    whole = found["aws_access_key_id"] and found["aws_secret_access_key"]
    return {name: it for name, it in found.items() if it} if whole else {}


def _regions(option: str | None, stage: str) -> Iterator[Region]:
    """Every Region that is named, the one that counts first."""
    if option:
        yield Region(option, "--region")
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        if value := os.environ.get(name):
            yield Region(value, name)
    profile = next(
        filter(
            None,
            map(
                os.environ.get,
                (_of_stage(stage, "PROFILE"), "AWS_PROFILE", "AWS_DEFAULT_PROFILE"),
            ),
        ),
        "default",
    )
    if value := _profiles().get(profile, {}).get("region"):
        yield Region(value, f"profile {profile}")
    yield Region(UNLESS_TOLD, "the default")


def _profiles() -> Mapping[str, Mapping[str, str]]:
    import botocore.session

    profiles: Mapping[str, Mapping[str, str]] = botocore.session.Session().full_config["profiles"]
    return profiles


def _of_stage(stage: str, name: str) -> str:
    return f"AWS_{stage.upper()}_{name}"
