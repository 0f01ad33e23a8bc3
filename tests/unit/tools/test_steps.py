"""The steps of a check: deadlines, lines, and what a failure ends."""

from __future__ import annotations

import asyncio
import threading

import pytest

from tools.smoke.steps import PathEnded, StepFailed, StepOutcome, StepResult, Steps, in_thread


def told(failure: BaseException | None = None, *, note: str = "") -> StepResult:
    """The result of one step that ends so."""
    results: list[StepResult] = []

    async def run() -> None:
        async with Steps(results.append).step("trusted write", seconds=5) as step:
            step.text = "score 5"
            if note:
                step.note(note)
            if failure is not None:
                raise failure

    if failure is None:
        asyncio.run(run())
    else:
        with pytest.raises(PathEnded):
            asyncio.run(run())
    (result,) = results
    return result


def test_step_that_goes_well_says_so_on_one_line() -> None:
    result = told()
    assert (result.outcome, result.text) == (StepOutcome.OK, "score 5")
    assert result.line().split() == ["ok", "trusted", "write", str(result.ms), "ms", "score", "5"]


def test_note_is_no_failure() -> None:
    result = told(note="degraded")
    assert (result.outcome, result.text) == (StepOutcome.NOTE, "degraded")


def test_failure_says_why_and_ends_the_path() -> None:
    result = told(StepFailed("nothing answers"))
    assert (result.outcome, result.text) == (StepOutcome.FAILED, "nothing answers")
    assert result.line().startswith("FAIL  trusted write")


def test_answer_of_another_form_is_a_failure_with_its_name() -> None:
    result = told(KeyError("entry"))
    assert result.outcome is StepOutcome.FAILED
    assert "KeyError('entry')" in result.text


def test_step_past_its_deadline_is_ended_and_says_what_is_the_matter() -> None:
    results: list[StepResult] = []

    async def run() -> None:
        async with Steps(results.append).step("socket", seconds=0.01) as step:
            step.otherwise = "no snapshot"
            await asyncio.Event().wait()

    with pytest.raises(PathEnded):
        asyncio.run(run())
    (result,) = results
    assert (result.outcome, result.text) == (StepOutcome.FAILED, "not within 0.01 s: no snapshot")


def test_call_that_blocks_is_over_before_a_cancelled_step_goes_on() -> None:
    """Otherwise it could make something after the clean-up looked for it."""
    began, may_end = threading.Event(), threading.Event()
    made: list[str] = []

    def make() -> None:
        began.set()
        may_end.wait(5)
        made.append("user")

    async def run() -> None:
        task = asyncio.create_task(in_thread(make))
        await asyncio.to_thread(began.wait, 5)
        task.cancel()
        await asyncio.sleep(0)
        assert not task.done()
        may_end.set()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert made == ["user"]

    asyncio.run(run())
