"""Stage 2: the stream of scores becomes rankings and recorded tops.

In: batches of the scores' newest images, as `ScoreState`s by board-season. Out: the ranking of each
board in the cache and, where the top changed, a record of it: a new `BoardItem` in the table of
boards. `score_stream` calls `Ingest.apply`; `repair` uses the `Recorder`. The stream of boards
brings a changed top to `frames`.
"""
