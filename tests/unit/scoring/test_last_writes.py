"""What an item remembers of the last write of its score: the lines of a history are made of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from hypothesis import given, strategies as st

from leaderboard.adapters.dynamodb import readable
from leaderboard.adapters.dynamodb.readable import plain, typed
from leaderboard.adapters.dynamodb.score_items import (
    last_write_image,
    score_image,
    score_item,
)
from leaderboard.boards.rules import Action, Board, Operator
from leaderboard.scoring import decisions
from leaderboard.scoring.items import HIDDEN, Cause, LastWrite, Profile, ScoreItem
from leaderboard.scoring.judges import Completion, digest
from leaderboard.scoring.tickets import ActionTicket
from leaderboard.scoring.tombstones import erased, removed, with_profile
from tests.unit import strategies

T0 = 1_795_421_730_123
DAY_S = 86_400
BOARD = Board("board", "Board", operator=Operator.LATEST)
NEW = ScoreItem("ada", "board", "all", user_name="Ada", profile_version=7)


def submitted(item: ScoreItem, amount: int, *, at: int = T0, board: Board = BOARD) -> ScoreItem:
    after = decisions.submit(board, item, amount=amount, now_ms=at).item
    assert after is not None
    return after


def test_first_write_begins_a_history() -> None:
    first = submitted(NEW, 5)
    assert first.last_write == LastWrite(first.version, T0, Cause.TRUSTED_WRITE, None, 90)


def test_write_remembers_the_score_before_and_until_when_the_line_before_is_kept() -> None:
    second = submitted(submitted(NEW, 5), 9, at=T0 + 7)
    assert second.last_write == LastWrite(
        second.version, T0 + 7, Cause.TRUSTED_WRITE, 5, 90, T0 // 1000 + 90 * DAY_S
    )


def test_write_that_changes_no_score_is_one_all_the_same() -> None:
    best = replace(BOARD, operator=Operator.BEST)
    second = submitted(submitted(NEW, 5, board=best), 3, at=T0 + 7, board=best)
    assert (second.user_score, second.updated_ms) == (5, T0)
    assert second.last_write is not None
    assert (second.last_write.at_ms, second.last_write.score_before) == (T0 + 7, 5)


def test_action_is_the_cause_on_each_board_that_it_counts_on() -> None:
    action = Action(10, min_seconds=0, expires_seconds=30)
    board, other = Board("board", "Board", actions={"visit": action}), Board("other", "Other")
    ticket = ActionTicket(
        ticket="t1",
        user_id="ada",
        board="board",
        season="all",
        action="visit",
        rules_digest=digest(action, None),
        issued_ms=T0 - 1,
        not_before_ms=T0 - 1,
        expires_ms=T0 + 1,
        also={"other": "all"},
    )
    decision = decisions.complete(
        board,
        NEW,
        Completion(ticket, action, None, T0),
        also=[(other, replace(NEW, board="other"))],
    )
    assert decision.item is not None
    written = [decision.item, *decision.also]
    assert [it.last_write and it.last_write.cause for it in written] == [Cause.ACTION] * 2


def test_attempt_is_no_write_of_a_score() -> None:
    scored = submitted(NEW, 5)
    ticket = ActionTicket("t1", "ada", "board", "all", "visit", "", T0, T0, T0 + 9)
    after = decisions.attempt(BOARD, scored, ticket, now_ms=T0 + 1)
    assert (after.version, after.last_write) == (scored.version + 1, scored.last_write)


def test_rename_keeps_what_was_written() -> None:
    scored = submitted(NEW, 5)
    named = with_profile(scored, Profile("ada", "Adele", HIDDEN, version=9), now_ms=T0 + 1)
    assert named is not None
    assert (named.version, named.last_write) == (scored.version + 1, scored.last_write)


def test_removal_is_a_write() -> None:
    scored = submitted(NEW, 5)
    stone = removed(scored, history_days=30, now_ms=T0 + 1)
    assert stone.last_write == LastWrite(
        stone.version, T0 + 1, Cause.REMOVAL, 5, 30, T0 // 1000 + 90 * DAY_S
    )


def test_erased_player_leaves_nothing() -> None:
    assert erased(submitted(NEW, 5), profile_version=9, now_ms=T0).last_write is None


def test_board_without_histories_remembers_nothing() -> None:
    silent = replace(BOARD, history_days=0)
    without = submitted(submitted(NEW, 5), 6, board=silent)
    assert without.last_write is None
    again = submitted(without, 7).last_write
    assert again is not None
    assert (again.score_before, again.before_expires_s) == (6, None)


def test_time_of_a_write_never_goes_back() -> None:
    late = submitted(submitted(NEW, 5, at=T0), 6, at=T0 - 50)
    assert late.last_write is not None
    assert late.last_write.at_ms == T0


def test_broken_memory_keeps_nobody_from_scoring() -> None:
    image = {**score_image(submitted(NEW, 5)), "wrote": {"v": "x"}}
    read = score_item(plain(typed(image)))
    assert (read.user_score, read.last_write) == (5, None)


@given(
    version=st.integers(1, 2**53 - 1),
    at=st.integers(0, 10**13 - 1),
    cause=st.sampled_from(Cause),
    before=st.none() | strategies.scores,
    days=st.integers(1, 3650),
    expires=st.none() | st.integers(0, 10**10),
)
def test_write_is_read_as_it_was_stored(
    version: int, at: int, cause: Cause, before: int | None, days: int, expires: int | None
) -> None:
    written = LastWrite(version, at, cause, before, days, expires)
    stored = typed(last_write_image(written))
    assert readable.last_write(plain(stored)) == written


@dataclass
class Chain:
    """The writes that leave a line, each with the score after it."""

    item: ScoreItem = NEW
    lines: list[tuple[LastWrite, int | None]] = field(default_factory=list)

    def take(self, after: ScoreItem) -> None:
        if after.last_write is not None and after.last_write.version == after.version:
            self.lines.append((after.last_write, after.user_score))
        self.item = after


@given(st.lists(st.tuples(st.sampled_from("srn"), st.integers(-9, 9), st.integers(-5, 50))))
def test_each_line_begins_where_the_one_before_ended(steps: list[tuple[str, int, int]]) -> None:
    chain, now = Chain(), T0
    for kind, amount, passed in steps:
        now += passed
        item = chain.item
        if kind == "s":
            chain.take(submitted(item, amount, at=now))
        elif kind == "r" and item.user_score is not None:
            chain.take(removed(item, history_days=90, now_ms=now))
        elif kind == "n" and item.user_score is not None:
            profile = Profile("ada", f"A{now}", version=item.profile_version + 1)
            named = with_profile(item, profile, now_ms=now)
            assert named is not None
            chain.take(named)
    for (earlier, after), (later, _) in zip(chain.lines, chain.lines[1:], strict=False):
        assert later.score_before == after
        assert later.before_expires_s == earlier.expires_s
        assert later.version > earlier.version
        assert later.at_ms >= earlier.at_ms
