"""The tables `user-score` and `submissions`."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from leaderboard import instants
from leaderboard.adapters.aws.clients import DOWN, client, translated
from leaderboard.adapters.dynamodb import readable
from leaderboard.adapters.dynamodb.items import Item, plain, typed, unmoved
from leaderboard.adapters.dynamodb.reports import Reports
from leaderboard.boards import order
from leaderboard.boards.board_season import BoardSeason, split_key
from leaderboard.boards.names import BOARD, USER_ID, default_name
from leaderboard.boards.rules import MAX_SCORE, Board, Order
from leaderboard.boards.snapshots import Score
from leaderboard.errors import Unavailable
from leaderboard.ranking.score_state import ScoreState
from leaderboard.retries import carried, tries
from leaderboard.scoring.decisions import (
    DELETED,
    VISIBLE,
    Answer,
    CompletedTicket,
    Profile,
    ScoreItem,
    next_version,
)
from leaderboard.scoring.ports import SUBMISSION_MS, Submission, Write
from leaderboard.scoring.tombstones import brought_up, erased

PROFILE = "profile"
MODERATION = "moderation"
OPENED = "boards"
NO_SCORES = frozenset({PROFILE, MODERATION, OPENED})
"""A user's items that are no scores, by their sort keys: the profile, what moderators did, and the
boards of patterns that the player opened."""
INDEXED = frozenset({"boardSeasonShard", "boardOrder"})
"""The keys of the index, which an item has while it is on its board."""
SIDE_BY_SIDE = 8
"""Scores of a user that are brought up to the profile at once."""


def _is_due(key: str, find: Callable[[str], Board | None], only: Callable[[str], bool]) -> bool:
    """Whether an item that cannot be read is one of those chosen; so is one whose key names no
    season of a board: it has no other turn."""
    board, season = split_key(key)
    return not season or find(board) is None or only(key)


@dataclass
class _Own:
    """A user's items: the profile as it is stored, the scores, and those that cannot be read."""

    profile: Item | None = None
    items: list[ScoreItem] = field(default_factory=list)
    broken: list[Item] = field(default_factory=list)


