"""The key of a deployed stack is rotated while players play. A stack of its own: the others sign
tickets by hand, with the key that they found."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import pytest

from local import keys
from local.stack import STACK_NAME
from tests.e2e.service import Player, Service, part
from tests.e2e.signing import Signer
from tests.e2e.tables import Tables
from tests.e2e.waiting import await_value
from tests.stack import Running, running

pytestmark = pytest.mark.e2e

VISIT = "visit"


@pytest.fixture(scope="module")
def stack() -> Iterator[Running]:
    with running() as found:
        yield found


@pytest.fixture
def session(stack: Running, monkeypatch: pytest.MonkeyPatch) -> boto3.Session:
    """Where the command would find the stack."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", stack.addresses["cognito"])
    return boto3.Session(
        aws_access_key_id=stack.addresses["accessKeyId"],
        aws_secret_access_key=stack.addresses["secretAccessKey"],
        region_name=stack.addresses["region"],
    )


def test_rotation_loses_no_ticket_and_revoking_loses_the_others(
    stack: Running, session: boto3.Session
) -> None:
    service, tables = Service(stack.addresses), Tables(stack.addresses)
    ann, bob, cyd = (service.sign_up() for _ in range(3))
    first = Signer.of(tables)
    kid = part(service.ticket(ann, "global", VISIT)["ticket"], 0)["kid"]

    def ready(player: Player, signer: Signer, kid: str) -> str:
        """A ticket whose time has come, as a function with that key signs it."""
        token = signer.ready(service.ticket(player, "global", VISIT)["ticket"])
        return signer.changed(token, header={"kid": kid})

    def rotated(*, revoke: bool) -> str:
        manager = session.client("secretsmanager")
        secret = keys.secret_of(session, STACK_NAME)
        said = keys.rotate(manager, secret, revoke=revoke)
        current: str = manager.get_secret_value(SecretId=secret)["VersionId"]
        assert current in said
        return current

    def taken(player: Player, token: str) -> bool:
        return service.complete(player, "global", token).status == 200

    held = ready(ann, first, kid)
    second_kid = rotated(revoke=False)
    second = Signer.of(tables)
    assert second != first
    # A function that has the old key alone looks for the new one when it meets it.
    tokens = iter(lambda: ready(bob, second, second_kid), None)
    await_value(lambda: taken(bob, next(tokens)), what="the new key is known")
    assert taken(ann, held)

    leaked = ready(cyd, first, kid)
    third_kid = rotated(revoke=True)
    third = Signer.of(tables)
    tokens = iter(lambda: ready(ann, third, third_kid), None)
    await_value(lambda: taken(ann, next(tokens)), what="the newest key is known")
    for token in (leaked, ready(cyd, second, second_kid)):
        refused = service.complete(cyd, "global", token)
        assert (refused.status, refused.body["code"]) == (403, "ticket_invalid")
