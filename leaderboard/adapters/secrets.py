"""The keys that sign tickets, in Secrets Manager."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field

from leaderboard.adapters.aws import client, translated
from leaderboard.tickets import Keys

CACHED_SECONDS = 300
CURRENT, PREVIOUS = "AWSCURRENT", "AWSPREVIOUS"


@dataclass
class TicketKeys:
    """The current key and, after a rotation, the one before it; a key's id is its version's.

    Read again every few minutes, so that a rotation reaches every function by itself.
    """

    secret: str
    _keys: Keys | None = field(default=None, init=False)
    _read_at: float = field(default=0.0, init=False)

    def __call__(self) -> Keys:
        if self._keys is None or time.monotonic() - self._read_at > CACHED_SECONDS:
            self._keys, self._read_at = self._read(), time.monotonic()
        return self._keys

    def _read(self) -> Keys:
        secrets = client("secretsmanager")
        found: dict[str, str] = {}
        current = ""
        for stage in (CURRENT, PREVIOUS):
            with translated():
                try:
                    answer = secrets.get_secret_value(SecretId=self.secret, VersionStage=stage)
                except secrets.exceptions.ResourceNotFoundException:
                    if stage == CURRENT:
                        raise
                    continue
            current = current or answer["VersionId"]
            found[answer["VersionId"]] = json.loads(answer["SecretString"])["key"]
        return Keys(current, found)
