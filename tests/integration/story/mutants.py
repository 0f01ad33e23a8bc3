"""Broken variants of the product, each of which the stories must catch.

They are those that design.md names and their neighbours. Each breaks the running code in memory.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, cast

import pytest

import handlers.board_stream
from leaderboard import wiring
from leaderboard.adapters.aws.clients import client
from leaderboard.adapters.aws.functions import FanoutFunction, UpkeepFunction
from leaderboard.adapters.dynamodb import (
    board_items,
    boards,
    history,
    moderation as moderation_table,
    profiles as profiles_table,
    score_items,
)
from leaderboard.adapters.dynamodb.audiences import AudienceTable
from leaderboard.adapters.dynamodb.profiles import ProfileTable
from leaderboard.adapters.dynamodb.readable import typed
from leaderboard.adapters.dynamodb.scores import ScoreTable
from leaderboard.adapters.valkey import ranking as valkey_ranking
from leaderboard.adapters.valkey.connection import Script
from leaderboard.adapters.valkey.ranking import ValkeyRanking
from leaderboard.boards.rules import Board
from leaderboard.boards.seasons import BoardSeason
from leaderboard.boards.snapshots import Snapshot, ranked
from leaderboard.errors import Unavailable
from leaderboard.frames import messages, subscriptions
from leaderboard.frames.changes import BatchChanges, BatchReader, BoardRecord
from leaderboard.frames.delivery import Sender
from leaderboard.frames.messages import Delivered, Frame
from leaderboard.history.history_writer import HistoryResult, HistoryWriter
from leaderboard.history.lines import ErasedUser, HistoryLine
from leaderboard.ranking import recorder, tops
from leaderboard.ranking.recorder import Recorder
from leaderboard.ranking.tops import COMPLETE, NEW, PARTIAL, BoardItem, CachedTop
from leaderboard.ranking.upkeep_tasks import UpkeepTasks
from leaderboard.reading.reads import Reads
from leaderboard.repair.rebuild_completion import CompletionResult, RebuildCompletion
from leaderboard.repair.rebuild_targets import RebuildTargets
from leaderboard.repair.rule_changes import RuleChanges
from leaderboard.repair.totals import Totals
from leaderboard.scoring import decisions, moderation
from leaderboard.scoring.decisions import Decision
from leaderboard.scoring.items import DELETED, VISIBLE, Profile, ScoreItem, Write
from leaderboard.scoring.judges import FAILED, Completion
from leaderboard.scoring.profiles import Profiles
from leaderboard.scoring.tombstones import removed, with_profile
from tests.integration.story import oracle
from tests.integration.story.story import Plan
from tests.integration.story.world import Audience, Mishaps

Json = dict[str, Any]
Break = Callable[[pytest.MonkeyPatch], None]

VERSION_CHECK = "local is_newer = not old or version_of(value) > version_of(old)"


def _script(patch: pytest.MonkeyPatch, name: str, old: str, new: str) -> None:
    source = getattr(valkey_ranking, name).source
    assert source.count(old) == 1, f"{name} does not have {old!r} once"
    patch.setattr(valkey_ranking, name, Script(source.replace(old, new)))


def _apply_states(patch: pytest.MonkeyPatch, old: str, new: str) -> None:
    for name in ("APPLY", "FILL"):
        _script(patch, name, old, new)


def apply_without_version_check(patch: pytest.MonkeyPatch) -> None:
    _apply_states(patch, VERSION_CHECK, "local is_newer = true")


def forget_what_was_removed(patch: pytest.MonkeyPatch) -> None:
    _apply_states(
        patch,
        "write('HSET', users, noted)",
        "write('HSET', users, noted)\n"
        "for i = 1, n, 2 do if #noted[i + 1] == 7 then"
        " redis.call('HDEL', users, noted[i]) end end",
    )


def keep_an_old_member(patch: pytest.MonkeyPatch) -> None:
    _apply_states(patch, "write('ZREM', members, gone)", "")


def miss_a_rename_in_the_top(patch: pytest.MonkeyPatch) -> None:
    without = "string.gsub({}[i], '%z[^%z]*$', '')"
    _apply_states(
        patch,
        "before[i] ~= after[i]",
        f"{without.format('before')} ~= {without.format('after')}",
    )


def _lose_unnoticed(patch: pytest.MonkeyPatch, lost: str) -> None:
    for name in ("APPLY", "FILL", "READ", "LIST", "AROUND", "FIND", "DUMP"):
        _script(
            patch,
            name,
            "return held and redis.call('EXISTS', members, users) < tonumber(held)",
            f"return held and {lost}",
        )


def miss_the_loss_of_the_members(patch: pytest.MonkeyPatch) -> None:
    _lose_unnoticed(patch, "tonumber(held) > 0 and redis.call('EXISTS', users) == 0")


def miss_the_loss_of_the_users(patch: pytest.MonkeyPatch) -> None:
    _lose_unnoticed(patch, "tonumber(held) > 1 and redis.call('EXISTS', members) == 0")


def name_a_change_by_its_size(patch: pytest.MonkeyPatch) -> None:
    """A mark that is a number: it may come again in another life, or after a failover."""
    _script(patch, "APPLY", "'change', fresh)", "'change', tostring(redis.call('ZCARD', members)))")


def mark_as_recorded_unconditionally(patch: pytest.MonkeyPatch) -> None:
    _script(
        patch,
        "REMEMBER_RECORDED",
        "if known[3] == ARGV[2] then\n  redis.call('HSET', state, 'recorded', ARGV[2])",
        "if known[3] then\n  redis.call('HSET', state, 'recorded', known[3])",
    )


def record_without_compare_and_set(patch: pytest.MonkeyPatch) -> None:
    real = boards.BoardTable.write

    def write(
        table: boards.BoardTable, item: BoardItem, *, read_revision: int, **options: Any
    ) -> bool:
        stored = table.read(item.snapshot.key)
        now = stored.revision if stored else read_revision
        return real(table, item, read_revision=now, **options)

    patch.setattr(boards.BoardTable, "write", write)


def record_the_old_top_after_a_refusal(patch: pytest.MonkeyPatch) -> None:
    """The revision is taken from the refusal, and the top is not read again."""
    real = Recorder.record

    def record(recorder: Recorder, board_season: Any, top: Any, **rested: Any) -> Any:
        frozen = _Frozen(recorder.cache, top)
        return real(replace(recorder, cache=frozen), board_season, top, **rested)

    patch.setattr(Recorder, "record", record)


class _Frozen:
    """A cache whose top is always the one that was read first."""

    def __init__(self, cache: Any, top: Any) -> None:
        self._cache, self._top = cache, top

    def read(self, _board_season: Any) -> Any:
        return self._top

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cache, name)


def read_the_top_before_the_revision(patch: pytest.MonkeyPatch) -> None:
    def read_again(recorder: Recorder, board_season: Any, _top: Any) -> Any:
        top = recorder.cache.read(board_season)
        item = recorder.boards.read(board_season.key)
        return item, top

    patch.setattr(Recorder, "_read_again", read_again)
    _script(patch, "REMEMBER_RECORDED", "'hint', ARGV[3],", "'hint', '',")


def skip_the_record_of_an_equal_top(patch: pytest.MonkeyPatch) -> None:
    """An equal top leaves the revision as it is, so who is behind cannot tell."""
    real = boards.BoardTable.write

    def write(table: boards.BoardTable, item: BoardItem, **options: Any) -> bool:
        stored = table.read(item.snapshot.key)
        if stored and stored.snapshot.entries == item.snapshot.entries:
            return True
        return real(table, item, **options)

    patch.setattr(boards.BoardTable, "write", write)


def treat_a_missing_state_as_empty(patch: pytest.MonkeyPatch) -> None:
    real = ValkeyRanking.apply

    def apply(it: ValkeyRanking, *arguments: Any, start: str | None = None, **named: Any) -> Any:
        return real(it, *arguments, start=COMPLETE if start else None, **named)

    patch.setattr(ValkeyRanking, "apply", apply)


def trust_a_life_that_began_beside_an_item(patch: pytest.MonkeyPatch) -> None:
    """The item appeared after it was looked for: the life goes on as if it were complete."""

    real = Recorder.record

    def record(recorder: Recorder, board_season: Any, top: Any, **rested: Any) -> Any:
        if top is not None and top.completeness == NEW:
            top = replace(top, completeness=COMPLETE)
        return real(recorder, board_season, top, **rested)

    patch.setattr(Recorder, "record", record)


def build_snapshots_from_the_ranking(patch: pytest.MonkeyPatch) -> None:
    real = subscriptions.Subscriptions.recorded

    def recorded(it: subscriptions.Subscriptions, board: str) -> subscriptions.Followed:
        followed = real(it, board)
        rules = it.catalog.find(board)
        board_season = BoardSeason(rules, followed.season)
        top = wiring.ranking_cache().read(board_season, size=rules.top_size)
        if top is None or not top.scores:
            return followed
        entries = ranked(top.scores)
        return replace(followed, snapshot=replace(followed.snapshot, entries=entries))

    patch.setattr(subscriptions.Subscriptions, "recorded", recorded)


def read_before_registering(patch: pytest.MonkeyPatch) -> None:
    def subscribe(
        it: subscriptions.Subscriptions, connection_id: str, board: str
    ) -> subscriptions.Followed:
        followed = it.recorded(board)
        it.connections.subscribe(connection_id, board)
        return followed

    patch.setattr(subscriptions.Subscriptions, "subscribe", subscribe)


def fill_whatever_life_there_is(patch: pytest.MonkeyPatch) -> None:
    """A rebuild that is not bound to its life."""

    def fill(it: ValkeyRanking, board_season: Any, records: Any, *, life: str) -> int:  # noqa: ARG001
        return it.apply(board_season, list(records), start=PARTIAL).applied

    def complete(
        it: RebuildCompletion,
        progress: Any,  # noqa: ARG001
        key: str,
        *,
        deadline: float,  # noqa: ARG001
    ) -> CompletionResult:
        board_season = BoardSeason.parse(key, it.catalog.find)
        top = it.cache.read(board_season)
        if top is not None:
            it.cache.set_completeness(board_season, top.life, COMPLETE)
        it.recorder.record(board_season, it.cache.read(board_season))
        return CompletionResult(key, recorded=True)

    patch.setattr(ValkeyRanking, "fill", fill)
    patch.setattr(RebuildCompletion, "complete", complete)


def end_a_rebuild_without_a_record(patch: pytest.MonkeyPatch) -> None:
    real, silent = RebuildCompletion.complete, cast("Any", _Silent())

    def complete(it: RebuildCompletion, *arguments: Any, **named: Any) -> Any:
        return real(replace(it, recorder=silent), *arguments, **named)

    patch.setattr(RebuildCompletion, "complete", complete)


class _Silent:
    def record(self, *_top: Any) -> recorder.RecordResult:
        return recorder.NOTHING_RECORDED


def complete_a_rebuild_before_its_scan(patch: pytest.MonkeyPatch) -> None:
    real = RebuildTargets.begin_lives

    def begin_lives(it: RebuildTargets, progress: Any) -> Any:
        listed = real(it, progress)
        for key, life in listed.lives.items():
            it.cache.set_completeness(BoardSeason.parse(key, it.catalog.find), life, COMPLETE)
        return listed

    patch.setattr(RebuildTargets, "begin_lives", begin_lives)


def begin_a_partial_life_without_an_item(patch: pytest.MonkeyPatch) -> None:
    """A rebuild of a board that was never recorded: what is applied meanwhile is not recorded."""
    real = Recorder.begin_life

    def begin(recorder: Recorder, board_season: Any, records: Sequence[Any]) -> Any:
        if records:
            return real(recorder, board_season, records)
        return recorder.cache.apply(board_season, records, start=PARTIAL)

    patch.setattr(Recorder, "begin_life", begin)


def rename_without_the_standing(patch: pytest.MonkeyPatch) -> None:
    real = ScoreTable.write

    def write(table: ScoreTable, write: Write) -> None:
        if write.renamed is not None:
            write = replace(write, item=replace(write.item, standing=VISIBLE))
        real(table, write)

    patch.setattr(ScoreTable, "write", write)


def move_the_version_with_every_record(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(tops, "_digest", lambda snapshot: f"{snapshot.version}{id(snapshot)}")


def show_the_new_place_of_those_who_moved_alone(patch: pytest.MonkeyPatch) -> None:
    """The update names who scored; who was overtaken keeps the old rank."""
    real = messages.diff

    def diff(old: Snapshot, new: Snapshot) -> Any:
        scores = {(it.user_id, it.user_name, it.user_score) for it in old.entries}
        update = real(old, new)
        moved = tuple(
            it for it in update.upsert if (it.user_id, it.user_name, it.user_score) not in scores
        )
        return replace(update, upsert=moved)

    patch.setattr(messages, "diff", diff)


def send_the_last_change_alone(patch: pytest.MonkeyPatch) -> None:
    """Of several changes in a batch the frame starts from the last old image."""
    real = BatchReader.read

    def read(it: BatchReader, records: Iterable[BoardRecord]) -> BatchChanges:
        last = {record.key: record for record in records}
        return real(it, last.values())

    patch.setattr(BatchReader, "read", read)


def confirm_what_could_not_be_recorded(patch: pytest.MonkeyPatch) -> None:
    real = handlers.score_stream.handler

    def handler(event: Json, context: Any) -> Json:
        real(event, context)
        return {"batchItemFailures": []}

    patch.setattr(handlers.score_stream, "handler", handler)


def report_the_last_failure(patch: pytest.MonkeyPatch) -> None:
    """The checkpoint passes what failed before it."""
    real = handlers.score_stream.handler

    def handler(event: Json, context: Any) -> Json:
        answer: Json = real(event, context)
        if answer["batchItemFailures"]:
            number = event["Records"][-1]["dynamodb"]["SequenceNumber"]
            return {"batchItemFailures": [{"itemIdentifier": number}]}
        return answer

    patch.setattr(handlers.score_stream, "handler", handler)


def send_what_a_viewer_has_not_recorded(patch: pytest.MonkeyPatch) -> None:
    """A snapshot for an update where it should carry the version of the new image."""
    real = messages.snapshot_json

    def snapshot_json(snapshot: Snapshot, **named: Any) -> Json:
        return {**real(snapshot, **named), "version": snapshot.version + 1}

    patch.setattr(messages, "snapshot_json", snapshot_json)


def remove_without_a_newer_version(patch: pytest.MonkeyPatch) -> None:
    """A late record of the score would bring it back."""

    def late(item: ScoreItem, *, now_ms: int, **rules: int) -> ScoreItem:
        return replace(removed(item, now_ms=now_ms, **rules), version=item.version)

    patch.setattr(moderation, "removed", late)


def forget_the_tickets_of_a_removed_score(patch: pytest.MonkeyPatch) -> None:
    """The request of a ticket that was taken, sent again, would count again."""

    def late(item: ScoreItem, *, now_ms: int, **rules: int) -> ScoreItem:
        opened = {action: done[0].ticket for action, done in item.completed.items()}
        return replace(removed(item, now_ms=now_ms, **rules), completed={}, open=opened)

    patch.setattr(moderation, "removed", late)


def forget_the_lines_that_failed(patch: pytest.MonkeyPatch) -> None:
    """Nothing would deliver them again."""
    real = HistoryWriter.write

    def write(
        writer: HistoryWriter, lines: Sequence[HistoryLine], *, erased: Collection[str]
    ) -> HistoryResult:
        return replace(real(writer, lines, erased=erased), failed=())

    patch.setattr(HistoryWriter, "write", write)


def erase_a_history_before_its_last_lines(patch: pytest.MonkeyPatch) -> None:
    """The profile alone is waited for; the score's tombstone comes behind its last writes."""
    real = history.read_history_image

    def read(image: Json) -> HistoryLine | ErasedUser | None:
        found = real(image)
        is_score = image["boardSeason"]["S"] != score_items.PROFILE
        return None if isinstance(found, ErasedUser) and is_score else found

    patch.setattr(wiring, "line_reader", lambda: read)


