"""A live leaderboard, with no Lambda in it. Its packages are the stages of a score's path.

`boards` is what all of them build on; `scoring` writes a score, `ranking` ranks it, `frames` tells
the viewers; beside the path `history` keeps what explains a score, `reading` answers questions,
`repair` makes things right again. `adapters` are the
technologies, and `wiring` puts the stages and the adapters together.
"""
