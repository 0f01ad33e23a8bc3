"""Interleavings, virtual time, kill switches, and runs that do not end."""

import threading
from collections.abc import Callable

import pytest

from tests.poller import (
    Clock,
    KillAt,
    Killed,
    KillRandomly,
    LivelockError,
    Scheduler,
    StuckError,
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


def test_kill_at_each_step_leaves_what_was_done_before(scheduler: Scheduler) -> None:
    left = []
    for nth in range(1, 10):
        kill = KillAt(task=f"task {nth}", nth=nth)
        scheduler.kills[:] = [kill]
        done: list[str] = []
        dependency = stepped(done.append, "append", scheduler)

        def work(append: Callable[[str], None] = dependency) -> None:
            append("one")
            append("two")

        scheduler.spawn(f"task {nth}", work)
        scheduler.drain()
        left.append(done)
        if not kill.struck:
            break
    # before one, after one, before two, after two, and a fifth step that does not exist
    assert left == [[], ["one"], ["one"], ["one", "two"], ["one", "two"]]


def test_kill_by_name_counts_the_matching_steps_only(scheduler: Scheduler) -> None:
    log: list[str] = []

    def work() -> None:
        for name in ("get", "put", "get", "put"):
            scheduler.step(name)
            log.append(name)

    scheduler.kills.append(KillAt(step="put", nth=2))
    task = scheduler.spawn("task", work)
    scheduler.drain()
    assert log == ["get", "put", "get"]
    assert task.killed is not None


def test_killed_task_cannot_do_another_step(scheduler: Scheduler) -> None:
    log: list[str] = []

    def stubborn() -> None:
        try:
            scheduler.step("first")
        except BaseException:  # noqa: BLE001 - the point of the test
            log.append("caught")
        scheduler.step("second")
        log.append("went on")

    scheduler.kills.append(KillAt(step="first"))
    task = scheduler.spawn("stubborn", stubborn)
    scheduler.drain()
    assert log == ["caught"]
    assert isinstance(task.killed, Killed)


def test_ordinary_handlers_do_not_catch_a_kill(scheduler: Scheduler) -> None:
    log: list[str] = []

    def careful() -> None:
        try:
            scheduler.step("call")
        except Exception:  # noqa: BLE001 - the point of the test
            log.append("caught")

    scheduler.kills.append(KillAt())
    scheduler.spawn("careful", careful)
    scheduler.drain()
    assert log == []


def test_switch_can_lose_an_answer_instead_of_killing(scheduler: Scheduler) -> None:
    written: list[str] = []
    put = stepped(written.append, "put", scheduler)

    def writer() -> None:
        try:
            put("first")
        except ConnectionError:
            put("second")

    scheduler.kills.append(KillAt(step="after put", error=ConnectionError))
    task = scheduler.spawn("writer", writer)
    scheduler.drain()
    assert written == ["first", "second"]
    assert task.killed is None


def test_random_kills_repeat_with_the_seed() -> None:
    def struck(seed: int) -> list[str]:
        kill = KillRandomly(0.2, task="*", times=3)
        with Scheduler(seeded(seed), kills=[kill]) as scheduler:
            for _ in range(5):
                _two_writers(scheduler)
        return kill.struck

    assert struck(1) == struck(1)
    assert len(struck(1)) == 3
    assert len({tuple(struck(seed)) for seed in range(10)}) > 1


def test_task_past_its_timeout_is_killed_in_its_sleep(scheduler: Scheduler) -> None:
    task = scheduler.spawn("sleeper", lambda: scheduler.clock.sleep(100), timeout=10)
    scheduler.drain()
    assert task.killed is not None
    assert scheduler.clock.monotonic() == 10


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
