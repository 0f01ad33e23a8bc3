"""Secrets in Secrets Manager: the keys that sign tickets, and the value that the edge sends."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import Any

from leaderboard.adapters.aws.clients import DOWN, client, translated
from leaderboard.errors import Unavailable
from leaderboard.retries import Pause
from leaderboard.scoring.tickets import KeyId, SigningKeys

CACHED_SECONDS = 300
"""A secret is read again after this time: so a rotation reaches every function by itself."""
LOOK_UP_SECONDS = 60
"""Key ids without a good proof make a function read the secret once in this time, no more."""
PAUSES: dict[str, float] = {"first": 5, "longest": 300}
"""Seconds until a read that failed is tried again."""
FIRST_READ: dict[str, Any] = {"seconds": 2, "attempts": 2}
"""Both versions are read within the time that a function has."""
READ_AGAIN: dict[str, Any] = {"seconds": 1, "attempts": 1}
"""What was read before still serves: nobody waits long for something newer."""

PREVIOUS_SECONDS = 7 * 86_400
"""How long the key before the current one is accepted: no ticket lives longer than that."""

CURRENT, PREVIOUS = "AWSCURRENT", "AWSPREVIOUS"


@dataclass(frozen=True, slots=True)
class SecretValues:
    """A secret's values by their versions' ids, the current one first."""

    by_id: dict[str, str]
    current_since: float
    """When the current value was made, by the clock of its secret."""


@dataclass
class Secret:
    """A secret's current value and, after a rotation, the one before it.

    It is read again every few minutes. While that fails, what was read before stays in use, and the
    next attempt waits longer each time: so a known value does not depend on Secrets Manager.
    """

    name: str
    """The secret's name, or its ARN."""
    _values: SecretValues | None = field(default=None, init=False)
    _read_at: float = field(default=0.0, init=False)
    _pause: Pause = field(default_factory=Pause, init=False)

    def __call__(self) -> dict[str, str]:
        return self.values().by_id

    @property
    def is_stale(self) -> bool:
        """Whether the last attempt to read it failed."""
        return self._pause.failures > 0

    def values(self) -> SecretValues:
        """The values, read when that is due.

        Raises Unavailable, and what else reading raises, if it was never read.
        """
        if self._values is None:
            self._keep(self._read(**FIRST_READ))
        elif self._is_due():
            self.read_again()
        assert self._values is not None
        return self._values

    def read_again(self) -> None:
        """Read the secret again; where that fails, keep what was read before."""
        try:
            self._keep(self._read(**READ_AGAIN))
        except Exception:  # noqa: BLE001 - a lost right or a broken new value counts as well
            self._pause.fail(time.monotonic(), **PAUSES)

    def _is_due(self) -> bool:
        now = time.monotonic()
        return now >= self._pause.until if self.is_stale else now - self._read_at > CACHED_SECONDS

    def _keep(self, values: SecretValues) -> None:
        self._values, self._read_at = values, time.monotonic()
        self._pause.end()

    def _read(self, **options: Any) -> SecretValues:
        secrets = client("secretsmanager", **options)
        found: dict[str, str] = {}
        current_since = 0.0
        for stage in (CURRENT, PREVIOUS):
            with translated():
                try:
                    answer = secrets.get_secret_value(SecretId=self.name, VersionStage=stage)
                except secrets.exceptions.ResourceNotFoundException:
                    if stage == CURRENT:
                        raise
                    continue
            if stage == CURRENT:
                current_since = answer["CreatedDate"].timestamp()
            found.setdefault(answer["VersionId"], json.loads(answer["SecretString"])["key"])
        return SecretValues(found, current_since)


@dataclass
class TicketKeys:
    """The keys that sign tickets; a key's id is its version's.

    The key before the current one is accepted for as long as tickets live that it signed.
    """

    secret: Secret
    _next_look_up: float = field(default=0.0, init=False)
    _retired: set[str] = field(default_factory=set, init=False)
    """Ids with a good proof that belong to no key any more."""

    def __call__(self, key_id: KeyId | None = None) -> SigningKeys:
        """The keys; read again for one that another function has signed with since.

        Raises Unavailable, also for a key that is not known while nobody can be asked for it.
        """
        values = self.secret.values()
        if key_id is not None and key_id.id not in values.by_id:
            values = self._look_up(key_id)
        current = next(iter(values.by_id))
        if time.time() - values.current_since > PREVIOUS_SECONDS:
            return SigningKeys(current, {current: values.by_id[current]})
        return SigningKeys(current, values.by_id)

    def _look_up(self, key_id: KeyId) -> SecretValues:
        """Read the secret for a key that is not known.

        At once, if its id proves that the key follows a known one: nobody else can make that proof.
        Otherwise only once in a while: most such ids are made up, but one may belong to a key of
        two rotations later.
        """
        now = time.monotonic()
        known = self.secret().values()
        is_proven = key_id.id not in self._retired and any(map(key_id.follows, known))
        if not self.secret.is_stale and (is_proven or now >= self._next_look_up):
            self.secret.read_again()
            if key_id.id not in self.secret() and not self.secret.is_stale:
                if is_proven:
                    self._retired.add(key_id.id)
                else:
                    self._next_look_up = now + LOOK_UP_SECONDS
        if self.secret.is_stale:
            raise Unavailable(DOWN)
        return self.secret.values()
