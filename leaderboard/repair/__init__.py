"""What makes the service right again, beside the path from score to frame.

In: a clock's tick, a ranking that is cold, rules that changed, work that others left. Out: rankings
that are filled and checked against the table, and tops recorded again. The functions `rebuild`,
`verify`, `seasons` and `upkeep` call it. Nobody who follows one score needs it.

`rebuild` fills rankings from the table, and `rebuild_starter` starts it. `verification` checks the
tops each minute; by hand `comparison` checks a whole ranking, and `history_comparison` what
explains its scores. `totals`, `season_rollover` and `rule_changes` run each minute. `upkeep` and
`archive` serve seasons of long ago.
"""