def explain_no_removal(patch: pytest.MonkeyPatch) -> None:
    """The next line would begin where no line ended."""

    def silent(item: ScoreItem, *, now_ms: int, **_rules: int) -> ScoreItem:
        return removed(item, now_ms=now_ms, history_days=0)

    patch.setattr(moderation, "removed", silent)


def take_a_rename_for_a_write(patch: pytest.MonkeyPatch) -> None:
    """A rename would add a line."""
    real = with_profile

    def copied(item: ScoreItem, profile: Profile, *, now_ms: int) -> ScoreItem | None:
        after = real(item, profile, now_ms=now_ms)
        if after is None or after.last_write is None:
            return after
        return replace(after, last_write=replace(after.last_write, version=after.version))

    patch.setattr(profiles_table, "with_profile", copied)


def erase_but_keep_the_name(patch: pytest.MonkeyPatch) -> None:
    def named(item: Json) -> Json:
        if item.get("standing") == DELETED:
            item = {**item, "userName": "who left"}
        return typed(item)

    patch.setattr(moderation_table, "typed", named)


def leave_who_is_shown_again_out_of_the_search(patch: pytest.MonkeyPatch) -> None:
    real = ScoreTable.profile_update

    def update(table: ScoreTable, profile: Profile, *, read_version: int, **beside: Any) -> Json:
        if "standingSet" not in beside:
            return real(table, profile, read_version=read_version)
        named = table.scores_table
        return score_items.profile_update(named, profile, read_version, {}, **beside)

    patch.setattr(ScoreTable, "profile_update", update)


