"""Any sequence of attempts, completions, repeats and trusted writes counts no ticket twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from leaderboard.boards.rules import Action, Board, JudgedPoints
from leaderboard.errors import LeaderboardError, TicketSuperseded
from leaderboard.scoring import decisions
from leaderboard.scoring.decisions import REMEMBERED
from leaderboard.scoring.items import Answer, ScoreItem
from leaderboard.scoring.judges import Completion, Evidence, challenge, digest
from leaderboard.scoring.tickets import ActionTicket
from leaderboard.scoring.tombstones import removed
from tests.games import shipping

T0 = 1_795_421_730_000
SECRET_SEED = bytes(range(32))
RIGHT = {"answer": SECRET_SEED[4:8].hex()}
ACTIONS: Mapping[str, Action] = {
    "fixed": Action(10, min_seconds=0, expires_seconds=60),
    "judged": Action(JudgedPoints(500, "game.plain:told"), min_seconds=0, expires_seconds=60),
    "asked": Action(JudgedPoints(10, "game.plain:echoed"), 0, 60, challenge="game.plain:question"),
}
EVIDENCE: Mapping[str, list[Evidence | None]] = {
    "fixed": [None],
    "judged": [Evidence(7), Evidence("fail"), Evidence("nonsense"), None],
    "asked": [Evidence(RIGHT), Evidence({"answer": "wrong"}), Evidence(3)],
}
BOARD = Board("board", "Board")
BESIDE = Board("beside", "Beside")


@pytest.fixture(scope="module", autouse=True)
def _sample_game() -> Iterator[None]:
    with shipping():
        yield


@dataclass
class Play:
    """A player's items, and what became of each ticket."""

    now: int = T0
    home: ScoreItem = field(default_factory=lambda: ScoreItem("ada", "board", "all", "Ada", 0))
    beside: ScoreItem = field(default_factory=lambda: ScoreItem("ada", "beside", "all", "Ada", 0))
    tickets: list[ActionTicket] = field(default_factory=list)
    open: dict[str, str] = field(default_factory=dict)
    taken: dict[str, list[str]] = field(default_factory=lambda: {it: [] for it in ACTIONS})
    answers: dict[str, Answer] = field(default_factory=dict)
    expected: int = 0

    def issue(self, name: str) -> None:
        action = ACTIONS[name]
        asked = challenge(action, name=name, seed=SECRET_SEED)
        ticket = ActionTicket(
            ticket=f"t{len(self.tickets)}",
            user_id="ada",
            board="board",
            season="all",
            action=name,
            rules_digest=digest(action, asked),
            issued_ms=self.now,
            not_before_ms=self.now,
            expires_ms=self.now + 60_000,
            also={"beside": "all"},
            seed=SECRET_SEED,
        )
        self.tickets.append(ticket)
        if asked is not None:
            self.home = decisions.attempt(BOARD, self.home, ticket, now_ms=self.now)
            self.open[name] = ticket.ticket

    def complete(self, ticket: ActionTicket, evidence: Evidence | None) -> None:
        name = ticket.action
        taken = self.taken[name]
        before = self.home.user_score or 0, self.beside.user_score or 0
        completion = Completion(ticket, ACTIONS[name], evidence, self.now)
        try:
            decision = decisions.complete(
                BOARD, self.home, completion, also=[(BESIDE, self.beside)]
            )
        except LeaderboardError as error:
            self.check_refusal(ticket, error)
            return
        if decision.item is None:
            assert ticket.ticket in taken[-REMEMBERED:]
            assert decision.answer == self.answers[ticket.ticket]
            return
        assert ticket.ticket not in taken, "a ticket counts twice"
        if ACTIONS[name].challenge is not None:
            assert self.open.pop(name) == ticket.ticket, "a ticket counts that was voided"
        taken.append(ticket.ticket)
        self.answers[ticket.ticket] = decision.answer
        self.home, (self.beside,) = decision.item, decision.also
        after = self.home.user_score or 0, self.beside.user_score or 0
        moved = [now - was for was, now in zip(before, after, strict=True)]
        assert moved[0] == moved[1], "the boards differ"
        self.expected += moved[0]

    def check_refusal(self, ticket: ActionTicket, error: LeaderboardError) -> None:
        taken = self.taken[ticket.action]
        assert ticket.ticket not in taken[-REMEMBERED:], "a remembered ticket was refused"
        voided = self.open.get(ticket.action, ticket.ticket) != ticket.ticket
        superseded = isinstance(error, TicketSuperseded)
        assert superseded or not (voided or ticket.ticket in taken), error

    def check_answers(self) -> None:
        """The last tickets taken get their answers again, whatever is sent, however late."""
        for taken in self.taken.values():
            for name in taken[-REMEMBERED:]:
                ticket = self.tickets[int(name[1:])]
                again = Completion(ticket, None, Evidence("anything"), self.now + 10**9)
                decision = decisions.complete(BOARD, self.home, again, also=[(BESIDE, self.beside)])
                assert (decision.item, decision.answer) == (None, self.answers[name])


steps = st.one_of(
    st.tuples(st.just("issue"), st.sampled_from(sorted(ACTIONS))),
    st.tuples(st.just("begin and complete"), st.sampled_from(sorted(ACTIONS))),
    st.tuples(st.just("begin and complete"), st.sampled_from(sorted(ACTIONS))),
    st.tuples(st.just("complete"), st.integers(0, 11), st.sampled_from([0, 0, 1, 2, 3])),
    st.tuples(st.just("complete"), st.integers(0, 11), st.sampled_from([0, 0, 1, 2, 3])),
    st.tuples(st.just("wait"), st.sampled_from([1, 1, 2, 30_000])),
    st.tuples(st.just("back"), st.integers(1, 3)),
    st.tuples(st.just("submit"), st.integers(0, 5)),
    st.tuples(st.just("remove")),
)


@settings(max_examples=300)
@given(st.lists(steps, min_size=12, max_size=60))
def test_no_ticket_counts_twice_and_the_last_three_get_equal_answers(
    sequence: list[tuple[Any, ...]],
) -> None:
    play = Play()
    for step in sequence:
        match step:
            case ("issue", name):
                play.issue(name)
            case ("complete", number, evidence) if play.tickets:
                ticket = play.tickets[-1 - number % len(play.tickets)]
                sent = EVIDENCE[ticket.action]
                play.complete(ticket, sent[evidence % len(sent)])
            case ("begin and complete", name):
                play.issue(name)
                play.complete(play.tickets[-1], EVIDENCE[name][0])
            case ("wait", ms):
                play.now += ms
            case ("back", ms):  # another function, whose clock is behind
                play.now -= ms
            case ("submit", delta):
                decision = decisions.submit(BOARD, play.home, amount=delta, now_ms=play.now)
                assert decision.item is not None
                play.home = decision.item
            case ("remove",) if play.home.user_score is not None:
                # A moderator takes the score off; nothing of before counts again.
                play.home = removed(play.home, history_days=90, now_ms=play.now)
        points = play.beside.user_score or 0
        assert points == play.expected
    play.check_answers()
