"""Runs tasks beside one another, one at a time, and decides at every step who goes on.

Each task has a thread, but only the one that holds the baton runs; at a step it draws the next
holder. So every interleaving of steps can happen, none is left to the operating system, and the
same choices give the same run. Virtual time moves when nobody can go on, or as the caller asks.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Never, Self

from local.poller.choice import Choose
from local.poller.clock import Clock
from local.poller.crew import Crew
from local.poller.failure import LivelockError, StuckError
from local.poller.kill import Killed, Switch
from local.poller.source import Source
from local.poller.task import Task
from local.poller.trace import PollerTrace


class Scheduler:
    """Runs tasks until all is idle.

    choose: draws who goes on. It is called on the threads of the tasks, one call at a time.
    kills: the kill switches, asked at every step.
    max_decisions: past this many, `run` fails with the trace.
    step_seconds: virtual time that each step takes.
    race: the clock may also be drawn while others could go on, if its next event is at most this
        many seconds ahead; so a sleeper may wake before a slow neighbour's next step.
    patience: real seconds that a task may compute without a step before `run` gives up on it.
    """

    def __init__(
        self,
        choose: Choose,
        clock: Clock | None = None,
        *,
        kills: Iterable[Switch] = (),
        max_decisions: int = 100_000,
        step_seconds: float = 0.0,
        race: float = 0.0,
        patience: float = 60.0,
    ) -> None:
        self.choose = choose
        self.clock = clock or Clock()
        self.trace = PollerTrace(self.clock.time())
        self.kills = list(kills)
        self.max_decisions = max_decisions
        self.decisions = 0
        self._step_seconds = step_seconds
        self._race = race
        self._patience = patience
        self._tasks: list[Task] = []
        self._sources: list[Source] = []
        self._local = threading.local()
        self._crew = Crew(perform=self._perform, successor=self._pick)
        self._until: Callable[[], bool] | None = None
        self._failure: BaseException | None = None
        self._running = False
        self._closing = False
        self.clock.attach(self._sleep)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def watch(self, source: Source) -> None:
        """Let a source bring forth tasks."""
        self._sources.append(source)

    def spawn(
        self,
        name: str,
        call: Callable[[], object],
        *,
        timeout: float | None = None,
        on_end: Callable[[Task], None] | None = None,
    ) -> Task:
        """Add a task; it begins when it is drawn. `timeout` kills it after that many seconds.

        What it raises ends the run, unless `on_end` takes care of it; a kill ends only the task.
        """
        deadline = None if timeout is None else self.clock.time() + timeout
        task = Task(name, call, deadline, on_end)
        self._tasks.append(task)
        return task

    def thread(
        self,
        name: str,
        call: Callable[[], object],
        *,
        on_end: Callable[[Task], None] | None = None,
    ) -> Task:
        """Add a thread of the task that asks for it: it has the same deadline, and what kills one
        of them kills the others.
        """
        owner = self.current()
        if owner is None:
            message = "only a task can have threads"
            raise RuntimeError(message)
        owner.process = owner.process or [owner]
        task = Task(f"{owner.name}/{name}", call, owner.deadline, on_end, process=owner.process)
        owner.process.append(task)
        self._tasks.append(task)
        return task

    def step(self, name: str) -> None:
        """Let others go on first, perhaps, and die here if a kill switch says so.

        Outside a task (the test's own thread, a thread that a task started) it does nothing.
        """
        task = self.current()
        if task is None:
            return
        task.raise_if_dead(self.clock.time())
        task.last_step = name
        self.trace.add(self.clock.time(), task.name, name)
        if self._step_seconds:
            self.clock.advance(self._step_seconds)
        self._yield(task)
        for switch in self.kills:
            error = switch.strike(task.name, name, self.choose)
            if error is not None:
                self.trace.add(self.clock.time(), task.name, f"{error!r} at {name}")
                if isinstance(error, Killed):
                    task.killed = error
                raise error

    def current(self) -> Task | None:
        """The task that asks; None on the test's own thread."""
        task: Task | None = getattr(self._local, "task", None)
        return task

    def wait_until(self, condition: Callable[[], bool], name: str = "a condition") -> None:
        """Go on when the condition holds; it is asked again whenever somebody did a step."""
        task = self.current()
        if task is None:
            message = "only a task can wait; outside, pass the condition to run()"
            raise RuntimeError(message)
        task.condition = condition
        self._pause(task, f"waits for {name}")

    def run(self, until: Callable[[], bool] | None = None) -> None:
        """Run until nothing is left to do, or until the condition holds; then it may run on.

        Raises what a task raised, StuckError, or LivelockError past `max_decisions`.
        """
        self._run(until)
        if until is not None and not until():
            self._fail(StuckError(self._report("all is idle, and the condition does not hold")))

    def drain(self) -> None:
        """Run until every source is idle and every task is done."""
        self.run()

    def go_on(self, decisions: int) -> bool:
        """Run for so many decisions, and leave the tasks where they are; False if all is idle."""
        goal = self.decisions + decisions
        self._run(lambda: self.decisions >= goal)
        return self.decisions >= goal

    def _run(self, until: Callable[[], bool] | None) -> None:
        if self._running:
            message = "run() is for the test's own thread, not for a task"
            raise RuntimeError(message)
        self._until = until
        self._running = True
        try:
            self._hand_over(self._pick())
        finally:
            self._running = False
        if self._failure is not None:
            self._fail(self._failure)
        if self._tasks and not (until is not None and until()):
            self._fail(StuckError(self._report("nothing can wake these tasks")))

    def _fail(self, failure: BaseException) -> Never:
        self._failure = None
        self.close()
        raise failure

    def close(self) -> None:
        """Unwind what is still on its way and stop the threads."""
        self._closing = True
        for task in list(self._tasks):
            task.abandoned = True
            if self._crew.has(task):
                self._hand_over(task)
        self._tasks.clear()
        self._crew.dismiss()
        self._closing = False

    def _sleep(self, seconds: float) -> None:
        task = self.current()
        if task is not None:
            task.wake_at = self.clock.time() + max(seconds, 0.0)
            self._pause(task, f"sleeps {seconds:g} s")
        elif self._running:
            message = "a thread that is no task cannot sleep in virtual time"
            raise RuntimeError(message)
        else:
            self.clock.advance(seconds)

    def _pause(self, task: Task, reason: str) -> None:
        task.raise_if_dead(self.clock.time())
        task.last_step = reason
        self.trace.add(self.clock.time(), task.name, reason)
        self._yield(task)

    def _yield(self, task: Task) -> None:
        following = self._pick(task)
        if following is not task:
            self._crew.resume(following)
            self._crew.park(task)
        task.wake_at = task.condition = None
        task.raise_if_dead(self.clock.time())

    def _pick(self, current: Task | None = None) -> Task | None:
        """Draw who goes on; None hands the baton back to the test's own thread."""
        try:
            while self._failure is None and not self._closing:
                if self._until is not None and self._until():
                    break
                settled, following = self._draw(current)
                if settled:
                    return following
        except BaseException as error:  # noqa: BLE001 - it rises in run(), on the test's own thread
            self._failure = error
        return None

    def _draw(self, current: Task | None) -> tuple[bool, Task | None]:
        """Draw once: whether that settled who goes on, and who does (None: nobody can)."""
        now = self.clock.time()
        ready = [task for task in self._tasks if task.ready(now)]
        if current is not None and current in ready:
            # The quiet choice comes first.
            ready.remove(current)
            ready.insert(0, current)
        starts = [start for source in self._sources for start in source.starts(now)]
        names = [task.name for task in ready] + [start.name for start in starts]
        if not names:
            wake = self._next_wake(now)
            if wake is None:
                return True, None
            self.clock.move_to(wake)
            return False, None
        wake = self._next_wake(now) if self._race else None
        if wake is not None and wake - now <= self._race:
            names.append("the clock")
        index = self._choose(names)
        if index < len(ready):
            return True, ready[index]
        if index < len(ready) + len(starts):
            task = starts[index - len(ready)].begin()
            return task is not None, task
        self.clock.move_to(now if wake is None else wake)
        return False, None

    def _choose(self, names: Sequence[str]) -> int:
        self.decisions += 1
        if self.decisions > self.max_decisions:
            raise LivelockError(self._report(f"no end after {self.max_decisions} decisions"))
        return self.choose(names) if len(names) > 1 else 0

    def _next_wake(self, now: float) -> float | None:
        moments = [task.wakes() for task in self._tasks]
        moments += [source.wakes(now) for source in self._sources]
        later = [moment for moment in moments if moment is not None and moment > now]
        return min(later, default=None)

    def _perform(self, task: Task) -> None:
        self._local.task = task
        try:
            task.raise_if_dead(self.clock.time())
            task.result = task.call()
        except Killed as killed:
            task.killed = killed
        except BaseException as error:  # noqa: BLE001 - it rises in run(), or on_end judges it
            task.error = error
        finally:
            self._local.task = None
        task.done = True
        if task.abandoned:
            return
        self._tasks.remove(task)
        if task.killed is not None:
            for other in task.process:
                other.kill(task.killed)
        try:
            if task.on_end is not None:
                task.on_end(task)
            elif task.error is not None:
                raise task.error
        except BaseException as error:  # noqa: BLE001 - it rises in run(), on the test's own thread
            error.add_note(f"raised in {task.name}, after:\n{self.trace.text()}")
            self._failure = error

    def _hand_over(self, task: Task | None) -> None:
        """On the test's own thread: let the tasks run until the baton comes back."""
        if task is None:
            return
        self._crew.resume(task)
        if not self._crew.wait(self._patience, lambda: self.decisions):
            report = self._report(f"a task reached no step in {self._patience:g} real seconds")
            # One of them still holds the baton, so that none can be unwound.
            for task in self._tasks:
                task.abandoned = True
            self._tasks.clear()
            raise StuckError(report)

    def _report(self, reason: str) -> str:
        waiting = [f"  {task.describe()}" for task in self._tasks]
        waiting += [f"  {line}" for source in self._sources for line in source.describe()]
        return "\n".join([reason, "left to do:", *waiting, "the last events:", self.trace.text()])
