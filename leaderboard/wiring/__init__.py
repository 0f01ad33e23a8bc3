"""The composition root: it builds the services of the stages with their adapters.

This module only gathers what `adapters`, `path` and `repair` build.

Each function builds one part, once per execution environment, and imports only what it uses: so a
function of Lambda loads what its own requests need, and no more.
"""

from __future__ import annotations

from leaderboard.wiring.adapters import (
    board_index as board_index,
)
from leaderboard.wiring.adapters import (
    board_table as board_table,
)
from leaderboard.wiring.adapters import (
    boards as boards,
)
from leaderboard.wiring.adapters import (
    cache_connection as cache_connection,
)
from leaderboard.wiring.adapters import (
    configuration as configuration,
)
from leaderboard.wiring.adapters import (
    connection_table as connection_table,
)
from leaderboard.wiring.adapters import (
    connections_api as connections_api,
)
from leaderboard.wiring.adapters import (
    failure_queue as failure_queue,
)
from leaderboard.wiring.adapters import (
    ranking_cache as ranking_cache,
)
from leaderboard.wiring.adapters import (
    read_connection as read_connection,
)
from leaderboard.wiring.adapters import (
    read_ranking as read_ranking,
)
from leaderboard.wiring.adapters import (
    rebuild_claim as rebuild_claim,
)
from leaderboard.wiring.adapters import (
    rebuild_function as rebuild_function,
)
from leaderboard.wiring.adapters import (
    reports as reports,
)
from leaderboard.wiring.adapters import (
    run_memory as run_memory,
)
from leaderboard.wiring.adapters import (
    score_image_reader as score_image_reader,
)
from leaderboard.wiring.adapters import (
    score_scanner as score_scanner,
)
from leaderboard.wiring.adapters import (
    score_table as score_table,
)
from leaderboard.wiring.adapters import (
    stage_memory as stage_memory,
)
from leaderboard.wiring.adapters import (
    ticket_keys as ticket_keys,
)
from leaderboard.wiring.adapters import (
    upkeep_function as upkeep_function,
)
from leaderboard.wiring.adapters import (
    viewer_cache as viewer_cache,
)
from leaderboard.wiring.path import (
    admission as admission,
)
from leaderboard.wiring.path import (
    asked as asked,
)
from leaderboard.wiring.path import (
    batch_reader as batch_reader,
)
from leaderboard.wiring.path import (
    broadcaster as broadcaster,
)
from leaderboard.wiring.path import (
    edge as edge,
)
from leaderboard.wiring.path import (
    fanout as fanout,
)
from leaderboard.wiring.path import (
    ingest as ingest,
)
from leaderboard.wiring.path import (
    moderation as moderation,
)
from leaderboard.wiring.path import (
    profiles as profiles,
)
from leaderboard.wiring.path import (
    reads as reads,
)
from leaderboard.wiring.path import (
    rebuild_starter as rebuild_starter,
)
from leaderboard.wiring.path import (
    recorder as recorder,
)
from leaderboard.wiring.path import (
    scores as scores,
)
from leaderboard.wiring.path import (
    submissions as submissions,
)
from leaderboard.wiring.path import (
    subscriptions as subscriptions,
)
from leaderboard.wiring.repair import (
    archive as archive,
)
from leaderboard.wiring.repair import (
    ranking_comparison as ranking_comparison,
)
from leaderboard.wiring.repair import (
    rebuild as rebuild,
)
from leaderboard.wiring.repair import (
    rule_changes as rule_changes,
)
from leaderboard.wiring.repair import (
    schedule_check as schedule_check,
)
from leaderboard.wiring.repair import (
    season_rollover as season_rollover,
)
from leaderboard.wiring.repair import (
    sweep as sweep,
)
from leaderboard.wiring.repair import (
    totals as totals,
)
from leaderboard.wiring.repair import (
    upkeep as upkeep,
)
from leaderboard.wiring.repair import (
    verification as verification,
)
