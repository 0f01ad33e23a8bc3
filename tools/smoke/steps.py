"""The steps of a check: each has a deadline, and one line that says how it went."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

Value = TypeVar("Value")


class StepFailed(Exception):
    """A step came to something else than it should; the text is for people."""


class PathEnded(Exception):
    """A step failed, so what builds on it is left out."""


class StepOutcome(StrEnum):
    OK = "ok"
    NOTE = "note"
    FAILED = "FAIL"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    step: str
    outcome: StepOutcome
    ms: int
    text: str

    def line(self) -> str:
        return f"{self.outcome:<4}  {self.step:<34} {self.ms:>6} ms  {self.text}".rstrip()


@dataclass(slots=True)
class Step:
    """A step that runs; what it says stands in its line."""

    text: str = ""
    outcome: StepOutcome = StepOutcome.OK
    otherwise: str = ""
    """What is the matter if the time runs out."""

    def note(self, text: str) -> None:
        """Something that is no failure, and that somebody should know."""
        self.text, self.outcome = text, StepOutcome.NOTE


class Steps:
    def __init__(self, tell: Callable[[StepResult], None]) -> None:
        self.results: list[StepResult] = []
        self._tell = tell

    @property
    def failed(self) -> int:
        return sum(it.outcome is StepOutcome.FAILED for it in self.results)

    @asynccontextmanager
    async def step(self, name: str, *, seconds: float) -> AsyncIterator[Step]:
        """One step. Raises PathEnded when it has failed."""
        step = Step()
        began = time.monotonic()

        def add(outcome: StepOutcome, text: str) -> None:
            ms = round(1000 * (time.monotonic() - began))
            self.results.append(StepResult(step=name, outcome=outcome, ms=ms, text=text))
            self._tell(self.results[-1])

        try:
            async with asyncio.timeout(seconds):
                yield step
        except StepFailed as failure:
            add(StepOutcome.FAILED, str(failure))
            raise PathEnded from failure
        except TimeoutError as error:
            late = f"not within {seconds:g} s"
            add(StepOutcome.FAILED, f"{late}: {step.otherwise}" if step.otherwise else late)
            raise PathEnded from error
        except (KeyError, TypeError, ValueError) as error:
            add(StepOutcome.FAILED, f"the answer is not what this version expects: {error!r}")
            raise PathEnded from error
        add(step.outcome, step.text)


async def in_thread(call: Callable[[], Value]) -> Value:
    """Runs a call that blocks. When this returns or raises, the call is over: so nothing is made
    behind the back of the clean-up."""
    work = asyncio.ensure_future(asyncio.to_thread(call))
    try:
        return await asyncio.shield(work)
    except asyncio.CancelledError:
        await asyncio.wait([work])
        if not work.cancelled():
            work.exception()  # nobody waits for it any more
        raise
