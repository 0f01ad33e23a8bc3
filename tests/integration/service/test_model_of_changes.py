"""The model while boards change their order: the plays of `test_model.py`, with deploys in between.

It is a file of its own so that another worker plays it. The same variables of the environment hold.
"""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition, rule

from local.poller import KillAt
from tests.integration.story import oracle
from tests.integration.story.edges import Rig
from tests.integration.story.play import Play, boards, run_plays, seeds

LastStep = tuple[str, int]
WELL: LastStep = ("", 0)
last_steps = st.sampled_from(
    [
        WELL,
        ("before cache.*", 1),
        ("after dynamodb.UpdateItem", 1),
        ("after dynamodb.UpdateItem", 2),
        ("before lambda.*", 1),
        ("after lambda.*", 1),
    ]
)
"""How that of a deploy ends: well, or it dies at such a step, the nth time that it comes there."""


class Changing(Play):
    """Deploys turn the order of boards; what counts is what the boards' items say."""

    def __init__(self) -> None:
        super().__init__()
        self._is_finished = False
        self._waits = 0

    @precondition(lambda self: not self._is_deploying)
    @rule(board=st.none() | boards, last_step=st.none() | last_steps)
    def deploy(self, board: str | None, last_step: LastStep | None) -> None:
        """The other order of a board, or of all. From here on environments of two releases answer;
        the last step of the deploy comes at once, later or never."""
        self._count("deploy")
        named = [board] if board is not None else oracle.BY_NAME
        self.world.deploy(oracle.named(it) for it in named)
        self._is_finished = False
        if last_step is not None:
            self._finish(last_step)

    @precondition(lambda self: not self._is_deploying)
    @rule(board=st.none() | boards)
    def turn(self, board: str | None) -> None:
        """A deploy all at once."""
        self.deploy(board, WELL)
        self.retire()

    @precondition(lambda self: self._is_deploying)
    @rule(last_step=last_steps)
    def finish_deploy(self, last_step: LastStep) -> None:
        self._count("finish deploy")
        self._finish(last_step)

    def _finish(self, last_step: LastStep) -> None:
        self._is_finished = True
        task = self.service.finish_deploy()
        step, nth = last_step
        if last_step != WELL:
            self.world.scheduler.kills.append(KillAt(task=task.name, step=step, nth=nth))
            self._unsettled = True

    @precondition(lambda self: self._is_deploying and not self._is_finished)
    @rule()
    def roll_back(self) -> None:
        self._count("roll back")
        self.world.roll_back()

    @precondition(lambda self: self._is_deploying)
    @rule()
    def retire(self) -> None:
        """The last environment of the release before is gone."""
        self._count("retire")
        self.world.retire()

    @property
    def _is_deploying(self) -> bool:
        return len(self.world.releases) > 1

    # A viewer's connection lasts two hours.
    @precondition(lambda self: self._waits < 10)
    @rule(number=seeds)
    def wait_five_minutes(self, number: int) -> None:
        """What differs for so long counts, without a deploy's word."""
        self._count("five minutes")
        self._waits += 1
        with self._told():
            self._stir(number, 1000)
            self._pass_five_minutes()

    def _pass_five_minutes(self) -> None:
        for seconds in (60, 60, 60, 60, 61, 0):
            self.service.start("seasons", {})
            self._sleep(seconds)

    def teardown(self) -> None:
        """Each play ends with a deploy, while what it asked for last is on its way."""
        if not self._failed and hasattr(self, "world"):
            with self._told():
                self.world.retire()
                self.turn(None)
        super().teardown()

    def _end(self) -> None:
        """What became of the last step does not matter in the end."""
        super()._end()
        if not self._is_as_said():
            self._pass_five_minutes()
            self.service.drain("five minutes have passed")
            assert self._is_as_said(), f"{self.world.orders} after {self.world.releases}"
            for rules in self._current():
                self.verdict.board(rules)
            self._read()
            self._verify()

    def _is_as_said(self) -> bool:
        (release,) = self.world.releases
        return all(
            self.verdict.in_force(rules).order == release.order_of(oracle.BY_NAME[rules.board])
            for rules in self._current()
            if any(it.epoch for it in self.world.history[rules.key])
        )


def test_every_read_equals_a_sorted_list_while_orders_change(rig: Rig) -> None:
    run_plays(Changing, rig)
