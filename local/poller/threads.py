"""Stands in for `concurrent.futures.ThreadPoolExecutor`: its threads are tasks of the scheduler."""

from collections.abc import Callable
from functools import partial
from typing import Generic, TypeVar, cast

from local.poller.scheduler import Scheduler
from local.poller.task import Task

T = TypeVar("T")


class Pending(Generic[T]):
    """What a thread was asked for."""

    def __init__(self, task: Task, scheduler: Scheduler) -> None:
        self._task = task
        self._scheduler = scheduler

    def result(self) -> T:
        """Wait for it; raises what it raised."""
        if not self._task.done:
            self._scheduler.wait_until(lambda: self._task.done, self._task.name)
        if self._task.error is not None:
            raise self._task.error
        return cast("T", self._task.result)


class Threads:
    """As many threads as are asked for, of the task that makes it."""

    def __init__(self, scheduler: Scheduler) -> None:
        self._scheduler = scheduler
        self._begun: list[Task] = []

    def submit(self, call: Callable[..., T], *arguments: object, **options: object) -> Pending[T]:
        """Begin a thread."""
        task = self._scheduler.thread(
            f"thread {len(self._begun) + 1}", partial(call, *arguments, **options), on_end=_end
        )
        self._begun.append(task)
        return Pending(task, self._scheduler)

    def shutdown(self, **_options: object) -> None:
        """Wait for all threads, as a process does that lives; one that was killed waits no more."""
        if not all(it.done for it in self._begun):
            self._scheduler.wait_until(lambda: all(it.done for it in self._begun), "its threads")


def _end(task: Task) -> None:
    # An assertion is the test's own, even where nobody asks for the result any more.
    if isinstance(task.error, AssertionError):
        raise task.error
