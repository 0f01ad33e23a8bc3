"""Virtual time for the product's modules and for the clock of the cache's server."""

from __future__ import annotations

import random
from hashlib import sha1
from typing import Any

from redis.exceptions import NoScriptError

from local.poller import Clock


class StoryTime:
    """Stands in for the module `time` in the product's modules."""

    def __init__(self) -> None:
        self.clock = Clock()

    def time(self) -> float:
        return self.clock.time()

    def time_ns(self) -> int:
        return round(self.clock.time() * 1_000_000) * 1000

    def monotonic(self) -> float:
        return self.clock.monotonic()

    def sleep(self, seconds: float) -> None:
        self.clock.sleep(seconds)


class StoryChance:
    """Stands in for the source of randomness in the product's modules."""

    def __init__(self) -> None:
        self.source = random.Random()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.source, name)


# The server answers TIME from its own clock; the scripts themselves stay as they are.
TIME_IN_SCRIPTS = """
local story_now = table.remove(ARGV)
local server = redis
local redis = setmetatable({call = function(command, ...)
  if command == 'TIME' then
    return {string.sub(story_now, 1, -7), string.sub(story_now, -6)}
  end
  return server.call(command, ...)
end}, {__index = server})
"""


class DatedScripts:
    """Rewrites script calls so that TIME inside of them is the story's."""

    def __init__(self) -> None:
        self._sources: dict[str, str] = {}

    def dated(self, arguments: tuple[Any, ...], microseconds: int) -> tuple[Any, ...]:
        """The command to send in place of an EVAL or EVALSHA; any other is left as it is."""
        command, *rest = arguments
        if command == "EVAL":
            source = str(rest[0])
            self._sources[sha1(source.encode(), usedforsecurity=False).hexdigest()] = source
        elif command == "EVALSHA":
            if rest[0] not in self._sources:
                raise NoScriptError("NOSCRIPT No matching script.")
            source = self._sources[rest[0]]
        else:
            return arguments
        return ("EVAL", TIME_IN_SCRIPTS + source, *rest[1:], str(microseconds))
