"""Virtual time: it stands still until the scheduler moves it, and sleeping in it costs nothing."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

START = datetime(2026, 11, 23, 8, 0, tzinfo=UTC).timestamp()


class Time(Protocol):
    """What tells the time."""

    def time(self) -> float:
        """Seconds since 1970."""

    def monotonic(self) -> float:
        """Seconds since it began."""

    def sleep(self, seconds: float) -> None:
        """Let so many seconds pass."""


class Clock:
    """Seconds since 1970; its methods can stand in for those of the module `time`."""

    def __init__(self, start: float = START) -> None:
        self.start = start
        self._now = start
        self._sleeper: Callable[[float], None] | None = None

    def time(self) -> float:
        """The virtual time in seconds since 1970."""
        return self._now

    def monotonic(self) -> float:
        """The virtual time since the clock's start, in seconds."""
        return self._now - self.start

    def now(self) -> datetime:
        """The virtual time in UTC."""
        return datetime.fromtimestamp(self._now, UTC)

    def sleep(self, seconds: float) -> None:
        """Let the others go on until `seconds` have passed; outside a run, just let them pass."""
        if self._sleeper is None:
            self.advance(seconds)
        else:
            self._sleeper(seconds)

    def advance(self, seconds: float) -> None:
        """Let time pass, `seconds` of it."""
        self.move_to(self._now + seconds)

    def move_to(self, moment: float) -> None:
        """Move to a moment (seconds since 1970) that is not in the past."""
        if moment < self._now:
            message = f"time does not run backwards: {moment} is before {self._now}"
            raise ValueError(message)
        self._now = moment

    def attach(self, sleeper: Callable[[float], None]) -> None:
        """Hand `sleep` over to a scheduler."""
        self._sleeper = sleeper
