"""The key that signs tickets, and its rotation: no bad minute, and no life after it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import handlers.authorizer
from leaderboard import wiring
from leaderboard.adapters import secrets
from leaderboard.adapters.aws import client
from leaderboard.adapters.secrets import CACHED_SECONDS, PREVIOUS_SECONDS, REREAD_SECONDS
from leaderboard.errors import TicketInvalid, Unavailable
from leaderboard.scores import Outcome, Scores
from leaderboard.tickets import key_id
from local import keys
from tests.integration import aws
from tests.integration.conftest import Dependencies
from tests.integration.events import CONTEXT

pytestmark = pytest.mark.usefixtures("stage")

NOW = 1_795_421_730_123


class Moments:
    """The clocks that keys are judged by, moved by hand."""

    def __init__(self) -> None:
        self.passed = 0.0

    def monotonic(self) -> float:
        return 1000.0 + self.passed

    def time(self) -> float:
        return datetime.now(UTC).timestamp() + self.passed


@pytest.fixture
def moments(monkeypatch: pytest.MonkeyPatch) -> Moments:
    it = Moments()
    monkeypatch.setattr(secrets, "time", it)
    return it


@pytest.fixture
def function() -> Callable[[], Scores]:
    """Makes a function's own parts, as another execution environment has them."""

    def make() -> Scores:
        wiring.ticket_keys.cache_clear()
        wiring.scores.cache_clear()
        return replace(wiring.scores(), now_ms=lambda: NOW)

    return make


def rotate(*, revoke: bool = False) -> str:
    return keys.rotate(client("secretsmanager"), aws.SECRET, revoke=revoke)


def issued(scores: Scores, user: str = "ann") -> str:
    early = replace(scores, now_ms=lambda: NOW - 10_000)
    return early.issue(user_id=user, board="global", action="visit").token


def completed(scores: Scores, token: str, user: str = "ann") -> Outcome:
    return scores.complete(user_id=user, board="global", token=token)


def test_ticket_signed_before_a_rotation_is_good_after_it(
    function: Callable[[], Scores], moments: Moments
) -> None:
    old, token = function(), issued(function())
    rotate()
    # By a function that has not seen it, by one that starts anew, and by the first once it has.
    assert completed(old, token).answer.user_score == 1
    assert completed(function(), token).replayed
    moments.passed += CACHED_SECONDS + 1
    assert completed(old, token).replayed
    assert key_id(token) != key_id(issued(old))


def test_ticket_signed_with_the_new_key_is_good_at_once_everywhere(
    function: Callable[[], Scores], moments: Moments
) -> None:
    """A function that read the keys a moment ago looks again for one that it does not know."""
    old = function()
    issued(old)
    rotate()
    token = issued(function())
    moments.passed += REREAD_SECONDS + 1
    assert completed(old, token).answer.user_score == 1


def test_key_dies_with_the_rotation_after_the_next(function: Callable[[], Scores]) -> None:
    token = issued(function())
    rotate()
    rotate()
    with pytest.raises(TicketInvalid):
        completed(function(), token)


def test_revoked_key_is_good_for_nothing(function: Callable[[], Scores], moments: Moments) -> None:
    warm, first = function(), issued(function())
    completed(warm, first)
    rotate()
    second = issued(function(), "bob")
    rotate(revoke=True)
    for token, user in ((first, "ann"), (second, "bob")):
        with pytest.raises(TicketInvalid):
            completed(function(), token, user)
    # A function that has the keys from before drops them in minutes,
    moments.passed += CACHED_SECONDS + 1
    with pytest.raises(TicketInvalid):
        completed(warm, second, "bob")
    assert completed(warm, issued(warm, "cyd"), "cyd").answer.user_score == 1


def test_revoked_key_is_dropped_with_the_first_ticket_of_the_new_one(
    function: Callable[[], Scores], moments: Moments
) -> None:
    """… or as soon as it sees a ticket of the new key."""
    warm = function()
    leaked = issued(warm)
    rotate(revoke=True)
    moments.passed += REREAD_SECONDS + 1
    completed(warm, issued(function(), "bob"), "bob")
    with pytest.raises(TicketInvalid):
        completed(warm, leaked)


