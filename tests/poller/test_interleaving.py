"""Who goes on at a step, and how virtual time moves."""

import random
import threading
from collections.abc import Callable

import pytest
from hypothesis import given, settings, strategies as st

from local.poller import (
    Clock,
    Scheduler,
    drawn,
    scripted,
    seeded,
    stepped,
)


def _two_writers(scheduler: Scheduler) -> list[str]:
    order: list[str] = []

    def writer(name: str) -> Callable[[], None]:
        def write() -> None:
            for number in range(3):
                scheduler.step(f"write {number}")
                order.append(f"{name}{number}")

        return write

    scheduler.spawn("a", writer("a"))
    scheduler.spawn("b", writer("b"))
    scheduler.drain()
    return order


def test_every_interleaving_of_two_writers_is_found() -> None:
    seen = set()
    for seed in range(400):
        with Scheduler(seeded(seed)) as scheduler:
            seen.add(tuple(_two_writers(scheduler)))
    assert len(seen) == 20  # six steps, three of each: 6! / (3! · 3!)


def test_same_seed_gives_same_trace_and_another_seed_another() -> None:
    traces = []
    for seed in (1, 1, 2):
        with Scheduler(seeded(seed)) as scheduler:
            _two_writers(scheduler)
            traces.append(scheduler.trace.lines())
    assert traces[0] == traces[1]
    assert traces[0] != traces[2]


def test_choices_of_zero_run_one_task_after_the_other() -> None:
    with Scheduler(scripted([])) as scheduler:
        assert _two_writers(scheduler) == ["a0", "a1", "a2", "b0", "b1", "b2"]


def test_only_one_task_runs_at_a_time() -> None:
    with Scheduler(seeded(3)) as scheduler:
        counter = 0

        def add() -> None:
            nonlocal counter
            for _ in range(200):
                scheduler.step("read")
                value = counter
                counter = value + 1

        for number in range(5):
            scheduler.spawn(f"adder {number}", add)
        scheduler.drain()
        assert counter == 1000


def test_sleepers_wake_in_the_order_of_virtual_time(scheduler: Scheduler) -> None:
    woken: list[tuple[str, float]] = []

    def sleeper(seconds: float) -> Callable[[], None]:
        def sleep() -> None:
            scheduler.clock.sleep(seconds)
            woken.append((f"{seconds}", scheduler.clock.monotonic()))

        return sleep

    for seconds in (3600.0, 1.0, 60.0):
        scheduler.spawn(f"sleeper {seconds}", sleeper(seconds))
    scheduler.drain()
    assert woken == [("1.0", 1.0), ("60.0", 60.0), ("3600.0", 3600.0)]


def test_time_stands_still_while_anybody_can_go_on(scheduler: Scheduler) -> None:
    times: list[float] = []

    def busy() -> None:
        for _ in range(50):
            scheduler.step("work")
            times.append(scheduler.clock.monotonic())

    scheduler.spawn("sleeper", lambda: scheduler.clock.sleep(1))
    scheduler.spawn("busy", busy)
    scheduler.drain()
    assert set(times) == {0.0}


def test_racing_clock_wakes_a_sleeper_before_a_slow_neighbour() -> None:
    orders = set()
    for seed in range(50):
        with Scheduler(seeded(seed), race=1.0) as scheduler:
            order: list[str] = []

            def sleeper(scheduler: Scheduler = scheduler, order: list[str] = order) -> None:
                scheduler.clock.sleep(0.5)
                order.append("sleeper")

            def busy(scheduler: Scheduler = scheduler, order: list[str] = order) -> None:
                scheduler.step("work")
                scheduler.step("more")
                order.append("busy")

            scheduler.spawn("sleeper", sleeper)
            scheduler.spawn("busy", busy)
            scheduler.drain()
            orders.add(tuple(order))
    assert orders == {("sleeper", "busy"), ("busy", "sleeper")}


def test_steps_may_take_virtual_time() -> None:
    with Scheduler(seeded(0), step_seconds=0.01) as scheduler:
        _two_writers(scheduler)
        assert scheduler.clock.monotonic() == pytest.approx(0.06)


