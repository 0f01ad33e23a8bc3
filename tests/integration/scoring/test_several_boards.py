"""An action that counts on several boards: all of them once, or none of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ReadTimeoutError

from leaderboard import wiring
from leaderboard.adapters.aws.clients import client
from leaderboard.adapters.dynamodb.profiles import ProfileTable
from leaderboard.boards.boards_file import parse
from leaderboard.boards.seasons import key_of
from leaderboard.boards.snapshots import default_name
from leaderboard.errors import (
    Barred,
    Invalid,
    JudgeFailed,
    LeaderboardError,
    Raced,
    RateLimited,
    ScoreLimit,
    TicketExpired,
    TicketInvalid,
    TicketSuperseded,
    Unavailable,
)
from leaderboard.scoring import tickets
from leaderboard.scoring.items import Answer, ScoreItem, unnamed
from leaderboard.scoring.judges import Evidence
from leaderboard.scoring.profiles import Profiles, renamed
from leaderboard.scoring.scores import Outcome, Scores
from leaderboard.scoring.submissions import Submissions
from tests.games import shipping
from tests.integration import aws, aws_calls

pytestmark = pytest.mark.usefixtures("stage")

# Monday 2026-11-23, and the end of that day.
NOW = 1_795_421_730_123
MIDNIGHT = 1_795_478_400_000
LEVEL: dict[str, Any] = {
    "points": {"min": 0, "max": 500, "judge": "game.plain:told"},
    "minSeconds": 0,
    "expiresSeconds": 3600,
}
ALSO = ["daily", "best", "lowest", "latest"]
BOARDS: dict[str, Any] = {
    "global": {
        "actions": {
            "level": LEVEL | {"alsoOn": ALSO},
            "quiz": {"points": 10, "minSeconds": 0, "expiresSeconds": 3600, "alsoOn": ["best"]},
            "plain": LEVEL,
        }
    },
    "daily": {"schedule": "daily", "actions": {"level": LEVEL}},
    "best": {"operator": "best", "schedule": "weekly"},
    "lowest": {"operator": "best", "order": "asc"},
    "latest": {"operator": "latest", "schedule": "monthly"},
}
SEASONS = {
    "global": "all",
    "daily": "2026-11-23",
    "best": "2026-W48",
    "lowest": "all",
    "latest": "2026-11",
}


@pytest.fixture(autouse=True, scope="module")
def _sample_game() -> Iterator[None]:
    with shipping():
        yield


@dataclass
class Moment:
    ms: int = NOW

    def __call__(self) -> int:
        return self.ms


def trusted_of(scores: Scores) -> Submissions:
    """The trusted writes of the same boards, table and clock."""
    return Submissions(scores.catalog, scores.store, scores.now_ms)


@pytest.fixture
def moment() -> Moment:
    return Moment()


def scores_of(boards: Any, moment: Callable[[], int]) -> Scores:
    catalog = parse({"boards": boards})
    return Scores(catalog, wiring.score_table(), wiring.ticket_keys(), moment)


@pytest.fixture
def scores(moment: Moment) -> Scores:
    return scores_of(BOARDS, moment)


def with_rules(board: str, **rules: Any) -> dict[str, Any]:
    return BOARDS | {board: BOARDS[board] | rules}


def ticket(scores: Scores, action: str = "level", board: str = "global") -> str:
    return scores.issue(user_id="ann", board=board, action=action).token


def complete(scores: Scores, token: str, evidence: Any = 100, board: str = "global") -> Outcome:
    sent = None if evidence is None else Evidence(evidence)
    return scores.complete(user_id="ann", board=board, token=token, evidence=sent)


def stored(board: str, season: str | None = None) -> ScoreItem | None:
    return wiring.score_table().read("ann", key_of(board, season or SEASONS[board]))


def numbers() -> dict[str, int | None]:
    items = {board: stored(board) for board in SEASONS}
    return {board: item.user_score if item else None for board, item in items.items()}


NOTHING = dict.fromkeys(SEASONS)


def calls(action: Callable[[], object]) -> list[str]:
    made: list[str] = []
    events = client("dynamodb").meta.events

    def note(model: Any, **_: object) -> None:
        made.append(model.name)

    events.register("before-call", note)
    action()
    events.unregister("before-call", note)
    return made


def test_each_board_takes_the_points_by_its_own_operator(scores: Scores, moment: Moment) -> None:
    for value in (100, 300, 200):
        complete(scores, ticket(scores), value)
        moment.ms += 1
    assert numbers() == {"global": 600, "daily": 600, "best": 300, "lowest": 100, "latest": 200}
    times = {board: item.updated_ms for board in SEASONS if (item := stored(board))}
    # Each board's time moved when its own score did.
    assert times == {
        "global": NOW + 2,
        "daily": NOW + 2,
        "best": NOW + 1,
        "lowest": NOW,
        "latest": NOW + 2,
    }


def test_answer_is_the_entry_of_the_tickets_own_board(scores: Scores) -> None:
    outcome = complete(scores, ticket(scores))
    assert (outcome.answer.user_score, outcome.answer.changed, outcome.replayed) == (
        100,
        True,
        False,
    )
    second = complete(scores, ticket(scores), 50)
    assert second.answer.user_score == 150


def test_first_and_later_completions_cost_one_read_and_one_write(scores: Scores) -> None:
    shards = ["GetItem", "UpdateItem"]  # once an environment: how many write shards there are
    orders = ["GetItem"] * len(SEASONS)  # once a minute and environment: which order counts
    for asked in (shards + orders, []):
        made = calls(partial(complete, scores, ticket(scores)))
        assert made == ["BatchGetItem", *asked, "TransactWriteItems"]


def test_action_of_one_board_alone_is_still_one_plain_write(scores: Scores) -> None:
    complete(scores, ticket(scores, "plain"))
    token = ticket(scores, "plain")
    assert calls(lambda: complete(scores, token)) == ["GetItem", "PutItem"]
    assert numbers() == NOTHING | {"global": 200}


def test_ticket_again_is_answered_as_before_and_moves_no_board(scores: Scores) -> None:
    token = ticket(scores)
    first = complete(scores, token)
    before = {board: stored(board) for board in SEASONS}
    again = complete(scores, token, 400)
    assert again == replace(first, replayed=True)
    assert {board: stored(board) for board in SEASONS} == before


def test_replay_outlives_the_scores_on_the_other_boards(scores: Scores) -> None:
    token = ticket(scores)
    first = complete(scores, token)
    for board in ALSO:
        key = {"userId": {"S": "ann"}, "boardSeason": {"S": f"{board}#{SEASONS[board]}"}}
        client("dynamodb").delete_item(TableName=aws.SCORES, Key=key)
    assert complete(scores, token) == replace(first, replayed=True)
    assert numbers() == NOTHING | {"global": 100}


def at_once(found: Sequence[Callable[[], Outcome]]) -> list[Outcome | LeaderboardError]:
    gate = Barrier(len(found))

    def run(call: Callable[[], Outcome]) -> Outcome | LeaderboardError:
        gate.wait()
        try:
            return call()
        except LeaderboardError as error:
            return error

    with ThreadPoolExecutor(len(found)) as pool:
        return list(pool.map(run, found))


@pytest.mark.parametrize("before", [False, True], ids=["first score", "later score"])
def test_ticket_sent_fifty_times_at_once_counts_once_on_every_board(
    scores: Scores, moment: Moment, before: bool
) -> None:
    if before:
        complete(scores, ticket(scores), 50)
        moment.ms += 1
    token = ticket(scores)
    found = at_once([lambda: complete(scores, token)] * 50)
    assert Counter(isinstance(it, Outcome) and it.replayed for it in found) == {True: 49, False: 1}
    total, low = (150, 50) if before else (100, 100)
    assert numbers() == {
        "global": total,
        "daily": total,
        "best": 100,
        "lowest": low,
        "latest": 100,
    }


def test_writes_on_the_other_boards_at_the_same_time_are_not_lost(scores: Scores) -> None:
    def trusted(number: int) -> Callable[[], Outcome]:
        return lambda: trusted_of(scores).submit(
            user_id="ann", board="daily", submission_id=f"s-{number}", delta=1
        )

    token = ticket(scores)
    found = at_once([lambda: complete(scores, token), *(trusted(n) for n in range(10))])
    assert all(isinstance(it, Outcome) for it in found), found
    assert numbers()["daily"] == 110


def answer_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    real = aws_calls.real()
    left = [True]

    def call(service: BaseClient, operation: str, parameters: dict[str, Any]) -> Any:
        answer = real(service, operation, parameters)
        if operation == "TransactWriteItems" and left:
            left.pop()
            raise ReadTimeoutError(endpoint_url="dynamodb")
        return answer

    aws_calls.take_over(monkeypatch, call)


def test_retry_after_a_lost_answer_doubles_no_board(
    scores: Scores, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = ticket(scores)
    answer_lost(monkeypatch)
    with pytest.raises(Unavailable):
        complete(scores, token)
    again = complete(scores, token)
    assert (again.replayed, again.answer.user_score) == (True, 100)
    assert set(numbers().values()) == {100}


@pytest.mark.parametrize("board", list(SEASONS))
def test_lost_race_for_any_item_writes_none(scores: Scores, board: str) -> None:
    """The store refuses the whole write if one item of it is not as it was read."""
    complete(scores, ticket(scores))
    raced: list[object] = []

    class Interrupted:
        def __getattr__(self, name: str) -> Any:
            return getattr(scores.store, name)

        def write(self, write: Any) -> None:
            if not raced:
                key = {"userId": {"S": "ann"}, "boardSeason": {"S": f"{board}#{SEASONS[board]}"}}
                client("dynamodb").update_item(
                    TableName=aws.SCORES,
                    Key=key,
                    UpdateExpression="ADD version :one",
                    ExpressionAttributeValues={":one": {"N": "1"}},
                )
                before = numbers()
                with pytest.raises(Raced):
                    scores.store.write(write)
                assert numbers() == before
                raced.append(write)
                raise Raced("again")
            scores.store.write(write)

    store: Any = Interrupted()
    outcome = complete(replace(scores, store=store), ticket(scores))
    assert (outcome.answer.user_score, len(raced)) == (200, 1)
    assert numbers()["daily"] == 200


def left_out(monkeypatch: pytest.MonkeyPatch, *, answered: int) -> None:
    """A throttled table answers so many of the items asked for, and leaves out the rest."""
    real = aws_calls.real()

    def call(service: BaseClient, operation: str, parameters: dict[str, Any]) -> Any:
        if operation != "BatchGetItem":
            return real(service, operation, parameters)
        ((table, asked),) = parameters["RequestItems"].items()
        now, later = asked["Keys"][:answered], asked["Keys"][answered:]
        answer: Any = {"Responses": {}}
        if now:
            answer = real(service, operation, {"RequestItems": {table: {**asked, "Keys": now}}})
        return answer | ({"UnprocessedKeys": {table: {**asked, "Keys": later}}} if later else {})

    aws_calls.take_over(monkeypatch, call)


def test_items_that_a_throttled_table_left_out_are_asked_for_again(
    scores: Scores, monkeypatch: pytest.MonkeyPatch
) -> None:
    complete(scores, ticket(scores))
    left_out(monkeypatch, answered=2)
    assert complete(scores, ticket(scores)).answer.user_score == 200
    assert numbers() == {"global": 200, "daily": 200, "best": 100, "lowest": 100, "latest": 100}


def test_items_that_cannot_be_read_are_not_taken_for_missing(scores: Scores) -> None:
    complete(scores, ticket(scores))
    token = ticket(scores)
    with pytest.MonkeyPatch.context() as patch:
        left_out(patch, answered=0)
        with pytest.raises(Unavailable):
            complete(scores, token)
    assert numbers()["global"] == 100
    assert complete(scores, token).answer.user_score == 200


# What one board refuses, none takes.


def test_range_of_another_board_refuses_them_all_and_is_named(moment: Moment) -> None:
    scores = scores_of(with_rules("daily", limits={"maxScore": 150}), moment)
    complete(scores, ticket(scores))
    before = numbers()
    token = ticket(scores)
    with pytest.raises(ScoreLimit, match=r"'daily' are from .* to 150; this would make 200"):
        complete(scores, token)
    assert numbers() == before
    # Nothing of the ticket was used up.
    assert complete(scores, token, 50).answer.user_score == 150


def test_pace_of_another_board_refuses_them_all_and_is_named(moment: Moment) -> None:
    scores = scores_of(with_rules("best", limits={"actionsPerMinute": 1}), moment)
    complete(scores, ticket(scores))
    before = numbers()
    token = ticket(scores)
    with pytest.raises(RateLimited, match="'best'") as refused:
        complete(scores, token)
    assert refused.value.retry_after_ms == 60_000
    assert numbers() == before
    moment.ms += 60_000
    assert complete(scores, token).answer.user_score == 200


def test_longest_wait_of_the_boards_is_the_one_to_wait(moment: Moment) -> None:
    rules = with_rules("best", limits={"pointsPerHour": 10})
    quiz = {"quiz": BOARDS["global"]["actions"]["quiz"]}
    rules["global"] = {"actions": quiz, "limits": {"actionsPerMinute": 1}}
    scores = scores_of(rules, moment)
    complete(scores, ticket(scores, "quiz"), None)
    with pytest.raises(RateLimited) as refused:
        complete(scores, ticket(scores, "quiz"), None)
    assert refused.value.retry_after_ms == 3_600_000


def test_player_who_is_barred_scores_on_no_board(scores: Scores) -> None:
    complete(scores, ticket(scores, "plain"))
    image = {
        "userId": {"S": "ann"},
        "boardSeason": {"S": "profile"},
        "userName": {"S": "Ann"},
        "standing": {"S": "barred"},
        "version": {"N": "7"},
    }
    client("dynamodb").put_item(TableName=aws.SCORES, Item=image)
    # The bar has not reached the score on the ticket's own board yet.
    with pytest.raises(Barred):
        complete(scores, ticket(scores))
    assert numbers() == NOTHING | {"global": 100}


def test_refused_evidence_counts_nowhere_and_the_ticket_stays_good(scores: Scores) -> None:
    token = ticket(scores)
    for evidence in (None, "nonsense", {"value": 500}):
        with pytest.raises(Invalid) as refused:
            complete(scores, token, evidence)
        assert refused.value.path == "evidence"
    assert numbers() == NOTHING
    assert complete(scores, token, 70).answer.user_score == 70


# Names and first scores.


def test_first_scores_have_the_name_and_standing_of_the_profile(scores: Scores) -> None:
    wiring.profiles().rename("ann", "Ann")
    complete(scores, ticket(scores))
    assert {item.user_name for board in SEASONS if (item := stored(board))} == {"Ann"}
    assert wiring.profiles().copy("ann") == 0


def test_some_first_and_some_later_scores_are_written_together(scores: Scores) -> None:
    complete(scores, ticket(scores, "quiz"), None)
    complete(scores, ticket(scores))
    assert numbers() == {"global": 110, "daily": 100, "best": 100, "lowest": 100, "latest": 100}


@pytest.mark.parametrize("before", [False, True], ids=["all are first", "some are later"])
def test_first_scores_that_race_a_rename_have_the_new_name(scores: Scores, before: bool) -> None:
    if before:
        complete(scores, ticket(scores, "plain"))

    def rename() -> None:
        """Of a rename, the part that the scores which are there do not show yet."""
        profile = renamed(unnamed("ann"), "Renamed", now_ms=NOW)
        ProfileTable(wiring.score_table()).write_profile(profile, read_version=0)

    first = [rename]

    class Interrupted:
        def __getattr__(self, name: str) -> Any:
            return getattr(scores.store, name)

        def write(self, write: Any) -> None:
            if first:
                first.pop()()
            scores.store.write(write)

    store: Any = Interrupted()
    outcome = complete(replace(scores, store=store), ticket(scores))
    assert outcome.user_name == (default_name("ann") if before else "Renamed")
    assert {item.user_name for board in ALSO if (item := stored(board))} == {"Renamed"}
    assert wiring.profiles().copy("ann") == int(before)
    assert {item.user_name for board in SEASONS if (item := stored(board))} == {"Renamed"}


def test_rename_reaches_every_board(scores: Scores) -> None:
    complete(scores, ticket(scores))
    Profiles(scores.catalog, ProfileTable(wiring.score_table()), scores.now_ms).rename("ann", "Ann")
    assert {item.user_name for board in SEASONS if (item := stored(board))} == {"Ann"}


def test_new_score_beside_a_tombstone_continues_its_version(scores: Scores) -> None:
    image = {
        "userId": {"S": "ann"},
        "boardSeason": {"S": "daily#2026-11-23"},
        "version": {"N": str(NOW + 50)},
        "expiresAt": {"N": str(NOW // 1000 + 1000)},
    }
    client("dynamodb").put_item(TableName=aws.SCORES, Item=image)
    complete(scores, ticket(scores))
    item = stored("daily")
    assert item is not None
    assert (item.version, item.user_score) == (NOW + 51, 100)
    raw = client("dynamodb").get_item(
        TableName=aws.SCORES, Key={name: image[name] for name in ("userId", "boardSeason")}
    )["Item"]
    assert "expiresAt" not in raw


# Seasons.


def test_seasons_are_those_of_the_moment_when_the_ticket_becomes_good(moment: Moment) -> None:
    late = {"points": 10, "minSeconds": 10, "expiresSeconds": 3600, "alsoOn": ["daily", "best"]}
    scores = scores_of(BOARDS | {"global": {"actions": {"late": late}}}, moment)
    moment.ms = MIDNIGHT - 11_000
    today = scores.issue(user_id="ann", board="global", action="late").ticket
    assert today.also == {"daily": "2026-11-23", "best": "2026-W48"}
    assert today.expires_ms == MIDNIGHT
    moment.ms = MIDNIGHT - 10_000
    tomorrow = scores.issue(user_id="ann", board="global", action="late").ticket
    assert tomorrow.also == {"daily": "2026-11-24", "best": "2026-W48"}
    assert tomorrow.expires_ms == moment.ms + 3_600_000


def test_ticket_ends_with_the_first_season_that_ends(scores: Scores, moment: Moment) -> None:
    moment.ms = MIDNIGHT - 1000
    token = ticket(scores)
    moment.ms = MIDNIGHT
    with pytest.raises(TicketExpired):
        complete(scores, token)
    assert numbers() == NOTHING
    moment.ms = MIDNIGHT - 1
    assert complete(scores, token).answer.user_score == 100
    assert numbers()["daily"] == 100


def test_tickets_for_two_days_of_one_board_do_not_count_twice_in_the_week(moment: Moment) -> None:
    """The day's own memory starts anew at midnight; the week's does not."""
    action = {"points": 10, "minSeconds": 5, "expiresSeconds": 600, "alsoOn": ["best"]}
    boards = BOARDS | {
        "daily": {"schedule": "daily", "actions": {"run": action}},
        "best": {"operator": "increment", "schedule": "weekly"},
    }
    scores = scores_of(boards, moment)
    moment.ms = MIDNIGHT - 60_000
    evening = ticket(scores, "run", "daily")
    moment.ms = MIDNIGHT - 4_000
    night = ticket(scores, "run", "daily")
    moment.ms = MIDNIGHT - 1
    complete(scores, evening, None, "daily")
    moment.ms = MIDNIGHT + 2_000
    with pytest.raises(TicketSuperseded):
        complete(scores, night, None, "daily")
    item = stored("best")
    assert item is not None
    assert item.user_score == 10


def test_action_of_the_same_name_on_another_board_is_another_action(
    scores: Scores, moment: Moment
) -> None:
    own = ticket(scores, "level", "daily")
    moment.ms += 1
    complete(scores, ticket(scores))
    complete(scores, own, 7, "daily")
    assert numbers()["daily"] == 107
    item = stored("daily")
    assert item is not None
    assert set(item.completed) == {"level", "global/level"}


# A ticket and the rules that changed since.


def test_ticket_of_a_board_that_is_no_more_is_refused_unless_it_was_taken(
    scores: Scores, moment: Moment
) -> None:
    level = LEVEL | {"alsoOn": ["best"]}
    later = scores_of({"global": {"actions": {"level": level}}, "best": BOARDS["best"]}, moment)
    taken = ticket(scores)
    complete(scores, taken)
    before = numbers()
    assert complete(later, taken).replayed
    with pytest.raises(TicketExpired, match="rules of this action have changed"):
        complete(later, ticket(scores))
    assert numbers() == before


def test_action_that_is_no_more_counts_nowhere(scores: Scores, moment: Moment) -> None:
    token = ticket(scores)
    with pytest.raises(TicketExpired, match="rules of this action have changed"):
        complete(scores_of(BOARDS | {"global": {}}, moment), token)
    assert numbers() == NOTHING


def test_boards_of_a_ticket_cannot_be_chosen(scores: Scores) -> None:
    issued = scores.issue(user_id="ann", board="global", action="plain").ticket
    forged = tickets.sign_action(
        replace(issued, also={"best": "2026-W48"}), tickets.SigningKeys("v1", {"v1": "x" * 64})
    )
    with pytest.raises(TicketInvalid):
        complete(scores, forged)


# Judges and attempts that failed.


def test_failed_attempt_uses_the_ticket_up_on_every_board(scores: Scores) -> None:
    token = ticket(scores)
    failed = complete(scores, token, "fail")
    assert (failed.answer, failed.replayed) == (Answer(None, None, changed=False), False)
    assert numbers() == NOTHING
    for board in SEASONS:
        item = stored(board)
        assert item is not None
        assert [len(it) for it in item.completed.values()] == [1]
    # Sent again, with whatever evidence, it gets its answer again.
    again = complete(scores, token, 500)
    assert (again.answer, again.replayed) == (failed.answer, True)
    assert numbers() == NOTHING


def test_failed_attempt_leaves_the_scores_as_they_are(scores: Scores, moment: Moment) -> None:
    complete(scores, ticket(scores))
    before = {board: stored(board) for board in SEASONS}
    moment.ms += 1
    failed = complete(scores, ticket(scores), "fail")
    assert failed.answer == Answer(100, NOW, changed=False)
    for board, was in before.items():
        item = stored(board)
        assert was is not None
        assert item is not None
        assert (item.user_score, item.updated_ms) == (was.user_score, was.updated_ms)
        assert item.version == was.version + 1


def test_broken_judge_lets_nothing_through_and_uses_nothing_up(moment: Moment) -> None:
    token = ticket(scores_of(BOARDS, moment))
    for judge in ("raises", "exits", "text", "large", "nothing"):
        broken = LEVEL | {"points": LEVEL["points"] | {"judge": f"game.broken:{judge}"}}
        boards = with_rules("global", actions={"level": broken | {"alsoOn": ALSO}})
        held = scores_of(boards, moment)
        with pytest.raises(JudgeFailed) as failed:
            complete(held, ticket(held))
        assert failed.value.judge == f"game.broken:{judge}"
        assert numbers() == NOTHING
        assert client("dynamodb").scan(TableName=aws.SCORES)["Items"] == []
    # The rules are as they were: the ticket of before is as good as it was.
    assert complete(scores_of(BOARDS, moment), token).answer.user_score == 100


def test_ticket_of_changed_rules_counts_nowhere(scores: Scores, moment: Moment) -> None:
    token = ticket(scores)
    for change in ({"minSeconds": 1}, {"alsoOn": ALSO[1:]}, {"expiresSeconds": 3601}):
        boards = with_rules("global", actions={"level": LEVEL | {"alsoOn": ALSO} | change})
        with pytest.raises(TicketExpired, match="rules of this action have changed"):
            complete(scores_of(boards, moment), token)
    assert numbers() == NOTHING
    assert complete(scores, token).answer.user_score == 100
