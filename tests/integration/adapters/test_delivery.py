"""What any delivery promises, and what is API Gateway's own: held to a server on loopback."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from botocore.credentials import Credentials

from leaderboard.adapters.aws import handle_pool, posting
from leaderboard.adapters.aws.clients import CA_FILE
from leaderboard.adapters.aws.posting import CROWD, CROWD_PATIENCE, PostingDelivery
from leaderboard.frames.messages import Delivered, Frame
from leaderboard.frames.ports import Delivery
from tests.integration.signature import signed_by_botocore
from tests.integration.sink import Mishap, Sink, certified, listening

FRAME = '{"type":"snapshot","userName":"Näme ☃ 🎲"}'.encode()
TOKEN = "token/of+a=session"
HANDLES = 64


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> Credentials:
    held = Credentials("AKIDEXAMPLE", "secret/key+of=nobody", TOKEN)
    monkeypatch.setattr(handle_pool, "credentials", held.get_frozen_credentials)
    return held


@pytest.fixture
def sink() -> Iterator[Sink]:
    with listening() as server:
        yield server


@pytest.fixture
def delivery(sink: Sink) -> Iterator[PostingDelivery]:
    made = PostingDelivery(f"{sink.endpoint}/stage", "eu-central-1", HANDLES)
    yield made
    made.close()


def names(count: int) -> list[str]:
    return [f"viewer{number}=" for number in range(count)]


def frame_of(body: bytes, *, patience: float = 1.0) -> Frame:
    return Frame(board="global", body=body, patience=patience)


def send(
    delivery: Delivery,
    *connections: str,
    patience: float = 1.0,
    seconds: float = 20.0,
    posts_per_second: float = 100_000,
    body: bytes = FRAME,
) -> Delivered:
    """What became of a frame's posts."""
    (delivered,) = delivery.deliver(
        [(frame_of(body, patience=patience), connections)],
        seconds=seconds,
        posts_per_second=posts_per_second,
    )
    assert delivered.closed == len(delivered.gone)
    return delivered


def came_to(
    *, sent: int = 0, throttled: int = 0, failed: int = 0, gone: tuple[str, ...] = ()
) -> Delivered:
    """What became of posts to connections that each were tried."""
    return Delivered(
        listed=sent + throttled + failed + len(gone),
        sent=sent,
        throttled=throttled,
        failed=failed,
        closed=len(gone),
        gone=list(gone),
    )


# What any delivery promises.


def test_everybody_gets_the_frame_once(sink: Sink, delivery: Delivery) -> None:
    everybody = names(3 * HANDLES)
    assert send(delivery, *everybody) == came_to(sent=len(everybody))
    assert sorted(it.connection_id for it in sink.posts) == sorted(everybody)
    assert {it.body for it in sink.posts} == {FRAME}


def test_nobody_is_sent_nothing(sink: Sink, delivery: Delivery) -> None:
    assert send(delivery) == came_to()
    assert delivery.deliver([], seconds=1, posts_per_second=1) == []
    assert sink.posts == []


def test_broadcasts_go_side_by_side_and_each_has_its_report(sink: Sink, delivery: Delivery) -> None:
    sink.always["gone="] = 410
    large, small = names(4 * HANDLES), ["few0=", "gone=", "few1="]
    reports = delivery.deliver(
        [(frame_of(b"large"), large), (frame_of(b"small"), small), (frame_of(b"none"), [])],
        seconds=20,
        posts_per_second=100_000,
    )
    assert reports == [came_to(sent=len(large)), came_to(sent=2, gone=("gone=",)), came_to()]
    order = [it.body for it in sink.posts]
    # The small one does not wait for the large one. The threads of the sink may note what comes
    # at one time in any order, so a post may stand a set of handles behind its place.
    assert max(n for n, body in enumerate(order) if body == b"small") < 2 * HANDLES


def test_who_is_gone_is_named_and_not_tried_again(sink: Sink, delivery: Delivery) -> None:
    sink.always |= {"viewer1=": 410, "viewer3=": 410}
    report = send(delivery, *names(5))
    assert (report.sent, sorted(report.gone)) == (3, ["viewer1=", "viewer3="])
    assert len(sink.posts) == 5


@pytest.mark.parametrize("answer", [429, 500, 503, "reset", "cut"])
def test_what_may_pass_is_tried_again(sink: Sink, delivery: Delivery, answer: int | Mishap) -> None:
    sink.answers["viewer1="].extend([answer, answer])
    assert send(delivery, *names(3), patience=5) == came_to(sent=3)
    assert len(sink.bodies("viewer1=")) == 1


