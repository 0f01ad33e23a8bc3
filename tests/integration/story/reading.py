"""Every read of the service, asked over HTTP and held to the oracle's sorted list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import handlers.boards
import handlers.moderation
import handlers.scores
import handlers.verify
from tests.integration.events import CONTEXT, Answer, answered, request
from tests.integration.story import oracle
from tests.integration.story.world import Recorded

Json = dict[str, Any]
NOBODY = "nobody"


def ask(
    handler: Callable[..., Any],
    route: str,
    path: Json | None = None,
    *,
    query: Json | None = None,
    body: Json | None = None,
    user: str | None = None,
) -> Answer:
    event = request(route, path=path or {}, query=query or {}, body=body, user=user)
    return answered(handler(event, CONTEXT))


def compare(
    rules: oracle.Rules,
    expected: list[Json],
    recorded: Recorded | None,
    *,
    users: Sequence[str],
    whole: bool,
) -> None:
    """All that anyone may ask of one board-season, of which the cache has the whole, or not."""
    _Asking(rules, expected, recorded, users, whole).all()


class _Asking:
    def __init__(
        self,
        rules: oracle.Rules,
        expected: list[Json],
        recorded: Recorded | None,
        users: Sequence[str],
        whole: bool,
    ) -> None:
        self.rules = rules
        self.expected = expected
        self.recorded = recorded
        self.users = users
        self.whole = whole

    def all(self) -> None:
        for limit in (None, 1):
            self._recorded_top(limit)
        self._longer_top(self.rules.top_size + 1)
        for limit in (2, 100):
            self._pages(limit)
        for number, user_id in enumerate((*self.users, NOBODY)):
            self._around(user_id, reach=number % 3)
        self._query([*self.users, NOBODY, *self.users[:1]])

    def _recorded_top(self, limit: int | None) -> None:
        body = self._found("top", {} if limit is None else {"limit": limit})
        it = self.recorded
        entries = it.entries if it else []
        assert body["entries"] == entries[: limit or self.rules.top_size], f"{body} is not {it}"
        numbers = (it.epoch, it.version, it.total) if it else (None, 0, 0)
        if it and it.version and self.whole:
            numbers = (it.epoch, it.version, len(self.expected))
        assert (body["epoch"], body["version"], body["total"]) == numbers, f"{body} is not {it}"

    def _longer_top(self, limit: int) -> None:
        body = self._listed("top", {"limit": limit})
        top = oracle.since(self.expected[:limit], {})
        assert body["entries"] == top, f"{self.rules.key} to {limit}: {body}"
        assert (body["epoch"], body["version"], body["since"]) == (None, None, None)

    def _pages(self, limit: int) -> None:
        found: list[Json] = []
        query: Json = {"limit": limit}
        while True:
            body = self._listed("entries", query)
            assert 1 <= len(body["entries"]) <= limit or not self.expected, body
            found += body["entries"]
            if body["nextCursor"] is None:
                break
            query = {"limit": limit, "cursor": body["nextCursor"]}
        assert found == self.expected, f"{self.rules.key} by {limit}: {found}"

    def _around(self, user_id: str, reach: int) -> None:
        at = next((n for n, it in enumerate(self.expected) if it["userId"] == user_id), None)
        answer = self._asked(f"users/{user_id}", {"around": reach})
        if at is None:
            assert answer.status == 404, f"{user_id} is not ranked: {answer.text}"
            assert answer.json["code"] == "user_not_ranked"
            return
        assert answer.status == 200, answer.text
        body = answer.json
        own = self.expected[at]
        assert body["entry"] == own
        assert body["around"] == self.expected[max(0, at - reach) : at + reach + 1]
        if self.whole:
            assert body["total"] == len(self.expected)
            assert body["percentile"] == oracle.percentile(own["place"], len(self.expected))

    def _query(self, user_ids: list[str]) -> None:
        body = self._found("entries/query", {}, body={"userIds": user_ids})
        assert body["entries"] == [it for it in self.expected if it["userId"] in user_ids]
        ranked = {it["userId"] for it in self.expected}
        asked = list(dict.fromkeys(user_ids))
        assert body["unranked"] == [it for it in asked if it not in ranked]

    def _listed(self, what: str, query: Json) -> Json:
        body = self._found(what, query)
        if self.whole:
            assert "degraded" not in body, body
            assert body["total"] == len(self.expected), body
        return body

    def _found(self, what: str, query: Json, *, body: Json | None = None) -> Json:
        answer = self._asked(what, query, body=body)
        assert answer.status == 200, answer.text
        found: Json = answer.json
        assert (found["board"], found["season"]) == (self.rules.board, self.rules.season)
        return found

    def _asked(self, what: str, query: Json, *, body: Json | None = None) -> Answer:
        path = {"board": self.rules.board}
        route = f"{'GET' if body is None else 'POST'} /boards/{{board}}/{what}"
        if what.startswith("users/"):
            path["userId"] = what.removeprefix("users/")
            route = "GET /boards/{board}/users/{userId}"
        query = {**query, "season": self.rules.season}
        return ask(handlers.boards.handler, route, path, query=query, body=body)


def compare_histories(
    rules: oracle.Rules, expected: list[Json], scores: oracle.Scores, *, users: Sequence[str]
) -> None:
    """The lines of everybody who is on the board, page by page, newest first."""
    ranked = {it["userId"] for it in expected}
    for number, user_id in enumerate((*users, NOBODY)):
        found: list[Json] = []
        query: Json = {"season": rules.season, "limit": (1, 2, 100)[number % 3]}
        path = {"board": rules.board, "userId": user_id}
        while True:
            route = "GET /boards/{board}/users/{userId}/history"
            answer = ask(handlers.boards.handler, route, path, query=query)
            if user_id not in ranked:
                assert (answer.status, answer.json["code"]) == (404, "user_not_ranked")
                break
            assert answer.status == 200, answer.text
            found += answer.json["lines"]
            if answer.json["nextCursor"] is None:
                break
            query["cursor"] = answer.json["nextCursor"]
        if user_id in ranked:
            told = [(it["userScore"], it["delta"], it["cause"]) for it in found]
            written = reversed(scores.history[user_id, rules.key])
            assert told == [(it.after, it.delta, it.cause) for it in written], f"{user_id}: {told}"
            times = [it["at"] for it in found]
            assert times == sorted(times, reverse=True), f"{user_id}: {times}"


def compare_own(user_id: str, scores: oracle.Scores, people: oracle.People, now: float) -> None:
    """What a player is told of the own scores, on whatever board they are."""
    answer = ask(handlers.scores.handler, "GET /me/scores", user=user_id)
    assert answer.status == 200, answer.text
    assert answer.json["userName"] == people.name_of(user_id)
    told = {
        f"{it['board']}#{it['season']}": (it["userScore"], it["scoreUpdatedAt"])
        for it in answer.json["scores"]
    }
    mine = {
        key: (score, scores.updated_at[user, key])
        for (user, key), score in scores.score.items()
        if user == user_id
    }
    assert told == mine, f"{user_id}: {told}"
    today = {rules.during(now).key for rules in oracle.ALL}
    current = [key in today for key in told]
    assert current == sorted(current, reverse=True), f"a past season before a current one: {told}"


def compare_standing(user_id: str, standing: str, reasons: set[str]) -> None:
    """What a moderator is told: the standing, and each act once that was accepted."""
    answer = ask(handlers.moderation.handler, "GET /users/{userId}/standing", {"userId": user_id})
    assert answer.status == 200, answer.text
    assert answer.json["standing"] == standing
    told = [it["reason"] for it in answer.json["acts"]]
    again = [one for one, other in pairwise(told) if one == other and one in reasons]
    assert not again, f"recorded twice: {told}"
    assert reasons <= set(told), f"{reasons - set(told)} is not recorded"


def compare_deeply(rules: oracle.Rules) -> None:
    """What the service itself finds when it compares a ranking and histories with the table."""
    event = {"board": rules.board, "season": rules.season, "deep": True}
    found: Json = handlers.verify.handler(event, CONTEXT)
    assert found["finished"], found
    assert (found["differences"], found["strayMembers"]) == (0, 0), found
    assert found["historiesFinished"], found
    assert (found["unexplained"], found["onTheirWay"]) == (0, 0), found
