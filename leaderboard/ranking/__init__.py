"""Stage 2: the stream of scores becomes rankings and recorded tops.

In: batches of the scores' newest images. Out: the ranking of each board in the cache, and a record
of its top on the board's item where the top changed. `score_stream` calls it, and so does `repair`.
The stream of boards takes a changed top on from there, to `frames`.
"""
