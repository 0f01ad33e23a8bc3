"""Judges and challenges: the game's own functions, which `boards.yml` names in the package `game`.

A judge computes what completing an action is worth, a challenge what the player is asked:

    def points(*, action: str, seed: bytes, evidence: Any, elapsed_ms: int) -> int | Failed | None
    def question(*, action: str, seed: bytes) -> Any

`seed` is 32 bytes that belong to the ticket and are never sent. `evidence` is what the player sent
(any JSON). `elapsed_ms` is the time since the ticket was issued. A judge returns the points, or
FAILED (the ticket is used up and no score moves), or None (evidence of a wrong form: refused, and
the ticket stays good; so None is never the answer to a wrong answer). A challenge returns what the
player is shown, as JSON.

Both decide by their arguments alone, change nothing, and have DEADLINE_SECONDS. Whatever they raise
and anything else that they return is JudgeFailed: nothing is used up and nothing is written.
"""

from __future__ import annotations

import base64
import hashlib
import inspect
import json
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import Enum
from functools import cache, cached_property
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Any, Final, Never

from leaderboard.boards.rules import GAME, Action, JudgedPoints, is_of_the_game
from leaderboard.errors import Invalid, JudgeFailed
from leaderboard.scoring.tickets import ActionTicket

ROOT = Path(__file__).parent.parent.parent
"""What is shipped: beside boards.yml the packages in here."""
DEADLINE_SECONDS = 2.0
MAX_CHALLENGE_BYTES = 8 * 1024
JUDGE = ("action", "seed", "evidence", "elapsed_ms")
CHALLENGE = ("action", "seed")
"""The keywords that the two kinds of functions are called with."""


class Failed(Enum):
    """What a judge returns for an attempt that failed."""

    FAILED = "failed"


FAILED: Final = Failed.FAILED

Points = int | Failed | None


@cache
def find(name: str, keywords: tuple[str, ...]) -> Callable[..., Any]:
    """The function of a `module:function`; raises ValueError with what is wrong about it."""
    module_name, _, function_name = name.partition(":")
    if not is_of_the_game(name):
        raise ValueError(f"{module_name} is outside the package {GAME}, which alone is shipped")
    try:
        module = import_module(module_name)
    except BaseException as error:  # a module may raise anything when it is imported
        reason = f"{type(error).__name__}: {error}"
        raise ValueError(f"{module_name} cannot be imported: {reason}") from error
    if not Path(module.__file__ or "").is_relative_to(ROOT / GAME):
        raise ValueError(f"{module_name} is not the one in the folder {GAME} beside boards.yml")
    try:
        function = getattr(module, function_name)
    except AttributeError:
        raise ValueError(f"{module_name} has no {function_name}") from None
    if not callable(function):
        raise ValueError(f"{function_name} in {module_name} is not a function")
    try:
        inspect.signature(function).bind(**dict.fromkeys(keywords))
    except (TypeError, ValueError) as error:
        wanted = ", ".join(keywords)
        raise ValueError(
            f"{function_name} cannot be called with the keywords {wanted}: {error}"
        ) from None
    if inspect.iscoroutinefunction(function):
        raise ValueError(f"{function_name} is a coroutine; it must answer at once")
    found: Callable[..., Any] = function
    return found


def judged(
    points: JudgedPoints, *, action: str, seed: bytes, evidence: Any, elapsed_ms: int
) -> Points:
    """What a judge says of the evidence; raises JudgeFailed."""
    said = _called(
        points.judge,
        JUDGE,
        action=action,
        seed=seed,
        evidence=json.loads(json.dumps(evidence)),  # a copy: the judge may change what it is given
        elapsed_ms=elapsed_ms,
    )
    if said is None or isinstance(said, Failed):
        return said
    if type(said) is not int:
        raise JudgeFailed(
            judge=points.judge, reason=f"returned {type(said).__name__}, not int, FAILED or None"
        )
    if not points.least <= said <= points.max:
        raise JudgeFailed(
            judge=points.judge, reason=f"returned {said}, not {points.least} to {points.max}"
        )
    return said


def challenge_text(name: str, *, action: str, seed: bytes) -> str:
    """What a challenge asks, as JSON in one canonical form; raises JudgeFailed."""
    asked = _called(name, CHALLENGE, action=action, seed=seed)
    if asked is None:
        raise JudgeFailed(judge=name, reason="returned None, so the player would be asked nothing")
    try:
        text = canonical(asked)
        size = len(text.encode())
    except (TypeError, ValueError, RecursionError) as error:
        raise JudgeFailed(judge=name, reason=f"returned no JSON: {error}") from error
    if size > MAX_CHALLENGE_BYTES:
        raise JudgeFailed(
            judge=name, reason=f"returned {size} bytes, more than {MAX_CHALLENGE_BYTES}"
        )
    return text


