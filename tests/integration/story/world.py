"""The world of one story: the streams, what was recorded and shown, and what may go wrong."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Never

from botocore.exceptions import ReadTimeoutError
from redis.exceptions import TimeoutError as CacheTimeoutError

from tests.integration import aws
from tests.integration.story import oracle, tables
from tests.poller import Clock, KillRandomly, Scheduler, Stream, seeded

if TYPE_CHECKING:
    from tests.integration.story.viewer import Viewer

Json = dict[str, Any]
INTERRUPTIBLE = ("score_stream/*", "board_stream/*", "rebuild/*", "write/*", "subscribe/*")


@dataclass(frozen=True, kw_only=True)
class Mishaps:
    """How often, at one step or call, something goes wrong (0 to 1)."""

    killed: float = 0
    answer_lost: float = 0
    sent_twice: float = 0
    post_refused: float = 0
    post_late: float = 0
    delivered_again: float = 0

    @property
    def lose_work(self) -> bool:
        return bool(self.killed or self.answer_lost)


@dataclass(frozen=True, slots=True)
class Recorded:
    """One write of a board's item."""

    epoch: str
    version: int
    revision: int
    total: int
    entries: list[Json]
    settled: dict[str, int]
    """Per user, the version that the score stream had delivered for good before this write."""


