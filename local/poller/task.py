"""A task is one thing that runs beside others: an invocation, or an actor of the test."""

from collections.abc import Callable
from dataclasses import dataclass, field

from local.poller.kill import Abandoned, Killed, TimedOut


@dataclass(slots=True, eq=False)
class Task:
    """One callable on its way; `deadline` and `wake_at` are in seconds since 1970."""

    name: str
    call: Callable[[], object]
    deadline: float | None = None
    on_end: "Callable[[Task], None] | None" = None
    wake_at: float | None = None
    condition: Callable[[], bool] | None = None
    last_step: str = "not begun"
    abandoned: bool = False
    done: bool = False
    result: object = None
    error: BaseException | None = None
    killed: Killed | None = None
    process: "list[Task]" = field(default_factory=list)
    """The threads that live and die together, this one among them; empty where there is but one."""

    def kill(self, error: Killed) -> None:
        """End it where it stands, with whatever it waits for."""
        if not self.done and self.killed is None:
            self.killed = error
            self.wake_at = self.condition = None

    def ready(self, now: float) -> bool:
        """Whether it can go on at this moment, if only to time out."""
        if self.deadline is not None and self.deadline <= now:
            return True
        if self.wake_at is not None and self.wake_at > now:
            return False
        return self.condition is None or self.condition()

    def wakes(self) -> float | None:
        """When it can go on at the latest, if time alone brings that about."""
        moments = [moment for moment in (self.wake_at, self.deadline) if moment is not None]
        return min(moments, default=None)

    def raise_if_dead(self, now: float) -> None:
        """Raise what ended this task, if anything did."""
        if self.abandoned:
            raise Abandoned
        if self.killed is None and self.deadline is not None and self.deadline <= now:
            self.killed = TimedOut(f"timed out; last step: {self.last_step}")
        if self.killed is not None:
            raise self.killed

    def describe(self) -> str:
        """Where it stands, for a failure message."""
        return f"{self.name}, last step: {self.last_step}"
