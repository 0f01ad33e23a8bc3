"""The bill of a load: what it adds up to by hand, and that it follows the service's own pace."""

from __future__ import annotations

import math
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from leaderboard.frames.broadcast import Demand, interval_ms
from tests.commands import command
from tools import cost
from tools.cost import Load, bill, ceiling_hourly

ROOT = Path(__file__).parents[3]
loads = st.builds(
    Load,
    viewers=st.integers(0, 1_000_000),
    writes_per_second=st.floats(0, 10_000),
    top_share=st.floats(0, 1),
    frame_interval_ms=st.integers(0, 30_000),
    posts_per_second=st.integers(1, 100_000),
    reads_per_second=st.floats(0, 10_000),
)


@pytest.mark.parametrize(("viewers", "dollars"), [(1_000, 3.60), (10_000, 36.00)])
def test_update_a_second_for_each_viewer_costs_its_messages(viewers: int, dollars: float) -> None:
    load = Load(viewers, 50, frame_interval_ms=1000, posts_per_second=10_000)
    assert bill(load).parts["frames: messages"] == pytest.approx(dollars)


def test_connections_of_ten_thousand_viewers_cost_fifteen_cents_an_hour() -> None:
    assert bill(Load(10_000, 0)).parts["viewers: connection minutes"] == pytest.approx(0.15)


def test_pings_of_ten_thousand_quiet_viewers_cost_what_the_page_says() -> None:
    """A ping and its answer, a function, a write, one and a half reads, 189 times an hour."""
    pings = 10_000 * 3600 / 19
    dollars = pings * (2 * 1.00 + 0.20 + 0.015 * 13.3334 + 0.625 + 1.5 * 0.125) / 1_000_000
    assert bill(Load(10_000, 0)).parts["viewers: pings"] == pytest.approx(dollars)
    page = (ROOT / "docs" / "cost.md").read_text()
    assert (
        f"10,000 quiet viewers send {pings / 1e6:.2f} million pings an hour: ${dollars:.2f}" in page
    )
    rows = {60: 57, 180: 171}
    for seconds, mean in rows.items():
        assert f"at {seconds} s it is ${dollars * 19 / mean:.2f}" in page


def test_frames_spare_pings() -> None:
    quiet, slow, busy = (cost.pings_per_second(it) for it in (0, 1 / 60, 4))
    assert quiet == pytest.approx(1 / 19)
    assert slow == pytest.approx(1 / 19 - 1 / 60)
    assert busy == pytest.approx(1 / 180)


def test_million_scores_cost_what_their_request_and_their_items_do() -> None:
    """A request, one write of the item and two of the index, and the read before it."""
    parts = bill(Load(0, 1_000_000 / 3600)).parts
    assert parts["scores: HTTP requests"] == pytest.approx(1.00)
    assert parts["scores: table and index"] == pytest.approx(1.875 + 0.125)


def test_attempt_costs_its_request_and_the_item_that_remembers_it() -> None:
    """Issuing a ticket with a challenge writes the item once; its index does not change."""
    dollars = (1.00 + 0.20 + 0.015 * 13.3334 + 0.625 + 0.125) / 1_000_000
    load = Load(0, 50, attempt_share=0.4)
    assert bill(load).parts["scores: attempts"] == pytest.approx(20 * 3600 * dollars)
    assert bill(Load(0, 50)).parts["scores: attempts"] == 0
    shown = run("--viewers", "0", "--writes-per-second", "50", "--attempt-share", "0.4").stdout
    assert "scores: attempts" in shown


def test_board_that_is_always_busy_keeps_one_execution() -> None:
    """A gigabyte for a month; the posts themselves come on top."""
    dollars = 730 * 3600 * 0.0000133334
    assert cost.watched_monthly() == pytest.approx(dollars)
    page = (ROOT / "docs" / "cost.md").read_text()
    assert f"because that function stays for the interval: ${dollars:.2f} a month" in page


def test_budget_of_posts_is_a_ceiling_of_dollars() -> None:
    assert ceiling_hourly(5000) == pytest.approx(18.00)
    assert bill(Load(1_000_000, 500)).parts["frames: messages"] == pytest.approx(18.00)


@given(loads)
def test_frames_never_cost_more_than_the_budget_lets_them(load: Load) -> None:
    paced = bill(load)
    if paced.interval_ms < 240_000:
        ceiling = ceiling_hourly(load.posts_per_second)
        assert paced.parts["frames: messages"] <= ceiling * (1 + 1e-9)


@given(loads)
def test_pace_is_the_service_s_own(load: Load) -> None:
    demand = Demand(load.viewers, load.frame_interval_ms)
    assert bill(load).interval_ms == interval_ms(demand, load.posts_per_second)


@given(loads)
def test_bill_is_the_sum_of_parts_of_which_none_is_negative(load: Load) -> None:
    paced = bill(load)
    assert min(paced.parts.values()) >= 0
    assert paced.total == pytest.approx(sum(paced.parts.values()))
    assert math.isfinite(paced.total)


@given(loads, st.integers(1, 1000))
def test_more_viewers_never_cost_less(load: Load, more: int) -> None:
    from dataclasses import replace

    larger = replace(load, viewers=load.viewers + more)
    assert (
        bill(larger).parts["viewers: connection minutes"]
        >= (bill(load).parts["viewers: connection minutes"])
    )


def test_nobody_watching_costs_no_frame() -> None:
    paced = bill(Load(0, 100))
    assert (paced.interval_ms, paced.frames_per_second, paced.posts_per_second) == (0, 0, 0)
    assert paced.parts["frames: messages"] == 0


def test_scores_below_the_top_cost_no_frame() -> None:
    assert bill(Load(1000, 100, top_share=0)).posts_per_second == 0


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return command("tools.cost", *arguments)


def test_page_shows_what_the_calculator_prints() -> None:
    page = (ROOT / "docs" / "cost.md").read_text()
    load = Load(10_000, 50)
    assert cost.text_of(load) in page
    assert run("--viewers", "10000", "--writes-per-second", "50").stdout.strip() in page


def test_table_of_the_page_is_the_calculator_s() -> None:
    page = (ROOT / "docs" / "cost.md").read_text()
    rows = [line.split("|")[1:-1] for line in page.splitlines() if line.startswith("| 1")]
    assert len(rows) == 4
    for row in rows:
        viewers, interval, posts, dollars = (
            float(cell.strip().replace(",", "").removeprefix("$").removesuffix(" s"))
            for cell in row
        )
        paced = bill(Load(int(viewers), 50))
        assert interval == pytest.approx(paced.interval_ms / 1000)
        assert posts == pytest.approx(paced.posts_per_second, abs=0.5)
        assert dollars == pytest.approx(paced.total, abs=0.005)


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--viewers", "-1", "--writes-per-second", "1"],
        ["--viewers", "many", "--writes-per-second", "1"],
        ["--viewers", "1", "--writes-per-second", "nan"],
        ["--viewers", "1", "--writes-per-second", "1", "--posts-per-second", "0"],
        ["--viewers", "1", "--writes-per-second", "1", "--top-share", "2"],
    ],
)
def test_calculator_says_what_is_wrong(arguments: list[str]) -> None:
    answer = run(*arguments)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert "error:" in answer.stderr
    assert "Traceback" not in answer.stderr
