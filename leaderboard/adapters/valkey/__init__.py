"""The cache in Valkey.

`ranking` has the rankings, `viewer_cache` what viewers and readers need, `run_memory` and
`rebuild_claim` what repairs remember. Each of their calls is one command, or one script of
`scripts/`, over a `connection`.
"""