def remember_answers_by_name(patch: pytest.MonkeyPatch) -> None:
    """A deleted player's tombstone still says who was answered."""
    real = score_items.answer_image
    patch.setattr(score_items, "answer_image", lambda answer: real(answer) | {"userName": "who"})


def leave_the_scores_as_the_profile_was(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Profiles, "_copy", lambda _profiles, _user_id, _only: 0)


def leave_the_other_boards_to_nobody(patch: pytest.MonkeyPatch) -> None:
    """What a batch could not hand over to upkeep is not delivered again."""
    real = UpkeepFunction.ask

    def ask(it: UpkeepFunction, tasks: UpkeepTasks) -> None:
        with suppress(Unavailable):
            real(it, tasks)

    patch.setattr(UpkeepFunction, "ask", ask)


def copy_a_profile_over_a_newer_score(patch: pytest.MonkeyPatch) -> None:
    def write(_table: ProfileTable, put: Json) -> None:
        image = {"TableName": put["TableName"], "Item": put["Item"]}
        client("dynamodb").put_item(**image)

    patch.setattr(ProfileTable, "_write", write)


def count_an_action_board_by_board(patch: pytest.MonkeyPatch) -> None:
    real = ScoreTable.write

    def write(table: ScoreTable, write: Write) -> None:
        for it in write.items:
            one = replace(write, board=it.board, item=it.item, read_version=it.read_version)
            real(table, replace(one, also=()))

    patch.setattr(ScoreTable, "write", write)


