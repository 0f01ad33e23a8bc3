"""Kill switches: what ends a task at one of its steps, as a crash of its process would.

A task that was killed is dead for good: should it catch the exception and go on, its next step
raises again. With `error` a switch raises something else instead, once: an answer that got lost.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Protocol

from local.poller.choice import Choose, happens


class Killed(BaseException):
    """The process of this task is gone. No `Exception`, so that ordinary handlers let it pass."""


class TimedOut(Killed):
    """The task used up its virtual seconds."""


class Abandoned(Killed):
    """The run is over; the task's thread unwinds."""


class Switch(Protocol):
    """Decides, at a step of a task, whether something is raised there."""

    struck: list[str]
    """The tasks in which something was."""

    def strike(self, task: str, step: str, choose: Choose) -> BaseException | None:
        """What to raise in this task at this step, or None."""


@dataclass(slots=True)
class KillAt:
    """Kill a task at the `nth` of its steps that match; patterns are those of `fnmatch`.

    It strikes `times` tasks (None: every one). `struck` lists them: where it stays empty, no task
    has that many steps, which is how a loop over `nth` knows that it tried every step.
    """

    task: str = "*"
    step: str = "*"
    nth: int = 1
    times: int | None = 1
    error: Callable[[], BaseException] = Killed
    struck: list[str] = field(default_factory=list)
    _seen: dict[str, int] = field(default_factory=dict)

    def strike(self, task: str, step: str, choose: Choose) -> BaseException | None:  # noqa: ARG002
        """What to raise in this task at this step, or None."""
        if self.times is not None and len(self.struck) >= self.times:
            return None
        if not (fnmatchcase(task, self.task) and fnmatchcase(step, self.step)):
            return None
        self._seen[task] = self._seen.get(task, 0) + 1
        if self._seen[task] != self.nth:
            return None
        self.struck.append(task)
        return self.error()


@dataclass(slots=True)
class KillRandomly:
    """Kill with this chance at every step that matches, `times` tasks at most (None: no limit)."""

    chance: float
    task: str = "*"
    step: str = "*"
    times: int | None = None
    error: Callable[[], BaseException] = Killed
    struck: list[str] = field(default_factory=list)

    def strike(self, task: str, step: str, choose: Choose) -> BaseException | None:
        """What to raise in this task at this step, or None."""
        if self.times is not None and len(self.struck) >= self.times:
            return None
        if not (fnmatchcase(task, self.task) and fnmatchcase(step, self.step)):
            return None
        if not happens(choose, self.chance):
            return None
        self.struck.append(task)
        return self.error()
