"""Threads of one process: they run beside each other, and end together where it is killed."""

import pytest

from local.poller import KillAt, Scheduler, Task, Threads, seeded


def test_threads_run_beside_each_other_and_are_waited_for() -> None:
    orders = set()
    for seed in range(50):
        order: list[str] = []
        with Scheduler(seeded(seed)) as scheduler:

            def work(name: str, order: list[str] = order, scheduler: Scheduler = scheduler) -> str:
                scheduler.step("work")
                order.append(name)
                return name.upper()

            def owner(order: list[str] = order, scheduler: Scheduler = scheduler) -> None:
                threads = Threads(scheduler)
                asked = [threads.submit(work, name) for name in ("a", "b")]
                assert [it.result() for it in asked] == ["A", "B"]
                threads.submit(work, "c")
                threads.shutdown()
                order.append("end")

            scheduler.spawn("owner", owner)
            scheduler.drain()
        orders.add("".join(order))
    assert orders == {"abcend", "bacend"}


def test_thread_raises_where_its_result_is_asked_for(scheduler: Scheduler) -> None:
    def fail() -> None:
        scheduler.step("work")
        raise ConnectionError

    def owner() -> None:
        with pytest.raises(ConnectionError):
            Threads(scheduler).submit(fail).result()

    scheduler.spawn("owner", owner)
    scheduler.drain()


@pytest.mark.parametrize("struck", ["owner", "owner/thread 1", "owner/thread 2"])
def test_process_dies_with_any_of_its_threads(scheduler: Scheduler, struck: str) -> None:
    done: list[str] = []
    ended: list[Task] = []

    def work(name: str) -> None:
        scheduler.clock.sleep(1)
        scheduler.step("call")
        scheduler.clock.sleep(1)
        done.append(name)

    def owner() -> None:
        threads = Threads(scheduler)
        for name in ("a", "b"):
            threads.submit(work, name)
        work("owner")
        threads.shutdown()

    scheduler.kills.append(KillAt(task=struck, step="call"))
    scheduler.spawn("owner", owner, on_end=ended.append)
    other = scheduler.spawn("other", lambda: work("other"))
    scheduler.drain()
    assert done == ["other"]
    assert [it.killed is not None for it in ended] == [True]
    assert other.killed is None


def test_threads_have_the_deadline_of_their_process(scheduler: Scheduler) -> None:
    def owner() -> None:
        threads = Threads(scheduler)
        threads.submit(scheduler.clock.sleep, 100)
        threads.shutdown()

    task = scheduler.spawn("owner", owner, timeout=10)
    scheduler.drain()
    assert task.killed is not None
    assert scheduler.clock.monotonic() == 10


def test_assertion_in_a_thread_ends_the_run_though_nobody_asks(scheduler: Scheduler) -> None:
    def fail() -> None:
        scheduler.step("work")
        raise AssertionError

    scheduler.spawn("owner", lambda: Threads(scheduler).submit(fail))
    with pytest.raises(AssertionError):
        scheduler.drain()
