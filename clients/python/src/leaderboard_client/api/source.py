"""The writes for batches as they come: from an iterable at once, from an async one when it has
them."""

from __future__ import annotations

import asyncio
from asyncio import FIRST_COMPLETED
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator
from contextlib import suppress
from typing import Any, cast

from leaderboard_client.api.writes import ScoreWrite

LINGER_SECONDS = 0.05
"""How long a batch that is not full waits for more writes of an async iterable."""


class Source:
    """Writes, one after the other."""

    def __init__(self, writes: Iterable[ScoreWrite] | AsyncIterable[ScoreWrite]) -> None:
        self.ended = False
        """Whether there are no more."""
        self.idle = False
        """Whether none has come for a moment."""
        self._next: ScoreWrite | None = None
        self._pulling: asyncio.Task[ScoreWrite | None] | None = None
        self._plain: Iterator[ScoreWrite] | None = None
        self._later: AsyncIterator[ScoreWrite] | None = None
        if isinstance(writes, AsyncIterable):
            self._later = aiter(writes)
        else:
            self._plain = iter(writes)

    @property
    def has_more(self) -> bool:
        """Whether there is one to take now."""
        if self._next is None and not self.ended:
            if self._plain is not None:
                self._came(next(self._plain, None))
            elif self._pulling is not None and self._pulling.done():
                pulled, self._pulling = self._pulling, None
                self._came(pulled.result())
        return self._next is not None

    def take(self) -> ScoreWrite:
        """The next one, which there is."""
        write, self._next = cast("ScoreWrite", self._next), None
        return write

    async def wait(
        self, others: Iterable[asyncio.Task[Any]], seconds: float | None, *, wanted: bool
    ) -> set[asyncio.Task[Any]]:
        """Waits for the next write, if one is wanted, and for other tasks; returns those that are
        done. `seconds`: at most; None is until one is."""
        pulling = self._pull() if wanted else None
        tasks = {*others, *([pulling] if pulling else [])}
        if pulling and not self.idle:
            seconds = LINGER_SECONDS if seconds is None else min(seconds, LINGER_SECONDS)
        if not tasks:
            await asyncio.sleep(seconds or 0.0)
            return set()
        done, _ = await asyncio.wait(tasks, timeout=seconds, return_when=FIRST_COMPLETED)
        if pulling is not None and (pulling in done or not done):
            self.idle = pulling not in done
        return done

    def _pull(self) -> asyncio.Task[Any] | None:
        """The task that brings the next write of an async iterable."""
        if self._later is not None and self._pulling is None and not self.ended:
            self._pulling = asyncio.ensure_future(_next_of(self._later))
        return self._pulling

    async def close(self) -> None:
        """Gives up the write that is on its way."""
        if self._pulling is not None:
            self._pulling.cancel()
            with suppress(asyncio.CancelledError):
                await self._pulling

    def _came(self, write: ScoreWrite | None) -> None:
        self._next = write
        self.ended = write is None


async def _next_of(writes: AsyncIterator[ScoreWrite]) -> ScoreWrite | None:
    try:
        return await anext(writes)
    except StopAsyncIteration:
        return None
