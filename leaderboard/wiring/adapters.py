"""The settings, the boards and the adapters, each built once per execution environment."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from leaderboard import settings
from leaderboard.boards import boards_file
from leaderboard.boards.catalog import Catalog
from leaderboard.settings import Settings

if TYPE_CHECKING:
    from leaderboard.adapters.aws.connections_api import ConnectionsApi
    from leaderboard.adapters.aws.failure_queue import FailureQueue
    from leaderboard.adapters.aws.functions import RebuildFunction, UpkeepFunction
    from leaderboard.adapters.aws.keys import TicketKeys
    from leaderboard.adapters.dynamodb.boards import BoardTable
    from leaderboard.adapters.dynamodb.connections import ConnectionTable
    from leaderboard.adapters.dynamodb.history import HistoryTable
    from leaderboard.adapters.dynamodb.index import BoardIndex
    from leaderboard.adapters.dynamodb.name_index import NameIndex
    from leaderboard.adapters.dynamodb.reports import Reports
    from leaderboard.adapters.dynamodb.score_scanner import ScoreScanner
    from leaderboard.adapters.dynamodb.scores import ScoreTable
    from leaderboard.adapters.dynamodb.stage_memory import StageMemory
    from leaderboard.adapters.valkey.connection import ValkeyConnection
    from leaderboard.adapters.valkey.ranking import ValkeyRanking
    from leaderboard.adapters.valkey.rebuild_claim import RebuildClaim
    from leaderboard.adapters.valkey.run_memory import ValkeyRunMemory
    from leaderboard.adapters.valkey.viewer_cache import ViewerCache
    from leaderboard.history.ports import LineReader
    from leaderboard.ranking.score_image import ImageReader


@cache
def configuration() -> Settings:
    return settings.load()


@cache
def catalog() -> Catalog:
    it = configuration()
    return boards_file.load(it.boards_file, frame_interval_ms=it.frame_interval_ms)


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
def board_table() -> BoardTable:
    from leaderboard.adapters.dynamodb.boards import BoardTable

    return BoardTable(configuration().boards_table, reports())


@cache
def board_index() -> BoardIndex:
    from leaderboard.adapters.dynamodb.index import BoardIndex

    it = configuration()
    return BoardIndex(it.scores_table, stage_memory().shards, reports())


@cache
def name_index() -> NameIndex:
    from leaderboard.adapters.dynamodb.name_index import NameIndex

    return NameIndex(configuration().scores_table, stage_memory().shards, reports())


@cache
def score_scanner() -> ScoreScanner:
    from leaderboard.adapters.dynamodb.score_scanner import ScoreScanner

    return ScoreScanner(configuration().scores_table, reports())


@cache
def history_table() -> HistoryTable:
    from leaderboard.adapters.dynamodb.history import HistoryTable

    return HistoryTable(configuration().history_table, reports())


@cache
def connection_table() -> ConnectionTable:
    from leaderboard.adapters.dynamodb.connections import ConnectionTable

    it = configuration()
    return ConnectionTable(it.connections_table, it.audience_shards)


@cache
def stage_memory() -> StageMemory:
    from leaderboard.adapters.dynamodb.stage_memory import StageMemory

    return StageMemory(configuration().boards_table, configuration().write_shards)


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
def connections_api() -> ConnectionsApi:
    from leaderboard.adapters.aws.connections_api import ConnectionsApi

    return ConnectionsApi(configuration().socket_endpoint)


@cache
def upkeep_function() -> UpkeepFunction:
    from leaderboard.adapters.aws.functions import UpkeepFunction

    return UpkeepFunction(configuration().upkeep_function)


@cache
def rebuild_function() -> RebuildFunction:
    from leaderboard.adapters.aws.functions import RebuildFunction

    return RebuildFunction(configuration().rebuild_function)


@cache
def ticket_keys() -> TicketKeys:
    from leaderboard.adapters.aws.keys import Secret, TicketKeys

    return TicketKeys(Secret(configuration().ticket_secret))


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
    from leaderboard.adapters.dynamodb.score_items import read_image

    return read_image


@cache
def line_reader() -> LineReader:
    """What reads the lines of histories in the images of the stream of scores."""
    from leaderboard.adapters.dynamodb.history import read_history_image

    return read_history_image
