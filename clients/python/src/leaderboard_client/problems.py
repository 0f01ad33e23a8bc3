"""What needs somebody: each problem is listed once for its cause, until it is solved."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    code: str
    message: str
    board: str | None = None
    request_id: str | None = None
    cause: BaseException | None = None


class Problems:
    def __init__(self) -> None:
        self.list: tuple[Problem, ...] = ()
        """The same tuple while nothing changed."""
        # Each with what may solve it: a way to the service, or a board on it.
        self._sources: list[tuple[str, Problem]] = []

    def add(self, source: str, problem: Problem) -> bool:
        """Whether it is news."""
        if any(it.code == problem.code and it.board == problem.board for it in self.list):
            return False
        self._keep([*self._sources, (source, problem)])
        return True

    def has(self, source: str) -> bool:
        return any(own == source for own, _ in self._sources)

    def solve(self, *sources: str) -> None:
        left = [(source, it) for source, it in self._sources if source not in sources]
        if len(left) < len(self._sources):
            self._keep(left)

    def clear(self) -> None:
        self._keep([])

    def _keep(self, sources: list[tuple[str, Problem]]) -> None:
        self._sources = sources
        self.list = tuple(problem for _, problem in sources)
