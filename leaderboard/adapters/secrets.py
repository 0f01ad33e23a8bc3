"""Secrets in Secrets Manager: the keys that sign tickets, and the value that the edge sends."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field

from leaderboard.adapters.aws import client, translated
from leaderboard.tickets import Keys

CACHED_SECONDS = 300
REREAD_SECONDS = 5
"""How often a version that is not known may make a function look for it."""

PREVIOUS_SECONDS = 7 * 86_400
"""How long the key before the current one is accepted: no ticket lives longer than that."""

CURRENT, PREVIOUS = "AWSCURRENT", "AWSPREVIOUS"


@dataclass
class Secret:
    """A secret's current value and, after a rotation, the one before it, by their versions' ids.

    Read again every few minutes, so that a rotation reaches every function by itself.
    """

    secret: str
    _values: dict[str, str] | None = field(default=None, init=False)
    _read_at: float = field(default=0.0, init=False)
    current_since: float = field(default=0.0, init=False)
    """When the current value was made, by the clock of its secret; known once it was read."""

    def __call__(self, *, within: float | None = None) -> dict[str, str]:
        """The values by version id, the current one first, as read within so many seconds.

        Raises Unavailable.
        """
        within = CACHED_SECONDS if within is None else within
        if self._values is None or time.monotonic() - self._read_at > within:
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
            if stage == CURRENT:
                self.current_since = answer["CreatedDate"].timestamp()
            found.setdefault(answer["VersionId"], json.loads(answer["SecretString"])["key"])
        return found


@dataclass(frozen=True)
class TicketKeys:
    """The keys that sign tickets; a key's id is its version's.

    The key before the current one is accepted for as long as tickets live that it signed.
    """

    secret: Secret

    def __call__(self, key_id: str | None = None) -> Keys:
        """The keys; read again for one that another function has signed with since.

        Raises Unavailable.
        """
        found = self.secret()
        if key_id is not None and key_id not in found:
            found = self.secret(within=REREAD_SECONDS)
        current = next(iter(found))
        if time.time() - self.secret.current_since > PREVIOUS_SECONDS:
            found = {current: found[current]}
        return Keys(current, found)