def forget_what_failed(patch: pytest.MonkeyPatch) -> None:
    """The ticket of a wrong answer stays good, so it may be corrected."""

    def told(board: Board, item: ScoreItem, completion: Completion, **also: Any) -> Decision:
        decision = COMPLETE_ACTION(board, item, completion, **also)
        if decision.item is None or completion.points is not FAILED:
            return decision
        return replace(
            decision, item=replace(decision.item, completed=item.completed, open=item.open)
        )

    patch.setattr(decisions, "complete", told)


def leave_the_ticket_before_good(patch: pytest.MonkeyPatch) -> None:
    """An attempt voids nothing: of many questions the easiest may be answered."""

    def lenient(board: Board, item: ScoreItem, completion: Completion, **also: Any) -> Decision:
        ticket = completion.ticket
        opened = {**item.open, ticket.action: ticket.ticket}
        return COMPLETE_ACTION(board, replace(item, open=opened), completion, **also)

    patch.setattr(decisions, "complete", lenient)


def judge_a_ticket_again(patch: pytest.MonkeyPatch) -> None:
    """A ticket that was taken, sent again, is answered by what the judge says now."""

    def again(board: Board, item: ScoreItem, completion: Completion, **also: Any) -> Decision:
        decision = COMPLETE_ACTION(board, item, completion, **also)
        if decision.item is not None or completion.evidence is None:
            return decision
        points = completion.points
        score = None if points is FAILED else points
        return replace(decision, answer=replace(decision.answer, user_score=score))

    patch.setattr(decisions, "complete", again)


