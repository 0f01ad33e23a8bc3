"""JSON from outside: bodies that try what a parser can take, and what they mean."""

from __future__ import annotations

import json
import math
import time
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, strategies as st

from handlers import payloads
from handlers.http_api import MAX_BODY, admit
from handlers.payloads import MAX_DEPTH
from leaderboard.errors import Invalid


def event(body: str) -> dict[str, Any]:
    return {
        "routeKey": "POST /boards/{board}/tickets",
        "rawQueryString": "",
        "headers": {},
        "pathParameters": {"board": "global"},
        "requestContext": {"stage": "$default", "http": {"method": "POST"}},
        "body": body,
        "isBase64Encoded": False,
    }


def nested(depth: int) -> str:
    """An object that is so many levels deep."""
    return '{"action":' + "[" * (depth - 1) + "]" * (depth - 1) + "}"


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 500, 970, 990, 8000])
def test_body_nested_deeper_than_any_request_is_refused(depth: int) -> None:
    """Python gives up somewhere near a thousand levels: no parser behind this one may get there."""
    with pytest.raises(Invalid) as refused:
        admit(event(nested(depth)))
    assert refused.value.path == "body"


@pytest.mark.parametrize("depth", [2, 3, MAX_DEPTH])
def test_body_as_deep_as_a_request_may_be_is_passed_on(depth: int) -> None:
    assert admit(event(nested(depth)))["body"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1500.0", 1500),
        ("1.5e3", 1500),
        ("15e2", 1500),
        ("15E+2", 1500),
        ("150000e-2", 1500),
        ("-7.0", -7),
        ("-0.0", 0),
        ("-0", 0),
        ("0e1000000", 0),
        ("0.0e-1000000", 0),
        ("9007199254740991.0", 2**53 - 1),
        ("9007199254740993.0", 2**53 + 1),
        ("9.007199254740993e15", 2**53 + 1),
        ("1e22", 10**22),
        ("123456789012345678901234567890.0", 123456789012345678901234567890),
        ("1." + "0" * 8000, 1),
    ],
)
def test_number_is_read_by_its_value(text: str, value: int) -> None:
    read = payloads.parse(f'{{"delta":{text}}}'.encode())["delta"]
    assert (type(read), read) == (int, value)


@pytest.mark.parametrize("text", ["14.5", "9007199254740992.5", "1e-1", "0.1", "1e-1000000"])
def test_fraction_stays_one(text: str) -> None:
    assert payloads.parse(text.encode()) == float(text)
    assert type(payloads.parse(text.encode())) is float


@pytest.mark.parametrize(
    "text",
    ["1e400", "-1e309", "1E+1000000", "1e999999999999999999999999", "9" * 16000, "1" * 400 + ".5"],
)
def test_number_that_no_float_holds_is_refused_at_its_member(text: str) -> None:
    started = time.process_time()
    with pytest.raises(Invalid, match="too large") as refused:
        payloads.parse(f'{{"a":[7,{{"b":{text}}}]}}'.encode(), within="body")
    assert refused.value.path == "body.a.1.b"
    assert time.process_time() - started < 0.5


def test_body_full_of_huge_exponents_costs_nothing() -> None:
    numbers = ",".join(["1e308", "1e-99999999"] * (MAX_BODY // 20))
    started = time.process_time()
    assert len(payloads.parse(f"[{numbers}]".encode())) == MAX_BODY // 20 * 2
    assert time.process_time() - started < 0.5


AMBIGUOUS = {
    "a member twice": b'{"a":1,"a":1}',
    "a member twice, escaped": b'{"a":1,"\\u0061":2}',
    "a member twice, deep": b'{"x":[{"y":{"a":1,"b":2,"a":1}}]}',
    "NaN": b'{"a":NaN}',
    "Infinity": b'{"a":[Infinity]}',
    "minus Infinity": b'{"a":-Infinity}',
    "a byte order mark": b'\xef\xbb\xbf{"a":1}',
    "UTF-16": '{"a":1}'.encode("utf-16"),
    "UTF-16 without a mark": '{"a":1}'.encode("utf-16-le"),
    "UTF-32": '{"a":1}'.encode("utf-32"),
    "UTF-32 without a mark": '{"a":1}'.encode("utf-32-be"),
    "Latin-1": '{"a":"é"}'.encode("latin-1"),
    "a surrogate in UTF-8": b'{"a":"\xed\xa0\x80"}',
    "an overlong form": b'{"a":"\xc0\xaf"}',
    "half a character": b'{"a":"\\ud800"}',
    "half a character, deep": b'{"a":[{"b":["\\udc00x"]}]}',
    "half a character as a name": b'{"\\ud800":1}',
    "the wrong halves": b'{"a":"\\udc00\\ud800"}',
    "a comment": b'{"a":1}//',
    "a comma too many": b'{"a":1,}',
    "a leading zero": b'{"a":01}',
    "a plus": b'{"a":+1}',
    "a point alone": b'{"a":1.}',
    "hexadecimal": b'{"a":0x10}',
    "other digits": '{"a":\u0665}'.encode(),
    "a control character": b'{"a":"\x01"}',
}


@pytest.mark.parametrize("raw", AMBIGUOUS.values(), ids=AMBIGUOUS.keys())
def test_what_two_parsers_may_read_differently_is_refused(raw: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        payloads.parse(raw, within="body")
    assert refused.value.path.split(".")[0] == "body"


def test_doubled_member_is_named() -> None:
    with pytest.raises(Invalid, match="'score' stands twice"):
        payloads.parse(b'{"score":1,"score":2}', within="body")


def test_whole_characters_pass_escaped_or_not() -> None:
    assert payloads.parse(b'{"a":"\\ud83d\\ude80"}') == payloads.parse('{"a":"🚀"}'.encode())


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def _exact(value: Any) -> Any:
    """The value of what is written: a float's digits are fewer than the float's own value."""
    if isinstance(value, float) and value.is_integer():
        return int(Decimal(repr(value)))
    if isinstance(value, list):
        return [_exact(it) for it in value]
    return {name: _exact(it) for name, it in value.items()} if isinstance(value, dict) else value


@given(VALUES, st.booleans())
def test_json_is_read_as_it_was_meant(value: Any, escaped: bool) -> None:
    raw = json.dumps(value, ensure_ascii=escaped).encode(errors="surrogatepass")
    try:
        assert payloads.parse(raw) == _exact(value)
    except Invalid:  # infinite, as JSON has it not, or too large
        assert "Infinity" in raw.decode() or any(len(it) > 300 for it in raw.decode().split())


@given(
    st.binary(max_size=60)
    | st.text('{}[]":,0123456789eE+-.\\ud8NaIfty', max_size=60).map(str.encode)
)
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    try:
        value = payloads.parse(raw)
    except Invalid:
        return
    assert not isinstance(value, float) or math.isfinite(value)
