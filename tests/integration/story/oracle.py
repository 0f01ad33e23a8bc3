"""The oracle: what the contract says a board is, as plain sorted lists.

It imports nothing of the product and is never told its rules by it, only by contract.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from leaderboard.boards.snapshots import default_name

Json = dict[str, Any]


@dataclass(frozen=True)
class Rules:
    """A board of boards.yml beside this file, in one season."""

    board: str
    season: str
    order: str
    operator: str
    top_size: int
    schedule: str = "never"
    action: str = ""
    points: int | None = None
    """What the action is worth; None: what its judge says. Issuing its ticket is the attempt."""
    also_on: tuple[str, ...] = ()

    @property
    def counts_on(self) -> tuple[str, ...]:
        """Where the action's points go."""
        return (self.board, *self.also_on)

    @property
    def key(self) -> str:
        return f"{self.board}#{self.season}"

    def during(self, seconds: float) -> Rules:
        """The board in the season of an instant."""
        return replace(self, season=season(self.schedule, seconds))


def midnight(seconds: float) -> str:
    """When the day of an instant began (seconds since 1970), in UTC."""
    return f"{datetime.fromtimestamp(seconds, UTC).date()}T00:00:00.000Z"


def season(schedule: str, seconds: float) -> str:
    """The season of an instant (seconds since 1970), by its date in UTC."""
    day = datetime.fromtimestamp(seconds, UTC).date()
    year, week, _ = day.isocalendar()
    names = {
        "never": "all",
        "daily": f"{day:%Y-%m-%d}",
        "weekly": f"{year}-W{week:02d}",
        "monthly": f"{day:%Y-%m}",
    }
    return names[schedule]


BOARDS = (
    Rules("arena", "all", "desc", "increment", 3, "never", "hit", 3, ("day",)),
    Rules("sprint", "2026-W48", "asc", "best", 2, "weekly", "lap"),
    RATING := Rules("rating-1", "all", "desc", "latest", 4),
)
DAY = Rules("day", "2026-11-23", "desc", "best", 3, "daily")
ALL = (*BOARDS, DAY)
"""In the season that the stories begin in."""
BY_NAME = {rules.board: rules for rules in ALL}
OTHER = {"asc": "desc", "desc": "asc"}


def named(board: str) -> str:
    """What boards.yml has it under: its name, or a pattern."""
    return "rating-*" if board == RATING.board else board


def rules_of(key: str) -> Rules | None:
    """The rules of a board-season; None for the profile and for what is no board's."""
    board, _, named = key.partition("#")
    rules = BY_NAME.get(board)
    return replace(rules, season=named) if rules and named else None


@dataclass(frozen=True)
class Line:
    """What the table says of one user on one board."""

    user_id: str
    user_name: str
    user_score: int
    updated_at: str


def lines(items: Iterable[Json], key: str) -> list[Line]:
    """The visible scores of a board-season among the table's items (typed attributes)."""
    return [
        line
        for item in items
        if item["boardSeason"]["S"] == key and (line := line_of(item)) is not None
    ]


def line_of(item: Json) -> Line | None:
    """The line of one score item; None for a tombstone and for who is hidden or barred."""
    if "userScore" not in item or item.get("standing", {"S": "visible"})["S"] != "visible":
        return None
    return Line(
        item["userId"]["S"],
        item["userName"]["S"],
        int(item["userScore"]["N"]),
        item["scoreUpdatedAt"]["S"],
    )


def place_before(rules: Rules, line: Line) -> tuple[int, str, bytes]:
    """Better first; equal ones by who was first (text of one width), then by code point."""
    better = -line.user_score if rules.order == "desc" else line.user_score
    # UTF-8 sorts as code points do.
    return better, line.updated_at, line.user_id.encode()


def entries(rules: Rules, of: Iterable[Line]) -> list[Json]:
    """All entries of a board, with rank 1, 2, 3, 4 and place 1, 2, 2, 4."""
    ordered = sorted(of, key=lambda line: place_before(rules, line))
    scores = [line.user_score for line in ordered]
    return [
        {
            "rank": rank,
            "place": 1 + sum(_beats(rules, other, line.user_score) for other in scores),
            "userId": line.user_id,
            "userName": line.user_name,
            "userScore": line.user_score,
            "scoreUpdatedAt": line.updated_at,
        }
        for rank, line in enumerate(ordered, start=1)
    ]


def since(entries: Sequence[Json], was: Mapping[str, int]) -> list[Json]:
    """Entries of a top, with the ranks when its day began; none for who was not in it then."""
    return [{**entry, "was": was.get(entry["userId"])} for entry in entries]


def _beats(rules: Rules, one: int, other: int) -> bool:
    return one > other if rules.order == "desc" else one < other


def patched(before: Sequence[Json], update: Json) -> list[Json]:
    """What the contract tells a client to do with an update."""
    shown = {entry["userId"]: entry for entry in before if entry["userId"] not in update["remove"]}
    shown.update({entry["userId"]: entry for entry in update["upsert"]})
    return sorted(shown.values(), key=lambda entry: int(entry["rank"]))


