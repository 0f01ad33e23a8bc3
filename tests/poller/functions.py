"""Functions that fail in known ways, for the double's own tests."""

from collections.abc import Callable
from typing import Any

from local.poller import Context, Mapping, Options, Scheduler, Stream
from tests.poller.records import failed, numbers, record, users

Response = Callable[[dict[str, Any]], object]


class Function:
    """Remembers its batches and when they came; `answer` decides what it returns."""

    def __init__(self, answer: Response) -> None:
        self.batches: list[str] = []
        self.times: list[float] = []
        self._answer = answer

    def __call__(self, event: dict[str, Any], context: Context) -> object:
        self.batches.append("".join(users(event)))
        self.times.append(context.clock.monotonic())
        return self._answer(event)


def breaks_on(*poison: str) -> Response:
    """Raises if one of these users is in the batch."""

    def answer(event: dict[str, Any]) -> None:
        if set(poison) & set(users(event)):
            message = "poison"
            raise ValueError(message)

    return answer


def reports(*poison: str) -> Response:
    """Reports the records of these users."""

    def answer(event: dict[str, Any]) -> object:
        pairs = zip(users(event), numbers(event), strict=True)
        return failed(*(number for user, number in pairs if user in poison))

    return answer


def run(
    scheduler: Scheduler, stream: Stream, letters: str, answer: Response, **options: int
) -> tuple[Function, Mapping]:
    """Deliver one record for each letter."""
    function = Function(answer)
    mapping = Mapping(scheduler, stream, function, name="f", options=Options(**options))  # type: ignore[arg-type]
    for letter in letters:
        stream.append(record(letter))
    scheduler.drain()
    return function, mapping
