"""Items of the table `user-score` and what they mean: profiles, scores and tombstones.

`readable` says what of a stored value can be read. The functions that read raise what
`readable.NOT_UNDERSTOOD` names for an item that the service did not write.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

from leaderboard import clock
from leaderboard.adapters.dynamodb import readable
from leaderboard.adapters.dynamodb.name_keys import ORDER_KEY, SHARD_KEY
from leaderboard.adapters.dynamodb.readable import Garbled, Item, if_version, plain, typed
from leaderboard.boards import order
from leaderboard.boards.rules import MAX_SCORE
from leaderboard.boards.seasons import split_key
from leaderboard.boards.snapshots import BOARD, USER_ID, Score, default_name
from leaderboard.ranking.score_image import ProfileImage, ScoreImage
from leaderboard.ranking.score_state import ScoreState
from leaderboard.scoring.items import (
    DELETED,
    OUT,
    UNKNOWN,
    VISIBLE,
    Answer,
    CompletedTicket,
    LastWrite,
    Profile,
    ScoreItem,
)

PROFILE = "profile"
MODERATION = "moderation"
OPENED = "boards"
NO_SCORES = frozenset({PROFILE, MODERATION, OPENED})
"""The sort keys of a user's items that are not scores: the profile, what moderators did, and the
boards of patterns that the player opened."""


def key_of_item(user_id: str, sort_key: str) -> Item:
    """The key of one of a user's items, typed."""
    return typed({"userId": user_id, "boardSeason": sort_key})


# Scores


def score_item(item: Item) -> ScoreItem:
    """A score item of the table, or a tombstone."""
    expires = item.get("expiresAt")
    return replace(
        shown_score(item),
        profile_version=readable.whole(item.get("profileVersion", Decimal(0))),
        completed={action: _completed(it) for action, it in item.get("taken", {}).items()},
        open={action: readable.text(it) for action, it in item.get("open", {}).items()},
        recovered_us={name: readable.whole(it) for name, it in item.get("paced", {}).items()},
        expires_ms=None if expires is None else readable.whole(expires) * 1000,
        # One that cannot be read keeps nobody from scoring: the history then begins anew.
        last_write=readable.attempted(lambda it: readable.last_write(it["wrote"]), item),
    )


def typed_score(raw: Mapping[str, Any]) -> ScoreItem:
    """A score item with its types."""
    return score_item(plain(raw))


def shown_score(item: Item) -> ScoreItem:
    """What a score item shows, without what it remembers."""
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


def remains_of_score(item: Item) -> ScoreItem:
    """What can be read of a broken score item, for its tombstone; its score is not known."""
    board, season = split_key(item["boardSeason"])
    return ScoreItem(
        user_id=item["userId"],
        board=board,
        season=season,
        user_name="",
        profile_version=0,
        standing=readable.attempted(readable.standing, item) or VISIBLE,
        user_score=0 if "userScore" in item else None,
        version=readable.version_or_garbled(item),
        completed=readable.members(item.get("taken"), _completed),
        open=readable.members(item.get("open"), readable.text),
        recovered_us=readable.members(item.get("paced"), readable.whole),
    )


