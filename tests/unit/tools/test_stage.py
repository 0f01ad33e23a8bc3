"""What is said when AWS refuses."""

from __future__ import annotations

from pathlib import Path

import pytest
from botocore.exceptions import (
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    InvalidRegionError,
    NoCredentialsError,
    UnauthorizedSSOTokenError,
)

from local import service
from tools.stage import reason, stack_name


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "DescribeStacks")


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (NoCredentialsError(), "no AWS credentials. Set AWS_PROFILE or run `aws sso login`."),
        (UnauthorizedSSOTokenError(), "your sign-in has expired"),
        (refused("ExpiredToken"), "does not accept these credentials (ExpiredToken)"),
        (refused("InvalidClientTokenId"), "does not accept these credentials"),
        (refused("AccessDenied"), "lack a right; it takes cloudformation:DescribeStacks"),
        (refused("AccessDeniedException"), "lack a right"),
        (refused("Throttling"), "An error occurred (Throttling)"),
        (EndpointConnectionError(endpoint_url="https://x"), "Check the Region's name"),
        (ConnectTimeoutError(endpoint_url="https://x"), "does not answer"),
        (InvalidRegionError(region_name="Frankfurt!"), "no name of a Region"),
    ],
)
def test_refusal_says_what_to_do_next(error: Exception, said: str) -> None:
    assert said in reason(error)


def test_right_that_is_missing_is_named() -> None:
    text = reason(refused("AccessDenied"), right="cognito-idp:AdminCreateUser")
    assert text == "these credentials lack a right; it takes cognito-idp:AdminCreateUser."


def test_prefix_is_that_of_the_params_unless_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (service.ROOT / "serverless.yml").read_text(encoding="utf-8")
    with_prefix = text.replace("  dev: {}\n", "  dev: {prefix: acme-}\n", 1)
    (tmp_path / "serverless.yml").write_text(with_prefix, encoding="utf-8")
    monkeypatch.setattr(service, "ROOT", tmp_path)
    assert stack_name("dev", prefix="") == "acme-leaderboard-dev"
    assert stack_name("dev", prefix="beta-") == "beta-leaderboard-dev"
    assert stack_name("prod", prefix="") == "leaderboard-prod"
