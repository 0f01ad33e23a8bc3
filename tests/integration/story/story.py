"""One story: writers, moderators, viewers and readers beside streams, rebuilds and mishaps, in an
order drawn by a seed; then peace, and what must hold is checked."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import pairwise
from typing import Any

from leaderboard import wiring
from leaderboard.errors import (
    Barred,
    LeaderboardError,
    RateLimited,
    TicketSuperseded,
    Unavailable,
    UserDeleted,
    UserNotRanked,
)
from leaderboard.ranking.tops import COMPLETE
from leaderboard.scoring.judges import Evidence
from leaderboard.scoring.scores import IssuedTicket, Outcome
from local.poller import KillAt
from tests.integration.story import oracle
from tests.integration.story.edges import Rig
from tests.integration.story.paging import page_through
from tests.integration.story.service import Service
from tests.integration.story.verdict import Verdict
from tests.integration.story.viewer import Viewer
from tests.integration.story.world import Audience, Mishaps, World

Json = dict[str, Any]
USERS = ("ann", "Bob", "cy.3", "Dee", "e:5", "F-6", "g_7", "H8", "9", "J", "jj", "J.", "m", "N")
"""Their order by code point is not that of a dictionary."""
HEALER = "z-healer"
LATECOMER = "zz-latecomer"
SILENCE = 95
"""Seconds: past what a rebuild may be silent, and past Lambda's retry of it."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What happens in a story, and how much of it."""

    seed: str
    mishaps: Mishaps = field(default_factory=Mishaps)
    shards: int = 2
    batch_size: int | None = None
    boards: tuple[oracle.Rules, ...] = oracle.BOARDS
    writers: int = 2
    writes: int = 6
    users: int = 5
    amounts: int = 4
    renames: float = 0.15
    tickets: float = 0.2
    own_names: float = 0.5
    """The share of names that players pick themselves; the others come with a trusted write."""
    removals: int = 1
    erasures: int = 0
    pagers: int = 0
    openings: int = 0
    standings: int = 1
    viewers: int = 2
    known: float = 0.3
    """The share of viewers who are players, with a socket ticket."""
    audience: Audience = field(default_factory=Audience)
    readers: int = 1
    flushes: int = 0
    lost_keys: int = 0
    failovers: int = 0
    outages: int = 0
    audits: int = 0
    releases: int = 0
    """Deploys that turn the order of the boards with a pattern."""
    pauses: tuple[float, ...] = (0, 0, 0.02, 0.3)
    """Seconds at most, between what an actor does."""
    within: float = 1.5
    """Seconds, in which the mishaps happen."""

    @classmethod
    def drawn(cls, seed: str) -> Plan:
        draw = random.Random(f"{seed} plan")

        def perhaps(*values: float) -> float:
            return draw.choice((0, *values))

        mishaps = Mishaps(
            killed=perhaps(0.005, 0.02),
            answer_lost=perhaps(0.005, 0.02),
            sent_twice=perhaps(0.05, 0.2),
            post_refused=perhaps(0.1, 0.4),
            post_late=perhaps(0.2),
            delivered_again=perhaps(0.1, 0.3),
        )
        plan = cls(
            seed=seed,
            mishaps=mishaps,
            shards=draw.choice((2, 2, 3)),
            batch_size=draw.choice((None, 1, 2, 4)),
            boards=tuple(draw.sample(oracle.ALL, draw.choice((1, 1, 2, 3)))),
            writers=draw.choice((1, 2, 3)),
            writes=draw.choice((2, 4, 7)),
            users=draw.choice((3, 5, len(USERS))),
            amounts=draw.choice((2, 4, 50)),
            removals=draw.choice((0, 1, 2)),
            standings=draw.choice((0, 0, 1)),
            viewers=draw.choice((0, 1, 2)),
            readers=draw.choice((0, 1)),
            flushes=draw.choice((0, 0, 1, 2)),
            failovers=draw.choice((0, 0, 0, 1)),
            outages=draw.choice((0, 0, 1)),
            audits=draw.choice((0, 0, 1)),
            pauses=draw.choice(((0,), (0, 0, 0.02, 0.3), (0.05, 0.5, 3))),
            within=draw.choice((0.05, 0.3, 1.5, 10)),
            tickets=draw.choice((0, 0.3)),
            erasures=draw.choice((0, 0, 1)),
            pagers=draw.choice((0, 1, 2)),
            openings=draw.choice((0, 1, 2)),
            lost_keys=draw.choice((0, 0, 1, 2)),
        )
        late = perhaps(0.02, 0.2)
        reach = draw.choice((None, None, None, None, 0, 1))
        audience = Audience() if reach is None else Audience(3, reach=reach)
        releases = draw.choice((0, 0, 1, 2)) if oracle.RATING in plan.boards else 0
        return replace(
            plan,
            mishaps=replace(mishaps, answer_late=late),
            audience=audience,
            viewers=plan.viewers + 2 * audience.is_split,
            releases=releases,
            # Who pages through a board whose order turns sees some twice.
            pagers=0 if releases else plan.pagers,
        )


