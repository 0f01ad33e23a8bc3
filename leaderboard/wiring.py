"""The composition root: it builds the services of the stages with their adapters.

Each function builds one part, once per execution environment, and imports only what it uses.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from leaderboard import clock, settings
from leaderboard.boards import boards_file
from leaderboard.boards.board_season import BoardSeason
from leaderboard.boards.catalog import Catalog
from leaderboard.settings import Settings

if TYPE_CHECKING:
    from leaderboard.adapters.aws.connections_api import ConnectionsApi
    from leaderboard.adapters.aws.failure_queue import FailureQueue
    from leaderboard.adapters.aws.functions import RebuildFunction, UpkeepFunction
    from leaderboard.adapters.aws.keys import TicketKeys
    from leaderboard.adapters.dynamodb.boards import BoardTable
    from leaderboard.adapters.dynamodb.connections import ConnectionTable
    from leaderboard.adapters.dynamodb.index import BoardIndex
    from leaderboard.adapters.dynamodb.reports import Reports
    from leaderboard.adapters.dynamodb.score_scanner import ScoreScanner
    from leaderboard.adapters.dynamodb.scores import ScoreTable
    from leaderboard.adapters.dynamodb.stage_memory import StageMemory
    from leaderboard.adapters.valkey.connection import ValkeyConnection
    from leaderboard.adapters.valkey.ranking import ValkeyRanking
    from leaderboard.adapters.valkey.rebuild_claim import RebuildClaim
    from leaderboard.adapters.valkey.run_memory import ValkeyRunMemory
    from leaderboard.adapters.valkey.viewer_cache import ViewerCache
    from leaderboard.edge import Edge
    from leaderboard.frames.admission import Admission
    from leaderboard.frames.broadcast import Broadcaster
    from leaderboard.frames.changes import BatchReader
    from leaderboard.frames.delivery import Sender
    from leaderboard.frames.subscriptions import Subscriptions
    from leaderboard.ranking.ingest import Ingest
    from leaderboard.ranking.recorder import Recorder
    from leaderboard.ranking.score_image import ImageReader
    from leaderboard.reading.reads import Reads
    from leaderboard.repair.archive import Archive
    from leaderboard.repair.comparison import RankingComparison
    from leaderboard.repair.rebuild import Rebuild
    from leaderboard.repair.rebuild_starter import RebuildStarter
    from leaderboard.repair.rule_changes import RuleChanges
    from leaderboard.repair.schedule_check import ScheduleCheck
    from leaderboard.repair.season_rollover import SeasonRollover
    from leaderboard.repair.sweep import Sweep
    from leaderboard.repair.totals import Totals
    from leaderboard.repair.upkeep import Upkeep
    from leaderboard.repair.verification import Verification
    from leaderboard.scoring.moderation import Moderation
    from leaderboard.scoring.profiles import Profiles
    from leaderboard.scoring.scores import Scores
    from leaderboard.scoring.submissions import Submissions


@cache
def configuration() -> Settings:
    return settings.load()


@cache
def boards() -> Catalog:
    it = configuration()
    return boards_file.load(it.boards_file, frame_interval_ms=it.frame_interval_ms)


def asked(board: str, season: str | None = None, *, future: bool = False) -> BoardSeason:
    """The board-season that a request means, by `BoardSeason.asked`; raises BoardNotFound, too."""
    return BoardSeason.asked(boards().find(board), season, now_ms=clock.now_ms(), future=future)


@cache
def scores() -> Scores:
    from leaderboard.scoring.scores import Scores

    return Scores(catalog=boards(), store=score_table(), keys=ticket_keys(), now_ms=clock.now_ms)


@cache
def submissions() -> Submissions:
    from leaderboard.scoring.submissions import Submissions

    return Submissions(catalog=boards(), store=score_table(), now_ms=clock.now_ms)


@cache
def reads() -> Reads:
    from leaderboard.adapters.valkey.viewer_cache import ViewerCache
    from leaderboard.reading.reads import Reads

    return Reads(
        catalog=boards(),
        cache=ViewerCache(read_connection()),
        rankings=read_ranking(),
        boards=board_table,
        index=board_index,
        now_ms=clock.now_ms,
    )


@cache
def subscriptions() -> Subscriptions:
    from leaderboard.frames.subscriptions import Subscriptions

    return Subscriptions(
        catalog=boards(),
        connections=connection_table(),
        boards=board_table(),
        profiles=score_table(),
        sockets=connections_api(),
        per_user=configuration().connections_per_user,
        per_minute=configuration().messages_per_minute,
        now_ms=clock.now_ms,
    )


@cache
def admission() -> Admission:
    from leaderboard.frames.admission import Admission

    return Admission(
        edge=edge(),
        allowed_origins=configuration().allowed_origins,
        keys=ticket_keys,
        tickets=connection_table,
        now_ms=clock.now_ms,
    )


@cache
def ingest() -> Ingest:
    from leaderboard.adapters.aws.functions import ModerationFunction
    from leaderboard.ranking.ingest import Ingest

    it = configuration()
    return Ingest(
        catalog=boards(),
        recorder=recorder(),
        rebuilds=rebuild_starter(),
        upkeep=upkeep_function(),
        moderation=ModerationFunction(it.moderation_function),
        now_ms=clock.now_ms,
    )


@cache
def upkeep_function() -> UpkeepFunction:
    from leaderboard.adapters.aws.functions import UpkeepFunction

    return UpkeepFunction(configuration().upkeep_function)


@cache
def upkeep() -> Upkeep:
    from leaderboard.repair.upkeep import Upkeep

    return Upkeep(catalog=boards(), profiles=profiles(), archive=archive())


@cache
def moderation() -> Moderation:
    from leaderboard.adapters.aws.accounts import CognitoAccounts
    from leaderboard.adapters.dynamodb.moderation import ModerationTable
    from leaderboard.scoring.moderation import Moderation

    it = configuration()
    return Moderation(
        store=ModerationTable(score_table()),
        profiles=profiles(),
        connections=connection_table(),
        sockets=connections_api(),
        accounts=CognitoAccounts(it.user_pool_id),
        now_ms=clock.now_ms,
    )


@cache
def connections_api() -> ConnectionsApi:
    from leaderboard.adapters.aws.connections_api import ConnectionsApi

    return ConnectionsApi(configuration().socket_endpoint)


@cache
def profiles() -> Profiles:
    from leaderboard.adapters.dynamodb.profiles import ProfileTable
    from leaderboard.scoring.profiles import Profiles

    return Profiles(catalog=boards(), store=ProfileTable(score_table()), now_ms=clock.now_ms)


@cache
def rebuild() -> Rebuild:
    from leaderboard.repair.rebuild import Rebuild
    from leaderboard.repair.rebuild_completion import RebuildCompletion
    from leaderboard.repair.rebuild_scan import RebuildScan
    from leaderboard.repair.rebuild_targets import RebuildTargets

    cache = ranking_cache()
    return Rebuild(
        catalog=boards(),
        targets=RebuildTargets(
            catalog=boards(),
            boards=board_table(),
            cache=cache,
            recorder=recorder(),
            now_ms=clock.now_ms,
        ),
        scan=RebuildScan(
            catalog=boards(),
            boards=board_table(),
            scores=score_scanner(),
            cache=cache,
            now_ms=clock.now_ms,
        ),
        completion=RebuildCompletion(
            catalog=boards(),
            cache=cache,
            recorder=recorder(),
            sweep=sweep(),
            now_ms=clock.now_ms,
        ),
        cache=cache,
        claims=rebuild_claim(),
        segments=configuration().rebuild_segments,
        now_ms=clock.now_ms,
    )


@cache
def sweep() -> Sweep:
    from leaderboard.repair.sweep import Sweep

    return Sweep(
        cache=ranking_cache(), index=board_index(), scores=score_scanner(), now_ms=clock.now_ms
    )


@cache
def verification() -> Verification:
    from leaderboard.repair.verification import Verification

    return Verification(
        catalog=boards(),
        boards=board_table(),
        index=board_index(),
        scores=score_scanner(),
        cache=ranking_cache(),
        memory=run_memory(),
        audiences=connection_table(),
        rebuilds=rebuild_starter(),
        function=rebuild_function(),
        now_ms=clock.now_ms,
    )


@cache
def ranking_comparison() -> RankingComparison:
    from leaderboard.repair.comparison import RankingComparison

    return RankingComparison(
        scores=score_scanner(),
        cache=ranking_cache(),
        segments=configuration().rebuild_segments,
    )


@cache
def schedule_check() -> ScheduleCheck:
    from leaderboard.repair.schedule_check import ScheduleCheck

    return ScheduleCheck(board_table())


@cache
def totals() -> Totals:
    from leaderboard.repair.totals import Totals

    return Totals(
        catalog=boards(),
        audiences=connection_table(),
        cache=ranking_cache(),
        recorder=recorder(),
        rebuilds=rebuild_starter(),
        now_ms=clock.now_ms,
    )


@cache
def rebuild_function() -> RebuildFunction:
    from leaderboard.adapters.aws.functions import RebuildFunction

    return RebuildFunction(configuration().rebuild_function)


@cache
def rebuild_starter() -> RebuildStarter:
    from leaderboard.repair.rebuild_starter import RebuildStarter

    return RebuildStarter(
        function=rebuild_function(), claims=rebuild_claim(), board_claims=ranking_cache()
    )


@cache
def archive() -> Archive:
    from leaderboard.repair.archive import Archive

    return Archive(boards=board_table(), scores=score_scanner(), index=board_index())


@cache
def season_rollover() -> SeasonRollover:
    from leaderboard.repair.season_rollover import SeasonRollover

    return SeasonRollover(
        catalog=boards(),
        boards=board_table(),
        memory=run_memory(),
        audiences=connection_table(),
        now_ms=clock.now_ms,
    )


@cache
def rule_changes() -> RuleChanges:
    from leaderboard.repair.rule_changes import RuleChanges

    return RuleChanges(
        catalog=boards(),
        boards=board_table(),
        cache=ranking_cache(),
        memory=run_memory(),
        recorder=recorder(),
        rebuilds=rebuild_starter(),
        write_shards=configuration().write_shards,
        now_ms=clock.now_ms,
    )


@cache
def broadcaster() -> Broadcaster:
    from leaderboard.adapters.aws.functions import FanoutFunction
    from leaderboard.frames.broadcast import Broadcaster

    it = configuration()
    others = FanoutFunction(it.fanout_function)
    return Broadcaster(
        catalog=boards(),
        sender=replace(fanout(), fanout=others, reach=it.reach),
        cache=viewer_cache(),
        posts_per_second=it.posts_per_second,
        now_ms=clock.now_ms,
    )


@cache
def batch_reader() -> BatchReader:
    from leaderboard.adapters.dynamodb.board_images import StreamImages
    from leaderboard.frames.changes import BatchReader

    return BatchReader(
        images=StreamImages(reports()),
        boards=board_table(),
        told=viewer_cache(),
        now_ms=clock.now_ms,
    )


@cache
def fanout() -> Sender:
    """Posts frames by itself, without other functions."""
    from leaderboard.adapters.aws.posting import PostingDelivery
    from leaderboard.adapters.dynamodb.audiences import AudienceTable
    from leaderboard.frames.delivery import Sender

    it = configuration()
    return Sender(
        audience=AudienceTable(it.connections_table, audience_shards=it.audience_shards),
        delivery=PostingDelivery(it.socket_endpoint, it.region, handles=it.handles),
    )


@cache
def recorder() -> Recorder:
    from leaderboard.ranking.recorder import Recorder

    return Recorder(
        cache=ranking_cache(),
        boards=board_table(),
        interval_ms=configuration().record_interval_ms,
    )


@cache
def score_table() -> ScoreTable:
    from leaderboard.adapters.dynamodb.scores import ScoreTable

    it = configuration()
    known = stage_memory()
    return ScoreTable(
        scores_table=it.scores_table,
        submissions_table=it.submissions_table,
        write_shards=known.shards_to_write,
        reports=reports(),
        order=known.order,
    )


@cache
def board_index() -> BoardIndex:
    from leaderboard.adapters.dynamodb.index import BoardIndex

    it = configuration()
    return BoardIndex(it.scores_table, stage_memory().shards, reports())


@cache
def stage_memory() -> StageMemory:
    from leaderboard.adapters.dynamodb.stage_memory import StageMemory

    return StageMemory(board_table(), configuration().write_shards)


@cache
def score_scanner() -> ScoreScanner:
    from leaderboard.adapters.dynamodb.score_scanner import ScoreScanner

    return ScoreScanner(configuration().scores_table, reports())


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
def cache_connection() -> ValkeyConnection:
    from leaderboard.adapters.valkey.connection import ValkeyConnection

    it = configuration()
    return ValkeyConnection(it.cache_endpoint, name=it.cache_name, user=it.cache_user)


@cache
def read_connection() -> ValkeyConnection:
    """For somebody who waits for an answer, and can have it from the tables instead."""
    from leaderboard.adapters.valkey.connection import READ_OUTAGE_SECONDS, Outage

    return replace(cache_connection(), seconds=1.0, outage=Outage(READ_OUTAGE_SECONDS))


@cache
def ranking_cache() -> ValkeyRanking:
    from leaderboard.adapters.valkey.ranking import ValkeyRanking

    return ValkeyRanking(cache_connection())


@cache
def read_ranking() -> ValkeyRanking:
    from leaderboard.adapters.valkey.ranking import ValkeyRanking

    return ValkeyRanking(read_connection())


@cache
def viewer_cache() -> ViewerCache:
    from leaderboard.adapters.valkey.viewer_cache import ViewerCache

    return ViewerCache(cache_connection())


@cache
def run_memory() -> ValkeyRunMemory:
    from leaderboard.adapters.valkey.run_memory import ValkeyRunMemory

    return ValkeyRunMemory(cache_connection())


@cache
def rebuild_claim() -> RebuildClaim:
    from leaderboard.adapters.valkey.rebuild_claim import RebuildClaim

    return RebuildClaim(cache_connection())


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
    from leaderboard.adapters.aws.failure_queue import FailureQueue

    return FailureQueue(configuration().failure_queue_url)


@cache
def score_image_reader() -> ImageReader:
    """What reads the images of the stream of scores."""
    from leaderboard.adapters.dynamodb.score_images import read_image

    return read_image
