"""Checks: the game's own judgement of what a player reports, functions in the package `checks`.

A check is called with keywords and answers True if the value may count, False if not:

    def steady(*, action: str, value: int, elapsed_ms: int) -> bool: ...

`value` is what was reported, or what the action is worth where that is fixed; `elapsed_ms` is the
time since the ticket was issued. A check must be quick and change nothing: it is called before
anything is written, and again where the write lost a race. Whatever it raises, and any other
answer, lets nothing through.
"""

from __future__ import annotations

import inspect
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Protocol

from leaderboard.errors import CheckFailed

PACKAGE = "checks"
ROOT = Path(__file__).parent.parent
"""What is shipped: beside boards.yml the packages in here."""


class Check(Protocol):
    def __call__(self, *, action: str, value: int, elapsed_ms: int) -> bool: ...


def ships(name: str) -> bool:
    """Whether a `module:function` is in the package that is shipped."""
    module = name.partition(":")[0]
    return module == PACKAGE or module.startswith(f"{PACKAGE}.")


@cache
def find(name: str) -> Check:
    """The function of a `module:function`; raises ValueError with what is wrong about it."""
    module_name, _, function_name = name.partition(":")
    if not ships(name):
        raise ValueError(f"{module_name} is outside the package {PACKAGE}, which alone is shipped")
    try:
        module = import_module(module_name)
    except Exception as error:  # a module may raise anything when it is imported
        raise ValueError(
            f"{module_name} cannot be imported: {type(error).__name__}: {error}"
        ) from error
    if not Path(module.__file__ or "").is_relative_to(ROOT / PACKAGE):
        raise ValueError(f"{module_name} is not the one in the folder {PACKAGE} beside boards.yml")
    try:
        function = getattr(module, function_name)
    except AttributeError:
        raise ValueError(f"{module_name} has no {function_name}") from None
    if not callable(function):
        raise ValueError(f"{function_name} in {module_name} is no function")
    try:
        inspect.signature(function).bind(action="", value=0, elapsed_ms=0)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{function_name} cannot be called with action, value and elapsed_ms: {error}"
        ) from None
    if inspect.iscoroutinefunction(function):
        raise ValueError(f"{function_name} is a coroutine; a check answers at once")
    check: Check = function
    return check


def passes(name: str, *, action: str, value: int, elapsed_ms: int) -> bool:
    """What a check answers; raises CheckFailed if it is not to be had or answers something else."""
    try:
        answer = find(name)(action=action, value=value, elapsed_ms=elapsed_ms)
    except Exception as error:  # a check may raise anything
        raise CheckFailed(REFUSAL, check=name) from error
    if not isinstance(answer, bool):
        raise CheckFailed(REFUSAL, check=name) from TypeError(
            f"the check answered {type(answer).__name__}, not True or False"
        )
    return answer


REFUSAL = "What was reported cannot be checked at the moment; nothing was done. Try again later."
