"""The key that signs tickets, and its rotation: no bad minute, and no life after it."""

from __future__ import annotations

import itertools
import json
import socket
import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

import handlers.authorizer
from leaderboard import wiring
from leaderboard.adapters.aws import keys as ticket_keys
from leaderboard.adapters.aws.clients import client
from leaderboard.adapters.aws.keys import (
    CACHED_SECONDS,
    FIRST_READ,
    LOOK_UP_SECONDS,
    PREVIOUS_SECONDS,
    READ_AGAIN,
)
from leaderboard.errors import TicketInvalid, Unavailable
from leaderboard.scoring.scores import Outcome, Scores
from leaderboard.scoring.tickets import key_id
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
    monkeypatch.setattr(ticket_keys, "time", it)
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
    """A function that read the keys just now looks again for one that it does not know."""
    old = function()
    issued(old)
    for user in ("ann", "bob", "cyd"):
        rotate()
        moments.passed += 1
        assert completed(old, issued(function(), user), user).answer.user_score == 1


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
    function: Callable[[], Scores],
) -> None:
    """… or as soon as it sees a ticket of the new key."""
    warm = function()
    leaked = issued(warm)
    rotate(revoke=True)
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


def test_made_up_keys_ids_cause_one_look_up_a_minute(
    function: Callable[[], Scores], moments: Moments, asked: list[str]
) -> None:
    scores = function()
    issued(scores)
    asked.clear()
    for number in range(48):  # four minutes, before the keys are read again
        with pytest.raises(TicketInvalid):
            completed(scores, forged(number))
        moments.passed += 5
    assert len(asked) == 4 * 2  # two versions each


def test_new_key_is_good_at_once_beside_made_up_ones(
    function: Callable[[], Scores], moments: Moments, asked: list[str]
) -> None:
    """The ticket proves that its key follows one that is known, so nobody else uses its look-up."""
    scores = function()
    issued(scores)
    for user in ("ann", "bob", "cyd"):
        for number in range(5):
            with pytest.raises(TicketInvalid):
                completed(scores, forged(number))
        rotate()
        token = issued(function(), user)
        asked.clear()
        assert completed(scores, token, user).answer.user_score == 1
        assert len(asked) == 2
        for number in range(5):
            with pytest.raises(TicketInvalid):
                completed(scores, forged(number))
        assert len(asked) == 2, "the minute of those before is not over"
        moments.passed += LOOK_UP_SECONDS - 1


def test_proof_is_good_for_its_own_key_alone(
    function: Callable[[], Scores], asked: list[str]
) -> None:
    scores = function()
    issued(scores)
    with pytest.raises(TicketInvalid):
        completed(scores, forged(1))
    rotate()
    named = key_id(issued(function()))
    assert named is not None
    assert named.proof
    asked.clear()
    for proof in (named.proof, named.proof[:-1], "", "\ud83c", 5, None):
        with pytest.raises(TicketInvalid):
            completed(scores, f"{_header('v2', proof=proof)}.e30.e30")
    assert asked == []


def test_key_that_was_taken_back_causes_one_look_up(
    function: Callable[[], Scores], asked: list[str]
) -> None:
    """Its tickets prove their key all the same."""
    scores = function()
    old = key_id(issued(scores))
    rotate()
    token = issued(function(), "bob")
    new = key_id(token)
    assert old is not None
    assert new is not None
    client("secretsmanager").update_secret_version_stage(
        SecretId=aws.SECRET,
        VersionStage="AWSCURRENT",
        RemoveFromVersionId=new.id,
        MoveToVersionId=old.id,
    )
    client("secretsmanager").update_secret_version_stage(
        SecretId=aws.SECRET, VersionStage="AWSPREVIOUS", RemoveFromVersionId=new.id
    )
    with pytest.raises(TicketInvalid):
        completed(scores, forged(1))
    asked.clear()
    for _ in range(10):
        with pytest.raises(TicketInvalid):
            completed(scores, token, "bob")
    assert len(asked) == 2


def test_key_of_two_rotations_is_known_within_a_minute_beside_made_up_ones(
    function: Callable[[], Scores], moments: Moments
) -> None:
    scores = function()
    issued(scores)
    with pytest.raises(TicketInvalid):
        completed(scores, forged(1))
    rotate()
    rotate()
    token = issued(function())
    with pytest.raises(TicketInvalid):
        completed(scores, token)
    moments.passed += LOOK_UP_SECONDS
    assert completed(scores, token).answer.user_score == 1


