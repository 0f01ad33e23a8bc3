"""The architecture's error table: what can go wrong has one status and one title."""

from __future__ import annotations

from handlers import http_api
from leaderboard import errors
from leaderboard.errors import LeaderboardError


def leaves(kind: type[LeaderboardError]) -> list[type[LeaderboardError]]:
    """The errors of the module that nothing is derived from."""
    below = [it for it in kind.__subclasses__() if it.__module__ == errors.__name__]
    return [leaf for it in below for leaf in leaves(it)] if below else [kind]


LEAVES = leaves(LeaderboardError)


def test_every_error_has_a_status_and_a_title_and_no_other_has() -> None:
    raised = {leaf.code for leaf in LEAVES}
    assert set(http_api.STATUSES) == set(http_api.TITLES) == raised
    assert {code for code, status in http_api.STATUSES.items() if not 400 <= status < 600} == set()
    assert {code for code, title in http_api.TITLES.items() if not title} == set()


def test_no_two_errors_share_a_code_by_chance() -> None:
    """A race that was lost too often is the one that says nothing of its own."""
    shared = [leaf for leaf in LEAVES if "code" not in vars(leaf)]
    assert shared == [errors.Raced]
    codes = [leaf.code for leaf in LEAVES if leaf is not errors.Raced]
    assert len(set(codes)) == len(codes)


def test_tree_at_the_top_of_the_module_names_every_error() -> None:
    assert errors.__doc__
    for name, value in vars(errors).items():
        if isinstance(value, type) and issubclass(value, LeaderboardError):
            assert name in errors.__doc__
