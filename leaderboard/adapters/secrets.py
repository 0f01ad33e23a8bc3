"""Secrets in Secrets Manager: the keys that sign tickets, and the value that the edge sends."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field

from leaderboard.adapters.aws import client, translated
from leaderboard.tickets import Keys

CACHED_SECONDS = 300
CURRENT, PREVIOUS = "AWSCURRENT", "AWSPREVIOUS"


@dataclass
class Secret:
    """A secret's current value and, after a rotation, the one before it, by their versions' ids.

    Read again every few minutes, so that a rotation reaches every function by itself.
    """

    secret: str
    _values: dict[str, str] | None = field(default=None, init=False)
    _read_at: float = field(default=0.0, init=False)

    def __call__(self) -> dict[str, str]:
        """The values by version id, the current one first. Raises Unavailable."""
        if self._values is None or time.monotonic() - self._read_at > CACHED_SECONDS:
            self._values, self._read_at = self._read(), time.monotonic()
        return self._values

    def _read(self) -> dict[str, str]:
        secrets = client("secretsmanager")
        found: dict[str, str] = {}
        for stage in (CURRENT, PREVIOUS):
            with translated():
                try:
                    answer = secrets.get_secret_value(SecretId=self.secret, VersionStage=stage)
                except secrets.exceptions.ResourceNotFoundException:
                    if stage == CURRENT:
                        raise
                    continue
            found.setdefault(answer["VersionId"], json.loads(answer["SecretString"])["key"])
        return found


@dataclass(frozen=True)
class TicketKeys:
    """The keys that sign tickets; a key's id is its version's."""

    secret: Secret

    def __call__(self) -> Keys:
        found = self.secret()
        return Keys(next(iter(found)), found)
