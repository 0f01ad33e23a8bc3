"""The composition root: the service's parts, put together with the adapters.

One function a part, each built once per execution environment and importing only what it uses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from leaderboard import clock, settings
from leaderboard.boards import catalog
from leaderboard.boards.board_season import BoardSeason
from leaderboard.boards.catalog import Catalog
from leaderboard.settings import Settings

if TYPE_CHECKING:
    from leaderboard.adapters.aws.failures import FailureQueue
    from leaderboard.adapters.aws.functions import RebuildFunction, UpkeepFunction
    from leaderboard.adapters.aws.keys import TicketKeys
    from leaderboard.adapters.aws.sockets import Sockets
    from leaderboard.adapters.dynamodb.boards import BoardTable
    from leaderboard.adapters.dynamodb.connections import ConnectionTable
    from leaderboard.adapters.dynamodb.index import BoardIndex
    from leaderboard.adapters.dynamodb.remembered import Remembered
    from leaderboard.adapters.dynamodb.reports import Reports
    from leaderboard.adapters.dynamodb.scan import BulkScores
    from leaderboard.adapters.dynamodb.scores import ScoreTable
    from leaderboard.adapters.valkey.cache import Cache
    from leaderboard.edge import Edge
    from leaderboard.frames.broadcast import Broadcaster, Change
    from leaderboard.frames.catchup import CatchUp
    from leaderboard.frames.delivery import Sender
    from leaderboard.frames.subscriptions import Subscriptions
    from leaderboard.ranking.ingest import Ingest
    from leaderboard.ranking.recorder import Recorder, ScoreRecord
    from leaderboard.reading.reads import Reads
    from leaderboard.repair.archive import Archive
    from leaderboard.repair.changes import Changes
    from leaderboard.repair.rebuild import Rebuild
    from leaderboard.repair.rebuild_requests import Requests
    from leaderboard.repair.totals import Totals
    from leaderboard.repair.turns import Turns
    from leaderboard.repair.upkeep import Upkeep
    from leaderboard.repair.verification import Verification
    from leaderboard.scoring.moderation import Moderation
    from leaderboard.scoring.profiles import Profiles
    from leaderboard.scoring.scores import Scores


@cache
def configuration() -> Settings:
    return settings.load()


@cache
def boards() -> Catalog:
    it = configuration()
    return catalog.load(it.boards_file, frame_interval_ms=it.frame_interval_ms)


def asked(board: str, season: str | None = None, *, future: bool = False) -> BoardSeason:
    """The board-season that a request means, by `BoardSeason.asked`; raises BoardNotFound, too."""
    return BoardSeason.asked(boards().find(board), season, now_ms=clock.now_ms(), future=future)


@cache
def scores() -> Scores:
    from leaderboard.scoring.scores import Scores

    return Scores(boards(), score_table(), ticket_keys(), clock.now_ms)


@cache
def reads() -> Reads:
    from leaderboard.reading.reads import Reads

    cache = read_cache()
    return Reads(boards(), cache, cache, board_table, board_index, clock.now_ms)


@cache
def subscriptions() -> Subscriptions:
    from leaderboard.frames.subscriptions import Subscriptions

    return Subscriptions(
        boards(),
        connection_table(),
        board_table(),
        score_table(),
        sockets(),
        configuration().connections_per_user,
        configuration().messages_per_minute,
        clock.now_ms,
    )


@cache
def ingest() -> Ingest:
    from leaderboard.adapters.aws.functions import ModerationFunction
    from leaderboard.ranking.ingest import Ingest

    it = configuration()
    return Ingest(
        boards(),
        recorder(),
        rebuild_requests(),
        upkeep_function(),
        ModerationFunction(it.moderation_function),
        clock.now_ms,
    )


@cache
def upkeep_function() -> UpkeepFunction:
    from leaderboard.adapters.aws.functions import UpkeepFunction

    return UpkeepFunction(configuration().upkeep_function)


@cache
def upkeep() -> Upkeep:
    from leaderboard.repair.upkeep import Upkeep

    return Upkeep(boards(), profiles(), archive())


@cache
def moderation() -> Moderation:
    from leaderboard.adapters.aws.accounts import Accounts
    from leaderboard.adapters.dynamodb.moderation import ModerationTable
    from leaderboard.scoring.moderation import Moderation

    it = configuration()
    return Moderation(
        ModerationTable(score_table()),
        profiles(),
        connection_table(),
        sockets(),
        Accounts(it.user_pool_id),
        clock.now_ms,
    )


@cache
def sockets() -> Sockets:
    from leaderboard.adapters.aws.sockets import Sockets

    return Sockets(configuration().socket_endpoint)


@cache
def profiles() -> Profiles:
    from leaderboard.scoring.profiles import Profiles

    return Profiles(boards(), score_table(), clock.now_ms)


@cache
def rebuild() -> Rebuild:
    from leaderboard.adapters.valkey.notes import RebuildClaim
    from leaderboard.repair.rebuild import Rebuild
    from leaderboard.repair.strangers import Strangers

    cache = ranking_cache()
    return Rebuild(
        boards(),
        bulk_scores(),
        cache,
        recorder(),
        board_table(),
        RebuildClaim(cache),
        Strangers(cache, board_index(), bulk_scores(), clock.now_ms),
        configuration().rebuild_segments,
        clock.now_ms,
    )


@cache
def verification() -> Verification:
    from leaderboard.adapters.valkey.notes import Notes
    from leaderboard.repair.verification import Verification

    cache = ranking_cache()
    return Verification(
        boards(),
        board_table(),
        board_index(),
        bulk_scores(),
        cache,
        Notes(cache),
        connection_table(),
        rebuild_requests(),
        rebuild_function(),
        configuration().rebuild_segments,
        clock.now_ms,
    )


@cache
def totals() -> Totals:
    from leaderboard.repair.totals import Totals

    return Totals(
        boards(),
        connection_table(),
        ranking_cache(),
        recorder(),
        rebuild_requests(),
        clock.now_ms,
    )


@cache
def rebuild_function() -> RebuildFunction:
    from leaderboard.adapters.aws.functions import RebuildFunction

    return RebuildFunction(configuration().rebuild_function)


@cache
def rebuild_requests() -> Requests:
    from leaderboard.adapters.valkey.notes import RebuildClaim
    from leaderboard.repair.rebuild_requests import Requests

    return Requests(rebuild_function(), RebuildClaim(ranking_cache()), ranking_cache())


@cache
def archive() -> Archive:
    from leaderboard.repair.archive import Archive

    return Archive(board_table(), bulk_scores(), board_index())


@cache
def turns() -> Turns:
    from leaderboard.adapters.valkey.notes import Notes
    from leaderboard.repair.turns import Turns

    return Turns(boards(), board_table(), Notes(ranking_cache()), connection_table(), clock.now_ms)


@cache
def changes() -> Changes:
    from leaderboard.adapters.valkey.notes import Notes
    from leaderboard.repair.changes import Changes

    cache = ranking_cache()
    return Changes(
        boards(),
        board_table(),
        cache,
        Notes(cache),
        recorder(),
        rebuild_requests(),
        configuration().write_shards,
        clock.now_ms,
    )


@cache
def broadcaster() -> Broadcaster:
    from leaderboard.adapters.aws.functions import FanoutFunction
    from leaderboard.frames.broadcast import Broadcaster

    it = configuration()
    helpers = FanoutFunction(it.fanout_function)
    sender = replace(fanout(), helpers=helpers, reach=it.reach)
    return Broadcaster(boards(), sender, ranking_cache(), it.posts_per_second, clock.now_ms)


@cache
def catch_up() -> CatchUp:
    from leaderboard.frames.catchup import CatchUp

    return CatchUp(board_table(), ranking_cache(), clock.now_ms)


@cache
def fanout() -> Sender:
    from leaderboard.adapters.aws.gateway import PostingDelivery
    from leaderboard.adapters.dynamodb.audiences import AudienceTable
    from leaderboard.frames.delivery import Sender

    it = configuration()
    return Sender(
        AudienceTable(it.connections_table, it.audience_shards),
        PostingDelivery(it.socket_endpoint, it.region, it.handles),
    )


@cache
def recorder() -> Recorder:
    from leaderboard.ranking.recorder import Recorder

    return Recorder(ranking_cache(), board_table(), configuration().record_interval_ms)


@cache
def score_table() -> ScoreTable:
    from leaderboard.adapters.dynamodb.scores import ScoreTable

    it = configuration()
    known = remembered()
    return ScoreTable(
        it.scores_table, it.submissions_table, known.shards_to_write, reports(), known.order
    )


@cache
def board_index() -> BoardIndex:
    from leaderboard.adapters.dynamodb.index import BoardIndex

    it = configuration()
    return BoardIndex(it.scores_table, remembered().shards, reports())


@cache
def remembered() -> Remembered:
    from leaderboard.adapters.dynamodb.remembered import Remembered

    return Remembered(board_table(), configuration().write_shards)


@cache
def bulk_scores() -> BulkScores:
    from leaderboard.adapters.dynamodb.scan import BulkScores

    return BulkScores(configuration().scores_table, reports())


@cache
def board_table() -> BoardTable:
    from leaderboard.adapters.dynamodb.boards import BoardTable

    return BoardTable(configuration().boards_table, reports())


@cache
def connection_table() -> ConnectionTable:
    from leaderboard.adapters.dynamodb.connections import ConnectionTable

    it = configuration()
    return ConnectionTable(it.connections_table, it.audience_shards)


@cache
def ranking_cache() -> Cache:
    from leaderboard.adapters.valkey.cache import Cache

    it = configuration()
    return Cache(it.cache_endpoint, it.cache_name, it.cache_user)


@cache
def read_cache() -> Cache:
    """The cache for somebody who waits for an answer, and can have it from the tables instead."""
    from leaderboard.adapters.valkey.cache import READ_OUTAGE_SECONDS, Outage

    return replace(ranking_cache(), seconds=1.0, outage=Outage(READ_OUTAGE_SECONDS))


@cache
def ticket_keys() -> TicketKeys:
    from leaderboard.adapters.aws.keys import Secret, TicketKeys

    return TicketKeys(Secret(configuration().ticket_secret))


@cache
def edge() -> Edge:
    from leaderboard.edge import Edge

    secret = configuration().edge_secret
    if not secret:
        return Edge()
    from leaderboard.adapters.aws.keys import Secret

    return Edge(Secret(secret))


@cache
def reports() -> Reports:
    from leaderboard.adapters.dynamodb.reports import Reports

    return Reports(failure_queue)


@cache
def failure_queue() -> FailureQueue:
    from leaderboard.adapters.aws.failures import FailureQueue

    return FailureQueue(configuration().failure_queue_url)


def score_record(image: Mapping[str, Any]) -> tuple[str, ScoreRecord]:
    from leaderboard.adapters.dynamodb.scores import score_record

    return score_record(image)


def profile_owner(image: Mapping[str, Any]) -> str | None:
    """The user whose profile an image of the score table is, if it is one."""
    from leaderboard.adapters.dynamodb.scores import PROFILE

    if image["boardSeason"]["S"] != PROFILE:
        return None
    owner: str = image["userId"]["S"]
    return owner


def leaves(image: Mapping[str, Any]) -> bool:
    """Whether a profile's image is that of somebody who was barred or deleted."""
    from leaderboard.scoring.decisions import OUT

    return image.get("standing", {}).get("S") in OUT


def is_of_the_stage(key: str) -> bool:
    """Whether a key of the table of boards is that of what the stage remembers of itself."""
    from leaderboard.adapters.dynamodb.boards import STAGE

    return key == STAGE


def is_score(image: Mapping[str, Any]) -> bool:
    """Whether an image of the score table is a score, or what is left of one."""
    from leaderboard.adapters.dynamodb.scores import NO_SCORES

    return image["boardSeason"]["S"] not in NO_SCORES


def board_change(first: Mapping[str, Any] | None, last: Mapping[str, Any]) -> Change:
    """What happened to a board's item, from its first old image to its last new one.

    An old image that cannot be read was shown to nobody: it counts as none.
    """
    from leaderboard.adapters.dynamodb import readable
    from leaderboard.adapters.dynamodb.boards import board_item
    from leaderboard.frames.broadcast import Change

    old = readable.understood(board_item, first, reports()) if first else None
    return Change(old, board_item(last))
