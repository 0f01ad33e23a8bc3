"""The model: hypothesis draws what happens, step by step, and every read is compared with a sorted
list that is written from the contract. What fails shrinks to the few steps that it takes.
"""

from __future__ import annotations

import os
import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import ClassVar

from botocore.exceptions import EndpointConnectionError
from hypothesis import HealthCheck, Phase, seed, settings, strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from leaderboard import wiring
from leaderboard.errors import (
    Barred,
    LeaderboardError,
    RateLimited,
    TicketExpired,
    TicketSuperseded,
    UserDeleted,
    UserNotRanked,
)
from leaderboard.ranking.tops import COMPLETE, PARTIAL, CachedTop
from leaderboard.scoring.judges import Evidence
from local.poller import KillAt, Killed
from tests.integration.story import oracle, reading
from tests.integration.story.edges import Rig
from tests.integration.story.paging import page_through
from tests.integration.story.service import Asked, Service
from tests.integration.story.story import HEALER, SILENCE, USERS
from tests.integration.story.verdict import OUT, Verdict
from tests.integration.story.viewer import Viewer
from tests.integration.story.world import FUNCTIONS, REQUESTS, Audience, Mishaps, World

SEED = os.environ.get("MODEL_SEED")
PLAYS = int(os.environ.get("MODEL_PLAYS", "15"))
"""Of each kind: half a minute at most, `make soak` plays more. Two files hold them, so that two
workers share them."""
SHRINKS = os.environ.get("MODEL_SHRINK", "1") == "1"
STEPS = 40
DAY_SECONDS = 86_400
EVENING = datetime(2026, 11, 29, 23, tzinfo=UTC).timestamp()
"""Of a Sunday: the first midnight ends a day and a week."""
CONNECTION_SECONDS = 7200
"""API Gateway closes a connection then."""
LEFT_SECONDS = 3600 + 1
"""After midnight: the rankings that are no longer kept leave the cache with the next minute."""

users = st.sampled_from(USERS[:5])
boards = st.sampled_from([rules.board for rules in oracle.ALL])
amounts = st.integers(1, 6)
names = st.none() | st.sampled_from(["Ann", "name | 2 ☃", "Ann"])
seeds = st.integers(0, 2**16 - 1)
"""0: everybody goes on until they wait, and nothing goes wrong by chance."""


class Unrest:
    """Who goes on, and what goes wrong: nothing unexpected, but for some draws of a seed."""

    def __init__(self) -> None:
        self._source = random.Random()
        self._left = 0

    def stir(self, number: int, decisions: int) -> None:
        self._source.seed(number)
        self._left = decisions if number else 0

    def __call__(self, options: Sequence[str]) -> int:
        if not self._left:
            return 0
        self._left -= 1
        return self._source.randrange(len(options))