STREAM_SECONDS = 86_400
"""How long a stream keeps a record."""


@dataclass(frozen=True)
class Attempt:
    """A write of a score that somebody asked for, and since when (seconds since 1970)."""

    user_id: str
    boards: tuple[str, ...]
    """Where it counts; on none if it must not be taken."""
    amount: int | None
    """None: the attempt failed, and no score moves."""
    begun: float


@dataclass(frozen=True)
class Write:
    """What a line of a user's history says of one write of a score."""

    version: int
    before: int | None
    after: int | None
    cause: str

    @property
    def delta(self) -> int:
        return (self.after or 0) - (self.before or 0)


@dataclass
class Scores:
    """What the table must hold, from what was asked for, in the order of the commits."""

    score: dict[tuple[str, str], int] = field(default_factory=dict)
    updated_at: dict[tuple[str, str], str] = field(default_factory=dict)
    version: dict[tuple[str, str], int] = field(default_factory=dict)
    attempts: dict[str, Attempt] = field(default_factory=dict)
    """By what names it: the id of a submission, or of a ticket."""
    done: set[str] = field(default_factory=set)
    removals: set[tuple[str, str]] = field(default_factory=set)
    """Users and board-seasons that somebody asked to be removed."""
    erasures: set[str] = field(default_factory=set)
    """Users who asked to be deleted."""
    tries: set[tuple[str, str]] = field(default_factory=set)
    """Users and boards of which somebody took a ticket that is an attempt."""
    lines: dict[tuple[str, Line], list[int]] = field(default_factory=lambda: defaultdict(list))
    """The versions at which a board-season had a line, in their order."""
    history: dict[tuple[str, str], list[Write]] = field(default_factory=lambda: defaultdict(list))
    """The writes of each score, oldest first; of who was deleted there is none."""

    def commit(
        self,
        ids: Sequence[str],
        items: Sequence[Json],
        *,
        now: float,
        orders: Mapping[str, str],
    ) -> None:
        """One write of score items, by the attempts with these ids, or none: a copy, a removal.

        `orders`: which order each board has by the boards.yml of who writes.
        """
        again = self.done.intersection(ids)
        assert not again, f"counted twice: {again}"
        self.done.update(ids)
        attempts = [self.attempts[it] for it in ids]
        cause = "trusted_write" if any(it.startswith("submission-") for it in ids) else "action"
        for attempt in attempts:
            written = {it["boardSeason"]["S"].partition("#")[0] for it in items}
            assert written == set(attempt.boards), f"{attempt} was written to {written}"
        for item in items:
            self._note(item, cause if attempts and attempts[0].amount is not None else None)
            self._commit(item, attempts[0] if attempts else None, now, orders)

    def _note(self, item: Json, cause: str | None) -> None:
        """What a write adds to the user's history; `cause` is that of a write that counts."""
        at = item["userId"]["S"], item["boardSeason"]["S"]
        version, before = int(item["version"]["N"]), self.score.get(at)
        if item["standing"]["S"] == "deleted":
            self.history.pop(at, None)
        elif "userScore" not in item:
            if before is not None:
                self.history[at].append(Write(version, before, None, "removal"))
        elif cause is not None:
            after = int(item["userScore"]["N"])
            self.history[at].append(Write(version, before, after, cause))

    def _commit(
        self, item: Json, attempt: Attempt | None, now: float, orders: Mapping[str, str]
    ) -> None:
        user_id, key = at = item["userId"]["S"], item["boardSeason"]["S"]
        rules = rules_of(key)
        assert rules is not None, f"no board has {item}"
        version = int(item["version"]["N"])
        assert version > self.version.get(at, 0), f"{item} is no newer than before"
        self.version[at] = version
        if (line := line_of(item)) is not None:
            self.lines[key, line].append(version)
        if "userScore" not in item:
            asked = at in self.removals or user_id in self.erasures
            tried = (user_id, rules.board) in self.tries and at not in self.score
            assert asked or tried, f"nobody asked to remove {at}"
            assert attempt is None or attempt.amount is None, f"{attempt} left no score: {item}"
            assert "userName" not in item, f"a tombstone with a name: {item}"
            expires = int(item["expiresAt"]["N"])
            assert expires > now + STREAM_SECONDS, f"gone before its stream's records: {item}"
            self.score.pop(at, None)
            self.updated_at.pop(at, None)
            return
        before, score = self.score.get(at), int(item["userScore"]["N"])
        updated_at = item["scoreUpdatedAt"]["S"]
        if attempt is None:
            assert score == before, f"{item} moved by itself, from {before}"
        else:
            assert user_id == attempt.user_id, f"{attempt} wrote {item}"
            seasons = {rules.during(it).season for it in (attempt.begun, now)}
            assert rules.season in seasons, f"{attempt} counts in {rules.season}"
            expected = before
            if attempt.amount is not None:
                # What is better goes by the release that takes the write.
                by = replace(rules, order=orders[rules.board])
                expected = _combined(by, before, attempt.amount)
            assert score == expected, f"{before} and {attempt} make {expected}, not {score}"
        if score == before:
            assert updated_at == self.updated_at[at], f"only its time moved: {item}"
        else:
            begun = now if attempt is None else attempt.begun
            assert text_of(begun) <= updated_at <= text_of(now), f"{item} is not of its time"
            assert updated_at >= self.updated_at.get(at, ""), f"{item} goes back in time"
        self.score[at], self.updated_at[at] = score, updated_at


