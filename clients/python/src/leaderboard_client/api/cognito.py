"""The calls of Cognito that an app makes for its players: without credentials, by the stage's web
client. And the one of a server, which has a secret."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode

from leaderboard_client.api.exchange import Request, Response, json_body
from leaderboard_client.errors import LeaderboardError, SignInFailed
from leaderboard_client.fields import DamagedFrame, object_of, text_of

T = TypeVar("T")
TYPE = "application/x-amz-json-1.1"
TARGET = "AWSCognitoIdentityProviderService"
WRITE_SCOPE = "leaderboard/scores.write"
MODERATE_SCOPE = "leaderboard/moderate"
TOLD_APART = (
    ("NotAuthorized", "attempts exceeded", "too_many_failed_attempts"),
    ("NotAuthorized", "status is confirmed", "already_confirmed"),
    ("LimitExceeded", "daily email limit", "email_limit"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class UserPool:
    """Where the players of a stage sign up and in."""

    url: str
    """Cognito's address, such as `https://cognito-idp.eu-central-1.amazonaws.com/`."""
    client_id: str
    """The id of the stage's web client."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCredentials:
    """What a game's server gets its tokens with."""

    token_url: str
    """`https://….amazoncognito.com/oauth2/token`."""
    client_id: str
    client_secret: str
    scope: str = WRITE_SCOPE
    """What the token is for; several are separated by spaces."""

    def __repr__(self) -> str:
        # Logs and tracebacks must not show the secret.
        return f"ClientCredentials({self.client_id!r}, scope={self.scope!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Tokens as Cognito gives them out."""

    access_token: str
    seconds: float
    """How long the access token is good for."""
    refresh_token: str | None


def _call(
    pool: UserPool, operation: str, reads: Callable[[Response], T], **values: Any
) -> Request[T]:
    return Request(
        method="POST",
        url=pool.url,
        read=reads,
        headers={"content-type": TYPE, "x-amz-target": f"{TARGET}.{operation}"},
        body=json_body({"ClientId": pool.client_id, **values}),
        repeatable=False,
    )


def _done(_response: Response) -> None:
    return None


def sign_up(pool: UserPool, email: str, password: str) -> Request[str]:
    """A new player. Cognito mails a code; the answer is the player's user id."""
    attributes = [{"Name": "email", "Value": email}]
    return _call(
        pool,
        "SignUp",
        lambda response: text_of(object_of(response.json()).get("UserSub")),
        Username=email,
        Password=password,
        UserAttributes=attributes,
    )


def confirm(pool: UserPool, email: str, code: str) -> Request[None]:
    """The code of the mail."""
    return _call(pool, "ConfirmSignUp", _done, Username=email, ConfirmationCode=code)


def resend(pool: UserPool, email: str) -> Request[None]:
    """Another mail with a code."""
    return _call(pool, "ResendConfirmationCode", _done, Username=email)


def sign_in(pool: UserPool, email: str, password: str) -> Request[Grant]:
    """Tokens for a player."""
    parameters = {"USERNAME": email, "PASSWORD": password}
    return _call(
        pool,
        "InitiateAuth",
        _grant,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters=parameters,
    )


def refresh(pool: UserPool, token: str) -> Request[Grant]:
    """New tokens for the old ones."""
    parameters = {"REFRESH_TOKEN": token}
    return _call(
        pool, "InitiateAuth", _grant, AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters=parameters
    )


def revoke(pool: UserPool, token: str) -> Request[None]:
    """Ends a refresh token."""
    return _call(pool, "RevokeToken", _done, Token=token)


def forgot_password(pool: UserPool, email: str) -> Request[None]:
    """A mail with a code for a new password."""
    return _call(pool, "ForgotPassword", _done, Username=email)


def reset_password(pool: UserPool, email: str, code: str, password: str) -> Request[None]:
    """The code of that mail, and the new password."""
    return _call(
        pool,
        "ConfirmForgotPassword",
        _done,
        Username=email,
        ConfirmationCode=code,
        Password=password,
    )


def client_token(credentials: ClientCredentials) -> Request[Grant]:
    """A server's token."""
    secret = f"{credentials.client_id}:{credentials.client_secret}"
    form = {"grant_type": "client_credentials", "scope": credentials.scope}
    return Request(
        method="POST",
        url=credentials.token_url,
        read=_oauth_grant,
        headers={
            "authorization": f"Basic {base64.b64encode(secret.encode()).decode()}",
            "content-type": "application/x-www-form-urlencoded",
        },
        body=urlencode(form).encode(),
    )


def _grant(response: Response) -> Grant:
    body = object_of(response.json())
    result = body.get("AuthenticationResult")
    if result is None:
        raise SignInFailed(
            f"Cognito asks for {body.get('ChallengeName')}, which this package cannot answer. "
            "Give the client a token function of your own.",
            code="challenge",
            status=response.status,
        )
    found = object_of(result)
    return Grant(
        access_token=text_of(found.get("AccessToken")),
        seconds=_seconds(found.get("ExpiresIn")),
        refresh_token=found.get("RefreshToken"),
    )


def _oauth_grant(response: Response) -> Grant:
    body = object_of(response.json())
    return Grant(
        access_token=text_of(body.get("access_token")),
        seconds=_seconds(body.get("expires_in")),
        refresh_token=None,
    )


def _seconds(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise DamagedFrame
    return float(value)


def failure(response: Response) -> LeaderboardError:
    """Why Cognito refused: its exception's name becomes the code."""
    try:
        body = object_of(json.loads(response.body))
    except (DamagedFrame, RecursionError, ValueError):
        body = {}
    # A public call says `__type`, the token's address `error`.
    kind = str(body.get("__type") or body.get("error") or "")
    name = kind.rpartition("#")[2].removesuffix("Exception")
    said = body.get("message") or body.get("Message") or body.get("error_description") or kind
    return SignInFailed(
        f"Cognito refused ({response.status}): {said or 'no reason'}",
        code=_code(name, str(said)),
        status=response.status,
    )


def _code(name: str, said: str) -> str | None:
    """Some of Cognito's exceptions stand for several things; only the sentence tells them apart."""
    for exception, words, code in TOLD_APART:
        if name == exception and words in said.lower():
            return code
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower() or None
