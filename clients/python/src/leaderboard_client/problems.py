"""Problems that somebody has to solve. Each is listed once for its cause, until it is solved."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something that trying again does not put right."""

    code: str
    """Stable, for programs; the README lists the codes."""
    message: str
    """What happened and what to do next, for people."""
    board: str | None = None
    """The board that it is about; None if it is about all of them."""
    request_id: str | None = None
    """The service's id of the request that failed."""
    cause: BaseException | None = None


class Problems:
    """The problems of one client that are not solved yet."""

    def __init__(self, on_new: Callable[[Problem], None]) -> None:
        self.list: tuple[Problem, ...] = ()
        """The same tuple while nothing changed."""
        self._on_new = on_new
        self._sources: list[tuple[str, Problem]] = []

    def report(self, source: str, problem: Problem) -> None:
        """Lists a problem, unless the same one is listed already. It takes the place of the one
        that its source had.

        `source`: what solves it when it works again: `socket`, `http`, `service` (either of
        the two), `frames`, `board …` or `read …`.
        """
        if any(it.code == problem.code and it.board == problem.board for it in self.list):
            return
        others = [it for it in self._sources if it[0] != source]
        self._keep([*others, (source, problem)])
        self._on_new(problem)

    def solve(self, *sources: str) -> None:
        """Removes the problems of these sources."""
        left = [(source, it) for source, it in self._sources if source not in sources]
        if len(left) < len(self._sources):
            self._keep(left)

    def clear(self) -> None:
        """Removes all problems."""
        self._keep([])

    def _keep(self, sources: list[tuple[str, Problem]]) -> None:
        self._sources = sources
        self.list = tuple(problem for _, problem in sources)
