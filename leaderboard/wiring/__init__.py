"""The composition root: it builds the services of the stages with their adapters.

This module only gathers what `adapters`, `path` and `repair` build.

Each function builds one part, once per execution environment, and imports only what it uses: so a
function of Lambda loads what its own requests need, and no more.
"""

from __future__ import annotations

from leaderboard.wiring.adapters import (
    board_index as board_index,
    board_table as board_table,
    cache_connection as cache_connection,
    catalog as catalog,
    configuration as configuration,
    connection_table as connection_table,
    connections_api as connections_api,
    failure_queue as failure_queue,
    history_table as history_table,
    line_reader as line_reader,
    name_index as name_index,
    ranking_cache as ranking_cache,
    read_connection as read_connection,
    read_ranking as read_ranking,
    rebuild_claim as rebuild_claim,
    rebuild_function as rebuild_function,
    reports as reports,
    run_memory as run_memory,
    score_image_reader as score_image_reader,
    score_scanner as score_scanner,
    score_table as score_table,
    stage_memory as stage_memory,
    ticket_keys as ticket_keys,
    upkeep_function as upkeep_function,
    viewer_cache as viewer_cache,
)
from leaderboard.wiring.path import (
    admission as admission,
    batch_reader as batch_reader,
    board_season as board_season,
    broadcaster as broadcaster,
    edge as edge,
    histories as histories,
    history_writer as history_writer,
    ingest as ingest,
    moderation as moderation,
    profiles as profiles,
    reads as reads,
    rebuild_starter as rebuild_starter,
    recorder as recorder,
    scores as scores,
    sender as sender,
    submissions as submissions,
    subscriptions as subscriptions,
    user_search as user_search,
)
from leaderboard.wiring.repair import (
    archive as archive,
    history_comparison as history_comparison,
    name_fill as name_fill,
    ranking_comparison as ranking_comparison,
    rebuild as rebuild,
    rule_changes as rule_changes,
    schedule_check as schedule_check,
    season_rollover as season_rollover,
    sweep as sweep,
    totals as totals,
    upkeep as upkeep,
    verification as verification,
)
