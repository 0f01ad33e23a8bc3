"""The tables `user-score` and `submissions`."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from leaderboard import instants, order
from leaderboard.adapters.aws import DOWN, client, translated
from leaderboard.adapters.items import Item, plain, typed, unmoved
from leaderboard.attempts import attempts
from leaderboard.errors import Unavailable
from leaderboard.names import BOARD, USER_ID, default_name
from leaderboard.ranking import ScoreRecord
from leaderboard.rules import MAX_SCORE, Board
from leaderboard.scoring.decisions import DELETED, VISIBLE, Answer, Profile, ScoreItem, Taken
from leaderboard.scoring.ports import SUBMISSION_MS, Submission, Write
from leaderboard.snapshots import Score
from leaderboard.tombstones import brought_up

PROFILE = "profile"
MODERATION = "moderation"
"""A user's items that are no scores, by their sort keys."""
SIDE_BY_SIDE = 8
"""Scores of a user that are brought up to the profile at once."""


def board_season(board: str, season: str) -> str:
    return f"{board}#{season}"


@dataclass(frozen=True)
class ScoreTable:
    """The table of scores with its index, and the table of trusted writes remembered."""

    scores_table: str
    submissions_table: str
    write_shards: int

    def read(self, user_id: str, board: str, season: str) -> ScoreItem | None:
        item = self._get(user_id, board_season(board, season))
        return None if item is None else score_item(item)

    def read_profile(self, user_id: str) -> Profile | None:
        item = self._get(user_id, PROFILE)
        return None if item is None else profile(item)

    def read_several(
        self, user_id: str, places: Sequence[tuple[str, str]]
    ) -> tuple[Profile | None, list[ScoreItem | None]]:
        wanted = [PROFILE, *(board_season(*place) for place in places)]
        found: dict[str, Item] = {}
        keys = [typed({"userId": user_id, "boardSeason": key}) for key in wanted]
        for _ in attempts():
            with translated():
                answer = client("dynamodb").batch_get_item(
                    RequestItems={self.scores_table: {"Keys": keys, "ConsistentRead": True}}
                )
            for raw in answer["Responses"].get(self.scores_table, []):
                item = plain(raw)
                found[item["boardSeason"]] = item
            # What a throttled table leaves out is asked for again.
            keys = answer.get("UnprocessedKeys", {}).get(self.scores_table, {}).get("Keys", [])
            if not keys:
                first, *others = (found.get(key) for key in wanted)
                return (
                    None if first is None else profile(first),
                    [None if it is None else score_item(it) for it in others],
                )
        raise Unavailable(DOWN)

    def read_user(self, user_id: str) -> tuple[Profile | None, list[ScoreItem]]:
        found, items = self._read_all(user_id)
        return found, [item for item in items if item.user_score is not None]

    def _read_all(self, user_id: str) -> tuple[Profile | None, list[ScoreItem]]:
        """The profile and every score, tombstones included."""
        found: Profile | None = None
        items: list[ScoreItem] = []
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
                        found = profile(item)
                    elif item["boardSeason"] != MODERATION:
                        items.append(score_item(item))
        return found, items

    def read_submission(self, user_id: str, board: str, submission_id: str) -> Submission | None:
        with translated():
            raw = client("dynamodb").get_item(
                TableName=self.submissions_table,
                Key={"submission": {"S": _submission_key(user_id, board, submission_id)}},
                ConsistentRead=True,
            )
        if "Item" not in raw:
            return None
        item = plain(raw["Item"])
        return Submission(
            user_id=user_id,
            board=board,
            submission_id=submission_id,
            digest=item["digest"],
            season=item["season"],
            answer=_answer(item["answer"]),
            expires_ms=int(item["expiresAt"]) * 1000,
        )

    def write(self, write: Write) -> None:
        puts = [
            self._put(part.board, part.item, read_version=part.read_version) for part in write.parts
        ]
        beside = [*self._beside_profile(write), *self._beside_submission(write)]
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

    def copy_profile(self, user_id: str, find: Callable[[str], Board | None]) -> int:
        """Bring a user's score items up to the profile; answers how many were behind.

        `find` gives a board's rules, None for a board that is no more: its items are only taken
        off, for they cannot be put in order. Only an older profile is replaced, so copies may
        race; raises Raced when a score moved meanwhile.
        """
        found, items = self._read_all(user_id)
        if found is None:
            return 0
        puts = []
        for item in items:
            board = find(item.board)
            changed = brought_up(item, found, now_ms=instants.now_ms())
            if changed is not None and (board is not None or changed.standing != VISIBLE):
                puts.append(self._put(board, changed, read_version=item.version))
        if len(puts) <= SIDE_BY_SIDE:
            for put in puts:
                self._write(put)
        else:  # of years, say
            with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
                list(pool.map(self._write, puts))
        return len(puts)

    def _put(self, board: Board | None, item: ScoreItem, *, read_version: int) -> Item:
        return {
            "TableName": self.scores_table,
            "Item": typed(self._item(board, item)),
            **unmoved("version", read_version),
        }

    def _write(self, put: Item) -> None:
        with translated():
            client("dynamodb").put_item(**put)

    def _get(self, user_id: str, sort_key: str) -> Item | None:
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
        key = board_season(item.board, item.season)
        image: Item = {
            **_image(item),
            "userName": item.user_name,
            "userScore": item.user_score,
            "scoreUpdatedAt": instants.to_text(item.updated_ms),
        }
        if item.standing == VISIBLE:
            assert board is not None
            shard = zlib.crc32(item.user_id.encode()) % self.write_shards
            image["boardSeasonShard"] = f"{key}#{shard}"
            image["boardOrder"] = order.index_key(
                board.order, item.user_score, item.updated_ms, item.user_id
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


def profile_update(table: str, profile: Profile, read_version: int, **beside: Any) -> Item:
    """The update of a living user's profile; attributes that are not named stay as they are.

    It takes away what an expired tombstone had, in whose place the profile may come.
    """
    still = unmoved("version", read_version)
    attributes = {
        "userName": profile.user_name,
        "standing": profile.standing,
        "version": profile.version,
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
        "boardSeason": board_season(item.board, item.season),
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
    """A score item of the table, or a tombstone, as the service knows it."""
    board, _, season = item["boardSeason"].partition("#")
    updated = item.get("scoreUpdatedAt")
    score = item.get("userScore")
    expires = item.get("expiresAt")
    return ScoreItem(
        user_id=item["userId"],
        board=board,
        season=season,
        user_name=item.get("userName", ""),
        profile_version=int(item.get("profileVersion", 0)),
        standing=item.get("standing", VISIBLE),
        user_score=None if score is None else int(score),
        updated_ms=None if updated is None else instants.from_text(updated),
        version=int(item["version"]),
        taken={action: _taken(it) for action, it in item.get("taken", {}).items()},
        open=dict(item.get("open", {})),
        paced={name: int(value) for name, value in item.get("paced", {}).items()},
        expires_ms=None if expires is None else int(expires) * 1000,
    )


def score_record(image: Mapping[str, Any]) -> tuple[tuple[str, str], ScoreRecord]:
    """The board-season and the record in an image of the stream or of a scan (typed attributes).

    Reads the attributes directly, at a sixth of the deserializer's cost. Raises KeyError,
    TypeError and ValueError for an image that is none of a score.
    """
    user_id = image["userId"]["S"]
    board, mark, season = image["boardSeason"]["S"].partition("#")
    version = int(image["version"]["N"])
    if not (USER_ID.fullmatch(user_id) and BOARD.fullmatch(board) and mark and season):
        raise ValueError("not the key of a score")
    if not 0 < version <= MAX_SCORE:
        raise ValueError("a version beyond what the ranking compares exactly")
    if "userScore" not in image or image.get("standing", {}).get("S", VISIBLE) != VISIBLE:
        return (board, season), ScoreRecord(user_id, version, None)
    number = int(image["userScore"]["N"])
    if abs(number) > MAX_SCORE:
        raise ValueError("a score beyond what the ranking holds exactly")
    updated_ms = instants.from_text(image["scoreUpdatedAt"]["S"])
    if not 0 <= updated_ms < 10**order.TIME_DIGITS:
        raise ValueError("a time beyond what the ranking orders by")
    score = Score(user_id, image["userName"]["S"], number, updated_ms)
    return (board, season), ScoreRecord(user_id, version, score)


def profile(item: Item) -> Profile:
    """A profile of the table. TTL removes late: of one that has expired only the version counts."""
    user_id, version = item["userId"], int(item["version"])
    standing = item.get("standing", VISIBLE)
    if standing != DELETED:
        return Profile(user_id, item["userName"], standing, version)
    expires_ms = int(item["expiresAt"]) * 1000
    if expires_ms <= instants.now_ms():
        return Profile(user_id, default_name(user_id), version=version)
    return Profile(
        user_id,
        default_name(user_id),
        standing,
        version,
        account=item["account"],
        expires_ms=expires_ms,
    )


def _taken_image(taken: Taken) -> Item:
    return {
        "ticket": taken.ticket,
        "completedMs": taken.completed_ms,
        "answer": _answer_image(taken.answer),
    }


def _taken(images: Any) -> tuple[Taken, ...]:
    """An action's tickets, the newest first; items of older releases hold one, without a list."""
    return tuple(
        Taken(it["ticket"], int(it["completedMs"]), _answer(it["answer"]))
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
        user_score=None if score is None else int(score),
        updated_ms=None if at is None else instants.from_text(at),
        changed=bool(image["changed"]),
    )


def _submission_key(user_id: str, board: str, submission_id: str) -> str:
    """No user id and no board has a `#`, so no two submissions share a key."""
    return f"{user_id}#{board}#{submission_id}"
