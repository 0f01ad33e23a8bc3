"""What brings forth tasks by itself, such as an event source mapping."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from tests.poller.task import Task


@dataclass(frozen=True, slots=True)
class Start:
    """A task that could begin now; `begin` may find that there is nothing to do after all."""

    name: str
    begin: Callable[[], Task | None]


class Source(Protocol):
    """Gives the scheduler tasks, whenever there are any."""

    def starts(self, now: float) -> Sequence[Start]:
        """The tasks that could begin now."""

    def wakes(self, now: float) -> float | None:
        """When, later than now, the next task could begin."""

    def describe(self) -> list[str]:
        """What is left to do, for a failure message."""
