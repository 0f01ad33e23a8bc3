"""The services of the stage `repair`."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from leaderboard import clock
from leaderboard.wiring.adapters import (
    board_index,
    board_table,
    catalog,
    configuration,
    connection_table,
    history_table,
    ranking_cache,
    rebuild_claim,
    rebuild_function,
    run_memory,
    score_scanner,
    score_table,
    stage_memory,
    upkeep_function,
)
from leaderboard.wiring.path import profiles, rebuild_starter, recorder

if TYPE_CHECKING:
    from leaderboard.repair.archive import Archive
    from leaderboard.repair.comparison import RankingComparison
    from leaderboard.repair.history_comparison import HistoryComparison
    from leaderboard.repair.name_fill import NameFill
    from leaderboard.repair.rebuild import Rebuild
    from leaderboard.repair.rule_changes import RuleChanges
    from leaderboard.repair.schedule_check import ScheduleCheck
    from leaderboard.repair.season_rollover import SeasonRollover
    from leaderboard.repair.sweep import Sweep
    from leaderboard.repair.totals import Totals
    from leaderboard.repair.upkeep import Upkeep
    from leaderboard.repair.verification import Verification


@cache
def rebuild() -> Rebuild:
    from leaderboard.repair.rebuild import Rebuild
    from leaderboard.repair.rebuild_completion import RebuildCompletion
    from leaderboard.repair.rebuild_scan import RebuildScan
    from leaderboard.repair.rebuild_targets import RebuildTargets

    cache = ranking_cache()
    return Rebuild(
        catalog=catalog(),
        targets=RebuildTargets(
            catalog=catalog(),
            boards=board_table(),
            cache=cache,
            recorder=recorder(),
            now_ms=clock.now_ms,
        ),
        scan=RebuildScan(
            catalog=catalog(),
            boards=board_table(),
            scores=score_scanner(),
            cache=cache,
            now_ms=clock.now_ms,
        ),
        completion=RebuildCompletion(
            catalog=catalog(),
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
        catalog=catalog(),
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
def history_comparison() -> HistoryComparison:
    from leaderboard.adapters.dynamodb.score_histories import ScoreHistoryTables
    from leaderboard.repair.history_comparison import HistoryComparison

    it = configuration()
    return HistoryComparison(
        histories=ScoreHistoryTables(it.scores_table, history_table()),
        segments=it.rebuild_segments,
        now_ms=clock.machine_ms,
    )


@cache
def schedule_check() -> ScheduleCheck:
    from leaderboard.repair.schedule_check import ScheduleCheck

    return ScheduleCheck(board_table())


@cache
def totals() -> Totals:
    from leaderboard.repair.totals import Totals

    return Totals(
        catalog=catalog(),
        audiences=connection_table(),
        cache=ranking_cache(),
        recorder=recorder(),
        rebuilds=rebuild_starter(),
        now_ms=clock.now_ms,
    )


@cache
def archive() -> Archive:
    from leaderboard.repair.archive import Archive

    return Archive(boards=board_table(), scores=score_scanner(), index=board_index())


@cache
def season_rollover() -> SeasonRollover:
    from leaderboard.repair.season_rollover import SeasonRollover

    return SeasonRollover(
        catalog=catalog(),
        boards=board_table(),
        memory=run_memory(),
        audiences=connection_table(),
        upkeep=upkeep_function(),
        now_ms=clock.now_ms,
    )


@cache
def rule_changes() -> RuleChanges:
    from leaderboard.repair.rule_changes import RuleChanges

    return RuleChanges(
        catalog=catalog(),
        boards=board_table(),
        cache=ranking_cache(),
        memory=run_memory(),
        recorder=recorder(),
        rebuilds=rebuild_starter(),
        stage=stage_memory(),
        now_ms=clock.now_ms,
    )


@cache
def upkeep() -> Upkeep:
    from leaderboard.repair.upkeep import Upkeep

    return Upkeep(
        catalog=catalog(), profiles=profiles(), archive=archive(), histories=history_table()
    )


@cache
def name_fill() -> NameFill:
    from leaderboard.adapters.dynamodb.name_filler import NameFiller
    from leaderboard.repair.name_fill import NameFill

    return NameFill(NameFiller(score_table()))
