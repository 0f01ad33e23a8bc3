"""Asks the package `leaderboard` on behalf of the bench, in the environment of peer.txt.

One JSON object a line: {"ask": what, "with": [an argument a time]} gets {"seconds": [how long each
took], "members": who came last}.
"""

from __future__ import annotations

import json
import sys
import time
from importlib import import_module
from typing import Any


def main(port: int, name: str, kind: str, parser: str) -> None:
    # The package, not this project's: here nothing but that environment is to be found.
    module, _, board_class = kind.partition(":")
    connection = import_module("redis.connection")
    pool = connection.ConnectionPool(
        host="127.0.0.1",
        port=port,
        decode_responses=True,
        parser_class=getattr(connection, parser),
    )
    board = getattr(import_module(module), board_class)(name, connection_pool=pool)
    asked: dict[str, Any] = {
        "top": lambda number: board.top(number, with_member_data=True),
        "page": lambda page: board.leaders(page, page_size=50, with_member_data=True),
        "around": lambda member: board.around_me(member, page_size=11, with_member_data=True),
        "find": lambda members: board.ranked_in_list(
            members, with_member_data=True, sort_by="rank"
        ),
    }
    for line in sys.stdin:
        request = json.loads(line)
        ask = asked[request["ask"]]
        seconds, found = [], []
        for argument in request["with"]:
            started = time.perf_counter()
            found = ask(argument)
            seconds.append(time.perf_counter() - started)
        answer = {"seconds": seconds, "members": [it["member"] for it in found]}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
