"""Wraps a dependency of the code under test, so that each call of it is two steps."""

from collections.abc import Callable
from typing import TypeVar, cast

from local.poller.scheduler import Scheduler

T = TypeVar("T")


class _Stepped:
    """Passes everything on, with a step before and after what is called."""

    def __init__(self, target: object, name: str, scheduler: Scheduler) -> None:
        self._target = target
        self._name = name
        self._scheduler = scheduler

    def __getattr__(self, attribute: str) -> object:
        value = getattr(self._target, attribute)
        if not callable(value):
            return value
        return _called(value, f"{self._name}.{attribute}", self._scheduler)

    def __call__(self, *arguments: object, **named: object) -> object:
        call = cast("Callable[..., object]", self._target)
        return _called(call, self._name, self._scheduler)(*arguments, **named)


def _called(call: Callable[..., object], name: str, scheduler: Scheduler) -> Callable[..., object]:
    def stepped_call(*arguments: object, **named: object) -> object:
        scheduler.step(f"before {name}")
        result = call(*arguments, **named)
        scheduler.step(f"after {name}")
        return result

    return stepped_call


def stepped(target: T, name: str, scheduler: Scheduler) -> T:
    """Wrap an object or a callable; its calls step as `before name.method`, `after name.method`.

    A call that raises has no second step. What a call returns is not wrapped.
    """
    return cast("T", _Stepped(target, name, scheduler))
