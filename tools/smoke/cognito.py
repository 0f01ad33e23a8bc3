"""The test user: made and removed by the pool's admin calls."""

from __future__ import annotations

import base64
import json
import re
import secrets
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from tools.smoke.steps import StepFailed, Value, in_thread
from tools.stage import Stage, reason

EMAIL = re.compile(r"smoke-[0-9a-f]{12}@example\.com")
"""An address at which nobody can have mail, so no real player has it."""


class Pool:
    """The stage's user pool. Every call raises Failed."""

    def __init__(self, stage: Stage) -> None:
        self._pool = stage.outputs["UserPoolId"]
        self._client = stage.client("cognito-idp")

    async def create(self, email: str) -> str:
        """Makes a user whose e-mail is verified; returns its password. No mail is sent."""
        password = f"Aa1-{secrets.token_urlsafe(24)}"
        await self._ask(
            "AdminCreateUser",
            lambda: self._client.admin_create_user(
                UserPoolId=self._pool,
                Username=email,
                MessageAction="SUPPRESS",
                UserAttributes=[
                    {"Name": "email", "Value": email},
                    {"Name": "email_verified", "Value": "true"},
                ],
            ),
        )
        await self._ask(
            "AdminSetUserPassword",
            lambda: self._client.admin_set_user_password(
                UserPoolId=self._pool, Username=email, Password=password, Permanent=True
            ),
        )
        return password

    async def user_id(self, email: str) -> str | None:
        """The user's `sub`; None if there is no such user."""

        def ask() -> str | None:
            try:
                found = self._client.admin_get_user(UserPoolId=self._pool, Username=email)
            except self._client.exceptions.UserNotFoundException:
                return None
            return _attributes(found["UserAttributes"])["sub"]

        return await self._ask("AdminGetUser", ask)

    async def delete(self, email: str) -> None:
        """May be repeated."""

        def ask() -> None:
            try:
                self._client.admin_delete_user(UserPoolId=self._pool, Username=email)
            except self._client.exceptions.UserNotFoundException:
                return

        await self._ask("AdminDeleteUser", ask)

    async def left_over(self, *, older: timedelta) -> Mapping[str, str]:
        """The users that earlier checks left: e-mail and `sub`."""

        def pages() -> Iterator[Mapping[str, Any]]:
            paginator = self._client.get_paginator("list_users")
            for page in paginator.paginate(UserPoolId=self._pool, Filter='email ^= "smoke-"'):
                yield from page["Users"]

        def ask() -> Mapping[str, str]:
            before = datetime.now(UTC) - older
            old = (_attributes(it["Attributes"]) for it in pages() if it["UserCreateDate"] < before)
            return {it["email"]: it["sub"] for it in old if EMAIL.fullmatch(it["email"])}

        return await self._ask("ListUsers", ask)

    async def _ask(self, name: str, call: Callable[[], Value]) -> Value:
        try:
            return await in_thread(call)
        except (BotoCoreError, ClientError) as error:
            raise StepFailed(f"{name}: {reason(error, right=f'cognito-idp:{name}')}") from error


def claims(token: str) -> Mapping[str, Any]:
    """What a token says, unchecked."""
    text = token.split(".")[1]
    read: Mapping[str, Any] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return read


def _attributes(listed: list[Mapping[str, str]]) -> Mapping[str, str]:
    return {it["Name"]: it["Value"] for it in listed}