def test_key_of_before_dies_a_week_after_its_rotation(
    function: Callable[[], Scores], moments: Moments
) -> None:
    """No ticket lives longer: what still uses it then was not signed by the service."""
    scores = function()
    token = issued(scores)
    rotate()
    moments.passed += PREVIOUS_SECONDS - 3600
    assert not completed(function(), token).replayed
    moments.passed += 2 * 3600
    with pytest.raises(TicketInvalid):
        completed(function(), token)
    assert completed(function(), issued(function(), "bob"), "bob").answer.user_score == 1


def test_forged_keys_ids_do_not_make_a_function_ask_without_end(
    function: Callable[[], Scores], moments: Moments
) -> None:
    asked: list[str] = []
    client("secretsmanager").meta.events.register(
        "before-call", lambda model, **_: asked.append(model.name)
    )
    scores = function()
    for number in range(50):
        forged = f"{_header(f'v{number}')}.e30.e30"
        with pytest.raises(TicketInvalid):
            completed(scores, forged)
        moments.passed += REREAD_SECONDS / 100
    assert len(asked) <= 2 * 2  # both versions, once


def _header(kid: str) -> str:
    from base64 import urlsafe_b64encode

    text = json.dumps({"alg": "HS256", "typ": "JWT", "kid": kid})
    return urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


def test_socket_tickets_follow_the_rotation(
    function: Callable[[], Scores], moments: Moments
) -> None:
    def effect(token: str) -> Any:
        event = {
            "methodArn": "arn:aws:execute-api:eu-central-1:123456789012:sockets/test/$connect",
            "queryStringParameters": {"ticket": token},
            "requestContext": {"connectionId": "c", "requestId": "r"},
        }
        policy = handlers.authorizer.handler(event, CONTEXT)
        return policy["policyDocument"]["Statement"][0]["Effect"]

    def ticket(scores: Scores) -> str:
        now = int(datetime.now(UTC).timestamp() * 1000)
        return replace(scores, now_ms=lambda: now).issue_socket(user_id="ann")[0]

    scores = function()
    before = [ticket(scores), ticket(scores)]
    rotate()
    after = ticket(function())
    wiring.ticket_keys.cache_clear()
    assert [effect(before[0]), effect(after)] == ["Allow", "Allow"]
    rotate(revoke=True)
    moments.passed += CACHED_SECONDS + 1
    assert effect(before[1]) == "Deny"


def test_keys_that_cannot_be_read_refuse_nothing_for_good(
    function: Callable[[], Scores], dependencies: Dependencies, moments: Moments
) -> None:
    scores = function()
    token = issued(scores)
    dependencies.down.add("secretsmanager")
    assert not completed(scores, token).replayed  # those that were read are good for minutes
    moments.passed += CACHED_SECONDS + 1
    with pytest.raises(Unavailable):
        completed(scores, token)
    dependencies.down.clear()
    assert completed(scores, token).replayed


def test_command_leaves_no_key_behind_that_it_should_not() -> None:
    secret, manager = aws.SECRET, client("secretsmanager")

    def stages() -> list[list[str]]:
        versions = manager.list_secret_version_ids(SecretId=secret)["Versions"]
        return sorted(it["VersionStages"] for it in versions if it.get("VersionStages"))

    first = manager.get_secret_value(SecretId=secret)
    said = rotate()
    second = manager.get_secret_value(SecretId=secret)
    assert stages() == [["AWSCURRENT"], ["AWSPREVIOUS"]]
    assert second["VersionId"] in said
    assert second["SecretString"] != first["SecretString"]
    assert len(json.loads(second["SecretString"])["key"]) == 64
    assert json.loads(second["SecretString"])["key"] not in said
    rotate(revoke=True)
    assert stages() == [["AWSCURRENT"]]
    assert second["CreatedDate"] - first["CreatedDate"] < timedelta(minutes=5)
