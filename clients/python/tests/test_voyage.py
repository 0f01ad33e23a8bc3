"""Bad weather over real sockets and real HTTP: `VOYAGES=1000` for more, `FROM=5000` for others.

Each is a run of the JavaScript client's weather server: a model of the service written from the
contract, with frames dropped, doubled, delayed and reordered, connections refused, cut, silent, or
never let through, answers late or refused, counters lost, seasons turning, HTTP failing or stale.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import time
import urllib.request
from typing import Any

from clients.python.tests.witness import key, key_of, wrongs
from leaderboard_client import Board, Changes, Leaderboard, Timing

VOYAGES = int(os.environ.get("VOYAGES", "60"))
FROM = int(os.environ.get("FROM", "1"))
# A machine that is busy with other things keeps up with no more in a hurried minute.
AT_ONCE = 10
PATIENCE_SECONDS = 60.0
# As hurried as the weather, where a minute passes in a second.
TIMING = Timing(
    open_timeout=800,
    answer_timeout=400,
    ping_after=330,
    ping_interval=500,
    doubt_after=50,
    pong_timeout=500,
    lifetime=700,
    lifetime_jitter=400,
    reconnect_base=20,
    reconnect_cap=800,
    settled_after=300,
    ask_base=15,
    ask_cap=200,
    roll_jitter=60,
    poll_after=150,
    poll_interval=120,
    poll_cap=500,
    fetch_timeout=600,
    cache_allowance=60,
    linger=50,
)

Json = dict[str, Any]


def ask(url: str, method: str = "GET") -> Json:
    request = urllib.request.Request(url, method=method)
    with urllib.request.urlopen(request, timeout=10) as response:
        answer: Json = json.load(response)
        return answer


async def sail(host: str, seed: int) -> tuple[int, list[str]]:
    """The boards shown on one voyage, and what was wrong with them."""
    run = f"{host}/runs/{seed}"
    await asyncio.to_thread(ask, f"http://{run}", "POST")
    history = await asyncio.to_thread(ask, f"http://{run}")
    shown: dict[str, list[tuple[Board, Changes]]] = {name: [] for name in history["boards"]}
    client = Leaderboard(
        http=f"http://{run}", socket=f"ws://{run}", timing=TIMING, random=random.Random(seed).random
    )
    for name, boards in shown.items():
        client.subscribe(name, lambda *news, boards=boards: boards.append(news))
    goal = "polling" if history["blocked"] else "live"
    deadline = time.monotonic() + PATIENCE_SECONDS
    found = []
    while True:
        await asyncio.sleep(0.2)
        history = await asyncio.to_thread(ask, f"http://{run}")
        final = all(
            boards and key(boards[-1][0]) == key_of(history["boards"][name][-1])
            for name, boards in shown.items()
        )
        status = client.status
        if history["over"] and final and (status.state, status.stale_since) == (goal, None):
            break
        if time.monotonic() > deadline:
            found.append(f"not final: {status}")
            break
    await client.close()
    for name, boards in shown.items():
        found += wrongs(boards, history["boards"][name])
    return sum(map(len, shown.values())), [f"seed {seed}: {wrong}" for wrong in found]


async def sail_all(host: str) -> tuple[int, list[str]]:
    lanes = asyncio.Semaphore(AT_ONCE)

    async def one(seed: int) -> tuple[int, list[str]]:
        async with lanes:
            return await sail(host, seed)

    voyages = await asyncio.gather(*(one(seed) for seed in range(FROM, FROM + VOYAGES)))
    assert len(asyncio.all_tasks()) == 1, "closed clients leave nothing that runs"
    return sum(shown for shown, _ in voyages), [it for _, found in voyages for it in found]


def test_every_board_shown_was_recorded_none_went_back_and_the_last_is_the_final_one(
    weather: str,
) -> None:
    shown, found = asyncio.run(sail_all(weather))
    assert found == []
    assert shown > 5 * VOYAGES
