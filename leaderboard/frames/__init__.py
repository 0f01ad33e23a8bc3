"""Stage 3: the stream of boards becomes frames at viewers.

In: a board's item before and after its changes, and what viewers send. Out: one frame, posted to
everybody who follows the board, and no sooner than its interval allows. `board_stream` and `fanout`
call it, and `socket` for who follows what.
"""