@pytest.fixture
def asked() -> list[str]:
    """The calls of Secrets Manager, also those that fail."""
    calls: list[str] = []
    client("secretsmanager", **FIRST_READ).meta.events.register(
        "before-call", lambda model, **_: calls.append(model.name)
    )
    client("secretsmanager", **READ_AGAIN).meta.events.register(
        "before-call", lambda model, **_: calls.append(model.name)
    )
    return calls


def forged(number: int) -> str:
    return f"{_header(f'v{number}')}.e30.e30"


def _header(kid: str, **more: Any) -> str:
    from base64 import urlsafe_b64encode

    text = json.dumps({"alg": "HS256", "typ": "JWT", "kid": kid, **more})
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


def test_keys_that_were_never_read_are_asked_for_with_every_request(
    function: Callable[[], Scores], dependencies: Dependencies
) -> None:
    token = issued(function())
    scores = function()
    dependencies.down.add("secretsmanager")
    for _ in range(2):
        with pytest.raises(Unavailable):
            completed(scores, token)
    dependencies.down.clear()
    assert completed(scores, token).answer.user_score == 1


def test_keys_that_were_read_stay_good_while_they_cannot_be_read_again(
    function: Callable[[], Scores],
    dependencies: Dependencies,
    moments: Moments,
) -> None:
    scores = function()
    token = issued(scores)
    dependencies.down.add("secretsmanager")
    for _ in range(10):
        moments.passed += CACHED_SECONDS + 1
        assert completed(scores, token).answer.user_score == 1
    dependencies.down.clear()
    rotate()
    moments.passed += CACHED_SECONDS + 1
    assert key_id(issued(scores)) != key_id(token)


def test_key_that_is_not_known_is_not_refused_while_nobody_can_be_asked(
    function: Callable[[], Scores], dependencies: Dependencies, moments: Moments
) -> None:
    """It may be the new one: that the ticket is not valid would be a lie."""
    scores = function()
    issued(scores)
    rotate()
    token = issued(function())
    dependencies.down.add("secretsmanager")
    for _ in range(2):
        with pytest.raises(Unavailable):
            completed(scores, token)
    dependencies.down.clear()
    moments.passed += CACHED_SECONDS + 1
    assert completed(scores, token).answer.user_score == 1


@pytest.mark.parametrize("code", ["AccessDeniedException", "InternalServiceError"])
def test_pause_between_attempts_grows_and_ends_with_the_first_success(
    function: Callable[[], Scores],
    moments: Moments,
    monkeypatch: pytest.MonkeyPatch,
    code: str,
) -> None:
    scores = function()
    token = issued(scores)
    attempts: list[float] = []

    def fail(**_: Any) -> Any:
        attempts.append(moments.passed)
        raise ClientError({"Error": {"Code": code}, "ResponseMetadata": {}}, "GetSecretValue")  # type: ignore[typeddict-item]

    moments.passed += CACHED_SECONDS + 1
    with monkeypatch.context() as broken:
        for options in (FIRST_READ, READ_AGAIN):
            broken.setattr(client("secretsmanager", **options), "get_secret_value", fail)
        for number in range(720):  # an hour, a request every five seconds
            with pytest.raises(Unavailable) if number % 10 else nullcontext():
                completed(scores, forged(number) if number % 10 else token)
            moments.passed += 5
    pauses = [later - earlier for earlier, later in itertools.pairwise(attempts)]
    assert pauses[0] <= 10
    assert all(it <= CACHED_SECONDS + 5 for it in pauses)
    assert pauses[-1] >= CACHED_SECONDS / 2
    assert len(attempts) < 30
    moments.passed += CACHED_SECONDS + 1
    rotate()
    assert key_id(issued(scores)) != key_id(token)


def test_secrets_manager_that_hangs_holds_up_one_request_for_a_moment(
    function: Callable[[], Scores], moments: Moments, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not for longer than the function may run: it would be killed, and forget the keys."""
    scores = function()
    token = issued(scores)
    moments.passed += CACHED_SECONDS + 1
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        monkeypatch.setenv("AWS_ENDPOINT_URL_SECRETS_MANAGER", f"http://127.0.0.1:{port}")
        client.cache_clear()
        began = time.monotonic()
        assert completed(scores, token).answer.user_score == 1
        assert time.monotonic() - began < 2.5
        began = time.monotonic()
        with pytest.raises(Unavailable):
            completed(function(), token)
        assert time.monotonic() - began < 8
    client.cache_clear()


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
