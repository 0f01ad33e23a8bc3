"""The games of this repository's boards: what each action asks, and what an answer is worth.

`boards.yml` names a judge and a challenge for each action. Both get the same secret seed: the
challenge makes the question from it, and the judge makes the same question to check the answer.
"""