def write_an_attempt_unconditionally(patch: pytest.MonkeyPatch) -> None:
    """It takes back what was written since it read the item."""
    real = ScoreTable.put_of

    def put(table: ScoreTable, board: Any, item: ScoreItem, *, read_version: int) -> Json:
        made: Json = real(table, board, item, read_version=read_version)
        if item.open:
            return {name: made[name] for name in ("TableName", "Item")}
        return made

    patch.setattr(ScoreTable, "put_of", put)


def open_a_season_over_its_scores(patch: pytest.MonkeyPatch) -> None:
    """The opener does not ask whether the board is there already."""

    def open_board(table: boards.BoardTable, key: str) -> bool:
        empty = BoardItem(Snapshot.empty(key), revision=0, life="")
        client("dynamodb").put_item(
            TableName=table.boards_table,
            Item=board_items.board_image(empty),
        )
        return True

    patch.setattr(boards.BoardTable, "open", open_board)


def fill_over_what_is_newer(patch: pytest.MonkeyPatch) -> None:
    _script(patch, "FILL", VERSION_CHECK, "local is_newer = true")


def page_by_rank(patch: pytest.MonkeyPatch) -> None:
    """A cursor that counts, instead of naming a position."""
    real = Reads.entries

    def entries(it: Reads, board_season: BoardSeason, *, cursor: str | None, limit: int) -> Json:
        body = real(it, board_season, cursor=None, limit=100)
        start = int(cursor or 0)
        shown = body["entries"][start : start + limit]
        is_last = start + limit >= len(body["entries"])
        return {**body, "entries": shown, "nextCursor": None if is_last else str(start + limit)}

    patch.setattr(Reads, "entries", entries)


