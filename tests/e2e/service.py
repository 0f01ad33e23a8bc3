"""The service as an outside user meets it: HTTP with JSON, and tokens from Cognito."""

from __future__ import annotations

import base64
import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any

import boto3
import urllib3
from botocore import UNSIGNED
from botocore.config import Config

from tests.e2e.described import assert_described
from tests.e2e.waiting import SECONDS, await_value

Json = dict[str, Any]

PASSWORD = "Correct-Horse-9"
WRITE = "leaderboard/scores.write"
MODERATE = "leaderboard/moderate"


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer."""

    status: int
    headers: Mapping[str, str]
    data: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.data)


@dataclass(frozen=True, slots=True)
class Player:
    """Somebody who signed up and signed in."""

    user_id: str
    token: str
    id_token: str


class Service:
    """A running stack, by its addresses; its answers are held to the API's reference, unless
    another release gives them."""

    def __init__(self, addresses: Mapping[str, str], *, described: bool = True) -> None:
        self.addresses = addresses
        self.described = described
        self._pool = urllib3.PoolManager(maxsize=16, retries=False, timeout=60.0)

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str | None = None,
        raw: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """One request; `raw` is a body sent as it is."""
        data = raw if raw is not None or body is None else json.dumps(body).encode()
        sent = {"content-type": "application/json"} if data is not None else {}
        if token is not None:
            sent["authorization"] = f"Bearer {token}"
        answer = self._pool.request(
            method,
            f"{self.addresses['http']}{path}",
            body=data,
            headers={**sent, **(headers or {})},
        )
        if self.described:
            assert_described(method, path, answer.status, answer.headers, answer.data)
        return Answer(answer.status, answer.headers, answer.data)

    def read(self, path: str) -> Json:
        answer = self.call("GET", path)
        assert answer.status == 200, answer
        body: Json = answer.body
        return body

    def top(self, board: str, query: str = "") -> Json:
        return self.read(f"/boards/{board}/top{query}")

    def await_entry(self, board: str, user_id: str, **expected: object) -> Json:
        """The top, once it shows the user with that."""

        def shown() -> Json | None:
            top = self.top(board)
            entries = [it for it in top["entries"] if it["userId"] == user_id]
            return top if any(expected.items() <= it.items() for it in entries) else None

        return await_value(shown, what=f"{user_id} with {expected} on {board}")

    def await_score(self, board: str, user_id: str, score: int) -> Json:
        return self.await_entry(board, user_id, userScore=score)

    # Players.

    def sign_up(self) -> Player:
        """A new player, by what a page does: sign up, the code from the mail, sign in."""
        email = f"{uuid.uuid4()}@example.com"
        client_id = self.addresses["webClientId"]
        self.cognito.sign_up(
            ClientId=client_id,
            Username=email,
            Password=PASSWORD,
            UserAttributes=[{"Name": "email", "Value": email}],
        )
        self.cognito.confirm_sign_up(ClientId=client_id, Username=email, ConfirmationCode="000000")
        signed_in = self.cognito.initiate_auth(
            ClientId=client_id,
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": email, "PASSWORD": PASSWORD},
        )["AuthenticationResult"]
        token = signed_in["AccessToken"]
        return Player(claims(token)["sub"], token, signed_in["IdToken"])

    def ticket(self, player: Player, board: str, action: str) -> Json:
        answer = self.call(
            "POST", f"/boards/{board}/tickets", {"action": action}, token=player.token
        )
        assert answer.status == 201, answer
        ticket: Json = answer.body
        return ticket

    def complete(self, player: Player, board: str, ticket: str, **body: object) -> Answer:
        return self.call(
            "POST", f"/boards/{board}/scores", {"ticket": ticket, **body}, token=player.token
        )

    @cached_property
    def cognito(self) -> Any:
        return boto3.client(
            "cognito-idp",
            endpoint_url=self.addresses["cognito"],
            region_name=self.addresses["region"],
            config=Config(signature_version=UNSIGNED),
        )

    # Trusted servers.

    def machine_token(self, scope: str) -> str:
        """A token for a capability, of the client that has it."""
        token = self.token_of("moderator" if scope == MODERATE else "machine", scope)
        assert token is not None
        return token

    def token_of(self, client: str, scope: str) -> str | None:
        """A token that a client asks for; None if it may not have that scope."""
        secret = f"{self.addresses[f'{client}ClientId']}:{self.addresses[f'{client}ClientSecret']}"
        answer = self._pool.request_encode_body(
            "POST",
            f"{self.addresses['cognito']}/oauth2/token",
            fields={"grant_type": "client_credentials", "scope": scope},
            encode_multipart=False,
            headers={"authorization": f"Basic {base64.b64encode(secret.encode()).decode()}"},
        )
        return str(json.loads(answer.data)["access_token"]) if answer.status == 200 else None

    @cached_property
    def writer(self) -> str:
        """A trusted server's token."""
        return self.machine_token(WRITE)

    @cached_property
    def moderator(self) -> str:
        """A moderator's token."""
        return self.machine_token(MODERATE)

    def set_standing(self, user_id: str, standing: str, *, reason: str = "a test") -> None:
        answer = self.call(
            "PUT",
            f"/users/{user_id}/standing",
            {"standing": standing, "reason": reason},
            token=self.moderator,
        )
        assert answer.status == 200, answer
        assert answer.body == {"userId": user_id, "standing": standing}

    def put(self, board: str, user_id: str, body: Json) -> Answer:
        """One trusted write; a submission id of its own unless the body has one."""
        return self.call(
            "PUT",
            f"/boards/{board}/users/{user_id}/score",
            {"submissionId": str(uuid.uuid4()), **body},
            token=self.writer,
        )

    def write(self, board: str, user_id: str, **body: object) -> Json:
        """As a trusted server writes: sent again while the service is busy, it counts once."""
        body = {"submissionId": str(uuid.uuid4()), **body}
        deadline = time.monotonic() + SECONDS
        while (answer := self.put(board, user_id, body)).status == 503:
            assert time.monotonic() < deadline, answer
            time.sleep(int(answer.headers["retry-after"]))
        assert answer.status == 200, answer
        written: Json = answer.body
        return written


def claims(token: str) -> Json:
    """What a JWT says, unchecked."""
    return part(token, 1)


def part(token: str, number: int) -> Json:
    text = token.split(".")[number]
    read: Json = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return read


def moment(text: str) -> datetime:
    """A time of the contract: RFC 3339, UTC, with milliseconds."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=UTC)


def is_moment(text: object) -> bool:
    if not isinstance(text, str) or len(text) != len("2026-11-23T08:15:30.123Z"):
        return False
    try:
        moment(text)
    except ValueError:
        return False
    return True


def assert_problem(answer: Answer, status: int, code: str) -> Json:
    """The service's own error, as RFC 9457 and the contract have it."""
    assert answer.status == status, answer
    assert answer.headers["content-type"] == "application/problem+json"
    problem: Json = answer.body
    assert problem["status"] == status
    assert problem["code"] == code
    for name in ("type", "title", "detail", "requestId"):
        assert problem[name], name
        assert isinstance(problem[name], str), name
    assert "Traceback" not in answer.data.decode()
    if code == "invalid":
        assert problem["errors"]
        assert all(it["path"] and it["message"] for it in problem["errors"])
    return problem


def assert_gateway_refuses(answer: Answer, status: int) -> None:
    """The gateway's own error: a message and nothing else."""
    assert answer.status == status, answer
    assert set(answer.body) == {"message"}
