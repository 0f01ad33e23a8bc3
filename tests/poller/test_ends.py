"""Runs that end by failing: with the reason, the trace, and no thread left behind."""

import threading

import pytest

from local.poller import (
    LivelockError,
    Scheduler,
    StuckError,
    scripted,
    seeded,
)


def test_livelock_fails_with_the_last_events() -> None:
    def spin() -> None:
        while True:
            scheduler.step("spin")

    with Scheduler(seeded(0), max_decisions=500) as scheduler:
        scheduler.spawn("spinner", spin)
        with pytest.raises(LivelockError) as failure:
            scheduler.drain()
    assert "no end after 500 decisions" in str(failure.value)
    assert "spinner: spin" in str(failure.value)


def test_tasks_that_nothing_can_wake_are_reported(scheduler: Scheduler) -> None:
    scheduler.spawn("waiter", lambda: scheduler.wait_until(lambda: False, "godot"))
    with pytest.raises(StuckError, match="waits for godot"):
        scheduler.drain()


def test_condition_that_never_holds_is_reported(scheduler: Scheduler) -> None:
    scheduler.spawn("task", lambda: None)
    with pytest.raises(StuckError, match="condition does not hold"):
        scheduler.run(until=lambda: False)


def test_task_that_waits_for_a_real_lock_is_reported() -> None:
    before = set(threading.enumerate())
    lock = threading.Lock()
    lock.acquire()
    with Scheduler(seeded(0), patience=0.05) as scheduler:
        scheduler.spawn("locked", lock.acquire)
        with pytest.raises(StuckError, match="real seconds"):
            scheduler.drain()
    lock.release()
    for thread in set(threading.enumerate()) - before:
        thread.join(timeout=10)
        assert not thread.is_alive()


def test_error_of_an_actor_rises_with_the_trace(scheduler: Scheduler) -> None:
    def broken() -> None:
        scheduler.step("almost")
        raise LookupError("lost")

    scheduler.spawn("broken", broken)
    scheduler.spawn("other", lambda: scheduler.clock.sleep(1))
    with pytest.raises(LookupError, match="lost") as failure:
        scheduler.drain()
    assert "broken: almost" in "".join(failure.value.__notes__)


def test_closing_unwinds_what_is_on_its_way() -> None:
    before = threading.active_count()
    unwound: list[str] = []

    def work() -> None:
        try:
            scheduler.step("begin")
            scheduler.step("go on")
        finally:
            unwound.append("unwound")

    with Scheduler(scripted([])) as scheduler:
        tasks = [scheduler.spawn("task", work), scheduler.spawn("not begun", work)]
        scheduler.run(until=lambda: tasks[0].last_step == "begin")
    assert unwound == ["unwound"]
    assert threading.active_count() == before