def go_on_without_the_functions_that_post(patch: pytest.MonkeyPatch) -> None:
    """The next frame may be posted before theirs is."""

    def post(
        it: FanoutFunction,
        frame: Frame,
        *,
        shards: Sequence[int],
        seconds: float,
        posts_per_second: float,
    ) -> Delivered:
        event = {
            "board": frame.board,
            "shards": shards,
            "frame": frame.body.decode(),
            "patience": frame.patience,
            "seconds": seconds,
            "postsPerSecond": posts_per_second,
        }
        payload = json.dumps(event).encode()
        client("lambda").invoke(FunctionName=it.name, InvocationType="Event", Payload=payload)
        return Delivered()

    patch.setattr(FanoutFunction, "post", post)


def leave_the_part_of_a_function_that_died(patch: pytest.MonkeyPatch) -> None:
    def answer(_sender: Sender, _frame: Frame, _shard: int, call: Any, **_how: float) -> Delivered:
        try:
            delivered: Delivered = call.result()
        except Unavailable:
            return Delivered()
        return delivered

    patch.setattr(Sender, "_answer", answer)


def leave_the_last_shard_out(patch: pytest.MonkeyPatch) -> None:
    shards = property(lambda it: max(it.audience_shards - 1, 1))
    patch.setattr(AudienceTable, "shards", shards)


def hand_over_each_change_by_itself(patch: pytest.MonkeyPatch) -> None:
    """Several changes of a board are posted side by side, by functions that know no order."""
    real = BatchReader.read

    def read(it: BatchReader, records: Iterable[BoardRecord]) -> BatchChanges:
        batches = [real(it, [record]) for record in records]
        return BatchChanges(
            changes=tuple(change for batch in batches for change in batch.changes),
            unreadable=tuple(broken for batch in batches for broken in batch.unreadable),
        )

    patch.setattr(BatchReader, "read", read)


def record_no_total_by_itself(patch: pytest.MonkeyPatch) -> None:
    _script(patch, "APPLY", "if moved or is_total_due() then", "if moved then")


def record_each_total_at_once(patch: pytest.MonkeyPatch) -> None:
    _script(patch, "APPLY", ">= tonumber(ARGV[8])", ">= 0")
    patch.setattr(CachedTop, "is_total_due", True)


def record_another_total_of_one_version(patch: pytest.MonkeyPatch) -> None:
    """It would differ from what viewers were told, and nothing would tell them."""
    real = tops.next_item

    def late(*top: Any, total: int, **what: Any) -> BoardItem:
        item = real(*top, total=total, **what)
        return replace(item, snapshot=replace(item.snapshot, total=total))

    patch.setattr(recorder, "next_item", late)


def leave_the_totals_when_scores_end(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Totals, "_unrecorded", lambda _totals, _deadline: [])


