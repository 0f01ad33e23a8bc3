"""The threads: each performs one task at a time, and only while it holds the baton.

The baton is a lock for each thread, and one for the test's own; who holds it draws its successor,
releases that one's lock and waits at its own. Threads are kept for further tasks: a new invocation
costs no new thread, and none of the switches if it follows upon the end of another.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from local.poller.task import Task


@dataclass(slots=True, eq=False)
class Worker:
    """A thread and its baton; `task` is what it performs, None when it is free."""

    baton: threading.Lock = field(default_factory=threading.Lock)
    task: Task | None = None
    stopped: bool = False
    thread: threading.Thread | None = None


class Crew:
    """Workers for tasks. `perform` runs a task to its end, `successor` draws who goes on then."""

    def __init__(
        self, *, perform: Callable[[Task], None], successor: Callable[[], Task | None]
    ) -> None:
        self._perform = perform
        self._successor = successor
        self._busy: dict[Task, Worker] = {}
        self._free: list[Worker] = []
        self._own = threading.Lock()
        self._own.acquire()
        self._lost = False

    def has(self, task: Task) -> bool:
        """Whether this task has begun and not ended."""
        return task in self._busy

    def resume(self, task: Task | None) -> None:
        """Pass the baton to a task, begun or not, or (None) to the test's own thread."""
        if task is None:
            self._own.release()
            return
        worker = self._busy.get(task)
        if worker is None:
            worker = self._free.pop() if self._free else self._hire()
            self._assign(worker, task)
        worker.baton.release()

    def park(self, task: Task) -> None:
        """On the task's own thread: wait for the baton."""
        self._busy[task].baton.acquire()

    def wait(self, patience: float, progress: Callable[[], int]) -> bool:
        """On the test's own thread: wait for the baton.

        False if there was no progress for so many real seconds: then the baton is lost, and the
        thread that has it ends, if ever, without passing it on.
        """
        before = progress()
        while not self._own.acquire(timeout=patience):
            if progress() == before:
                self._lost = True
                self._busy.clear()
                return False
            before = progress()
        return True

    def dismiss(self) -> None:
        """Stop the threads that have no task."""
        for worker in self._free:
            worker.stopped = True
            worker.baton.release()
            if worker.thread is not None:
                worker.thread.join()
        self._free.clear()

    def _assign(self, worker: Worker, task: Task) -> None:
        worker.task = task
        self._busy[task] = worker

    def _hire(self) -> Worker:
        worker = Worker()
        worker.baton.acquire()
        # A daemon, so that code that hangs on a real lock cannot keep the test's process alive.
        worker.thread = threading.Thread(target=self._serve, args=(worker,), daemon=True)
        worker.thread.start()
        return worker

    def _serve(self, worker: Worker) -> None:
        while not worker.stopped:
            worker.baton.acquire()
            while worker.task is not None:
                self._perform(worker.task)
                if self._lost:
                    return
                del self._busy[worker.task]
                worker.task = None
                task = self._successor()
                if task is not None and task not in self._busy:
                    self._assign(worker, task)
                    continue
                self._free.append(worker)
                self.resume(task)
                # From here on another thread may have given this worker a task and its baton.
                break
