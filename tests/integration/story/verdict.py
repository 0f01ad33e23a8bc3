"""What must hold once the streams are drained: the tables, the rankings, what viewers show."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from leaderboard import wiring
from leaderboard.boards.seasons import BoardSeason
from leaderboard.boards.snapshots import default_name
from leaderboard.ranking.tops import COMPLETE, NEW, CachedTop
from leaderboard.scoring.folded_names import fold_name
from tests.integration import aws
from tests.integration.story import oracle, tables
from tests.integration.story.viewer import Viewer
from tests.integration.story.world import World

Json = dict[str, Any]
OUT = {"barred", "deleted"}
CAUSES = {"a": "action", "t": "trusted_write", "r": "removal"}
MOST_USERS = 20
"""More than any story has."""


@dataclass(frozen=True)
class Verdict:
    world: World

    def scores(self) -> None:
        """Every score is what its writes come to, whatever was repeated."""
        found = {
            (it["userId"]["S"], it["boardSeason"]["S"]): it
            for it in tables.items(aws.SCORES)
            if "userScore" in it
        }
        expected = self.world.scores
        assert {at: int(it["userScore"]["N"]) for at, it in found.items()} == expected.score
        times = {at: it["scoreUpdatedAt"]["S"] for at, it in found.items()}
        assert times == expected.updated_at

    def histories(self) -> None:
        """Every write has one line, of whoever was not deleted; nothing else has any."""
        found: dict[tuple[str, str], list[oracle.Write]] = defaultdict(list)
        for item in tables.items(aws.HISTORY):
            key, _, version = item["boardSeasonVersion"]["S"].rpartition("#")
            before, after = (
                int(item[it]["N"]) if it in item else None for it in ("was", "userScore")
            )
            cause = CAUSES[item["by"]["S"]]
            at = item["userId"]["S"], key
            found[at].append(oracle.Write(int(version), before, after, cause))
            if "rank" in item:
                assert after is not None, f"ranked, and removed: {item}"
                assert 1 <= int(item["rank"]["N"]) <= MOST_USERS, item
        for lines in found.values():
            lines.sort(key=lambda it: it.version)
        assert found == {at: it for at, it in self.world.scores.history.items() if it}

    def profiles(self) -> None:
        """Every name and standing is that of the user's profile; who was deleted has left none."""
        people = self.world.people
        for item in tables.items(aws.SCORES):
            user_id, sort_key = item["userId"]["S"], item["boardSeason"]["S"]
            standing = people.standing_of(user_id)
            if "userScore" in item:
                assert item["userName"]["S"] == people.name_of(user_id), item
                assert item["standing"]["S"] == standing, item
            if standing == "deleted":
                assert "userName" not in item, f"still named: {item}"
                assert "userScore" not in item, f"still there: {item}"
                assert not any("userName" in it["M"]["answer"]["M"] for it in _taken(item)), item
                assert item["expiresAt"]["N"], item
                if sort_key == "moderation":
                    assert item["acts"]["L"] == [], f"still remembered: {item}"

        self.searchable()

    def searchable(self) -> None:
        """The index of names has the visible users who chose a name, under that name, alone."""
        people = self.world.people
        found = {
            it["userId"]["S"]: it["foldedName"]["S"]
            for it in tables.items(aws.SCORES)
            if "foldedName" in it and "nameShard" in it
        }
        assert found == {
            user_id: f"{fold_name(name)}\x1f{user_id}"
            for user_id, name in people.name.items()
            if people.standing_of(user_id) == "visible" and name != default_name(user_id)
        }

    def departed(self) -> None:
        """Who was barred or deleted has no open socket; who was deleted has no sign-in."""
        out = {user for user, it in self.world.people.standing.items() if it in OUT}
        for viewer in self.present():
            assert viewer.user_id not in out, f"{viewer.user_id} is still connected"
        gone = {user for user, it in self.world.people.standing.items() if it == "deleted"}
        assert gone <= self.world.accounts_deleted, "somebody may still sign in"

    def expected(self, rules: oracle.Rules) -> list[Json]:
        return oracle.expected(self.in_force(rules), self.world.scores, self.world.people)

    def in_force(self, rules: oracle.Rules) -> oracle.Rules:
        return self.world.in_force(rules)

    def ranking(self, rules: oracle.Rules) -> CachedTop | None:
        """The whole ranking in the cache, as the service reads it."""
        for connection in (wiring.cache_connection(), wiring.read_connection()):
            connection.outage.pause.end()
        board = wiring.catalog().find(rules.board)
        return wiring.ranking_cache().read(BoardSeason.stored(board, rules.season), size=1000)

    def board(self, rules: oracle.Rules) -> None:
        """The ranking is whole, is the table in the board's order, and the item holds its top."""
        top = self.ranking(rules)
        assert top is not None, f"{rules.key} is cold"
        assert top.completeness == COMPLETE, f"{rules.key} is {top.completeness}"
        self.is_ranked(rules, top)
        self.is_recorded(rules)

    def is_ranked(self, rules: oracle.Rules, top: CachedTop) -> None:
        expected = self.expected(rules)
        found = [it.user_id for it in top.scores]
        assert found == [it["userId"] for it in expected], f"{rules.key} has another order"
        assert [it.user_score for it in top.scores] == [it["userScore"] for it in expected]
        assert [it.user_name for it in top.scores] == [it["userName"] for it in expected]
        assert top.total == len(expected)

    def is_in_order(self, rules: oracle.Rules, top: CachedTop) -> None:
        """The ranking is in the order that counts, however few it has."""
        order = self.in_force(rules).order
        recorded = any(it.epoch for it in self.world.history[rules.key])
        assert not recorded or top.order == order, f"{rules.key} is in the order {top.order}"

    def is_new(self, rules: oracle.Rules, top: CachedTop) -> None:
        """An item without a score, such as that of an open ticket, began it: it is empty."""
        assert top.completeness == NEW, f"{rules.key} is left {top}"
        recorded = any(it.epoch for it in self.world.history[rules.key])
        assert not recorded, f"{rules.key} was recorded, and is left {top}"
        self.is_ranked(rules, top)

    def is_recorded(self, rules: oracle.Rules) -> None:
        expected = self.expected(rules)
        history = self.world.history[rules.key]
        if not history:
            assert expected == [], f"{rules.key} was never recorded"
            return
        top = expected[: rules.top_size]
        recorded = [{name: it[name] for name in it if name != "was"} for it in history[-1].entries]
        assert recorded == top, f"{rules.key} is out of date: {recorded} instead of {top}"

    def present(self) -> list[Viewer]:
        return [it for it in self.world.viewers.values() if not it.closed]

    def who_missed_nothing(self, boards: Sequence[oracle.Rules]) -> None:
        for viewer in self.present():
            for rules in boards:
                held = viewer.held[rules.board]
                # A season that has ended is shown until the new one's snapshot comes.
                if held.undelivered[1] == 0 and held.season == rules.season:
                    self.is_shown(viewer, rules)

    def is_shown(self, viewer: Viewer, rules: oracle.Rules) -> None:
        held, history = viewer.held[rules.board], self.world.history[rules.key]
        if not history:
            assert (held.epoch, held.entries) == (None, [])
            return
        last = history[-1]
        assert (held.epoch, held.version) == (last.epoch, last.version), f"{viewer} not at {last}"
        assert held.entries == last.entries
        assert held.total == last.total

    def caught_up(self, boards: Sequence[oracle.Rules]) -> None:
        """A minute after the last score the recorded total, too, is that of the table: of every
        board that somebody follows, so of those that these viewers show."""
        for rules in boards:
            history = self.world.history[rules.key]
            if history and self.present():
                total = len(self.expected(rules))
                assert history[-1].total == total, f"{rules.key}: {history[-1]} is not {total}"

    def counted(self, rules: oracle.Rules) -> None:
        """Over HTTP the total is the ranking's, whatever was recorded."""
        body = wiring.reads().top(wiring.board_season(rules.board, rules.season), limit=None).body
        if body["version"]:
            assert body["total"] == len(self.expected(rules)), f"{rules.key}: {body}"


def _taken(item: Json) -> list[Json]:
    actions = item.get("taken", {"M": {}})["M"].values()
    return [it for taken in actions for it in taken["L"]]
