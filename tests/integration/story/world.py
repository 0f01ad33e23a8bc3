"""The world of one story: the streams, what was recorded and shown, and what may go wrong."""

from __future__ import annotations

import io
import json
import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Never, Protocol

from botocore.exceptions import ReadTimeoutError
from redis.exceptions import TimeoutError as CacheTimeoutError

from local.poller import Choose, Clock, KillRandomly, Scheduler, Stream, Task, seeded
from tests.integration import aws
from tests.integration.story import oracle, tables

if TYPE_CHECKING:
    from tests.integration.story.viewer import Viewer

Json = dict[str, Any]
FUNCTIONS = (
    "score_stream",
    "history_stream",
    "board_stream",
    "fanout",
    "rebuild",
    "moderation",
    "seasons",
    "upkeep",
    "verify",
)
REQUESTS = ("write", "rename", "moderate", "remove", "erase", "subscribe")
TOTAL_SECONDS = 10
"""A total that changes by itself is recorded no sooner after the last record."""
STAGE = "#stage"
"""What the stage remembers of itself, in the table of boards: no board-season."""
PATIENCE_SECONDS = 300
"""How long an order differs before it counts without a deploy's word."""
UNSEEN_SECONDS = 150 + 60
"""For so long a deploy may be rolled back, and come again, without a run of the minute's function
that sees it: what such a run may miss, and what one may take that saw the deploy before."""
RUN_SECONDS = 60
"""How long the function of each minute may take."""
INTERRUPTIBLE = tuple(f"{name}/*" for name in (*FUNCTIONS, *REQUESTS))


@dataclass(frozen=True, kw_only=True)
class Mishaps:
    """How often, at one step or call, something goes wrong (0 to 1)."""

    killed: float = 0
    answer_lost: float = 0
    answer_late: float = 0
    sent_twice: float = 0
    post_refused: float = 0
    post_late: float = 0
    delivered_again: float = 0

    @property
    def lose_work(self) -> bool:
        return bool(self.killed or self.answer_lost)


@dataclass(frozen=True, slots=True)
class Recorded:
    """One write of a board's item; one that was opened with its season has no epoch yet."""

    epoch: str | None
    version: int
    revision: int
    total: int
    entries: list[Json]
    settled: dict[str, int]
    """Per user, the version that the score stream had delivered for good before this write."""
    at: float
    since: str | None = None
    """The midnight that the entries' ranks of before are of."""


@dataclass(frozen=True, slots=True)
class Stored:
    """An item of a table as it was and as it is."""

    table: str
    key: Json
    old: Json | None
    new: Json


@dataclass(frozen=True, slots=True)
class Audience:
    """Over how many shards each board's viewers are spread, and how many one function posts to."""

    shards: int = 1
    reach: int = 10_000

    @property
    def is_split(self) -> bool:
        return self.shards > 1


@dataclass(frozen=True, slots=True, eq=False)
class Release:
    """A boards.yml, named by the boards (or patterns) whose order is not that of the first one."""

    turned: frozenset[str] = frozenset()
    since: float = 0

    def order_of(self, rules: oracle.Rules) -> str:
        is_turned = oracle.named(rules.board) in self.turned
        return oracle.OTHER[rules.order] if is_turned else rules.order


class Functions(Protocol):
    """The functions that others invoke by name."""

    def start(self, function: str, event: Json) -> None:
        """Have it run, as often as it is to be tried."""

    def begin(self, function: str, event: Json) -> Task:
        """Have it run once."""


