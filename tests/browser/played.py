"""A service that a test plays: boards that move when the test says so, within milliseconds and
without a stack. What it sends has the form of the service's own frames and answers."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from playwright.sync_api import Browser, Route, WebSocketRoute

from leaderboard.scoring.folded_names import fold_name
from local.page import Configuration, serving
from tests.browser.visitor import Visitor, visiting

Json = dict[str, Any]
Score = tuple[str, int]

# Nothing listens there: the test answers in its place.
HTTP = "http://127.0.0.1:9"
CONFIGURATION = Configuration(
    stage="test", http=HTTP, socket="ws://127.0.0.1:9/dev", cognito=HTTP, web_client_id="client"
)


def rfc3339(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


@dataclass(slots=True)
class PlayedBoard:
    """One board: its rules, the ranking of each season, and the current season."""

    board: str = "arena"
    title: str = "Arena"
    order: str = "desc"
    operator: str = "increment"
    kind: str = "number"
    top_size: int = 10
    season: str = "all"
    ends: float | None = None
    # Seconds from the first question to the end, so that a browser that starts slowly sees it.
    ends_in: float | None = None
    starts: float | None = None
    actions: Json = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    seasons: dict[str, list[Score]] = field(default_factory=dict)
    version: int = 0
    scored: float = 1_700_000_000
    _shown: list[Json] = field(default_factory=list)

    def entries(self, season: str | None = None) -> list[Json]:
        """The ranking of a season: earlier ones in the list were there first."""
        scores = self.seasons.get(season or self.season, [])
        ranked = sorted(scores, key=lambda it: it[1], reverse=self.order == "desc")
        return [
            {
                "rank": rank,
                "place": 1 + [score for _, score in ranked].index(score),
                "userId": user,
                "userName": self.names.get(user, user.title()),
                "userScore": score,
                "scoreUpdatedAt": rfc3339(self.scored),
            }
            for rank, (user, score) in enumerate(ranked, start=1)
            for score in (score,)
        ]

    def rules(self) -> Json:
        return {
            "board": self.board,
            "title": self.title,
            "order": self.order,
            "operator": self.operator,
            "topSize": self.top_size,
            "season": {"season": self.season, **self._times()},
            "schedule": "never" if self.season == "all" else "daily",
            "seasons": sorted({*self.seasons, self.season}, reverse=True),
            "actions": self.actions,
            "format": {"kind": self.kind, "decimals": None, "unit": None},
            "frameIntervalMs": 250,
            "viewers": None,
        }

    def top(self, season: str | None = None) -> Json:
        entries = self.entries(season)
        return {
            "board": self.board,
            "season": season or self.season,
            "epoch": "e1" if entries else None,
            "version": self.version if entries else 0,
            "total": len(entries),
            "endsAt": self._ends_at(),
            "entries": entries[: self.top_size],
        }

    def page(self, season: str | None, cursor: int, limit: int) -> Json:
        entries = self.entries(season)
        end = cursor + limit
        return {
            "board": self.board,
            "season": season or self.season,
            "entries": entries[cursor:end],
            "total": len(entries),
            "nextCursor": str(end) if end < len(entries) else None,
        }

    def around(self, season: str | None, user: str, around: int) -> Json | None:
        entries = self.entries(season)
        at = next((n for n, it in enumerate(entries) if it["userId"] == user), None)
        if at is None:
            return None
        return {
            "board": self.board,
            "season": season or self.season,
            "entry": entries[at],
            "total": len(entries),
            "percentile": 100 * (len(entries) - entries[at]["place"] + 1) / len(entries),
            "around": entries[max(0, at - around) : at + around + 1],
        }

    def change(self) -> Json:
        """The update from what was sent last to what is now."""
        before = {it["userId"]: it for it in self._shown}
        now = self.top()["entries"]
        self.version += 1
        self._shown = now
        return {
            "type": "update",
            "board": self.board,
            "season": self.season,
            "epoch": "e1",
            "from": self.version - 1,
            "version": self.version,
            "total": len(self.entries()),
            "upsert": [it for it in now if before.get(it["userId"]) != it],
            "remove": sorted(set(before) - {it["userId"] for it in now}),
            "publishedAt": rfc3339(time.time()),
        }

    def snapshot(self) -> Json:
        self._shown = self.top()["entries"]
        return {"type": "snapshot", **self.top(), "publishedAt": rfc3339(time.time())}

    def _times(self) -> Json:
        starts = None if self.starts is None else rfc3339(self.starts)
        return {"startsAt": starts, "endsAt": self._ends_at()}

    def _ends_at(self) -> str | None:
        if self.ends_in is not None:
            self.ends, self.ends_in = time.time() + self.ends_in, None
        return None if self.ends is None else rfc3339(self.ends)


class PlayedService:
    """The boards, and whoever is connected."""

    def __init__(self, *boards: PlayedBoard) -> None:
        self.boards = {it.board: it for it in boards}
        self.asked: list[str] = []
        self.player: str | None = None
        self.history: list[int | None] = []
        """What the player's lines say, on every board, newest first."""
        self.named: dict[str, str] = {}
        """Users who have a name and no score."""
        self._sockets: list[WebSocketRoute] = []
        self._deaf: list[WebSocketRoute] = []

    def set(self, board: str, scores: Sequence[Score], **names: str) -> None:
        """The board's scores are these now, and whoever is connected hears of it."""
        played = self.boards[board]
        played.seasons[played.season] = list(scores)
        played.names |= names
        self._send(played.change())

    def turn(self, board: str, season: str, scores: Sequence[Score] = (), *, ends: float) -> None:
        """Another season begins."""
        played = self.boards[board]
        played.season, played.ends, played.version = season, ends, 1
        played.seasons[season] = list(scores)
        self._send(played.snapshot())

    def hang_up(self) -> None:
        """Every connection ends, as by a network that is gone."""
        sockets, self._sockets = self._sockets, []
        for socket in sockets:
            socket.close()

    def fall_silent(self) -> None:
        """No connection of now hears or says anything more, and none ends."""
        self._deaf += self._sockets
        self._sockets = []

    def _send(self, frame: Json) -> None:
        for socket in self._sockets:
            socket.send(json.dumps(frame))

    def answer(self, route: Route) -> None:
        url = urlsplit(route.request.url.removeprefix(HTTP))
        self.asked.append(f"{url.path}?{url.query}")
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        body = self._body(url.path, query)
        allowed = {"access-control-allow-origin": "*", "access-control-allow-headers": "*"}
        if body is None:
            route.fulfill(json={"code": "user_not_ranked"}, status=404, headers=allowed)
        else:
            route.fulfill(json=body, headers=allowed)

    def _body(self, path: str, query: dict[str, str]) -> Json | None:
        if path == "/boards":
            return {"boards": [it.rules() for it in self.boards.values()], "relay": False}
        if path == "/me/scores":
            return self._own()
        if path == "/users":
            return self._found(query["name"], int(query["limit"]))
        _, _, name, what, *user = path.split("/")
        played, season = self.boards[name], query.get("season")
        if what == "top":
            return played.top(season)
        if what == "entries":
            return played.page(season, int(query.get("cursor", 0)), int(query.get("limit", 50)))
        if user[-1] == "history":
            return {"lines": [{"userScore": it} for it in self.history], "nextCursor": None}
        return played.around(season, unquote(user[0]), int(query.get("around", 5)))

    def _found(self, name: str, limit: int) -> Json:
        named = {
            it["userId"]: it["userName"]
            for played in self.boards.values()
            for season in played.seasons
            for it in played.entries(season)
        } | self.named
        found = sorted(
            (fold_name(it), user)
            for user, it in named.items()
            if fold_name(it).startswith(fold_name(name))
        )
        users = [{"userId": user, "userName": named[user]} for _, user in found[:limit]]
        return {"users": users}

    def _own(self) -> Json:
        mine = [
            {name: it[name] for name in ("userScore", "scoreUpdatedAt")}
            | {"board": played.board, "season": played.season}
            for played in self.boards.values()
            for it in played.entries()
            if it["userId"] == self.player
        ]
        return {"userId": self.player, "userName": str(self.player).title(), "scores": mine}

    def talk(self, socket: WebSocketRoute) -> None:
        def hear(text: str | bytes) -> None:
            if socket in self._deaf:
                return
            asked = json.loads(text)
            if asked["action"] == "ping":
                boards = {
                    it.board: {name: it.top()[name] for name in ("season", "epoch", "version")}
                    for it in self.boards.values()
                }
                reply = {"type": "pong", "serverTime": rfc3339(time.time()), "boards": boards}
                socket.send(json.dumps(reply))
            elif asked["action"] == "subscribe":
                socket.send(json.dumps(self.boards[asked["board"]].snapshot()))

        socket.on_message(hear)
        self._sockets.append(socket)


def session_of(player: str) -> str:
    """A script that makes a browser one where this player has signed in."""
    session = {
        "userId": player,
        "accessToken": "token",
        "refreshToken": "refresh",
        "expiresAt": (time.time() + 3600) * 1000,
    }
    key = f"leaderboard:{CONFIGURATION.web_client_id}"
    return f"localStorage.setItem({json.dumps(key)}, {json.dumps(json.dumps(session))})"


@contextmanager
def playing(
    browser: Browser,
    *boards: PlayedBoard,
    player: str | None = None,
    scripts: tuple[str, ...] = (),
    **options: Any,
) -> Iterator[tuple[Visitor, PlayedService]]:
    """A visitor of the page, whose service has these boards; signed in as `player`."""
    service = PlayedService(*boards)
    service.player = player
    scripts += (session_of(player),) if player else ()
    with (
        serving(CONFIGURATION, port=0) as page,
        visiting(browser, page.url, scripts=scripts, **options) as visitor,
    ):
        visitor.page.route(f"{HTTP}/**", service.answer)
        visitor.page.route_web_socket(re.compile("ws://127.0.0.1:9/"), service.talk)
        yield visitor, service
