"""The lanes of a stream as one mapping reads them, and which of them may be read yet."""

from collections.abc import Iterator

from local.poller.lane import Lane
from local.poller.options import Options
from local.poller.stream import Stream


class Lanes:
    """Opens lanes for the shards that are there, from the start position, and for later ones."""

    def __init__(
        self, stream: Stream, *, name: str, options: Options, poll_interval: float
    ) -> None:
        self._stream = stream
        self._name = name
        self._options = options
        self._poll_interval = poll_interval
        self._by_shard: dict[str, list[Lane]] = {}
        self._open_new()
        for lane in self:
            if options.starting_position == "LATEST":
                lane.skip_to_end()
            else:
                lane.skip_expired(stream.clock.time())

    def __iter__(self) -> Iterator[Lane]:
        for lanes in self._by_shard.values():
            yield from lanes

    def read(self) -> None:
        """Take over the shards and records that the stream got since."""
        self._open_new()
        for lane in self:
            lane.read()

    def readable(self, lane: Lane) -> bool:
        """Whether what came before this lane's shard has been dealt with."""
        parents = self._by_shard.get(lane.shard.parent_id or "", [])
        return all(parent.idle and self.readable(parent) for parent in parents)

    def _open_new(self) -> None:
        for index, shard in enumerate(self._stream.shards):
            if shard.shard_id not in self._by_shard:
                self._by_shard[shard.shard_id] = [
                    Lane(
                        shard=shard,
                        index=number,
                        name=f"{self._name}/{index}.{number}",
                        options=self._options,
                        poll_interval=self._poll_interval,
                        free_since=self._stream.clock.time(),
                    )
                    for number in range(self._options.parallelization_factor)
                ]
