"""Tickets signed by hand: with the stack's own key, as an operator could, or with others, as a
forger would."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import jwt

from tests.e2e.service import part
from tests.e2e.tables import Tables


def now_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class Signer:
    """Signs a ticket anew after changing what it says."""

    key: str

    @classmethod
    def of(cls, tables: Tables) -> Signer:
        """The one who holds the stack's key, the only secret there is."""
        secrets = tables.client("secretsmanager")
        (secret,) = secrets.list_secrets()["SecretList"]
        answer = secrets.get_secret_value(SecretId=secret["ARN"])
        return cls(json.loads(answer["SecretString"])["key"])

    def changed(
        self, token: str, *, header: Mapping[str, str] | None = None, **claims: object
    ) -> str:
        """The ticket with other claims; every claim named must be one that tickets have."""
        body: dict[str, Any] = part(token, 1)
        assert set(claims) <= set(body), f"tickets have {sorted(body)}"
        return jwt.encode(
            {**body, **claims},
            self.key,
            algorithm=(header or {}).get("alg", "HS256"),
            headers={**part(token, 0), **(header or {})},
        )

    def ready(self, token: str) -> str:
        """The ticket as it is once its time has come."""
        return self.changed(token, notBefore=part(token, 1)["issued"])