def score_image(item: ScoreItem) -> Item:
    """A score, or its tombstone, as it is stored; the keys of the index are not in it."""
    image: Item = {
        "userId": item.user_id,
        "boardSeason": item.key,
        "profileVersion": item.profile_version,
        "standing": item.standing,
        "version": item.version,
        "taken": {
            action: [_completed_image(it) for it in tickets]
            for action, tickets in item.completed.items()
        },
        "open": dict(item.open),
        "paced": dict(item.recovered_us),
    }
    if item.last_write is not None:
        image["wrote"] = last_write_image(item.last_write)
    if item.user_score is None:
        assert item.expires_ms is not None
        return {**image, "expiresAt": item.expires_ms // 1000}
    assert item.updated_ms is not None
    return {
        **image,
        "userName": item.user_name,
        "userScore": item.user_score,
        "scoreUpdatedAt": clock.to_text(item.updated_ms),
    }


def last_write_image(it: LastWrite) -> Item:
    """The last write of a score as it is stored: some 50 bytes of every item, so in short names."""
    image: Item = {"v": it.version, "at": it.at_ms, "by": readable.CODES[it.cause], "d": it.days}
    if it.score_before is not None:
        image["was"] = it.score_before
    if it.before_expires_s is not None:
        image["x"] = it.before_expires_s
    return image


def score_state(image: Mapping[str, Any]) -> tuple[str, ScoreState]:
    """The board-season's key and the score's state in an image of the stream or of a scan (typed).

    Reads the attributes directly, at a sixth of the deserializer's cost.
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


# Profiles


def profile(item: Item) -> Profile:
    """A profile of the table. TTL removes late: of one that has expired only the version counts."""
    user_id, version = readable.text(item["userId"]), readable.version(item)
    standing = readable.standing(item)
    if standing != DELETED:
        renamed_ms = tuple(readable.whole(it) for it in item.get("renamedMs", ()))
        return Profile(user_id, readable.name(item["userName"]), standing, version, renamed_ms)
    expires_ms = readable.whole(item["expiresAt"]) * 1000
    account = readable.text(item["account"])
    if expires_ms <= clock.machine_ms():
        return Profile(user_id, default_name(user_id), version=version)
    return Profile(
        user_id,
        default_name(user_id),
        standing,
        version,
        account=account,
        expires_ms=expires_ms,
    )


def remains_of_profile(item: Item) -> Profile:
    """What can be read of a broken profile, at a version past any that scores were copied at."""
    user_id: str = item["userId"]
    return Profile(
        user_id,
        readable.attempted(lambda it: readable.name(it["userName"]), item) or default_name(user_id),
        readable.attempted(readable.standing, item) or UNKNOWN,
        Garbled.at(clock.machine_ms(), typed(item).get("version")),
    )


def profile_update(
    table: str, profile: Profile, read_version: int, keys: Mapping[str, str], **beside: Any
) -> Item:
    """The update of a living user's profile; attributes that are not named stay as they are.

    `keys` are those of the index of names. It removes those that the profile has no more, and what
    an expired tombstone had, in whose place the profile may come.
    """
    condition = if_version("version", read_version)
    attributes = {
        "userName": profile.user_name,
        "standing": profile.standing,
        "version": profile.version,
        "renamedMs": list(profile.renamed_ms),
        **keys,
        **beside,
    }
    gone = ["account", "expiresAt", *(it for it in (SHARD_KEY, ORDER_KEY) if it not in keys)]
    values = typed({f":{name}": value for name, value in attributes.items()})
    setting = ", ".join(f"{name} = :{name}" for name in attributes)
    return {
        "TableName": table,
        "Key": key_of_item(profile.user_id, PROFILE),
        "UpdateExpression": f"SET {setting} REMOVE {', '.join(gone)}",
        **condition,
        "ExpressionAttributeValues": {**condition.get("ExpressionAttributeValues", {}), **values},
    }


# Answers, which scores and submissions remember


def answer_image(answer: Answer) -> Item:
    """An answer as it is stored."""
    at = answer.updated_ms
    return {
        "userScore": answer.user_score,
        "scoreUpdatedAt": None if at is None else clock.to_text(at),
        "changed": answer.changed,
    }


def answer_of(image: Item) -> Answer:
    """A stored answer. Images of older releases hold a name, too, which may be of before."""
    score, at = image["userScore"], image["scoreUpdatedAt"]
    return Answer(
        user_score=None if score is None else readable.exact(score),
        updated_ms=None if at is None else readable.instant(at),
        changed=bool(image["changed"]),
    )


def _completed_image(ticket: CompletedTicket) -> Item:
    return {
        "ticket": ticket.ticket,
        "completedMs": ticket.completed_ms,
        "answer": answer_image(ticket.answer),
    }


def _completed(images: Any) -> tuple[CompletedTicket, ...]:
    """An action's tickets, the newest first; items of older releases hold one, without a list."""
    return tuple(
        CompletedTicket(
            readable.text(it["ticket"]), readable.whole(it["completedMs"]), answer_of(it["answer"])
        )
        for it in (images if isinstance(images, list) else [images])
    )


def read_image(image: Mapping[str, Any]) -> ScoreImage | ProfileImage | None:
    """The score or the profile in a typed image; None for a user's other items.

    Raises KeyError, TypeError and ValueError for an image that is not understood.
    """
    sort_key = image["boardSeason"]["S"]
    if sort_key == PROFILE:
        is_leaving = image.get("standing", {}).get("S") in OUT
        return ProfileImage(image["userId"]["S"], is_leaving)
    if sort_key in NO_SCORES:
        return None
    return ScoreImage(*score_state(image))