class Play(RuleBasedStateMachine):
    """Requests, viewers, mishaps and time, one step at a time; in between the functions go on."""

    rig: ClassVar[Rig]
    steps: ClassVar[Counter[str]] = Counter()

    def __init__(self) -> None:
        super().__init__()
        self._numbers = self._viewers = 0
        self._asked: list[tuple[str, str, Asked, tuple[type[LeaderboardError], ...]]] = []
        self._reasons: dict[str, set[str]] = defaultdict(set)
        self._compared: dict[str, object] = {}
        self._unsettled = False
        self._failed = False
        self._replica: dict[str, bytes] | None = None
        self._open = ExitStack()

    @initialize(
        shards=st.sampled_from([1, 2, 3]),
        batch_size=st.sampled_from([None, 1, 2]),
        delivered_again=st.sampled_from([0, 0.3]),
        sent_twice=st.sampled_from([0, 0.2]),
        post_refused=st.sampled_from([0, 0.3]),
        killed=st.sampled_from([0, 0.01]),
        rebuild_seconds=st.sampled_from([None, 0.01]),
        audience=st.sampled_from([Audience(), Audience(3, reach=0)]),
    )
    def begin(
        self,
        shards: int,
        batch_size: int | None,
        rebuild_seconds: float | None,
        audience: Audience,
        **mishaps: float,
    ) -> None:
        self._unrest = Unrest()
        self.world = World(
            "model",
            Mishaps(**mishaps),
            shards,
            audience,
            choose=self._unrest,
            begins=EVENING,
        )
        self._open.enter_context(self.rig.world(self.world))
        self._open.enter_context(self.world.scheduler)
        self.service = Service(self.world, batch_size=batch_size, rebuild_seconds=rebuild_seconds)
        self.verdict = Verdict(self.world)

    # What is asked of the service.

    @rule(writes=st.lists(st.tuples(users, boards, amounts, names), min_size=1, max_size=6))
    def write(self, writes: list[tuple[str, str, int, str | None]]) -> None:
        """Trusted writes, all at once."""
        self._count("write")
        for user, board, amount, name in writes:
            self._write(user, oracle.BY_NAME[board], amount, name)

    @rule(user=users, board=boards, amount=amounts)
    def write_twice(self, user: str, board: str, amount: int) -> None:
        """One trusted write, sent by two at the same time."""
        self._count("write twice")
        self._write(user, oracle.BY_NAME[board], amount, times=2)

    def _write(
        self, user: str, rules: oracle.Rules, amount: int, name: str | None = None, times: int = 1
    ) -> None:
        submission = f"submission-{self._number()}"
        if name is not None:
            self.world.people.asked[user].add(name)
        self.world.scores.attempts[submission] = oracle.Attempt(
            user, (rules.board,), amount, self.world.clock.time()
        )
        value = {"delta" if rules.operator == "increment" else "score": amount}

        def call() -> object:
            return wiring.submissions().submit(
                user_id=user,
                board=rules.board,
                submission_id=submission,
                user_name=name,
                **value,
            )

        for _ in range(times):
            self._ask("write", user, call, attempt=submission)

    @rule(user=users, loss=amounts)
    def lose_points(self, user: str, loss: int) -> None:
        self._count("lose points")
        self._write(user, oracle.BY_NAME["arena"], -loss)

    @rule(user=users, times=st.sampled_from([1, 1, 2]))
    def earn(self, user: str, times: int) -> None:
        """An action's ticket, taken and sent in, once or by two at the same time."""
        self._count("earn")
        rules = oracle.BY_NAME["arena"]
        issued = wiring.scores().issue(user_id=user, board=rules.board, action=rules.action)
        ticket = issued.ticket.ticket
        self.world.scores.attempts[ticket] = oracle.Attempt(
            user, rules.counts_on, rules.points, self.world.clock.time()
        )

        def call() -> object:
            return wiring.scores().complete(user_id=user, board=rules.board, token=issued.token)

        for _ in range(times):
            self._ask("write", user, call, TicketSuperseded, TicketExpired, attempt=ticket)

    @rule(user=users, lap=st.none() | amounts, tickets=st.sampled_from([1, 1, 2]))
    def attempt(self, user: str, lap: int | None, tickets: int) -> None:
        """A judged action: tickets of which the last alone counts, a wrong answer (None) or a right
        one, and then another answer for the same ticket."""
        self._count("attempt")
        rules, scores = oracle.BY_NAME["sprint"], self.world.scores
        scores.tries.add((user, rules.board))

        def call() -> None:
            for _ in range(tickets):
                issued = wiring.scores().issue(user_id=user, board=rules.board, action=rules.action)
                begun = self.world.clock.time()
                ticket = issued.ticket.ticket
                scores.attempts[ticket] = oracle.Attempt(user, (), lap, begun)
            scores.attempts[ticket] = oracle.Attempt(user, rules.counts_on, lap, begun)
            send = partial(
                wiring.scores().complete, user_id=user, board=rules.board, token=issued.token
            )
            first = send(evidence=Evidence("fail" if lap is None else lap))
            assert ticket in scores.done, f"{ticket} was accepted, and is nowhere"
            again = send(evidence=Evidence(1))
            assert (again.answer, again.replayed) == (first.answer, True)

        self._ask("write", user, call, TicketSuperseded, TicketExpired)

    @rule(user=users, name=names.filter(bool), again=st.booleans())
    def rename(self, user: str, name: str, again: bool) -> None:
        self._count("rename")
        self.world.people.asked[user].add(name)
        call = partial(wiring.profiles().rename, user, name)
        self._ask("rename", user, call, RateLimited, again=again)

    @rule(
        user=users, standing=st.sampled_from(["visible", "hidden", "barred"]), again=st.booleans()
    )
    def moderate(self, user: str, standing: str, again: bool) -> None:
        self._count("moderate")
        reason = f"reason {self._number()}"
        self.world.people.asked[user].add(standing)

        def call() -> None:
            wiring.moderation().set_standing(user, standing, reason=reason, by="moderator")
            self._reasons[user].add(reason)

        self._ask("moderate", user, call, UserDeleted, again=again)

    @rule(user=users, board=boards, again=st.booleans())
    def remove(self, user: str, board: str, again: bool) -> None:
        self._count("remove")
        rules = oracle.BY_NAME[board]

        def call() -> None:
            self.world.scores.removals.add((user, rules.during(self.world.clock.time()).key))
            wiring.moderation().remove(user, wiring.board_season(board), by="moderator")

        self._ask("remove", user, call, UserNotRanked, again=again)

    @precondition(lambda self: not self.world.scores.erasures)
    @rule(user=users, again=st.booleans())
    def erase(self, user: str, again: bool) -> None:
        self._count("erase")
        self.world.people.asked[user].add("deleted")
        self.world.scores.erasures.add(user)
        self._ask("erase", user, lambda: wiring.moderation().erase(user, account=user), again=again)

    @rule(board=st.none() | boards)
    def rebuild(self, board: str | None) -> None:
        """By hand of one board, or the nightly audit of all."""
        self._count("rebuild")
        self.world.disturb()
        self.service.start("rebuild", {"all": True} if board is None else {"board": board})

    @rule()
    def minute(self) -> None:
        """The schedules' minute."""
        self._count("minute")
        self.service.start("seasons", {})
        self.service.start("verify", {})

    # Who looks on.

    @precondition(lambda self: self._viewers < 3)
    @rule(user=st.none() | users)
    def arrive(self, user: str | None) -> None:
        self._count("arrive")
        self._viewers += 1
        viewer = Viewer(f"viewer-{self._number()}=", oracle.ALL, self.world, user)
        self._ask("arrive", "", viewer.arrive)

    @rule(board=boards, limit=st.integers(1, 3))
    def page(self, board: str, limit: int) -> None:
        self._count("page")
        rules = oracle.BY_NAME[board].during(self.world.clock.time())
        self.world.scheduler.spawn(
            f"pager/{self._number()}", lambda: page_through(self.world, rules, limit=limit)
        )

    @precondition(lambda self: self.verdict.present())
    @rule()
    def leave(self) -> None:
        self._count("leave")
        self._viewers -= 1
        self.verdict.present()[0].leave()

    # What goes wrong.

    @rule()
    def flush(self) -> None:
        self._count("flush")
        self.rig.valkey.client.flushall()
        self.world.disturb()

    @rule(number=st.integers(0, 100), key=st.sampled_from(["members", "users"]))
    def lose_key(self, number: int, key: str) -> None:
        """The cache loses one key of a ranking and keeps the others."""
        self._count("lose key")
        seasons = self._seasons()
        rules = seasons[number % len(seasons)]
        self.rig.lose_key(rules.board, rules.season, key)
        self.world.disturb()

    @precondition(lambda self: self._replica is None)
    @rule()
    def lag(self) -> None:
        """From here on the cache acknowledges writes that its replica does not have."""
        self._count("lag")
        self._replica = self.rig.valkey.snapshot()

    @precondition(lambda self: self._replica is not None)
    @rule()
    def fail_over(self) -> None:
        self._count("fail over")
        assert self._replica is not None
        self.rig.valkey.restore(self._replica)
        self.world.disturb()
        self._replica = None
        self.world.failed_over = self._unsettled = True

    @rule(
        task=st.sampled_from([*FUNCTIONS, *REQUESTS]),
        nth=st.integers(1, 12),
        lost=st.booleans(),
    )
    def strike(self, task: str, nth: int, lost: bool) -> None:
        """A function dies at one of its steps, or the answer of a table gets lost there."""
        self._count("strike")
        step = "after dynamodb.*" if lost else "*"
        error: Callable[[], BaseException] = _lost if lost else Killed
        self.world.scheduler.kills.append(KillAt(task=f"{task}/*", step=step, nth=nth, error=error))
        self._unsettled = True

    @precondition(lambda self: not self.world.down)
    @rule(service=st.sampled_from(["dynamodb", "cache", "lambda"]))
    def go_down(self, service: str) -> None:
        self._count("go down")
        self.world.down.add(service)
        self._unsettled = True

    @precondition(lambda self: self.world.down)
    @rule()
    def come_up(self) -> None:
        self._count("come up")
        self.world.down.clear()

    # Time.

    @rule(decisions=st.integers(1, 150), number=seeds)
    def go_on(self, decisions: int, number: int) -> None:
        self._count("go on")
        with self._told():
            self._stir(number, decisions)
            self.world.scheduler.go_on(decisions)

    @rule(seconds=st.sampled_from([0.05, 0.3, 2, 40]), number=seeds)
    def wait(self, seconds: float, number: int) -> None:
        self._count("wait")
        with self._told():
            self._stir(number, 1000)
            self._sleep(seconds)

    @rule(number=seeds)
    def come_to_rest(self, number: int) -> None:
        self._count("come to rest")
        with self._told():
            self._stir(number, 1000)
            self._rest()

    @precondition(lambda self: self.world.clock.time() < EVENING + 2 * DAY_SECONDS)
    @rule(before=st.sampled_from([0.001, 0.01, 1]))
    def wait_for_midnight(self, before: float) -> None:
        """The day is over in a moment; what goes on then may end in the next."""
        self._count("midnight")
        with self._told():
            self._rest()
            now = self.world.clock.time()
            seconds = (now // DAY_SECONDS + 1) * DAY_SECONDS - before - now
            if seconds > CONNECTION_SECONDS:
                self._send_viewers_away()
            self._sleep(seconds)

    def teardown(self) -> None:
        try:
            if not self._failed and hasattr(self, "world"):
                with self._told():
                    self._end()
                    self.service.start("verify", {"audit": False})
                    self.service.drain("a minute has passed")
                    self.verdict.caught_up(self._current())
                    self._ping()
        finally:
            self._open.close()

    def _end(self) -> None:
        """Everything is mended and compared."""
        if not self._rest():
            self._mend()
        self.world.heal()
        self._verify(times=3)

    def _rest(self) -> bool:
        """Both streams are drained: compare everything, and mend what was left half done.

        Whether anything was to be mended.
        """
        self.world.down.clear()
        self.service.drain("the streams are drained")
        self._check_answers()
        self.verdict.scores()
        if not any("histories" in it for it in self.service.given_up):
            self.verdict.histories()
        self.verdict.profiles()
        self.verdict.departed()
        mended = bool(self._unsettled or self.world.mishaps.lose_work)
        if mended:
            self._mend()
        for rules in self._seasons():
            top = self._ranking(rules)
            # Whoever is hidden from the beginning leaves no top to record, which would confirm it.
            empty = top is not None and not top.scores and not self._is_recorded(rules)
            assert top is None or empty or top.completeness == COMPLETE, f"{rules.key}: {top}"
            if top is not None:
                self.verdict.is_ranked(rules, top)
                self.verdict.is_in_order(rules, top)
            self.verdict.is_recorded(rules)
        self._read()
        self.verdict.who_missed_nothing(self._current())
        if self.world.turning:
            self.world.turning.clear()
            if not mended:
                self._mend()
            self._verify()
            mended = True
        return mended

    def _mend(self) -> None:
        """Peace for a while: the next score of each board mends it; after a failover, an audit."""
        self.world.scheduler.kills, kills = [], self.world.scheduler.kills
        mishaps, self.world.mishaps = self.world.mishaps, Mishaps()
        self._sleep(SILENCE)
        self.rig.expire_copies()
        if self.world.failed_over and any(map(self._is_archived, self._seasons())):
            self._outlast_archived()
        seasons = [rules for rules in self._seasons() if not self._is_archived(rules)]
        for rules in seasons:
            # A past season has no next score.
            if self.world.failed_over or rules not in self._current():
                self.service.start("rebuild", {"board": rules.board, "season": rules.season})
        for rules in oracle.ALL:
            self._write(HEALER, rules, 1)
        # A switch of the order that died half way: not every score shows that.
        self.service.start("seasons", {})
        self.service.drain("the next score is taken")
        self.verdict.scores()
        for rules in seasons:
            self.verdict.board(rules)
        self._read()
        self.world.mishaps = mishaps
        self.world.scheduler.kills = [it for it in kills if not isinstance(it, KillAt)]
        self.world.failed_over = self._unsettled = False

    def _outlast_archived(self) -> None:
        """No audit mends the seasons that nobody keeps: they leave the cache, and that does."""
        seconds = LEFT_SECONDS - self.world.clock.time() % DAY_SECONDS
        if seconds > 0:
            self._send_viewers_away()
            self._sleep(seconds)
        self.service.start("seasons", {})
        self.service.drain("what is no longer kept has left the cache")

    def _send_viewers_away(self) -> None:
        """No connection lives as long as what comes."""
        for viewer in self.verdict.present():
            viewer.leave()
        self._viewers = 0

    def _verify(self, times: int = 1) -> None:
        """The audit of each minute finds nothing to do on boards that are right."""
        for release in self.world.releases * times:
            with self.world.asking(release):
                done = wiring.verification().run(seconds=30)
            found = (done.missed, done.wrong, done.cold, done.rebuilds)
            assert found == ((), (), (), 0), f"the audit is not content: {done}"

    def _ping(self) -> None:
        """Viewers who missed a post repair themselves."""
        for viewer in self.verdict.present():
            self.world.scheduler.spawn(f"ping/{viewer.connection_id}", viewer.ping)
        self.service.drain("the viewers have pinged")
        for viewer in self.verdict.present():
            for rules in self._current():
                self.verdict.is_shown(viewer, rules)

    def _read(self) -> None:
        """Everything that may be asked, where something may have changed since it was asked."""
        now, people = self.world.clock.time(), self.world.people
        asked = [*USERS[:5], HEALER]
        for rules in self._seasons():
            expected = self.verdict.expected(rules)
            history = self.world.history[rules.key]
            whole = self._ranking(rules) is not None
            disturbed = self.world.disturbed[rules.key]
            state = (expected, len(history), whole, disturbed, tuple(self.world.releases))
            if self._compared.get(rules.key) != state:
                recorded = history[-1] if history else None
                for release in {it.order_of(rules): it for it in self.world.releases}.values():
                    with self.world.asking(release):
                        reading.compare(rules, expected, recorded, users=asked, whole=whole)
                        reading.compare_histories(rules, expected, self.world.scores, users=asked)
                if whole and oracle.named(rules.board) in self.world.deployed:
                    with self._without_the_cache():
                        reading.compare(rules, expected, recorded, users=asked, whole=False)
                if whole and self._is_recorded(rules):
                    reading.compare_deeply(rules)
                self._compared[rules.key] = state
        for user in asked:
            reading.compare_own(user, self.world.scores, people, now)
            standing = people.standing_of(user)
            if standing != "deleted":
                reading.compare_standing(user, standing, self._reasons[user])

    @contextmanager
    def _without_the_cache(self) -> Iterator[None]:
        """Reads go to the index."""
        self.world.down.add("cache")
        yield
        self.world.down.discard("cache")
        self.rig.end_outages()

    def _ranking(self, rules: oracle.Rules) -> CachedTop | None:
        """What a rebuild that died left of a season that nobody keeps any more is no ranking."""
        top = self.verdict.ranking(rules)
        is_left = top is not None and top.completeness == PARTIAL and self._is_archived(rules)
        return None if is_left else top

    def _is_archived(self, rules: oracle.Rules) -> bool:
        """Whether the cache need not have the ranking any more (keepSeasons of boards.yml)."""
        yesterday = rules.during(self.world.clock.time() - DAY_SECONDS)
        return rules.schedule == "daily" and rules.season < yesterday.season

    def _is_recorded(self, rules: oracle.Rules) -> bool:
        return any(it.epoch for it in self.world.history[rules.key])

    def _current(self) -> list[oracle.Rules]:
        return [rules.during(self.world.clock.time()) for rules in oracle.ALL]

    def _seasons(self) -> list[oracle.Rules]:
        """Every board in its current season, and every season that ever had a score."""
        keys = {rules.key for rules in self._current()}
        keys |= {key for _, key in self.world.scores.version}
        return [rules for key in sorted(keys) if (rules := oracle.rules_of(key))]

    def _check_answers(self) -> None:
        """Everybody was answered, and what was accepted is in the table."""
        for user, attempt, asked, expected in self._asked:
            assert asked.done or asked.unanswered
            if asked.refusal is not None:
                out = self.world.people.asked[user] & OUT
                assert isinstance(asked.refusal, (*expected, *([Barred] if out else []))), (
                    f"{user}: {asked.refusal!r}"
                )
            elif asked.done and attempt:
                assert attempt in self.world.scores.done, f"{attempt} was accepted, and is nowhere"
        self._asked.clear()

    def _ask(
        self,
        name: str,
        user: str,
        call: Callable[[], object],
        *expected: type[LeaderboardError],
        attempt: str = "",
        again: bool = True,
    ) -> None:
        asked = self.service.ask(f"{name}/{attempt or self._number()}", call, again=again)
        self._asked.append((user, attempt, asked, expected))

    def _stir(self, number: int, decisions: int) -> None:
        self._unrest.stir(number, decisions)
        self.world.chance.seed(number)

    def _sleep(self, seconds: float) -> None:
        slept: list[bool] = []

        def sleep() -> None:
            self.world.clock.sleep(seconds)
            slept.append(True)

        self.world.scheduler.spawn("time", sleep)
        self.world.scheduler.run(lambda: bool(slept))

    def _number(self) -> int:
        self._numbers += 1
        return self._numbers

    def _count(self, step: str) -> None:
        self.steps[step] += 1

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Show with a failure what went on before it."""
        try:
            yield
        except BaseException as error:
            self._failed = True
            error.add_note(self.world.scheduler.trace.text(80))
            raise


def _lost() -> BaseException:
    return EndpointConnectionError(endpoint_url="lost")


def run_plays(machine: type[Play], rig: Rig) -> None:
    machine.rig = rig
    machine.steps = Counter()
    how = settings(
        max_examples=PLAYS,
        stateful_step_count=STEPS,
        deadline=None,
        derandomize=SEED is None,
        database=None,
        print_blob=False,
        phases=[it for it in Phase if SHRINKS or it is not Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    if SEED is not None:
        seed(int(SEED))(machine)
    run_state_machine_as_test(machine, settings=how)
    assert machine.steps.total() > 10 * PLAYS, "the plays were too short to show anything"
