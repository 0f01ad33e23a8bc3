"""The smallest client of docs/protocol.md, line for line. It shows that the recorded conversations
ask for the written rules and nothing more."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def place(it: Json) -> tuple[str, str | None, int]:
    return it["season"], it["epoch"], it["version"]


class SmallestClient:
    """One board. What it wants to send is in `asks`, what it shows in `shown`."""

    def __init__(self, board: str) -> None:
        self.board = board
        self.held: Json | None = None
        self.newest: Json | None = None
        self.asks = 0
        self.shown: list[Json] = []

    def subscribe(self) -> None:
        self.asks += 1

    def receive(self, it: Json) -> None:
        if it.get("type") == "pong":
            named = it["boards"].get(self.board)
            if self.held and named and place(named) != place(self.held):
                self.subscribe()
        elif it.get("type") == "snapshot":
            self.snapshot(it)
        elif it.get("type") == "update":
            self.update(it)

    def snapshot(self, it: Json) -> None:
        held = self.held
        if held:
            if it["season"] < held["season"]:
                return
            if it["season"] == held["season"]:
                if it["epoch"] is None and held["epoch"] is not None:
                    return
                if it["epoch"] == held["epoch"] and it["version"] <= held["version"]:
                    return
        self.show(it)
        newest = self.newest
        if newest and place(newest)[:2] == place(it)[:2] and newest["version"] > it["version"]:
            self.subscribe()

    def update(self, it: Json) -> None:
        held = self.held
        if held and it["season"] < held["season"]:
            return
        is_same = held is not None and place(held)[:2] == place(it)[:2]
        if held and is_same and it["version"] <= held["version"]:
            return
        if held and is_same and it["from"] == held["version"]:
            changed = {entry["userId"] for entry in it["upsert"]} | set(it["remove"])
            kept = [entry for entry in held["entries"] if entry["userId"] not in changed]
            entries = sorted([*kept, *it["upsert"]], key=lambda entry: int(entry["rank"]))
            moved = {"version": it["version"], "total": it["total"], "entries": entries}
            self.show({**held, **moved})
        else:
            self.newest = it
            self.subscribe()

    def show(self, board: Json) -> None:
        self.held = board
        names = ("season", "epoch", "version", "total", "endsAt", "since", "entries")
        self.shown.append({name: board[name] for name in names})
