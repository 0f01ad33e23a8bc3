"""Beside the path: the stream of scores becomes the lines that explain each user's score.

In: the images of the scores' writes, as `HistoryLine`s. Out: one stored line for each write, with
the rank that it brought. `history_stream` calls `HistoryWriter.write`; it reads the stream of
scores beside `score_stream` and never holds it up. `reading` shows the lines, and `repair` compares
them with the scores and erases them.
"""
