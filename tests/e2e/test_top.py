"""GET /boards and GET top: what anybody reads, and how it is cached."""

from __future__ import annotations

import pytest

from tests.e2e.service import Service, assert_problem, is_moment

pytestmark = pytest.mark.e2e


def test_held_top_is_answered_304(service: Service, board: str) -> None:
    service.write(board, "ada", score=5)
    service.await_score(board, "ada", 5)
    first = service.call("GET", f"/boards/{board}/top")
    tag = first.headers["etag"]
    assert first.headers["cache-control"] == "public, max-age=1"
    for held in (tag, f"W/{tag}", f'"other", {tag}', "*"):
        again = service.call("GET", f"/boards/{board}/top", headers={"if-none-match": held})
        assert again.status == 304, held
        assert again.data == b""
        assert again.headers["etag"] == tag
        assert again.headers["cache-control"] == "public, max-age=1"


def test_season_of_the_first_years_ends_at_a_full_date(service: Service) -> None:
    assert is_moment(service.top("weekly", "?season=0001-W01")["endsAt"])


@pytest.mark.parametrize("season", ["%EF%BC%92026-W48", "2026-W4%D9%A8"])
def test_seasons_are_written_in_ascii(service: Service, season: str) -> None:
    assert_problem(service.call("GET", f"/boards/weekly/top?season={season}"), 422, "invalid")
