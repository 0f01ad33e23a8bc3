"""Scores written at once: what was asked for once counts once, whoever asks how often."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from threading import Barrier, Lock
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ReadTimeoutError

from leaderboard import clock, wiring
from leaderboard.adapters.aws.clients import client
from leaderboard.boards.boards_file import parse
from leaderboard.boards.seasons import key_of
from leaderboard.errors import (
    LeaderboardError,
    SubmissionConflict,
    TicketSuperseded,
    Unavailable,
)
from leaderboard.scoring.items import ScoreItem
from leaderboard.scoring.judges import Evidence
from leaderboard.scoring.ports import ScoreStore
from leaderboard.scoring.scores import Outcome, Scores
from leaderboard.scoring.submissions import Submissions
from tests.integration import aws, aws_calls

pytestmark = pytest.mark.usefixtures("stage")

WRITES = {"PutItem", "TransactWriteItems"}


@dataclass
class Moment:
    """The service's clock: what is early becomes due by moving it."""

    ms: int = field(default_factory=clock.machine_ms)

    def __call__(self) -> int:
        return self.ms


@pytest.fixture
def moment() -> Moment:
    return Moment()


@pytest.fixture
def scores(moment: Moment) -> Scores:
    return replace(wiring.scores(), now_ms=moment)


def at_once(calls: Sequence[Callable[[], Outcome]]) -> list[Outcome | LeaderboardError]:
    """Start all calls together; an error is an outcome too."""
    gate = Barrier(len(calls))

    def run(call: Callable[[], Outcome]) -> Outcome | LeaderboardError:
        gate.wait()
        try:
            return call()
        except LeaderboardError as error:
            return error

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def ticket(scores: Scores, moment: Moment, action: str = "visit") -> str:
    """A ticket that is good now."""
    issued = scores.issue(user_id="ann", board="global", action=action)
    moment.ms = max(moment.ms, issued.ticket.not_before_ms)
    return issued.token


def stored(board: str = "global") -> ScoreItem:
    item = wiring.score_table().read("ann", key_of(board, "all"))
    assert item is not None
    return item


def outcomes(found: Sequence[Outcome | LeaderboardError]) -> list[Outcome]:
    done = [it for it in found if isinstance(it, Outcome)]
    assert len(done) == len(found), [it for it in found if not isinstance(it, Outcome)]
    return done


def trusted_of(scores: Scores) -> Submissions:
    """The trusted writes of the same boards, table and clock."""
    return Submissions(scores.catalog, scores.store, scores.now_ms)


def completing(scores: Scores, token: str) -> Callable[[], Outcome]:
    return lambda: scores.complete(user_id="ann", board="global", token=token)


@pytest.mark.parametrize("before", [False, True], ids=["first score", "later score"])
def test_ticket_taken_by_fifty_at_once_counts_once(
    scores: Scores, moment: Moment, before: bool
) -> None:
    if before:
        trusted_of(scores).submit(user_id="ann", board="global", submission_id="before", delta=5)
    token = ticket(scores, moment)
    found = outcomes(at_once([completing(scores, token)] * 50))
    assert Counter(it.replayed for it in found) == {True: 49, False: 1}
    assert all(it.answer.changed for it in found)
    assert {it.answer.user_score for it in found} == {6 if before else 1}
    assert len({it.answer for it in found}) == 1
    assert stored().user_score == (6 if before else 1)


