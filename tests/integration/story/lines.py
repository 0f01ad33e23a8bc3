"""pycurl as the gateway's adapter uses it, with the world of a story at the other end.

A transfer is over as soon as it is driven; what it says of connections, timeouts and signatures is
left to the tests that talk to a real server.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import pycurl

Answer = Callable[[str, bytes], int]
"""What a connection's post is answered with: a status, or 0 for none."""


class StoryCurl:
    """Stands where the module stands; its constants are the real ones."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def __getattr__(self, name: str) -> Any:
        return getattr(pycurl, name)

    def Curl(self) -> Handle:  # noqa: N802
        return Handle()

    def CurlMulti(self) -> Multi:  # noqa: N802
        return Multi(self._answer)


class Handle:
    def __init__(self) -> None:
        self.options: dict[int, Any] = {}
        self.status = 0

    def setopt(self, option: int, value: Any) -> None:
        self.options[option] = value

    def getinfo(self, info: int) -> int:
        assert info == pycurl.RESPONSE_CODE
        return self.status

    def close(self) -> None:
        self.options.clear()


class Multi:
    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._added: list[Handle] = []
        self._over: list[Handle] = []

    def setopt(self, option: int, value: Any) -> None:
        assert option == pycurl.M_MAXCONNECTS
        assert value

    def add_handle(self, handle: Handle) -> None:
        self._added.append(handle)

    def remove_handle(self, handle: Handle) -> None:
        if handle in self._added:
            self._added.remove(handle)

    def perform(self) -> None:
        while self._added:
            handle = self._added.pop(0)
            # Over from here on, even for a function that dies of the answer.
            self._over.append(handle)
            connection_id = unquote(handle.options[pycurl.URL].decode().rpartition("/")[2])
            handle.status = self._answer(connection_id, handle.options[pycurl.POSTFIELDS])

    def info_read(self) -> tuple[int, list[Handle], list[tuple[Handle, int, str]]]:
        over, self._over = self._over, []
        answered = [it for it in over if it.status]
        return 0, answered, [(it, 56, "no answer") for it in over if not it.status]

    def select(self, _seconds: float) -> int:
        raise AssertionError("nothing is under way, and is waited for")

    def close(self) -> None:
        assert not self._added
