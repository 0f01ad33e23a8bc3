"""Stage 1: a request becomes one write of the table.

In: a ticket, a trusted write, a new name or an act of a moderator, and the items that were read.
Out: one conditional write, and the answer or the refusal. The functions `scores` and `moderation`
call it. The table's stream takes the score on from there, to `ranking`.
"""
