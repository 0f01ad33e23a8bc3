"""The services of the path: scoring, ranking, frames and reading."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from leaderboard import clock
from leaderboard.boards.seasons import BoardSeason
from leaderboard.wiring.adapters import (
    board_index,
    board_table,
    catalog,
    configuration,
    connection_table,
    connections_api,
    history_table,
    name_index,
    ranking_cache,
    read_connection,
    read_ranking,
    rebuild_claim,
    rebuild_function,
    reports,
    score_table,
    ticket_keys,
    upkeep_function,
    viewer_cache,
)

if TYPE_CHECKING:
    from leaderboard.edge import Edge
    from leaderboard.frames.admission import Admission
    from leaderboard.frames.broadcast import Broadcaster
    from leaderboard.frames.changes import BatchReader
    from leaderboard.frames.delivery import Sender
    from leaderboard.frames.subscriptions import Subscriptions
    from leaderboard.history.history_writer import HistoryWriter
    from leaderboard.ranking.ingest import Ingest
    from leaderboard.ranking.recorder import Recorder
    from leaderboard.reading.histories import Histories
    from leaderboard.reading.reads import Reads
    from leaderboard.reading.user_search import UserSearch
    from leaderboard.repair.rebuild_starter import RebuildStarter
    from leaderboard.scoring.moderation import Moderation
    from leaderboard.scoring.profiles import Profiles
    from leaderboard.scoring.scores import Scores
    from leaderboard.scoring.submissions import Submissions


def board_season(board: str, season: str | None = None, *, future: bool = False) -> BoardSeason:
    """The board-season that a request means, by `BoardSeason.asked`; raises BoardNotFound, too."""
    return BoardSeason.asked(catalog().find(board), season, now_ms=clock.now_ms(), future=future)


@cache
def edge() -> Edge:
    from leaderboard.edge import Edge

    secret = configuration().edge_secret
    if not secret:
        return Edge()
    from leaderboard.adapters.aws.keys import Secret

    return Edge(Secret(secret))


@cache
def scores() -> Scores:
    from leaderboard.scoring.scores import Scores

    return Scores(catalog=catalog(), store=score_table(), keys=ticket_keys(), now_ms=clock.now_ms)


@cache
def submissions() -> Submissions:
    from leaderboard.scoring.submissions import Submissions

    return Submissions(catalog=catalog(), store=score_table(), now_ms=clock.now_ms)


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
def profiles() -> Profiles:
    from leaderboard.adapters.dynamodb.profiles import ProfileTable
    from leaderboard.scoring.profiles import Profiles

    return Profiles(catalog=catalog(), store=ProfileTable(score_table()), now_ms=clock.now_ms)


@cache
def ingest() -> Ingest:
    from leaderboard.adapters.aws.functions import ModerationFunction
    from leaderboard.ranking.ingest import Ingest

    it = configuration()
    return Ingest(
        catalog=catalog(),
        recorder=recorder(),
        rebuilds=rebuild_starter(),
        upkeep=upkeep_function(),
        moderation=ModerationFunction(it.moderation_function),
        now_ms=clock.now_ms,
    )


@cache
def history_writer() -> HistoryWriter:
    from leaderboard.history.history_writer import HistoryWriter

    return HistoryWriter(
        catalog=catalog(),
        store=history_table(),
        rankings=read_ranking(),
        upkeep=upkeep_function(),
        wait_seconds=configuration().rank_wait_ms / 1000,
        now_ms=clock.now_ms,
    )


@cache
def recorder() -> Recorder:
    from leaderboard.ranking.recorder import Recorder

    return Recorder(
        cache=ranking_cache(),
        boards=board_table(),
        interval_ms=configuration().record_interval_ms,
        now_ms=clock.now_ms,
    )


@cache
def rebuild_starter() -> RebuildStarter:
    from leaderboard.repair.rebuild_starter import RebuildStarter

    return RebuildStarter(
        function=rebuild_function(), claims=rebuild_claim(), board_claims=ranking_cache()
    )


@cache
def batch_reader() -> BatchReader:
    from leaderboard.adapters.dynamodb.board_items import StreamImages
    from leaderboard.frames.changes import BatchReader

    return BatchReader(
        images=StreamImages(reports()),
        boards=board_table(),
        cache=viewer_cache(),
        now_ms=clock.now_ms,
    )


@cache
def broadcaster() -> Broadcaster:
    from leaderboard.adapters.aws.functions import FanoutFunction
    from leaderboard.frames.broadcast import Broadcaster

    it = configuration()
    others = FanoutFunction(it.fanout_function)
    return Broadcaster(
        catalog=catalog(),
        sender=replace(sender(), fanout=others, reach=it.reach),
        cache=viewer_cache(),
        posts_per_second=it.posts_per_second,
        now_ms=clock.now_ms,
    )


@cache
def sender() -> Sender:
    """Posts frames by itself, without other functions."""
    from leaderboard.adapters.aws.posting import PostingDelivery
    from leaderboard.adapters.dynamodb.audiences import AudienceTable
    from leaderboard.frames.delivery import Sender

    it = configuration()
    return Sender(
        audience=AudienceTable(it.connections_table, audience_shards=it.audience_shards),
        delivery=PostingDelivery(endpoint=it.socket_endpoint, region=it.region, handles=it.handles),
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
def subscriptions() -> Subscriptions:
    from leaderboard.frames.subscriptions import Subscriptions

    return Subscriptions(
        catalog=catalog(),
        connections=connection_table(),
        boards=board_table(),
        profiles=score_table(),
        sockets=connections_api(),
        per_user=configuration().connections_per_user,
        per_minute=configuration().messages_per_minute,
        now_ms=clock.now_ms,
    )


@cache
def histories() -> Histories:
    from leaderboard.reading.histories import Histories

    return Histories(lines=history_table(), index=board_index())


@cache
def reads() -> Reads:
    from leaderboard.adapters.valkey.viewer_cache import ViewerCache
    from leaderboard.reading.reads import Reads

    return Reads(
        catalog=catalog(),
        cache=ViewerCache(read_connection()),
        rankings=read_ranking(),
        boards=board_table,
        index=board_index,
        now_ms=clock.now_ms,
    )


@cache
def user_search() -> UserSearch:
    from leaderboard.reading.user_search import UserSearch

    return UserSearch(names=name_index)
