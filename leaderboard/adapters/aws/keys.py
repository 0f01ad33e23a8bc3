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
"""How often a secret is read again, so that a rotation reaches every function by itself."""
LOOK_UP_SECONDS = 60
"""How often key ids that prove nothing may make a function look for them."""
PAUSES: dict[str, float] = {"first": 5, "longest": 300}
"""Seconds after which an attempt that failed is repeated."""
FIRST_READ: dict[str, Any] = {"seconds": 2, "attempts": 2}
"""Both versions are read within the time that a function has."""
READ_AGAIN: dict[str, Any] = {"seconds": 1, "attempts": 1}
"""What is known is good enough: nobody waits long for something newer."""

PREVIOUS_SECONDS = 7 * 86_400
"""How long the key before the current one is accepted: no ticket lives longer than that."""

CURRENT, PREVIOUS = "AWSCURRENT", "AWSPREVIOUS"


@dataclass(frozen=True, slots=True)
class Values:
    """A secret's values by their versions' ids, the current one first."""

    by_id: dict[str, str]
    current_since: float
    """When the current value was made, by the clock of its secret."""


@dataclass
class Secret:
    """A secret's current value and, after a rotation, the one before it.

    Read again every few minutes. While that fails, what was read before stays good, and the next
    attempt waits longer each time: a value that is known must not depend on who stores it.
    """

    secret: str
    _values: Values | None = field(default=None, init=False)
    _read_at: float = field(default=0.0, init=False)
    _pause: Pause = field(default_factory=Pause, init=False)

    def __call__(self) -> dict[str, str]:
        return self.values().by_id

    @property
    def is_stale(self) -> bool:
        """Whether the last attempt to read it failed."""
        return self._pause.failures > 0

    def values(self) -> Values:
        """Raises Unavailable while it was never read, and what else reading raises then."""
        if self._values is None:
            self._keep(self._read(**FIRST_READ))
        elif self._is_due():
            self.read_again()
        assert self._values is not None
        return self._values

    def read_again(self) -> None:
        """Read what may have changed, or leave it as it is where that fails."""
        try:
            self._keep(self._read(**READ_AGAIN))
        except Exception:  # noqa: BLE001 - a lost right or a broken new value is no better
            self._pause.fail(time.monotonic(), **PAUSES)

    def _is_due(self) -> bool:
        now = time.monotonic()
        return now >= self._pause.until if self.is_stale else now - self._read_at > CACHED_SECONDS

    def _keep(self, values: Values) -> None:
        self._values, self._read_at = values, time.monotonic()
        self._pause.end()

    def _read(self, **options: Any) -> Values:
        secrets = client("secretsmanager", **options)
        found: dict[str, str] = {}
        current_since = 0.0
        for stage in (CURRENT, PREVIOUS):
            with translated():
                try:
                    answer = secrets.get_secret_value(SecretId=self.secret, VersionStage=stage)
                except secrets.exceptions.ResourceNotFoundException:
                    if stage == CURRENT:
                        raise
                    continue
            if stage == CURRENT:
                current_since = answer["CreatedDate"].timestamp()
            found.setdefault(answer["VersionId"], json.loads(answer["SecretString"])["key"])
        return Values(found, current_since)


@dataclass
class TicketKeys:
    """The keys that sign tickets; a key's id is its version's.

    The key before the current one is accepted for as long as tickets live that it signed.
    """

    secret: Secret
    _look_up_at: float = field(default=0.0, init=False)
    _gone: set[str] = field(default_factory=set, init=False)
    """Ids that were proven once, and are no key's now."""

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

    def _look_up(self, key_id: KeyId) -> Values:
        """Read the keys for one that is not known.

        At once where its id proves that it follows a key that is known: nobody else can make that
        up. For all others no more than once in a while: most are made up, one may be of a key that
        came two rotations later.
        """
        now = time.monotonic()
        known = self.secret().values()
        is_proven = key_id.id not in self._gone and any(map(key_id.follows, known))
        if not self.secret.is_stale and (is_proven or now >= self._look_up_at):
            self.secret.read_again()
            if key_id.id not in self.secret() and not self.secret.is_stale:
                if is_proven:
                    self._gone.add(key_id.id)
                else:
                    self._look_up_at = now + LOOK_UP_SECONDS
        if self.secret.is_stale:
            raise Unavailable(DOWN)
        return self.secret.values()