def canonical(value: Any) -> str:
    """A value as JSON: equal values are equal texts. Raises TypeError and ValueError."""
    return json.dumps(
        value, ensure_ascii=False, allow_nan=False, sort_keys=True, separators=(",", ":")
    )


def _called(name: str, keywords: tuple[str, ...], **arguments: Any) -> Any:
    try:
        return _within(DEADLINE_SECONDS, lambda: find(name, keywords)(**arguments))
    except BaseException as error:  # the game's function may raise anything, SystemExit too
        raise JudgeFailed(judge=name, reason=f"raised {type(error).__name__}: {error}") from error


class _TooLate(BaseException):
    """No Exception, so that a judge that catches those cannot hold it up."""


def _within(seconds: float, call: Callable[[], Any]) -> Any:
    """The result of a call that is interrupted at the deadline; raises _TooLate.

    Lambda and the emulator call handlers on the main thread, where a timer interrupts whatever runs
    in Python. Other threads cannot be interrupted: there a call that is late is refused when it
    ends.
    """
    started = time.monotonic()
    result = _timed(seconds, call) if _is_main_thread() else call()
    if time.monotonic() - started > seconds:  # on another thread, or one that swallowed _TooLate
        raise _TooLate(f"it took more than {seconds} s")
    return result


def _is_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


def _timed(seconds: float, call: Callable[[], Any]) -> Any:
    def interrupt(_signal: int, _frame: FrameType | None) -> Never:
        raise _TooLate(f"it took more than {seconds} s")

    handler_before = signal.signal(signal.SIGALRM, interrupt)
    started = time.monotonic()
    left, interval = signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        return call()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler_before)
        if left:  # somebody else's timer goes on
            left = max(left - (time.monotonic() - started), 0.001)
            signal.setitimer(signal.ITIMER_REAL, left, interval)


MAX_EVIDENCE_BYTES = 4 * 1024
DIGEST_BYTES = 12


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a player sent with a ticket, which may be JSON's null."""

    value: Any


@dataclass(frozen=True)
class Completion:
    """A ticket that a player sends in. The game is asked at most once for each of its answers.

    `action` is the one that `boards.yml` has now under the ticket's name, if it has one.
    """

    ticket: ActionTicket
    action: Action | None
    evidence: Evidence | None
    now_ms: int

    @cached_property
    def rules_digest(self) -> str | None:
        """The digest that the ticket would have now. Raises JudgeFailed."""
        if self.action is None:
            return None
        asked = challenge(self.action, name=self.ticket.action, seed=self.ticket.seed)
        return digest(self.action, asked)

    @cached_property
    def points(self) -> Points:
        """What the action is worth. Raises JudgeFailed, and Invalid for malformed evidence."""
        assert self.action is not None
        worth = self.action.points
        if not isinstance(worth, JudgedPoints):
            return worth
        assert self.evidence is not None
        points = judged(
            worth,
            action=self.ticket.action,
            seed=self.ticket.seed,
            evidence=self.evidence.value,
            elapsed_ms=self.now_ms - self.ticket.issued_ms,
        )
        if points is None:
            raise Invalid("This evidence does not have the form of the action's.", path="evidence")
        return points

    def require_evidence(self) -> Action:
        """The action, whose evidence is there if it is judged by it.

        Raises Invalid where evidence is missing, not asked for, or too large.
        """
        assert self.action is not None
        judged = isinstance(self.action.points, JudgedPoints)
        if judged and self.evidence is None:
            raise Invalid("This action is judged by evidence; send it.", path="evidence")
        if self.evidence is None:
            return self.action
        if not judged:
            raise Invalid("This action has fixed points: leave the evidence out.", path="evidence")
        size = len(canonical(self.evidence.value).encode(errors="surrogatepass"))
        if size > MAX_EVIDENCE_BYTES:
            raise Invalid(
                f"Evidence has at most {MAX_EVIDENCE_BYTES // 1024} KB as JSON; this has {size} "
                "bytes.",
                path="evidence",
            )
        return self.action


def challenge(action: Action, *, name: str, seed: bytes) -> str | None:
    """What the player is asked, as JSON; None for an action that asks nothing. May raise
    JudgeFailed."""
    if action.challenge is None:
        return None
    return challenge_text(action.challenge, action=name, seed=seed)


def digest(action: Action, asked: str | None) -> str:
    """A short text that changes when an action's rule or what was asked changes."""
    text = canonical({"rule": asdict(action), "asked": asked})
    found = hashlib.sha256(text.encode()).digest()[:DIGEST_BYTES]
    return base64.urlsafe_b64encode(found).decode()