@dataclass(frozen=True)
class ScoreTable:
    """The table of scores with its index, and the table of trusted writes remembered.

    What asks for one item raises Unreadable for one that cannot be read; what asks for a user's
    leaves such an item out. Either way it is reported.
    """

    scores_table: str
    submissions_table: str
    write_shards: Callable[[], int]
    reports: Reports = field(default_factory=Reports)
    order: Callable[[BoardSeason], Order] = lambda board_season: board_season.rules.order

    def read(self, user_id: str, key: str) -> ScoreItem | None:
        item = self.read_item(user_id, key)
        return None if item is None else self._score(item)

    def read_profile(self, user_id: str) -> Profile | None:
        item = self.read_item(user_id, PROFILE)
        return None if item is None else self._profile(item)

    def read_several(
        self, user_id: str, keys: Sequence[str]
    ) -> tuple[Profile | None, list[ScoreItem | None]]:
        wanted = [PROFILE, *keys]
        found: dict[str, Item] = {}
        missing = [typed({"userId": user_id, "boardSeason": key}) for key in wanted]
        for _ in tries():
            with translated():
                answer = client("dynamodb").batch_get_item(
                    RequestItems={self.scores_table: {"Keys": missing, "ConsistentRead": True}}
                )
            for raw in answer["Responses"].get(self.scores_table, []):
                item = plain(raw)
                found[item["boardSeason"]] = item
            # What a throttled table leaves out is asked for again.
            missing = answer.get("UnprocessedKeys", {}).get(self.scores_table, {}).get("Keys", [])
            if not missing:
                first, *others = (found.get(key) for key in wanted)
                return (
                    None if first is None else self._profile(first),
                    [None if it is None else self._score(it) for it in others],
                )
        raise Unavailable(DOWN)

    def read_user(self, user_id: str) -> tuple[Profile | None, list[ScoreItem]]:
        own = self._read_all(user_id)
        # What an item remembers of tickets may be broken, and its score still be shown.
        shown = (readable.attempted(shown_score, it) for it in own.broken)
        items = [*own.items, *(it for it in shown if it is not None)]
        return (
            None if own.profile is None else self.profile_or_remains(own.profile),
            [item for item in items if item.user_score is not None],
        )

    def _read_all(self, user_id: str) -> _Own:
        own = _Own()
        pages = (
            client("dynamodb")
            .get_paginator("query")
            .paginate(
                TableName=self.scores_table,
                ConsistentRead=True,
                KeyConditionExpression="userId = :user",
                ExpressionAttributeValues={":user": {"S": user_id}},
            )
        )
        with translated():
            for page in pages:
                for raw in page["Items"]:
                    item = plain(raw)
                    if item["boardSeason"] == PROFILE:
                        own.profile = item
                    elif item["boardSeason"] not in NO_SCORES:
                        read = readable.understood(_typed_score, raw, self.reports)
                        if read is None:
                            own.broken.append(item)
                        else:
                            own.items.append(read)
        return own

    def _score(self, item: Item) -> ScoreItem:
        board, season = split_key(item["boardSeason"])
        what = f"The score on board {board!r} (season {season})"
        return readable.required(score_item, item, self.reports, what=what)

    def _profile(self, item: Item) -> Profile:
        what = f"The profile of user {item['userId']!r}"
        return readable.required(profile, item, self.reports, what=what)

    def profile_or_remains(self, item: Item) -> Profile:
        """A profile that may be broken, which is reported; its standing is then maybe UNKNOWN."""
        read = readable.understood(lambda raw: profile(plain(raw)), typed(item), self.reports)
        return read or readable.remains_of_profile(item)

    def score_or_remains(self, item: Item) -> ScoreItem:
        """A score that may be broken, which is reported: then what it takes to remove it."""
        read = readable.understood(_typed_score, typed(item), self.reports)
        return read or readable.remains_of_score(item, taken=_taken)

    def read_submission(self, user_id: str, board: str, submission_id: str) -> Submission | None:
        with translated():
            raw = client("dynamodb").get_item(
                TableName=self.submissions_table,
                Key={"submission": {"S": _submission_key(user_id, board, submission_id)}},
                ConsistentRead=True,
            )
        if "Item" not in raw:
            return None

        def submission(item: Item) -> Submission:
            return Submission(
                user_id=user_id,
                board=board,
                submission_id=submission_id,
                digest=readable.text(item["digest"]),
                season=readable.text(item["season"]),
                answer=_answer(item["answer"]),
                expires_ms=readable.whole(item["expiresAt"]) * 1000,
            )

        what = f"What was answered to submission {submission_id!r}"
        return readable.required(submission, plain(raw["Item"]), self.reports, what=what)

    def read_opened(self, user_id: str, pattern: str) -> frozenset[str]:
        item = self.read_item(user_id, OPENED)
        return frozenset(item.get(pattern, ())) if item else frozenset()

    def write(self, write: Write) -> None:
        puts = [
            self._put(part.board, part.item, read_version=part.read_version) for part in write.parts
        ]
        beside = [
            *self._beside_profile(write),
            *self._beside_submission(write),
            *self._beside_opening(write),
        ]
        with translated():
            if beside or len(puts) > 1:
                client("dynamodb").transact_write_items(
                    TransactItems=[*({"Put": put} for put in puts), *beside]
                )
            else:
                client("dynamodb").put_item(**puts[0])

    def write_profile(self, profile: Profile, *, read_version: int) -> None:
        with translated():
            client("dynamodb").update_item(**self._renaming(profile, read_version))

    def copy_profile(
        self,
        user_id: str,
        find: Callable[[str], Board | None],
        only: Callable[[str], bool] | None = None,
    ) -> int:
        """Bring a user's score items up to the profile; answers how many were behind.

        `find` gives a board's rules, None for a board that is no more: its items are only taken
        off, for they cannot be put in order; so are items that cannot be read, after all others.
        Only an older profile is replaced, so copies may race; raises Raced when a score moved
        meanwhile.
        """
        own = self._read_all(user_id)
        if own.profile is None:
            return 0
        found = self._profile(own.profile)
        puts = []
        for item in own.items:
            if only is not None and not only(item.key):
                continue
            board = find(item.board)
            changed = brought_up(item, found, now_ms=instants.now_ms())
            if changed is not None and (board is not None or changed.standing != VISIBLE):
                puts.append(self._put(board, changed, read_version=item.version))
        if len(puts) <= SIDE_BY_SIDE:
            for put in puts:
                self._write(put)
        else:  # of years, say
            with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
                list(pool.map(carried(self._write), puts))
        broken = [it for it in own.broken if only is None or _is_due(it["boardSeason"], find, only)]
        off = [it for it in (self._taking_off(item, found) for item in broken) if it]
        for put in off:
            self._write(put)
        return len(puts) + len(off)

    def _taking_off(self, item: Item, profile: Profile) -> Item | None:
        """What takes an item that cannot be read off its board; nothing for who may be shown.

        A deleted player's becomes a tombstone. Of others only the standing changes: those who mend
        the item need the rest.
        """
        now = instants.now_ms()
        known = readable.remains_of_score(item, taken=_taken)
        if profile.standing == DELETED:
            stone = erased(known, profile_version=profile.version, now_ms=now)
            changed = {**tombstone_image(stone), "boardSeason": item["boardSeason"]}
        elif profile.standing == VISIBLE:
            return None
        elif item.get("standing") == profile.standing and not INDEXED & set(item):
            return None  # it is off already
        else:
            changed = {
                **{name: it for name, it in item.items() if name not in INDEXED},
                "standing": profile.standing,
                "profileVersion": profile.version,
                "version": next_version(known.version, now_ms=now),
            }
        return {
            "TableName": self.scores_table,
            "Item": typed(changed),
            **unmoved("version", known.version),
        }

    def _put(self, board: Board | None, item: ScoreItem, *, read_version: int) -> Item:
        return {
            "TableName": self.scores_table,
            "Item": typed(self._item(board, item)),
            **unmoved("version", read_version),
        }

    def _write(self, put: Item) -> None:
        with translated():
            client("dynamodb").put_item(**put)

    def read_item(self, user_id: str, sort_key: str) -> Item | None:
        """An item as it is stored, readable or not."""
        with translated():
            raw = client("dynamodb").get_item(
                TableName=self.scores_table,
                Key={"userId": {"S": user_id}, "boardSeason": {"S": sort_key}},
                ConsistentRead=True,
            )
        if "Item" not in raw:
            return None
        return plain(raw["Item"])

    def _item(self, board: Board | None, item: ScoreItem) -> Item:
        """The item as the table keeps it; only one that is on its board needs the board's rules."""
        if item.user_score is None:
            return tombstone_image(item)
        assert item.updated_ms is not None
        image: Item = {
            **_image(item),
            "userName": item.user_name,
            "userScore": item.user_score,
            "scoreUpdatedAt": instants.to_text(item.updated_ms),
        }
        if item.standing == VISIBLE:
            assert board is not None
            shard = zlib.crc32(item.user_id.encode()) % self.write_shards()
            image["boardSeasonShard"] = f"{item.key}#{shard}"
            board_season = BoardSeason.stored(board, item.season)
            image["boardOrder"] = order.index_key(
                self.order(board_season), item.user_score, item.updated_ms, item.user_id
            )
        return image

    def _beside_profile(self, write: Write) -> list[Item]:
        if write.profile is None:
            return []
        if write.renamed is not None:
            return [{"Update": self._renaming(write.renamed, write.profile.version)}]
        check = {
            "TableName": self.scores_table,
            "Key": typed({"userId": write.profile.user_id, "boardSeason": PROFILE}),
            **unmoved("version", write.profile.version),
        }
        return [{"ConditionCheck": check}]

    def _renaming(self, profile: Profile, read_version: int) -> Item:
        return profile_update(self.scores_table, profile, read_version)

    def _beside_submission(self, write: Write) -> list[Item]:
        it = write.submission
        if it is None:
            return []
        image = {
            "submission": _submission_key(it.user_id, it.board, it.submission_id),
            "digest": it.digest,
            "season": it.season,
            "answer": _answer_image(it.answer),
            "expiresAt": it.expires_ms // 1000,
        }
        accepted_ms = it.expires_ms - SUBMISSION_MS
        put = {
            "TableName": self.submissions_table,
            "Item": typed(image),
            # TTL removes late: what has expired is as good as gone.
            "ConditionExpression": "attribute_not_exists(submission) OR expiresAt <= :now",
            "ExpressionAttributeValues": {":now": {"N": str(accepted_ms // 1000)}},
        }
        return [{"Put": put}]

    def _beside_opening(self, write: Write) -> list[Item]:
        """Each pattern is an attribute of one item; the condition holds whatever races with it."""
        it = write.opening
        if it is None:
            return []
        update = {
            "TableName": self.scores_table,
            "Key": typed({"userId": write.item.user_id, "boardSeason": OPENED}),
            "UpdateExpression": "ADD #pattern :board",
            "ConditionExpression": "attribute_not_exists(#pattern) "
            "OR contains(#pattern, :name) OR size(#pattern) < :most",
            "ExpressionAttributeNames": {"#pattern": it.pattern},
            "ExpressionAttributeValues": {
                ":board": {"SS": [it.board]},
                ":name": {"S": it.board},
                ":most": {"N": str(it.most)},
            },
        }
        return [{"Update": update}]


def profile_update(table: str, profile: Profile, read_version: int, **beside: Any) -> Item:
    """The update of a living user's profile; attributes that are not named stay as they are.

    It takes away what an expired tombstone had, in whose place the profile may come.
    """
    still = unmoved("version", read_version)
    attributes = {
        "userName": profile.user_name,
        "standing": profile.standing,
        "version": profile.version,
        "renamedMs": list(profile.renamed_ms),
        **beside,
    }
    values = typed({f":{name}": value for name, value in attributes.items()})
    setting = ", ".join(f"{name} = :{name}" for name in attributes)
    return {
        "TableName": table,
        "Key": typed({"userId": profile.user_id, "boardSeason": PROFILE}),
        "UpdateExpression": f"SET {setting} REMOVE account, expiresAt",
        **still,
        "ExpressionAttributeValues": {**still.get("ExpressionAttributeValues", {}), **values},
    }


def tombstone_image(item: ScoreItem) -> Item:
    assert item.expires_ms is not None
    return {**_image(item), "expiresAt": item.expires_ms // 1000}


def _image(item: ScoreItem) -> Item:
    """What a score and its tombstone have."""
    return {
        "userId": item.user_id,
        "boardSeason": item.key,
        "profileVersion": item.profile_version,
        "standing": item.standing,
        "version": item.version,
        "taken": {
            action: [_taken_image(it) for it in taken] for action, taken in item.taken.items()
        },
        "open": dict(item.open),
        "paced": dict(item.paced),
    }


def score_item(item: Item) -> ScoreItem:
    """A score item of the table, or a tombstone, as the service knows it.

    Raises what `readable.NOT_UNDERSTOOD` names for an item that is none of the service's.
    """
    expires = item.get("expiresAt")
    return replace(
        shown_score(item),
        profile_version=readable.whole(item.get("profileVersion", Decimal(0))),
        taken={action: _taken(it) for action, it in item.get("taken", {}).items()},
        open={action: readable.text(it) for action, it in item.get("open", {}).items()},
        paced={name: readable.whole(it) for name, it in item.get("paced", {}).items()},
        expires_ms=None if expires is None else readable.whole(expires) * 1000,
    )


def shown_score(item: Item) -> ScoreItem:
    """What a score item shows, without what it remembers. Raises like `score_item`."""
    user_id, (board, season) = item["userId"], split_key(item["boardSeason"])
    if not (USER_ID.fullmatch(user_id) and BOARD.fullmatch(board) and season):
        raise ValueError("not the key of a score")
    scored = "userScore" in item
    return ScoreItem(
        user_id=user_id,
        board=board,
        season=season,
        user_name=readable.name(item["userName"]) if scored else "",
        profile_version=0,
        standing=readable.standing(item),
        user_score=readable.exact(item["userScore"]) if scored else None,
        updated_ms=readable.instant(item["scoreUpdatedAt"]) if scored else None,
        version=readable.version(item),
    )


def _typed_score(raw: Mapping[str, Any]) -> ScoreItem:
    return score_item(plain(raw))


def score_record(image: Mapping[str, Any]) -> tuple[str, ScoreState]:
    """The board-season's key and the record in an image of the stream or of a scan (typed).

    Reads the attributes directly, at a sixth of the deserializer's cost. Raises KeyError,
    TypeError and ValueError for an image that is none of a score.
    """
    user_id, key = image["userId"]["S"], image["boardSeason"]["S"]
    board, season = split_key(key)
    version = int(image["version"]["N"])
    if not (USER_ID.fullmatch(user_id) and BOARD.fullmatch(board) and season):
        raise ValueError("not the key of a score")
    if not 0 < version <= MAX_SCORE:
        raise ValueError("a version beyond what the ranking compares exactly")
    standing = image["standing"]["S"] if "standing" in image else VISIBLE
    if "userScore" not in image or standing != VISIBLE:
        return key, ScoreState(user_id, version, None)
    number = int(image["userScore"]["N"])
    if abs(number) > MAX_SCORE:
        raise ValueError("a score beyond what the ranking holds exactly")
    updated_ms = readable.instant(image["scoreUpdatedAt"]["S"])
    score = Score(user_id, readable.name(image["userName"]["S"]), number, updated_ms)
    made = order.MADE.get(image["boardOrder"]["S"][:1]) if "boardOrder" in image else None
    return key, ScoreState(user_id, version, score, made)


def profile(item: Item) -> Profile:
    """A profile of the table. TTL removes late: of one that has expired only the version counts.

    Raises what `readable.NOT_UNDERSTOOD` names for an item that is none of the service's.
    """
    user_id, version = readable.text(item["userId"]), readable.version(item)
    standing = readable.standing(item)
    if standing != DELETED:
        renamed_ms = tuple(readable.whole(it) for it in item.get("renamedMs", ()))
        return Profile(user_id, readable.name(item["userName"]), standing, version, renamed_ms)
    expires_ms = readable.whole(item["expiresAt"]) * 1000
    account = readable.text(item["account"])
    if expires_ms <= instants.now_ms():
        return Profile(user_id, default_name(user_id), version=version)
    return Profile(
        user_id,
        default_name(user_id),
        standing,
        version,
        account=account,
        expires_ms=expires_ms,
    )


def _taken_image(taken: CompletedTicket) -> Item:
    return {
        "ticket": taken.ticket,
        "completedMs": taken.completed_ms,
        "answer": _answer_image(taken.answer),
    }


def _taken(images: Any) -> tuple[CompletedTicket, ...]:
    """An action's tickets, the newest first; items of older releases hold one, without a list."""
    return tuple(
        CompletedTicket(
            readable.text(it["ticket"]), readable.whole(it["completedMs"]), _answer(it["answer"])
        )
        for it in (images if isinstance(images, list) else [images])
    )


def _answer_image(answer: Answer) -> Item:
    at = answer.updated_ms
    return {
        "userScore": answer.user_score,
        "scoreUpdatedAt": None if at is None else instants.to_text(at),
        "changed": answer.changed,
    }


def _answer(image: Item) -> Answer:
    """What was answered. Images of older releases hold a name, too, which may be of before."""
    score, at = image["userScore"], image["scoreUpdatedAt"]
    return Answer(
        user_score=None if score is None else readable.exact(score),
        updated_ms=None if at is None else readable.instant(at),
        changed=bool(image["changed"]),
    )


def _submission_key(user_id: str, board: str, submission_id: str) -> str:
    """No user id and no board has a `#`, so no two submissions share a key."""
    return f"{user_id}#{board}#{submission_id}"