def leave_the_ranking_in_the_order_before(patch: pytest.MonkeyPatch) -> None:
    """The switch changes the item alone."""
    patch.setattr(RuleChanges, "_adjust_ranking", lambda _changes, _board_season, _item: False)


def record_in_the_order_before(patch: pytest.MonkeyPatch) -> None:
    """A recorder does not see that the item's order is another."""

    def recorded(it: Recorder, board_season: BoardSeason, _top: CachedTop) -> BoardItem | None:
        item = it.boards.read(board_season.key)
        return item if item is not None and item.is_recorded else None

    patch.setattr(Recorder, "_recorded_item", recorded)


def begin_a_ranking_by_the_rules_of_today(patch: pytest.MonkeyPatch) -> None:
    """What the item says does not count."""
    patch.setattr(recorder, "with_item_order", lambda board_season, _item: board_season)


COMPLETE_ACTION = decisions.complete

_ARENA, _SPRINT, _RATING = oracle.BOARDS
_BUSY = Plan(
    seed="",
    boards=(_ARENA,),
    writers=3,
    writes=7,
    batch_size=1,
    pauses=(0,),
    viewers=0,
    readers=0,
    tickets=0,
    own_names=0,
)
_REPEATED = replace(_BUSY, batch_size=2, pauses=(0, 0, 0.3), mishaps=Mishaps(delivered_again=0.4))
_FLUSHED = replace(_BUSY, flushes=2, pauses=(0, 0.02, 0.3))
_ROBBED = replace(_BUSY, lost_keys=4, removals=0, standings=0, within=0.6, pauses=(0, 0.02, 0.3))
_DYING = replace(_BUSY, pauses=(0, 0.3), mishaps=Mishaps(killed=0.03, answer_lost=0.02))
_WATCHED = replace(_BUSY, viewers=3, pauses=(0, 0.02, 0.3))
_FOLLOWED = replace(_WATCHED, boards=(_RATING,), users=14)
_SHORT = replace(_BUSY, writers=4, writes=1, shards=3, boards=(_RATING,), removals=0, standings=0)
_REFILLED = replace(_BUSY, writers=4, users=14, writes=6, flushes=2, within=0.6)
_AUDITED = replace(_FLUSHED, audits=3)
_PLAYED = replace(
    _BUSY, boards=(_SPRINT,), tickets=1, users=3, removals=0, standings=0, batch_size=None
)
_TURNED = replace(_BUSY, boards=(_RATING,), releases=1, within=0.6, pauses=(0, 0.02, 0.3))
_CROWDED = replace(_BUSY, viewers=5, audience=Audience(3, reach=0), pauses=(0, 0.02, 0.3))

