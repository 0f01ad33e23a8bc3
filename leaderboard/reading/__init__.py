"""Stage 4: questions and their answers.

In: a board-season, and which part of it is asked for. Out: the answer as JSON, from the cache, or
else from the board's item and the table's index. The function `boards` calls it. It writes nothing
but the cache's copy of a top.
"""