def sent_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK sends a write again when the first answer got lost."""
    real = aws_calls.real()

    def call(client: BaseClient, operation: str, parameters: dict[str, Any]) -> Any:
        if operation == "PutItem" or operation == "TransactWriteItems":
            real(client, operation, parameters)
        return real(client, operation, parameters)

    aws_calls.take_over(monkeypatch, call)


def answer_lost(monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """The answers of the first writes that succeed never arrive."""
    real = aws_calls.real()
    left = [times]
    lock = Lock()

    def call(client: BaseClient, operation: str, parameters: dict[str, Any]) -> Any:
        answer = real(client, operation, parameters)
        with lock:
            if operation in WRITES and left[0]:
                left[0] -= 1
                raise ReadTimeoutError(endpoint_url="dynamodb")
        return answer

    aws_calls.take_over(monkeypatch, call)


def test_ticket_counts_once_where_each_write_is_sent_twice(
    scores: Scores, moment: Moment, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = ticket(scores, moment)
    sent_twice(monkeypatch)
    found = outcomes(at_once([completing(scores, token)] * 10))
    assert sum(not it.replayed for it in found) <= 1
    assert stored().user_score == 1


def test_ticket_counts_once_where_the_answer_got_lost(
    scores: Scores, moment: Moment, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = ticket(scores, moment)
    answer_lost(monkeypatch, 1)
    found = at_once([completing(scores, token)] * 10)
    assert sum(isinstance(it, Unavailable) for it in found) == 1
    assert all(it.replayed for it in found if isinstance(it, Outcome))
    again = completing(scores, token)()
    assert (again.replayed, again.answer.changed, again.answer.user_score) == (True, True, 1)
    assert stored().user_score == 1


def test_tickets_taken_in_advance_do_not_multiply(scores: Scores, moment: Moment) -> None:
    tokens = [ticket(scores, moment) for _ in range(2)]
    moment.ms -= 2000
    tokens += [ticket(scores, moment) for _ in range(98)]
    found = at_once([completing(scores, token) for token in tokens])
    assert sum(isinstance(it, Outcome) for it in found) == 1
    assert sum(isinstance(it, TicketSuperseded) for it in found) == 99
    assert stored().user_score == 1


def test_tickets_of_different_actions_all_count(scores: Scores, moment: Moment) -> None:
    actions = {name: VISIT | {"points": points} for name, points in (("one", 10), ("two", 70))}
    scores = replace(scores, catalog=parse({"boards": {"global": {"actions": actions}}}))
    tokens = [ticket(scores, moment, action) for action in actions]
    found = outcomes(at_once([completing(scores, token) for token in tokens]))
    assert [it.replayed for it in found] == [False, False]
    assert stored().user_score == 80
    assert set(stored().completed) == {"one", "two"}


def test_challenges_asked_for_by_many_at_once_leave_one_open(
    scores: Scores, moment: Moment
) -> None:
    """Each is an attempt; whichever was written last is the one that counts."""
    calls = [lambda: scores.issue(user_id="ann", board="global", action="quiz")] * 12
    with ThreadPoolExecutor(len(calls)) as pool:
        issued = [it.result() for it in [pool.submit(call) for call in calls]]
    open_now = stored().open["quiz"]
    assert [it.ticket.ticket for it in issued].count(open_now) == 1
    assert len({it.challenge for it in issued}) > 1
    minute = 60_000_000 // 30
    used = stored().recovered_us["actions"] - moment.ms * 1000
    assert used == 12 * minute, "every attempt is charged"
    moment.ms += 2000
    found = at_once([playing(scores, it.token) for it in issued])
    voided = [isinstance(it, TicketSuperseded) for it in found]
    assert voided.count(False) == 1
    assert issued[voided.index(False)].ticket.ticket == open_now


def playing(scores: Scores, token: str) -> Callable[[], Outcome]:
    sent = Evidence({"answer": 0})
    return lambda: scores.complete(user_id="ann", board="global", token=token, evidence=sent)


VISIT = {"minSeconds": 2, "expiresSeconds": 300}


def submitting(scores: Scores, submission_id: str, **body: Any) -> Callable[[], Outcome]:
    given = {"user_id": "ann", "board": "global", **body}
    return lambda: trusted_of(scores).submit(submission_id=submission_id, **given)


def test_submission_sent_by_many_at_once_counts_once(scores: Scores) -> None:
    found = outcomes(at_once([submitting(scores, "s-1", delta=7)] * 30))
    assert Counter(it.replayed for it in found) == {True: 29, False: 1}
    assert len({it.answer for it in found}) == 1
    assert stored().user_score == 7


def test_submissions_of_different_ids_all_count(scores: Scores) -> None:
    found = outcomes(at_once([submitting(scores, f"s-{n}", delta=n) for n in range(1, 16)]))
    assert not any(it.replayed for it in found)
    assert stored().user_score == sum(range(1, 16))
    # Every step of the way was answered to exactly one of them.
    assert len({it.answer.user_score for it in found}) == 15


def test_best_of_concurrent_scores_stays(scores: Scores) -> None:
    values = random_order(20_000, 20_012)
    calls = [submitting(scores, f"s-{n}", board="fastest-lap", score=n) for n in values]
    found = outcomes(at_once(calls))
    assert stored("fastest-lap").user_score == 20_000
    assert all((it.answer.user_score or 0) <= n for it, n in zip(found, values, strict=True))
    best = [it for it in found if it.answer.user_score == 20_000 and it.answer.changed]
    assert len(best) == 1


def random_order(low: int, high: int) -> list[int]:
    return sorted(range(low, high), key=lambda it: it * 7 % 13)


def test_submission_with_two_bodies_counts_as_one_of_them(scores: Scores) -> None:
    calls = [submitting(scores, "s-1", delta=delta) for delta in (3, 5) * 5]
    found = at_once(calls)
    winner = stored().user_score
    assert winner in (3, 5)
    for delta, it in zip((3, 5) * 5, found, strict=True):
        assert isinstance(it, Outcome if delta == winner else SubmissionConflict)


def test_submission_counts_once_where_the_answer_got_lost(
    scores: Scores, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer_lost(monkeypatch, 1)
    with pytest.raises(Unavailable):
        submitting(scores, "s-1", delta=7)()
    again = submitting(scores, "s-1", delta=7)()
    assert (again.replayed, again.answer.changed, again.answer.user_score) == (True, True, 7)
    assert stored().user_score == 7


class Interrupted:
    """The real store; something else happens just before its first write."""

    def __init__(self, store: ScoreStore, first: Callable[[], object]) -> None:
        self._store = store
        self._first = [first]

    def write(self, write: Any) -> None:
        if self._first:
            self._first.pop()()
        self._store.write(write)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def renaming() -> None:
    wiring.profiles().rename("ann", "Renamed")


def test_first_score_that_races_a_rename_has_the_new_name(scores: Scores) -> None:
    racing = replace(scores, store=Interrupted(scores.store, renaming))
    outcome = submitting(racing, "s-1", delta=1)()
    assert outcome.user_name == "Renamed"
    assert (stored().user_name, stored().version) == ("Renamed", stored().version)
    assert wiring.profiles().copy("ann") == 0


def test_later_score_that_races_a_rename_keeps_both(scores: Scores) -> None:
    submitting(scores, "s-1", delta=1)()
    racing = replace(scores, store=Interrupted(scores.store, renaming))
    submitting(racing, "s-2", delta=1)()
    assert (stored().user_name, stored().user_score) == ("Renamed", 2)


def test_two_names_at_once_end_as_one_everywhere(scores: Scores) -> None:
    boards = ("global", "rating-1", "rating-2")
    amounts = ({"delta": 1}, {"score": 1}, {"score": 1})
    for board, amount in zip(boards, amounts, strict=True):
        submitting(scores, "before", board=board, **amount)()
    at_once(
        [
            submitting(scores, f"s-{n}", board=board, user_name=f"name {n}", **amount)
            for n, (board, amount) in enumerate(zip(boards, amounts, strict=True))
        ]
    )
    wiring.profiles().copy("ann")
    profile = wiring.score_table().read_profile("ann")
    assert profile is not None
    assert {stored(board).user_name for board in boards} == {profile.user_name}


@pytest.mark.parametrize("standing", ["hidden", "visible"])
def test_name_beside_a_standing_that_is_not_copied_yet_takes_the_standing_too(
    scores: Scores, standing: str
) -> None:
    submitting(scores, "s-1", delta=1, user_name="Ann")()
    for state in ("hidden", standing):
        client("dynamodb").update_item(
            TableName=aws.SCORES,
            Key={"userId": {"S": "ann"}, "boardSeason": {"S": "profile"}},
            UpdateExpression="SET standing = :standing ADD version :one",
            ExpressionAttributeValues={":standing": {"S": state}, ":one": {"N": "1"}},
        )
        if state != standing:
            wiring.profiles().copy("ann")
    submitting(scores, "s-2", delta=1, user_name="Anne")()
    wiring.profiles().copy("ann")
    assert (stored().standing, stored().user_name) == (standing, "Anne")
