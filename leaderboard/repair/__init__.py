"""What makes the service right again, beside the path from score to frame.

In: a clock's tick, a ranking that is cold, rules that changed, work that others left. Out: rankings
that are filled and checked against the table, and tops recorded anew. The functions `rebuild`,
`verify`, `seasons` and `upkeep` call it. Nobody who follows one score needs it.
"""