@dataclass
class World:
    seed: str
    mishaps: Mishaps
    shards: int
    down: set[str] = field(default_factory=set)
    attempts: dict[str, oracle.Attempt] = field(default_factory=dict)
    scores: oracle.Scores = field(default_factory=oracle.Scores)
    history: dict[str, list[Recorded]] = field(default_factory=lambda: defaultdict(list))
    viewers: dict[str, Viewer] = field(default_factory=dict)
    frames: dict[str, list[Json]] = field(default_factory=lambda: defaultdict(list))
    failed_over: bool = False

    def __post_init__(self) -> None:
        self.chance = random.Random(f"{self.seed} mishaps")
        self.scheduler = Scheduler(
            seeded(f"{self.seed} schedule"),
            step_seconds=0.0003,
            race=0.2,
            kills=[*self._switches()],
            max_decisions=40_000,
        )
        self.clock: Clock = self.scheduler.clock
        self.score_stream = Stream(self.clock, partition_key="userId", shards=self.shards)
        self.board_stream = Stream(self.clock, partition_key="boardSeason", shards=1)
        self.settled: Callable[[], list[str]] = list
        self.rebuild: Callable[[Json], None] = lambda _: None
        self._sequenced: dict[str, tuple[str, str, int]] = {}
        self._steps = 0

    def _switches(self) -> list[KillRandomly]:
        switches = []
        for task in INTERRUPTIBLE:
            switches.append(KillRandomly(self.mishaps.killed, task=task))
            lost = self.mishaps.answer_lost
            for step, error in (
                ("after dynamodb.*", lambda: ReadTimeoutError(endpoint_url="dynamodb")),
                ("after lambda.*", lambda: ReadTimeoutError(endpoint_url="lambda")),
                ("after cache.*", lambda: CacheTimeoutError("no answer")),
            ):
                switches.append(KillRandomly(lost, task=task, step=step, error=error))
        return switches

    def heal(self) -> None:
        """From here on nothing goes wrong."""
        self.mishaps = Mishaps()
        self.scheduler.kills.clear()
        self.down.clear()

    def fail(self, message: str) -> Never:
        raise AssertionError(message)

    def step(self, name: str) -> None:
        self.scheduler.step(name)

    def is_sent_twice(self) -> bool:
        return self.chance.random() < self.mishaps.sent_twice

    # What the tables commit.

    def commit(self, table: str, key: Json, old: Json | None, new: Json) -> None:
        if table == aws.SUBMISSIONS:
            assert old is None, f"a submission was written twice: {new}"
            self.committed(key["submission"]["S"].rpartition("#")[2])
            return
        change: Json = {"Keys": key, "NewImage": new, "StreamViewType": "NEW_IMAGE"}
        name = "INSERT" if old is None else "MODIFY"
        if table == aws.SCORES:
            number = self.score_stream.append({"eventName": name, "dynamodb": change})
            user_id, at = key["userId"]["S"], key["boardSeason"]["S"]
            self._sequenced[number] = (user_id, at, int(new["version"]["N"]))
            if at in oracle.BY_KEY and "userScore" not in new:
                self.scores.remove(user_id, at)
        else:
            change["StreamViewType"] = "NEW_AND_OLD_IMAGES"
            if old is not None:
                change["OldImage"] = old
            self._note(new)
            self.board_stream.append({"eventName": name, "dynamodb": change})

    def committed(self, submission_id: str) -> None:
        """A trusted write is in the table, once."""
        attempt = self.attempts[submission_id]
        rules = next(it for it in oracle.BOARDS if it.board == attempt.board)
        self.scores.commit(rules, submission_id, attempt)

    def _note(self, image: Json) -> None:
        """A board's item was written: hold it to the contract at once."""
        key = image["boardSeason"]["S"]
        rules = oracle.BY_KEY[key]
        top = [
            oracle.Line(
                it["M"]["userId"]["S"],
                it["M"]["userName"]["S"],
                int(it["M"]["userScore"]["N"]),
                it["M"]["scoreUpdatedAt"]["S"],
            )
            for it in image["top"]["L"]
        ]
        new = Recorded(
            image["epoch"]["S"],
            int(image["version"]["N"]),
            int(image["revision"]["N"]),
            int(image["total"]["N"]),
            oracle.entries(rules, top),
            self._settled(key),
        )
        before = self.history[key][-1] if self.history[key] else None
        if before is None:
            assert (new.version, new.revision) == (1, 1), f"{key} begins with {new}"
        else:
            moved = new.entries != before.entries
            assert new.epoch == before.epoch, f"{key}: the epoch changed"
            assert new.revision == before.revision + 1, f"{key}: {before} → {new}"
            assert new.version == before.version + moved, f"{key}: {before} → {new}"
        assert len(top) <= rules.top_size
        if not self.failed_over:
            now = {
                item["userId"]["S"]: (int(item["version"]["N"]), oracle.line_of(item))
                for item in tables.items(aws.SCORES)
                if item["boardSeason"]["S"] == key
            }
            settled = before.settled if before else {}
            wrong = oracle.is_possible_top(rules, top, at_least=settled, now=now)
            assert wrong is None, f"{key} version {new.version}: {wrong}"
        self.history[key].append(new)

    def _settled(self, key: str) -> dict[str, int]:
        """Per user of a board, the newest version that was delivered and acknowledged."""
        newest: dict[str, int] = {}
        for number in self.settled():
            user_id, at, version = self._sequenced[number]
            if at == key:
                newest[user_id] = max(version, newest.get(user_id, 0))
        return newest

    def recorded(self, key: str, epoch: str | None, version: int) -> Recorded | None:
        found = (it for it in self.history[key] if (it.epoch, it.version) == (epoch, version))
        return next(found, None)

    # What leaves for the viewers and for Lambda.

    def post(self, client: Any, connection_id: str, data: bytes) -> Json:
        frame: Json = json.loads(data)
        viewer = self.viewers[connection_id]
        self.check(frame)
        self.frames[f"{frame['board']}#{frame['season']}"].append(frame)
        if viewer.closed:
            raise client.exceptions.GoneException(_refusal(410), "PostToConnection")
        draw = self.chance.random()
        if draw < self.mishaps.post_refused:
            viewer.missed(frame)
            status = self.chance.choice([429, 500, 503])
            raise client.exceptions.ClientError(_refusal(status), "PostToConnection")
        if self.chance.random() < self.mishaps.post_late:
            seconds = self.chance.choice([0.05, 0.5, 5])
            self.scheduler.spawn(
                f"late/{connection_id}", lambda: self._deliver_late(viewer, frame, seconds)
            )
        else:
            viewer.take(frame)
        if draw > 1 - self.mishaps.post_refused:  # taken, and the answer got lost
            raise client.exceptions.ClientError(_refusal(500), "PostToConnection")
        return {}

    def _deliver_late(self, viewer: Viewer, frame: Json, seconds: float) -> None:
        self.clock.sleep(seconds)
        viewer.take(frame)

    def check(self, frame: Json) -> None:
        """Hold a frame to the versions that it names."""
        key = f"{frame['board']}#{frame['season']}"
        new = self.recorded(key, frame["epoch"], frame["version"])
        assert new is not None, f"a frame of a version that was not recorded: {frame}"
        if frame["type"] == "snapshot":
            assert frame["entries"] == new.entries, f"{frame} is not {new}"
            return
        old = self.recorded(key, frame["epoch"], frame["from"])
        assert frame["from"] < frame["version"], f"a frame of no change: {frame}"
        assert old is not None, f"a frame from a version that was not recorded: {frame}"
        assert oracle.patched(old.entries, frame) == new.entries, f"{old} with {frame} is not {new}"

    def invoke(self, function: str, event: Json) -> Json:
        assert function == aws.ENVIRONMENT["REBUILD_FUNCTION"]
        self.rebuild(event)
        return {"StatusCode": 202}


def _refusal(status: int) -> Json:
    return {
        "Error": {"Code": str(status), "Message": "refused"},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