MUTANTS: dict[Break, Plan] = {
    apply_without_version_check: _REPEATED,
    forget_what_was_removed: replace(_REPEATED, removals=6, writes=5),
    keep_an_old_member: _BUSY,
    miss_a_rename_in_the_top: replace(_BUSY, renames=0.6),
    miss_the_loss_of_the_members: _ROBBED,
    miss_the_loss_of_the_users: _ROBBED,
    name_a_change_by_its_size: _BUSY,
    mark_as_recorded_unconditionally: _SHORT,
    record_without_compare_and_set: _BUSY,
    record_the_old_top_after_a_refusal: _BUSY,
    read_the_top_before_the_revision: replace(_BUSY, shards=3, mishaps=Mishaps(answer_late=0.2)),
    skip_the_record_of_an_equal_top: replace(
        _BUSY,
        boards=(_RATING,),
        removals=12,
        standings=6,
        shards=3,
        mishaps=Mishaps(answer_late=0.2),
    ),
    treat_a_missing_state_as_empty: _FLUSHED,
    trust_a_life_that_began_beside_an_item: replace(
        _SHORT, flushes=6, within=0.6, mishaps=Mishaps(answer_late=0.3)
    ),
    build_snapshots_from_the_ranking: _WATCHED,
    read_before_registering: replace(_SHORT, writers=1, viewers=6, pauses=(0.02,)),
    fill_whatever_life_there_is: replace(
        _REFILLED, flushes=6, audits=3, mishaps=Mishaps(answer_late=0.2)
    ),
    end_a_rebuild_without_a_record: _FLUSHED,
    complete_a_rebuild_before_its_scan: _REFILLED,
    begin_a_partial_life_without_an_item: replace(
        _BUSY,
        boards=(_RATING,),
        audits=1,
        flushes=2,
        within=1,
        pauses=(1.5,),
        mishaps=Mishaps(killed=0.1),
    ),
    rename_without_the_standing: replace(_BUSY, standings=4, renames=0.8),
    move_the_version_with_every_record: _BUSY,
    record_no_total_by_itself: _FOLLOWED,
    record_each_total_at_once: _FOLLOWED,
    record_another_total_of_one_version: replace(_FOLLOWED, flushes=2, audits=3),
    leave_the_totals_when_scores_end: _FOLLOWED,
    show_the_new_place_of_those_who_moved_alone: _WATCHED,
    send_the_last_change_alone: replace(_WATCHED, viewers=1),
    confirm_what_could_not_be_recorded: replace(_DYING, boards=(_RATING,)),
    report_the_last_failure: replace(_DYING, batch_size=4, outages=2, within=0.2),
    send_what_a_viewer_has_not_recorded: _WATCHED,
    remove_without_a_newer_version: replace(_BUSY, removals=6),
    forget_the_tickets_of_a_removed_score: replace(
        _BUSY,
        boards=(_SPRINT,),
        tickets=1,
        users=6,
        writers=8,
        writes=1,
        removals=16,
        within=1,
        mishaps=Mishaps(answer_lost=0.3),
    ),
    forget_the_lines_that_failed: replace(_BUSY, outages=4, within=0.3),
    erase_a_history_before_its_last_lines: replace(
        _BUSY,
        boards=(_ARENA, _RATING),
        users=2,
        writers=6,
        erasures=2,
        within=0.1,
        mishaps=Mishaps(answer_late=0.4),
    ),
    explain_no_removal: replace(_BUSY, removals=6),
    take_a_rename_for_a_write: replace(_BUSY, renames=0.6),
    erase_but_keep_the_name: replace(_BUSY, erasures=1),
    leave_who_is_shown_again_out_of_the_search: replace(_BUSY, renames=0.6, standings=2),
    remember_answers_by_name: replace(_BUSY, tickets=1, removals=6, erasures=2, users=3),
    leave_the_scores_as_the_profile_was: replace(_BUSY, renames=0.6, standings=2),
    leave_the_other_boards_to_nobody: replace(
        _BUSY, boards=(_ARENA, _RATING), users=3, renames=0.6, outages=4, within=0.3
    ),
    copy_a_profile_over_a_newer_score: replace(
        _BUSY, boards=(_ARENA, _RATING), users=3, renames=0.6, mishaps=Mishaps(answer_late=0.2)
    ),
    count_an_action_board_by_board: replace(_BUSY, tickets=1),
    forget_what_failed: _PLAYED,
    leave_the_ticket_before_good: _PLAYED,
    judge_a_ticket_again: _PLAYED,
    write_an_attempt_unconditionally: replace(_PLAYED, users=1),
    open_a_season_over_its_scores: replace(_BUSY, boards=(_SPRINT,), openings=4, within=0.05),
    fill_over_what_is_newer: replace(_REFILLED, flushes=6, audits=4),
    page_by_rank: replace(
        _BUSY,
        pagers=10,
        writers=4,
        writes=12,
        users=10,
        pauses=(0.3,),
        within=2,
        batch_size=None,
        mishaps=Mishaps(answer_late=0.2),
    ),
    go_on_without_the_functions_that_post: replace(
        _CROWDED, boards=(_RATING,), mishaps=Mishaps(answer_late=0.3)
    ),
    leave_the_part_of_a_function_that_died: replace(
        _CROWDED,
        boards=(_RATING,),
        writes=2,
        removals=0,
        standings=0,
        mishaps=Mishaps(killed=0.05),
    ),
    leave_the_last_shard_out: _CROWDED,
    leave_the_ranking_in_the_order_before: _TURNED,
    record_in_the_order_before: _TURNED,
    begin_a_ranking_by_the_rules_of_today: replace(
        _TURNED, flushes=4, mishaps=Mishaps(killed=0.05), releases=3
    ),
    hand_over_each_change_by_itself: _CROWDED,
}
"""Each with the plan of a story that shows it soonest."""