@dataclass
class World:
    seed: str
    mishaps: Mishaps
    shards: int
    audience: Audience = field(default_factory=Audience)
    choose: Choose | None = None
    begins: float | None = None
    down: set[str] = field(default_factory=set)
    scores: oracle.Scores = field(default_factory=oracle.Scores)
    people: oracle.People = field(default_factory=oracle.People)
    accounts_deleted: set[str] = field(default_factory=set)
    history: dict[str, list[Recorded]] = field(default_factory=lambda: defaultdict(list))
    viewers: dict[str, Viewer] = field(default_factory=dict)
    frames: dict[str, list[Json]] = field(default_factory=lambda: defaultdict(list))
    failed_over: bool = False
    releases: list[Release] = field(default_factory=lambda: [Release()])
    """What environments run, the newest last; while a deploy is under way there are two."""

    def __post_init__(self) -> None:
        self.chance = random.Random(f"{self.seed} mishaps")
        self.scheduler = Scheduler(
            self.choose or seeded(f"{self.seed} schedule"),
            Clock() if self.begins is None else Clock(self.begins),
            step_seconds=0.0003,
            race=0.2,
            kills=[*self._switches()],
            max_decisions=100_000,
        )
        self.clock: Clock = self.scheduler.clock
        self.score_stream = Stream(self.clock, partition_key="userId", shards=self.shards)
        self.board_stream = Stream(self.clock, partition_key="boardSeason", shards=1)
        self.settled: Callable[[], list[str]] = list
        self.functions: Functions
        self._environments: list[dict[str, int]] = []
        # The streams do so to the end, whatever is healed.
        self._delivers_again = bool(self.mishaps.delivered_again)
        self._posted: dict[tuple[str, str], int] = defaultdict(int)
        self._sequenced: dict[str, tuple[str, str, int]] = {}
        self.orders: dict[str, str] = {}
        """Per board-season, the order that its item says."""
        self.turning: set[str] = set()
        """The board-seasons whose ranking may be in the order before their item's."""
        self.deployed: set[str] = set()
        """The boards (or patterns) whose order a deploy turned, whether it counts by now or not."""
        self.last_steps: list[Task] = []
        """Those of deploys: they may switch an order at once."""
        self._running: dict[Task | None, Release] = {}
        self._gone: list[tuple[Release, float]] = []
        """Releases that answer no more, and since when."""
        self._tops: dict[str, list[oracle.Line]] = defaultdict(list)
        self._days: dict[str, dict[str, int]] = defaultdict(dict)
        """The ranks of each board-season's top as its day began."""
        self.disturbed: dict[str, int] = defaultdict(int)
        """How often something happened that may show in what is read of a board-season."""

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

    def disturb(self) -> None:
        """The cache was lost, or filled: every board may read otherwise."""
        for key in {key for _, key in self.scores.version}:
            self.disturbed[key] += 1

    def deploy(self, turned: Iterable[str]) -> None:
        """From here on environments of another release answer as well."""
        turned = {*turned}
        self.deployed |= turned
        new = Release(self.releases[-1].turned ^ turned, self.clock.time())
        for before, until in self._gone:
            if before.turned == new.turned and new.since - until <= UNSEEN_SECONDS:
                new = replace(new, since=before.since)
        self.releases.append(new)

    def retire(self) -> None:
        """The release before answers no more, but for what it is at."""
        self._end(self.releases[:-1])

    def roll_back(self) -> None:
        """The deploy has failed: the release before alone answers."""
        self._end(self.releases[1:])

    def _end(self, releases: Sequence[Release]) -> None:
        self._gone += [(it, self.clock.time()) for it in releases]
        self.releases = [it for it in self.releases if it not in releases]

    def release(self) -> Release:
        """What the environment of who asks runs: a task has one for as long as it lives."""
        task = self.scheduler.current()
        if task is not None and task.process:
            task = task.process[0]
        if task is None:
            return self._running.get(None, self.releases[-1])
        if task not in self._running:
            several = len(self.releases) > 1
            self._running[task] = self.chance.choice(self.releases) if several else self.releases[0]
        return self._running[task]

    @contextmanager
    def asking(self, release: Release) -> Iterator[None]:
        """What the test itself asks, it asks of that release."""
        self._running[None] = release
        yield
        del self._running[None]

    def in_force(self, rules: oracle.Rules) -> oracle.Rules:
        """With the order that the board's item says; nothing says one before its first record."""
        return replace(rules, order=self.orders.get(rules.key, rules.order))

    def linger(self) -> None:
        """What a table or the cache answered is on its way, perhaps for long."""
        late = self.mishaps.answer_late
        if late and self.chance.random() < late:
            self.clock.sleep(self.chance.choice((0.03, 0.15, 0.6)))

    def is_sent_twice(self) -> bool:
        return self.chance.random() < self.mishaps.sent_twice

    # What the tables commit.

    def commit(self, changes: Sequence[Stored]) -> None:
        """One write, whatever it is of: the streams get it in the same instant."""
        ids: set[str] = set()
        scores: list[Json] = []
        for it in changes:
            if it.table == aws.SUBMISSIONS:
                assert it.old is None, f"a submission was written twice: {it.new}"
                ids.add(it.key["submission"]["S"].rpartition("#")[2])
            elif it.table == aws.SCORES:
                self._stream(self.score_stream, it)
                if it.key["boardSeason"]["S"] == "profile":
                    self.people.commit(it.new)
                elif oracle.rules_of(it.key["boardSeason"]["S"]):
                    self.disturbed[it.key["boardSeason"]["S"]] += 1
                    scores.append(it.new)
                    ids |= _tickets(it.new) - _tickets(it.old)
            elif it.table == aws.BOARDS:
                if it.key["boardSeason"]["S"] != STAGE:
                    self._note(it.new)
                self._stream(self.board_stream, it)
        for item in scores:
            self.people.hold(item)
        if scores:
            orders = {it: self.release().order_of(rules) for it, rules in oracle.BY_NAME.items()}
            self.scores.commit(sorted(ids), scores, now=self.clock.time(), orders=orders)

    def _stream(self, stream: Stream, it: Stored) -> None:
        change: Json = {"Keys": it.key, "NewImage": it.new, "StreamViewType": "NEW_IMAGE"}
        if stream is self.board_stream:
            change["StreamViewType"] = "NEW_AND_OLD_IMAGES"
            if it.old is not None:
                change["OldImage"] = it.old
        name = "INSERT" if it.old is None else "MODIFY"
        number = stream.append({"eventName": name, "dynamodb": change})
        if it.table == aws.SCORES:
            at = it.key["userId"]["S"], it.key["boardSeason"]["S"]
            self._sequenced[number] = (*at, int(it.new["version"]["N"]))

    def _note(self, image: Json) -> None:
        """A board's item was written: hold it to the contract at once."""
        key = image["boardSeason"]["S"]
        rules = oracle.rules_of(key)
        assert rules is not None, f"no board has {image}"
        rules = replace(rules, order=image.get("order", {"S": rules.order})["S"])
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
            image["epoch"].get("S"),
            int(image["version"]["N"]),
            int(image["revision"]["N"]),
            int(image["total"]["N"]),
            oracle.entries(rules, top),
            self.settled_versions(key),
            self.clock.time(),
            image.get("since", {}).get("S"),
        )
        before = self.history[key][-1] if self.history[key] else None
        if before is not None and before.epoch and self.orders[key] != rules.order:
            # The switch of the order: what was recorded stays, and says the order of before.
            self._hold_switch(rules)
            self.turning.add(key)
            self.orders[key] = rules.order
            assert self._tops[key] == top, f"{key}: the switch changed what was recorded"
            new = replace(new, entries=before.entries)
            assert replace(new, at=0, settled={}, revision=0) == replace(
                before, at=0, settled={}, revision=0
            ), f"{key}: {before} → {new}"
            assert new.revision == before.revision + 1
            self.history[key].append(new)
            return
        self.orders[key] = rules.order
        new = self._hold_day(image, new, before)
        if new.epoch is None:
            assert before is None, f"{key} was opened over {before}"
            assert (new.version, new.revision, new.total, new.entries) == (0, 0, 0, [])
        elif before is None or before.epoch is None:
            assert (new.version, new.revision) == (1, 1), f"{key} begins with {new}"
        else:
            moved = (new.since, new.entries) != (before.since, before.entries)
            # An archived season has few records, and nobody who waits for them.
            if not moved and new.total != before.total and image["life"]["S"]:
                moved = True
                assert new.at - before.at >= TOTAL_SECONDS, f"{key}: too soon: {before} → {new}"
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
            wrong = wrong or oracle.goes_back(key, self._tops[key], top, self.scores)
            assert wrong is None, f"{key} version {new.version}: {wrong}"
        self._tops[key] = top
        self.history[key].append(new)

    def _hold_day(self, image: Json, new: Recorded, before: Recorded | None) -> Recorded:
        """The first record of a day keeps the top that it replaces, all others what is kept."""
        key, known = image["boardSeason"]["S"], before.since if before else None
        if new.epoch is None:
            assert new.since is None, f"opened, and says a day: {image}"
            return new
        is_archived = not image["life"]["S"]
        if is_archived or (before and new.version == before.version):
            days: set[str | None] = {known}
        else:  # who records has read the clock a while ago
            begun = {oracle.midnight(it) for it in (new.at, new.at - RUN_SECONDS)}
            days = {it for it in begun if it >= (known or "")}
        assert new.since in days, f"{key}: {new.since} after {known}, not {days}"
        if new.since != known:
            replaced = before.entries if before else []
            self._days[key] = {it["userId"]: it["rank"] for it in replaced}
        stored = {user: int(it["N"]) for user, it in image.get("was", {"M": {}})["M"].items()}
        assert stored == self._days[key], f"{key}: {stored}, not {self._days[key]}"
        return replace(new, entries=oracle.since(new.entries, stored))

    def _hold_switch(self, rules: oracle.Rules) -> None:
        """By a deploy's word or after five minutes; never of a season that has ended."""
        now, task, release = self.clock.time(), self.scheduler.current(), self.release()
        assert rules.order == release.order_of(oracle.BY_NAME[rules.board]), f"{rules} by {release}"
        # The service counts in whole milliseconds.
        is_told = task in self.last_steps or now - release.since >= PATIENCE_SECONDS - 0.001
        assert is_told, f"{rules.key}: {release} counts too soon"
        # A run may begin at the end of a season.
        seasons = {rules.during(it).season for it in (now, now - RUN_SECONDS)}
        assert rules.season in seasons, f"{rules.key} has ended, and turns to {rules.order}"

    def settled_versions(self, key: str) -> dict[str, int]:
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

    def post(self, connection_id: str, data: bytes) -> int:
        """A frame arrives at the gateway: the status of its answer, 0 if that gets lost."""
        frame: Json = json.loads(data)
        viewer = self.viewers[connection_id]
        self.check(frame)
        self._hold_order(connection_id, frame)
        self.frames[f"{frame['board']}#{frame['season']}"].append(frame)
        if viewer.closed:
            return 410
        draw = self.chance.random()
        if draw < self.mishaps.post_refused:
            viewer.missed(frame)
            return self.chance.choice([0, 429, 500, 503])
        if self.chance.random() < self.mishaps.post_late:
            seconds = self.chance.choice([0.05, 0.5, 5])
            self.scheduler.spawn(
                f"late/{connection_id}", lambda: self._deliver_late(viewer, frame, seconds)
            )
        else:
            viewer.take(frame)
        if draw > 1 - self.mishaps.post_refused:  # taken, and the answer got lost
            return self.chance.choice([0, 500])
        return 200

    def _deliver_late(self, viewer: Viewer, frame: Json, seconds: float) -> None:
        self.clock.sleep(seconds)
        viewer.take(frame)

    def check(self, frame: Json) -> None:
        """Hold a frame to the versions that it names."""
        key = f"{frame['board']}#{frame['season']}"
        new = self.recorded(key, frame["epoch"], frame["version"])
        assert new is not None, f"a frame of a version that was not recorded: {frame}"
        assert frame["total"] == new.total, f"{frame} has not the total of {new}"
        if frame["type"] == "snapshot":
            assert frame["entries"] == new.entries, f"{frame} is not {new}"
            return
        old = self.recorded(key, frame["epoch"], frame["from"])
        assert frame["from"] < frame["version"], f"a frame of no change: {frame}"
        assert old is not None, f"a frame from a version that was not recorded: {frame}"
        assert oracle.patched(old.entries, frame) == new.entries, f"{old} with {frame} is not {new}"

    def _hold_order(self, connection_id: str, frame: Json) -> None:
        """Each viewer's frames leave in order, unless somebody died or was told twice."""
        at = connection_id, f"{frame['board']}#{frame['season']}"
        if not self._is_repeating:
            assert frame["version"] >= self._posted[at], f"{connection_id}: {frame} is late"
        self._posted[at] = max(self._posted[at], frame["version"])

    @property
    def _is_repeating(self) -> bool:
        killed = any(it.struck for it in self.scheduler.kills)
        return killed or self.mishaps.lose_work or self._delivers_again

    def close(self, connection_id: str) -> bool:
        """The gateway closes a connection; False if it is gone already."""
        viewer = self.viewers[connection_id]
        was_open, viewer.closed = not viewer.closed, True
        return was_open

    def launch(self, function: str, event: Json) -> Json:
        """Lambda's Invoke of another function, which answers before that begins."""
        self.functions.start(_named(function), event)
        return {"StatusCode": 202}

    def call(self, function: str, event: Json) -> Json:
        """Lambda's Invoke that waits for the answer; the function goes on without who asked."""
        task = self.functions.begin(_named(function), event)
        self.step("after lambda.Invoke was sent")
        self.scheduler.wait_until(lambda: task.done, task.name)
        if task.killed is not None or task.error is not None:
            text = json.dumps({"errorMessage": repr(task.killed or task.error)})
            return {"FunctionError": "Unhandled", "Payload": io.BytesIO(text.encode())}
        return {"StatusCode": 200, "Payload": io.BytesIO(json.dumps(task.result).encode())}

    def environment(self) -> dict[str, int]:
        """What an environment of board_stream remembers of audiences; most serve many batches."""
        if not self.audience.is_split:
            return {}
        known = self.chance.choice([{}, *self._environments])
        self._environments.append(dict(known))
        return self._environments[-1]


def _named(function: str) -> str:
    """What serverless.yml calls a function that is deployed under this name."""
    (name,) = (
        name.removesuffix("_FUNCTION").lower()
        for name, deployed in aws.ENVIRONMENT.items()
        if name.endswith("_FUNCTION") and deployed == function
    )
    return name


def _tickets(item: Json | None) -> set[str]:
    """The tickets that a score item remembers to have taken."""
    actions = (item or {}).get("taken", {"M": {}})["M"].values()
    return {it["M"]["ticket"]["S"] for taken in actions for it in taken["L"]}