class Story:
    def __init__(self, rig: Rig, plan: Plan, kills: Sequence[KillAt] = ()) -> None:
        self.plan = plan
        self.rig = rig
        self._loses_work = plan.mishaps.lose_work or bool(kills)
        self.world = World(plan.seed, plan.mishaps, plan.shards, plan.audience)
        self.world.scheduler.kills.extend(kills)
        self._numbers = 0

    def tell(self) -> None:
        """Run it, and check; raises AssertionError with the end of the trace."""
        with self.rig.world(self.world), self.world.scheduler:
            self.service = Service(self.world, batch_size=self.plan.batch_size)
            self.verdict = Verdict(self.world)
            try:
                self._act()
                self.service.drain("the streams are drained")
                self._check_drained()
                self._heal()
                self._check_viewers()
            except AssertionError as error:
                error.add_note(f"{self.plan}\n{self.world.scheduler.trace.text(80)}")
                raise

    def _act(self) -> None:
        plan, spawn = self.plan, self.world.scheduler.spawn
        for number in range(plan.writers):
            spawn(f"writer/{number}", self._write_some)
        for number in range(plan.viewers):
            user = self._any_user() if self.world.chance.random() < plan.known else None
            viewer = Viewer(f"viewer-{number}=", plan.boards, self.world, user)
            spawn(f"viewer/{number}", partial(self._watch, viewer))
        for number in range(plan.readers):
            spawn(f"reader/{number}", self._read_some)
        mishaps: tuple[tuple[str, int, Callable[[], None]], ...] = (
            ("removal", plan.removals, self._remove),
            ("standing", plan.standings, self._set_standing),
            ("pager", plan.pagers, self._page),
            ("opening", plan.openings, self._open_season),
            ("erasure", plan.erasures, self._erase),
            ("flush", plan.flushes, self._flush),
            ("lost key", plan.lost_keys, self._lose_key),
            ("failover", plan.failovers, self._fail_over),
            ("outage", plan.outages, self._outage),
            ("audit", plan.audits, self._audit),
            ("release", plan.releases, self._release),
        )
        for name, times, call in mishaps:
            for number in range(times):
                spawn(f"{name}/{number}", call)

    # Who acts.

    def _pause(self, longest: float = 1) -> None:
        """Let an unknown time pass, most of the time little."""
        seconds = self.world.chance.choice(self.plan.pauses) * self.world.chance.random() * longest
        if seconds:
            self.world.clock.sleep(seconds)
        else:
            self.world.step("goes on")

    def _any_user(self) -> str:
        return self.world.chance.choice(USERS[: self.plan.users])

    def _wait(self) -> None:
        """Until a mishap is due."""
        self.world.clock.sleep(self.world.chance.random() * self.plan.within)

    def _write_some(self) -> None:
        for _ in range(self.plan.writes):
            self._pause()
            chance = self.world.chance
            rules = chance.choice(self.plan.boards)
            lowest = 1 if rules.operator != "increment" else -1
            amount = chance.randint(lowest, self.plan.amounts)
            name = (
                f"name | {chance.randint(1, 3)} ☃" if chance.random() < self.plan.renames else None
            )
            user, kind = self._any_user(), chance.random()
            if kind < self.plan.tickets and rules.action:
                self._earn(user, rules, abs(amount))
            elif name is not None and kind > 1 - self.plan.own_names:
                self._rename(user, name)
            else:
                self._write(user, rules, amount, name)

    def _write(self, user: str, rules: oracle.Rules, amount: int, name: str | None) -> None:
        """One trusted write, asked again and again until there is an answer."""
        submission = f"submission-{self._number()}"
        if name is not None:
            self.world.people.asked[user].add(name)
        self.world.scores.attempts[submission] = oracle.Attempt(
            user, (rules.board,), amount, self.world.clock.time()
        )
        submit = partial(
            wiring.submissions().submit,
            user_id=user,
            board=rules.board,
            submission_id=submission,
            user_name=name,
            **{"delta" if rules.operator == "increment" else "score": amount},
        )
        self._finish("write", submit, Barred)

    def _earn(self, user: str, rules: oracle.Rules, amount: int) -> None:
        """A player completes an action, and sends its ticket in until there is an answer.

        Of an action that is judged the answer may be wrong, and is then corrected in vain; and the
        ticket may be the second of two, of which the first is void.
        """
        if not rules.points and self.world.chance.random() < 0.3:
            void = self._take(user, rules, amount)
            issued = self._take(user, rules, amount)
            if void is not None and issued is not None:
                self._send(user, rules, void, amount)
        else:
            issued = self._take(user, rules, amount)
        if issued is None:
            return
        attempts, ticket = self.world.scores.attempts, issued.ticket.ticket
        fails = not rules.points and self.world.chance.random() < 0.3
        counts = None if fails else rules.points or amount
        attempts[ticket] = replace(attempts[ticket], boards=rules.counts_on, amount=counts)
        first = self._send(user, rules, issued, "fail" if fails else amount)
        if first is not None and self.world.chance.random() < 0.5:
            again = self._send(user, rules, issued, 2 if amount == 1 else 1)
            assert again is None or again.answer == first.answer, f"{first}, then {again}"

    def _take(self, user: str, rules: oracle.Rules, amount: int) -> IssuedTicket | None:
        """A ticket, which counts nowhere until it is said what it is to count."""

        def issue() -> IssuedTicket:
            if not rules.points:
                self.world.scores.tries.add((user, rules.board))
            it = wiring.scores().issue(user_id=user, board=rules.board, action=rules.action)
            now = self.world.clock.time()
            self.world.scores.attempts[it.ticket.ticket] = oracle.Attempt(user, (), amount, now)
            return it

        issued: IssuedTicket | None = self._finish("write", issue, Barred)
        return issued

    def _send(
        self, user: str, rules: oracle.Rules, issued: IssuedTicket, evidence: int | str
    ) -> Outcome | None:
        complete = partial(
            wiring.scores().complete,
            user_id=user,
            board=rules.board,
            token=issued.token,
            evidence=None if rules.points else Evidence(evidence),
        )
        outcome: Outcome | None = self._finish("write", complete, Barred, TicketSuperseded)
        return outcome

    def _rename(self, user: str, name: str) -> None:
        self.world.people.asked[user].add(name)
        self._finish("rename", partial(wiring.profiles().rename, user, name), Barred, RateLimited)

    def _watch(self, viewer: Viewer) -> None:
        self._pause(5)
        while True:
            try:
                viewer.arrive()
                break
            except Unavailable:
                self.world.clock.sleep(1)
        if self.world.chance.random() < 0.2:
            self._pause(5)
            viewer.leave()

    def _read_some(self) -> None:
        for _ in range(4):
            self._pause(3)
            rules = self.world.chance.choice(self.plan.boards)
            before = self.world.history[rules.key][-1:]
            try:
                page = wiring.reads().top(wiring.board_season(rules.board), limit=None).body
            except Unavailable:
                continue
            found = self.world.recorded(rules.key, page["epoch"], page["version"])
            if page["version"] == 0:
                assert page["entries"] == []
                # Unless it was opened, and the cache still has that.
                assert found or not any(it.epoch for it in before), f"{rules.key} reads as empty"
            else:
                assert found is not None, f"a top that was not recorded: {page}"
                assert page["entries"] == found.entries

    def _page(self) -> None:
        self._wait()
        rules = self.world.chance.choice(self.plan.boards)
        page_through(self.world, rules, limit=self.world.chance.choice((1, 2)))

    def _open_season(self) -> None:
        """The schedules' minute."""
        self._wait()
        self.service.start("seasons", {})
        self.service.start("verify", {"audit": False})

    def _remove(self) -> None:
        """A moderator takes a score off."""
        self._wait()
        user, rules = self._any_user(), self.world.chance.choice(self.plan.boards)
        self.world.scores.removals.add((user, rules.key))
        moderation = wiring.moderation()
        remove = partial(moderation.remove, user, wiring.board_season(rules.board), by="moderator")
        self._finish("remove", remove, UserNotRanked)

    def _set_standing(self) -> None:
        """A moderator hides or bars a user for a while."""
        user = self._any_user()
        for standing in (self.world.chance.choice(["hidden", "barred"]), "visible"):
            self._pause(3)
            self.world.people.asked[user].add(standing)
            moderation = wiring.moderation()
            reason = f"reason {self._number()}"
            act = partial(moderation.set_standing, user, standing, reason=reason, by="moderator")
            self._finish("moderate", act, UserDeleted)

    def _erase(self) -> None:
        """A player leaves for good; if the request dies, the streams have to do the rest."""
        self._wait()
        user = self._any_user()
        self.world.people.asked[user].add("deleted")
        self.world.scores.erasures.add(user)
        again = self.world.chance.random() < 0.5
        call = partial(wiring.moderation().erase, user, account=user)
        self.service.ask(f"erase/{self._number()}", call, again=again)

    def _finish(
        self, name: str, call: Callable[[], object], *expected: type[LeaderboardError]
    ) -> Any:
        """A request, asked again and again until there is an answer; None if it is refused."""
        asked = self.service.ask(f"{name}/{self._number()}", call)
        self.world.scheduler.wait_until(lambda: asked.done, "an answer")
        if asked.refusal is not None and not isinstance(asked.refusal, expected):
            raise asked.refusal
        return asked.answer

    def _number(self) -> int:
        self._numbers += 1
        return self._numbers

    def _flush(self) -> None:
        self._wait()
        self.rig.valkey.client.flushall()

    def _lose_key(self) -> None:
        """The cache loses one key of a ranking and keeps the others."""
        self._wait()
        rules = self.world.chance.choice(self.plan.boards)
        self.rig.lose_key(rules.board, rules.season, self.world.chance.choice(("members", "users")))

    def _fail_over(self) -> None:
        self._wait()
        snapshot = self.rig.valkey.snapshot()
        self.world.step("the replica lags behind")
        self._wait()
        self.rig.valkey.restore(snapshot)
        self.world.failed_over = True

    def _outage(self) -> None:
        self._wait()
        service = self.world.chance.choice(["dynamodb", "cache", "lambda"])
        self.world.down.add(service)
        self.world.clock.sleep(self.world.chance.choice([0.05, 2, 40]))
        self.world.down.discard(service)

    def _audit(self) -> None:
        self._wait()
        self.service.start("rebuild", {"board": self.world.chance.choice(self.plan.boards).board})

    def _release(self) -> None:
        """All functions begin with another boards.yml; the deploy's last step may die."""
        self._wait()
        self.world.deploy({"rating-*"})
        self.world.retire()
        self.service.finish_deploy()

    # What must hold.

    def _check_drained(self) -> None:
        """Both streams are empty. What died half-way may wait for the next score; nothing else."""
        verdict = self.verdict
        verdict.scores()
        if not any("histories" in it for it in self.service.given_up):
            verdict.histories()
        verdict.profiles()
        if not any("finish" in it for it in self.service.given_up):
            verdict.departed()
        # One rebuild may be of many boards.
        given_up = any("finish" not in it for it in self.service.given_up)
        unsettled = self._loses_work or self.plan.outages or self.world.failed_over
        for rules in self.plan.boards:
            top = verdict.ranking(rules)
            if unsettled and top is not None and top.order != verdict.in_force(rules).order:
                continue  # the switch died half way
            if not self.world.failed_over and top is not None and top.completeness == COMPLETE:
                verdict.is_ranked(rules, top)
                if not given_up or not top.is_unrecorded:
                    verdict.is_recorded(rules)
            elif not unsettled:
                verdict.is_recorded(rules)
                if top is not None and top.completeness != COMPLETE:
                    verdict.is_new(rules, top)
        verdict.who_missed_nothing(self.plan.boards)

    def _heal(self) -> None:
        """Peace: the next score of each board mends what was left; after a failover, the audit.

        The one right after it changes no more than the total, too soon for the stream to record
        it: the minute's function has to.
        """
        self.world.heal()

        def score() -> None:
            self.world.clock.sleep(SILENCE)
            for user in (HEALER, LATECOMER):
                for rules in self.plan.boards:
                    self._write(user, rules, 1, None)

        self.world.scheduler.spawn("healer", score)
        self.service.drain("the next score is taken")
        if self.plan.releases:
            self.service.finish_deploy()
            self.service.drain("the change is brought in")
        if self.world.failed_over:
            for rules in self.plan.boards:
                self.service.start("rebuild", {"board": rules.board})
            self.service.drain("the audit is over")
        self.verdict.scores()
        if not any("histories" in it for it in self.service.given_up):
            self.verdict.histories()
        for rules in self.plan.boards:
            self.verdict.board(rules)
            self.verdict.counted(rules)
        self.service.start("verify", {"audit": False})
        self.service.drain("a minute has passed")
        self.verdict.caught_up(self.plan.boards)

    def _check_viewers(self) -> None:
        """Who missed no post holds the recorded top; who did repairs itself by a ping."""
        self.verdict.who_missed_nothing(self.plan.boards)
        for viewer in self.verdict.present():
            self.world.scheduler.spawn(f"ping/{viewer.connection_id}", viewer.ping)
        self.service.drain("the viewers have pinged")
        for viewer in self.verdict.present():
            for rules in self.plan.boards:
                self.verdict.is_shown(viewer, rules)
        self._check_chains()

    def _check_chains(self) -> None:
        """Where nothing was repeated, every frame goes on from the one before it."""
        for frames in self.world.frames.values():
            by_version = {it["version"]: it for it in frames}
            assert len({it["epoch"] for it in frames} - {None}) <= 1
            if (
                self.plan.mishaps != Mishaps()
                or self._loses_work
                or self.plan.outages
                or self.plan.viewers != 1
            ):
                continue
            assert len(by_version) == len(frames), "a version was sent twice"
            for before, after in pairwise(frames):
                assert after["type"] == "snapshot" or after["from"] == before["version"]
