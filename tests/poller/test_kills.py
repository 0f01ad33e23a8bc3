"""Kill switches: where they strike, and what a killed task can still do (nothing)."""

from collections.abc import Callable

from local.poller import (
    KillAt,
    Killed,
    KillRandomly,
    Scheduler,
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
