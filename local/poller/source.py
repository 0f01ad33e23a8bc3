"""What brings forth tasks by itself, such as an event source mapping, and what runs them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from local.poller.choice import Choose
from local.poller.clock import Time
from local.poller.task import Task
from local.poller.trace import PollerTrace


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


class Runner(Protocol):
    """What a mapping needs of a scheduler: in virtual time, or in the clock's."""

    @property
    def clock(self) -> Time:
        """The time that it runs by."""

    @property
    def choose(self) -> Choose:
        """What decides where chance does."""

    @property
    def trace(self) -> PollerTrace:
        """Where it notes what happens."""

    def watch(self, source: Source) -> None:
        """Let a source bring forth tasks."""

    def spawn(
        self,
        name: str,
        call: Callable[[], object],
        *,
        timeout: float | None = None,
        on_end: Callable[[Task], None] | None = None,
    ) -> Task:
        """Begin a task; `on_end` gets it when it has ended."""