@pytest.mark.parametrize("answer", [429, 503, "reset", "cut", "silent"])
def test_one_who_is_never_reached_holds_up_nobody(
    sink: Sink, delivery: Delivery, answer: int | Mishap, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(handle_pool, "POST_MS", 700)
    sink.always["viewer1="] = answer
    everybody = names(2 * HANDLES)
    began = time.monotonic()
    report = send(delivery, *everybody, patience=0.5)
    assert time.monotonic() - began < 3
    assert report.sent == len(everybody) - 1
    assert (report.throttled, report.failed) == ((1, 0) if answer == 429 else (0, 1))
    others = [it.at for it in sink.posts if it.connection_id != "viewer1="]
    assert max(others) - began < 0.5


def test_connections_are_read_as_fast_as_they_are_sent(sink: Sink, delivery: Delivery) -> None:
    sink.delay = 0.01
    ahead = []

    def audience() -> Iterator[str]:
        for number, name in enumerate(names(6 * HANDLES)):
            ahead.append(number - len(sink.posts))
            yield name

    delivery.deliver([(frame_of(FRAME), audience())], seconds=20, posts_per_second=100_000)
    assert len(sink.posts) == 6 * HANDLES
    assert max(ahead) <= 2 * HANDLES


def test_no_more_than_so_many_posts_a_second(sink: Sink, delivery: Delivery) -> None:
    """Half a second's worth at once, and the rate from then on; also over several calls."""
    began = time.monotonic()
    for _ in range(3):
        assert send(delivery, *names(100), posts_per_second=200).sent == 100
    lasted = time.monotonic() - began
    assert 0.9 < lasted < 3
    at = sorted(it.at - began for it in sink.posts)
    for second in (0.25, 0.5, 1.0):
        assert sum(1 for it in at if it < second) <= 100 + 200 * second + 2


def test_time_that_is_up_ends_it(sink: Sink, delivery: Delivery) -> None:
    sink.delay = 0.2
    began = time.monotonic()
    report = send(delivery, *names(10 * HANDLES), seconds=0.5)
    assert time.monotonic() - began < 1.5
    assert report.is_cut
    assert HANDLES <= report.sent + report.failed < 10 * HANDLES


def test_what_reading_the_audience_raises_rises_and_leaves_nothing_behind(
    sink: Sink, delivery: Delivery
) -> None:
    def audience() -> Iterator[str]:
        yield from names(3)
        raise LookupError("the table is down")

    with pytest.raises(LookupError):
        delivery.deliver([(frame_of(FRAME), audience())], seconds=5, posts_per_second=1000)
    sink.posts.clear()
    assert send(delivery, *names(2 * HANDLES)) == came_to(sent=2 * HANDLES)


def test_third_of_the_audience_gone_and_a_gateway_that_throttles(
    sink: Sink, delivery: Delivery
) -> None:
    everybody = names(300)
    for name in everybody[::3]:
        sink.always[name] = 410
    for name in everybody[1::3]:
        sink.answers[name].append(429)
    report = send(delivery, *everybody, patience=10)
    assert (report.sent, report.throttled, report.failed) == (200, 0, 0)
    assert sorted(report.gone) == sorted(everybody[::3])


def test_gateway_that_throttles_all_for_five_seconds_is_waited_for(
    sink: Sink, delivery: Delivery
) -> None:
    """Given up, everybody would ask for the board anew, and make it worse."""
    sink.otherwise = 429
    opens = threading.Timer(5.0, lambda: setattr(sink, "otherwise", 200))
    opens.start()
    report = send(delivery, *names(100), patience=1.0, posts_per_second=1000)
    opens.join()
    assert report == came_to(sent=100)
    assert len(sink.posts) < 100 * 40  # jittered and ever rarer, not as fast as it goes


def test_gateway_that_throttles_for_long_is_given_up(
    sink: Sink, delivery: Delivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(posting, "CROWD_PATIENCE", 1.5)
    assert CROWD_PATIENCE > 5
    sink.otherwise = 429
    began = time.monotonic()
    assert send(delivery, *names(100), patience=0.2) == came_to(throttled=100)
    assert 1.0 < time.monotonic() - began < 4


def test_gateway_that_dies_in_the_middle_costs_the_rest_and_no_more_time(
    sink: Sink, delivery: Delivery
) -> None:
    def audience() -> Iterator[str]:
        for number, name in enumerate(names(4 * HANDLES)):
            if number == 2 * HANDLES:
                sink.otherwise = "reset"
            yield name

    began = time.monotonic()
    (report,) = delivery.deliver(
        [(frame_of(FRAME, patience=0.5), audience())], seconds=20, posts_per_second=100_000
    )
    assert time.monotonic() - began < CROWD_PATIENCE + 3
    assert report.sent >= HANDLES
    assert report.failed >= HANDLES
    assert report.sent + report.failed == 4 * HANDLES
    sink.otherwise = 200
    assert send(delivery, *names(10)) == came_to(sent=10)


# What is API Gateway's own.


def test_connections_stay_open_from_one_frame_to_the_next(
    sink: Sink, delivery: PostingDelivery
) -> None:
    for _ in range(20):
        send(delivery, "one=")
    assert len({it.socket for it in sink.posts}) == 1


def test_server_that_closes_after_each_reply_costs_nobody_a_frame(
    sink: Sink, delivery: PostingDelivery
) -> None:
    sink.otherwise = "closes"
    for _ in range(3):
        assert send(delivery, *names(HANDLES)) == came_to(sent=HANDLES)
    assert {len(sink.bodies(name)) for name in names(HANDLES)} == {3}


def test_connections_that_the_server_closed_cost_nothing_while_others_are_waited_for(
    sink: Sink, delivery: PostingDelivery
) -> None:
    assert send(delivery, *names(HANDLES)).sent == HANDLES
    sink.always["viewer0="] = "silent"
    threading.Timer(0.3, sink.close_idle).start()
    threading.Timer(1.0, sink.released.set).start()
    began = time.thread_time()
    assert send(delivery, "viewer0=", patience=0.1) == came_to(failed=1)
    assert time.thread_time() - began < 0.2
    assert send(delivery, *names(HANDLES)[1:]).sent == HANDLES - 1


@pytest.mark.parametrize("status", [400, 403, 404, 413])
def test_post_that_is_refused_for_good_is_not_repeated(
    sink: Sink, delivery: PostingDelivery, status: int
) -> None:
    sink.always["viewer0="] = status
    assert send(delivery, *names(2)) == came_to(sent=1, failed=1)
    assert len(sink.posts) == 2


def test_handles_are_no_more_than_so_many(sink: Sink) -> None:
    delivery = PostingDelivery(sink.endpoint, "eu-central-1", handles=5)
    sink.delay = 0.02
    send(delivery, *names(40))
    delivery.close()
    assert sink.most_at_once == 5


def test_nothing_listens(sink: Sink) -> None:
    delivery = PostingDelivery("http://127.0.0.1:9", "eu-central-1")
    began = time.monotonic()
    assert send(delivery, *names(CROWD - 1), patience=0.3) == came_to(failed=CROWD - 1)
    assert time.monotonic() - began < 2
    delivery.close()
    assert sink.posts == []


@pytest.mark.parametrize(
    "connection", ["JKJaXmPLvHcESHA=", "a_b-c==", "a+b/c=", "ü ~-_.", "%3D=&?#", "a=b", "a=\n"]
)
@pytest.mark.parametrize("path", ["", "/prod", "/_aws/execute-api/abc/local"])
def test_signature_is_the_one_that_botocore_makes(
    sink: Sink, key: Credentials, connection: str, path: str
) -> None:
    delivery = PostingDelivery(f"{sink.endpoint}{path}", "eu-west-3")
    assert send(delivery, connection).sent == 1
    delivery.close()
    (post,) = sink.posts
    assert post.connection_id == connection
    expected = signed_by_botocore(post, key, sink, service="execute-api", region="eu-west-3")
    assert post.headers["Authorization"] == expected
    assert "x-amz-security-token" in post.headers["Authorization"]


def test_key_that_was_replaced_signs_from_then_on(
    sink: Sink, delivery: PostingDelivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(delivery, "one=")
    newer = Credentials("AKIDNEWER", "other", "token-2")
    monkeypatch.setattr(handle_pool, "credentials", newer.get_frozen_credentials)
    send(delivery, "one=")
    first, second = sink.posts
    assert "AKIDEXAMPLE/" in first.headers["Authorization"]
    assert "AKIDNEWER/" in second.headers["Authorization"]
    headers = [
        {name.lower(): value for name, value in it.headers.items()} for it in (first, second)
    ]
    assert [it["x-amz-security-token"] for it in headers] == [TOKEN, "token-2"]


def test_key_without_a_session_has_no_token(
    sink: Sink, delivery: PostingDelivery, monkeypatch: pytest.MonkeyPatch
) -> None:
    lasting = Credentials("AKIDUSER", "other")
    monkeypatch.setattr(handle_pool, "credentials", lasting.get_frozen_credentials)
    send(delivery, "one=")
    assert "x-amz-security-token" not in {name.lower() for name in sink.posts[0].headers}


def test_gateway_is_known_by_its_certificate(tmp_path: Path) -> None:
    with certified(tmp_path) as (context, trusted), listening(context) as secure:
        known = PostingDelivery(secure.endpoint, "eu-central-1", HANDLES, trusted)
        assert send(known, *names(2 * HANDLES)) == came_to(sent=2 * HANDLES)
        stranger = PostingDelivery(secure.endpoint, "eu-central-1")
        assert send(stranger, "one=", patience=0.2) == came_to(failed=1)
        known.close()
        stranger.close()


def test_authorities_that_are_trusted_are_there() -> None:
    assert "BEGIN CERTIFICATE" in CA_FILE.read_text()


def test_viewer_who_is_slow_is_waited_for_beside_the_others(
    sink: Sink, delivery: PostingDelivery
) -> None:
    sink.always["viewer0="] = "silent"
    threading.Timer(0.4, sink.released.set).start()
    report = send(delivery, *names(HANDLES), patience=0.1)
    assert report.sent == HANDLES - 1
    assert report.failed == 1
