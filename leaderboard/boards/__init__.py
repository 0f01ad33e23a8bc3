"""What a board is: its rules, seasons and order, the entries of its top, and the ids on it.

In: `boards.yml`, and the names of boards and seasons in requests. Out: plain values, and the one
total order. Every other stage builds on this one; it calls none of them.
"""
