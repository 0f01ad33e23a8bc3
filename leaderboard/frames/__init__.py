"""Stage 3: the stream of boards becomes frames at viewers.

In: a board's item before and after its changes, and what viewers send. Out: one frame, posted to
everybody who follows the board, and no sooner than its interval allows.

`board_stream` calls `changes` (which change of a board is told next), `broadcast` (the frame, and
how long the board then rests) and `delivery` (who gets it). `messages` says what changed, as JSON.
`fanout` posts a frame to a part of a large audience. `authorizer` and `subscriber` decide who
follows what: `admission`, `subscriptions`. `ports` has what the adapters fulfil.
"""