def test_task_waits_until_a_condition_holds(scheduler: Scheduler) -> None:
    seen: list[str] = []

    def reader() -> None:
        scheduler.wait_until(lambda: "written" in seen, "the write")
        seen.append("read")

    def writer() -> None:
        scheduler.clock.sleep(5)
        seen.append("written")

    scheduler.spawn("reader", reader)
    scheduler.spawn("writer", writer)
    scheduler.drain()
    assert seen == ["written", "read"]


def test_condition_is_for_one_wait_only(scheduler: Scheduler) -> None:
    log: list[str] = []

    def reader() -> None:
        scheduler.wait_until(lambda: len(log) == 1, "the first write")
        log.append("read")
        scheduler.step("go on")
        log.append("done")

    def writer() -> None:
        scheduler.clock.sleep(5)
        log.append("written")

    scheduler.spawn("reader", reader)
    scheduler.spawn("writer", writer)
    scheduler.drain()
    assert log == ["written", "read", "done"]


def test_hypothesis_as_source_finds_a_race() -> None:
    @settings(max_examples=200, deadline=None, database=None)
    @given(st.randoms(use_true_random=False))
    def count(source: random.Random) -> None:
        with Scheduler(drawn(source)) as scheduler:
            counter = 0

            def add() -> None:
                nonlocal counter
                scheduler.step("read")
                value = counter
                scheduler.step("write")
                counter = value + 1

            scheduler.spawn("a", add)
            scheduler.spawn("b", add)
            scheduler.drain()
        assert counter == 2

    with pytest.raises(AssertionError):
        count()


def test_run_stops_at_a_condition_and_can_go_on(scheduler: Scheduler) -> None:
    seen: list[int] = []

    def count() -> None:
        for number in range(10):
            scheduler.step("count")
            seen.append(number)

    scheduler.spawn("counter", count)
    scheduler.run(until=lambda: len(seen) == 4)
    assert seen == [0, 1, 2, 3]
    scheduler.drain()
    assert seen == list(range(10))


def test_run_goes_on_for_so_many_decisions(scheduler: Scheduler) -> None:
    done: list[int] = []

    def count() -> None:
        for number in range(10):
            done.append(number)
            scheduler.step("counted")

    scheduler.spawn("counter", count)
    assert scheduler.go_on(4)
    assert len(done) == 4
    assert scheduler.go_on(2)
    assert len(done) == 6
    assert not scheduler.go_on(100)
    assert len(done) == 10
    assert not scheduler.go_on(1), "all is idle"


def test_steps_outside_a_task_do_nothing(scheduler: Scheduler) -> None:
    scheduler.step("from the test")
    threads_steps: list[str] = []

    def with_thread() -> None:
        def inner() -> None:
            scheduler.step("inner")
            threads_steps.append("done")

        thread = threading.Thread(target=inner)
        thread.start()
        thread.join()

    scheduler.spawn("task", with_thread)
    scheduler.drain()
    assert threads_steps == ["done"]
    assert scheduler.trace.events == []


def test_clock_sleeps_outside_a_run_by_moving_on() -> None:
    clock = Clock()
    clock.sleep(5)
    with Scheduler(seeded(0), clock) as scheduler:
        scheduler.clock.sleep(5)
    assert clock.monotonic() == 10
    with pytest.raises(ValueError, match="backwards"):
        clock.advance(-1)


def test_stepped_object_passes_attributes_and_calls_on(scheduler: Scheduler) -> None:
    class Client:
        region = "here"

        def put(self, key: str, *, value: int) -> str:
            return f"{key}={value}"

    client = stepped(Client(), "client", scheduler)
    results: list[str] = []
    scheduler.spawn("task", lambda: results.append(client.put("a", value=1)))
    scheduler.drain()
    assert results == ["a=1"]
    assert client.region == "here"
    assert [what for _, _, what in scheduler.trace.events] == [
        "before client.put",
        "after client.put",
    ]