@dataclass
class People:
    """Whom the profiles must name, and how they stand, in the order of the commits."""

    name: dict[str, str] = field(default_factory=dict)
    standing: dict[str, str] = field(default_factory=dict)
    version: dict[str, int] = field(default_factory=dict)
    asked: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Names and standings that somebody asked for, by user."""

    def commit(self, item: Json) -> None:
        """One write of a profile."""
        user_id, version = item["userId"]["S"], int(item["version"]["N"])
        before = (self.standing_of(user_id), self.name_of(user_id))
        standing = item["standing"]["S"]
        if standing == "deleted":
            assert "userName" not in item, f"deleted, and named: {item}"
            self.name.pop(user_id, None)
        else:
            self.name[user_id] = item["userName"]["S"]
        self.standing[user_id] = standing
        after = (self.standing_of(user_id), self.name_of(user_id))
        for old, new in zip(before, after, strict=True):
            asked = {*self.asked[user_id], default_name(user_id)}
            assert old == new or new in asked, f"nobody asked for {item}"
        known = self.version.get(user_id, 0)
        assert version > known or (version == known and before == after), f"{item} is no newer"
        self.version[user_id] = version

    def hold(self, item: Json) -> None:
        """A score that says it is as the profile was at a version, if that is the newest."""
        user_id = item["userId"]["S"]
        known = self.version.get(user_id)
        if known is None or "userScore" not in item or int(item["profileVersion"]["N"]) != known:
            return
        found = (item["userName"]["S"], item["standing"]["S"])
        assert found == (self.name_of(user_id), self.standing_of(user_id)), f"not so: {item}"

    def name_of(self, user_id: str) -> str:
        return self.name.get(user_id) or default_name(user_id)

    def standing_of(self, user_id: str) -> str:
        return self.standing.get(user_id, "visible")


def expected(rules: Rules, scores: Scores, people: People) -> list[Json]:
    """Every entry of a board-season, in order."""
    ranked = [
        Line(user_id, people.name_of(user_id), score, scores.updated_at[user_id, key])
        for (user_id, key), score in scores.score.items()
        if key == rules.key and people.standing_of(user_id) == "visible"
    ]
    return entries(rules, ranked)


def percentile(place: int, total: int) -> float:
    """The share of the ranked who stand at this place or below it."""
    return 100 * (total - place + 1) / total


def text_of(seconds: float) -> str:
    """An instant as the contract writes it."""
    moment = datetime.fromtimestamp(int(seconds * 1000) / 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{round(moment.microsecond / 1000):03d}Z"


def _combined(rules: Rules, before: int | None, amount: int) -> int:
    if rules.operator == "increment":
        return amount if before is None else before + amount
    if rules.operator == "latest" or before is None:
        return amount
    return max(before, amount) if rules.order == "desc" else min(before, amount)


def is_possible_top(
    rules: Rules,
    top: Sequence[Line],
    *,
    at_least: Mapping[str, int],
    now: Mapping[str, tuple[int, Line | None]],
) -> str | None:
    """Why a recorded top is wrong, if it is; it may hold what is in the stream still, or not.

    `at_least` names, per user, the version that the stream had delivered for good before the top
    was read; `now` the version and the line in the table. Where they are equal the line is certain.
    """
    shown = {line.user_id: line for line in top}
    keys = [place_before(rules, line) for line in top]
    if keys != sorted(keys):
        return f"not in the board's order: {top}"
    if strangers := set(shown) - set(now):
        return f"shows {strangers}, who never scored"
    for user_id, (version, line) in now.items():
        if at_least.get(user_id) != version:
            continue
        if user_id in shown:
            if shown[user_id] != line:
                return f"shows {shown[user_id]} for {line}"
        elif line is not None and (
            len(top) < rules.top_size or place_before(rules, line) < keys[-1]
        ):
            return f"lacks {line}"
    return None


def goes_back(key: str, before: Iterable[Line], top: Iterable[Line], scores: Scores) -> str | None:
    """Whom a recorded top shows as older than the one did that it follows, if anybody."""
    old = {line.user_id: line for line in before}
    for line in top:
        versions = scores.lines.get((key, line))
        if versions is None:
            return f"shows {line}, which was never so"
        held = old.get(line.user_id)
        if held is not None and versions[-1] < scores.lines[key, held][0]:
            return f"goes back to {line} from {held}"
    return None
