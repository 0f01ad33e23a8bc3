"""Those who listen to boards, to the status and to problems. One that raises harms no other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal

from leaderboard_client.board import Board, Changes
from leaderboard_client.problems import Problem
from leaderboard_client.status import Status

Listener = Callable[[Board, Changes], None]


@dataclass(eq=False, slots=True)
class Subscriber:
    """A listener of one board. Its first board comes without changes."""

    on_change: Listener
    has_board: bool = False


class Listeners:
    """All listeners of one client, and how they are called."""

    def __init__(self) -> None:
        self._boards: dict[str, list[Subscriber]] = {}
        self._status: list[Callable[[Status], None]] = []
        self._problem: list[Callable[[Problem], None]] = []
        self._last_status: Status | None = None

    def add(self, event: Literal["status", "problem"], listener: Any) -> Callable[[], None]:
        """Adds a listener of the status or of problems; returns a function that removes it."""
        listeners: list[Any] = self._status if event == "status" else self._problem
        listeners.append(listener)

        def remove() -> None:
            with suppress(ValueError):
                listeners.remove(listener)

        return remove

    def subscribe(self, board: str, subscriber: Subscriber) -> bool:
        """Adds a subscriber of a board; returns whether it is the first one."""
        subscribers = self._boards.setdefault(board, [])
        subscribers.append(subscriber)
        return len(subscribers) == 1

    def unsubscribe(self, board: str, subscriber: Subscriber) -> bool:
        """Removes a subscriber, if it is still there; returns whether it was the last one."""
        subscribers = self._boards.get(board, [])
        if subscriber not in subscribers:
            return False
        subscribers.remove(subscriber)
        if subscribers:
            return False
        del self._boards[board]
        return True

    def clear_boards(self) -> None:
        """Removes every subscriber."""
        self._boards.clear()

    def show(self, board: Board, changes: Changes) -> None:
        """Calls the subscribers of a board."""
        for subscriber in list(self._boards.get(board.board, ())):
            self._show(subscriber, board, changes)

    def show_held(self, board: Board, subscriber: Subscriber) -> None:
        """Gives a new subscriber the board that is held already, unless it has one by now."""
        if not subscriber.has_board and subscriber in self._boards.get(board.board, ()):
            self._show(subscriber, board, Changes())

    def show_status(self, status: Status) -> None:
        """Calls the listeners of the status, if it is another than they were called with."""
        if status is self._last_status:
            return
        self._last_status = status
        for listener in list(self._status):
            _call(listener, status)

    def report(self, problem: Problem) -> None:
        """Calls the listeners of problems."""
        for listener in list(self._problem):
            _call(listener, problem)

    def _show(self, subscriber: Subscriber, board: Board, changes: Changes) -> None:
        first, subscriber.has_board = not subscriber.has_board, True
        _call(subscriber.on_change, board, Changes() if first else changes)


def _call(listener: Callable[..., None], *arguments: object) -> None:
    """An error of a listener goes to the loop's exception handler, and the others are called."""
    try:
        listener(*arguments)
    except Exception as error:  # noqa: BLE001
        asyncio.get_running_loop().call_exception_handler(
            {"message": f"The listener {listener!r} failed", "exception": error}
        )
