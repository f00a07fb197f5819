"""AppSync's scalars: what each takes from clients and from resolvers, and the words where it does not."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from livebus.schema.scalars import SCALARS, CannotCoerce, java_text, java_type

NOUNS = {
    "AWSDate": "Date Object",
    "AWSTime": "Time Object",
    "AWSDateTime": "DateTime Object",
    "AWSEmail": "email address",
    "AWSURL": "URL",
    "AWSPhone": "phone number",
    "AWSIPAddress": "IP address",
}
GOOD = {
    "AWSDate": [
        "1970-01-01",
        "1970-01-01Z",
        "1970-01-01-07:00",
        "1970-01-01+05:30",
        "2024-02-29",
        "1970-01-01+05:30:15",
    ],
    "AWSTime": ["12:30", "12:30:24", "12:30:24Z", "12:30:24-07:00", "12:30:24.500+05:30", "23:59:59.999999999Z"],
    "AWSDateTime": [
        "2023-12-25T00:00:00Z",
        "1970-01-01T12:00:00-07:00",
        "1970-01-01T12:00:00.000+05:30",
        "2022-01-19T09:24Z",
        "2020-01-01T00:00+00:00",
        "2020-01-01T00:00:00.1+18:00",
    ],
    "AWSEmail": ["a@b", "username@example.com", "first.last+tag@mail.example.co.uk", '"a b"@example.com'],
    "AWSURL": [
        "https://www.amazon.com/dp/B01/",
        "mailto:someone@example.com",
        "ftp://host:21/a;type=i",
        "http://[::1]:80/",
    ],
    "AWSPhone": ["555-123-4567", "+1 555-123-4567", "+44 20 7946 0958", "2025550123", "1-202-555-0123"],
    "AWSIPAddress": ["127.0.0.1", "10.0.0.0/8", "123.45.67.89/16", "::1", "1a2b:3c4b::1234:4567/64"],
}
BAD = {
    "AWSDate": [
        "1970-13-01",
        "2023-02-29",
        "1970-1-1",
        "1970-01-01T00:00:00Z",
        "1970-01-01+0530",
        "today",
        " 1970-01-01",
    ],
    "AWSTime": ["24:00:00", "12:60", "12:30:60", "1:30", "12:30:24.", "12:30:24+19:00", "12:30:24 Z"],
    "AWSDateTime": [
        "2026-05-06T00:00:00.000",
        "2024-05-12T07:49:46+0000",
        "2020-05-23T06:4:37.000Z",
        "2019",
        "None",
        "2023-02-30T00:00:00Z",
        "2023-12-25 00:00:00Z",
        "2023-12-25T00:00:00Z\n",
        "٢٠٢٣-12-25T00:00:00Z",
    ],
    "AWSEmail": ["a", "@b", "a@", "a b@c", "a@b@c", "a@-b", "a@b..c"],
    "AWSURL": ["example.com", "//example.com/", "http://", "https://a.b/c//d", "http://a b/", "http://a:port/", ""],
    "AWSPhone": [
        "1110004444",
        "123",
        "+0 123 456 789",
        "+1 155 123 4567",
        "555.123.4567",
        "+",
        "+44" + "1" * 14,
        "abc",
    ],
    "AWSIPAddress": ["256.0.0.1", "1.2.3", "1.2.3.4/33", "1.2.3.4/255.0.0.0", "fe80::1%eth0", "localhost", "10.0.0.1/"],
}


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in GOOD.items() for text in texts])
def test_texts_that_fit(name: str, text: str) -> None:
    """A text that fits is passed on unchanged, both ways."""
    assert (SCALARS[name].parse(text), SCALARS[name].serialize(text)) == (text, text)


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in BAD.items() for text in texts])
def test_texts_that_do_not_fit(name: str, text: str) -> None:
    """A text that does not fit is quoted in AppSync's words, which differ for the two ways."""
    with pytest.raises(CannotCoerce) as parsing:
        SCALARS[name].parse(text)
    with pytest.raises(CannotCoerce) as serializing:
        SCALARS[name].serialize(text)

    assert str(parsing.value) == f"Unable to parse `{text}` as a valid {NOUNS[name]}."
    assert str(serializing.value) == f"Unable to serialize `{text}` as a valid {NOUNS[name]}."


@pytest.mark.parametrize("name", NOUNS)
def test_values_that_are_no_texts(name: str) -> None:
    """Numbers, flags and objects are no dates, addresses, numbers of telephones."""
    for value, shown in ((7, "7"), (True, "true"), ({"a": [None, 1.5]}, "{a=[null, 1.5]}")):
        with pytest.raises(CannotCoerce) as error:
            SCALARS[name].parse(value)

        assert str(error.value) == f"Unable to parse `{shown}` as a valid {NOUNS[name]}."


@settings(max_examples=100, deadline=None)
@given(st.datetimes(timezones=st.just(UTC)), st.sampled_from(["seconds", "milliseconds", "microseconds", "minutes"]))
def test_every_moment_is_an_awsdatetime(moment: datetime, precision: str) -> None:
    """Whatever moment Python writes in ISO 8601 with an offset, AWSDateTime takes it."""
    text = moment.isoformat(timespec=precision)

    assert SCALARS["AWSDateTime"].parse(text) == text
    assert SCALARS["AWSDate"].parse(text[:10]) == text[:10]
    assert SCALARS["AWSTime"].parse(text[11:]) == text[11:]


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=20))
def test_any_text_is_decided(text: str) -> None:
    """No text makes a scalar fail in any other way than by saying that it does not fit."""
    for scalar in SCALARS.values():
        for coerce in (scalar.parse, scalar.serialize):
            with suppress(CannotCoerce):
                assert coerce(text) is not None or text == "null"


@pytest.mark.parametrize("value", [0, -1, 1_700_000_000, 1_700_000_000.0, 9_223_372_036_854_775_807])
def test_timestamps(value: float) -> None:
    """Whole seconds of 64 bits are timestamps, before and after 1970."""
    assert (SCALARS["AWSTimestamp"].parse(value), SCALARS["AWSTimestamp"].serialize(value)) == (int(value), int(value))


@pytest.mark.parametrize("value", [1.5, True, "1700000000", 2**63, float("inf"), float("nan"), []])
def test_what_is_no_timestamp(value: Any) -> None:
    """Fractions, flags, texts and larger numbers are no timestamps."""
    for coerce, verb in ((SCALARS["AWSTimestamp"].parse, "parse"), (SCALARS["AWSTimestamp"].serialize, "serialize")):
        with pytest.raises(CannotCoerce) as error:
            coerce(value)

        assert str(error.value) == f"Unable to {verb} `{java_text(value)}` as a valid timestamp."


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-(2**63), 2**63 - 1), st.text(max_size=5)),
    lambda deeper: st.one_of(st.lists(deeper, max_size=3), st.dictionaries(st.text(max_size=3), deeper, max_size=3)),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None)
@given(JSON)
def test_awsjson_is_text_outside_and_data_inside(value: Any) -> None:
    """What a resolver returns is written as text, and that text is the same data for another resolver."""
    text = SCALARS["AWSJSON"].serialize(value)

    assert orjson.loads(text) == value
    assert SCALARS["AWSJSON"].parse(text) == value


@pytest.mark.parametrize(
    ("value", "shown"),
    [("{name: 1}", "{name: 1}"), ({"key1": "hi", "key2": 3}, "{key1=hi, key2=3}"), ([], "[]"), ("", ""), (7, "7")],
)
def test_what_is_no_awsjson(value: Any, shown: str) -> None:
    """A value that is no text of JSON is shown as Java prints it."""
    with pytest.raises(CannotCoerce) as error:
        SCALARS["AWSJSON"].parse(value)

    assert str(error.value) == f"Unable to parse {shown} as valid JSON."


def test_awsjson_of_a_large_number() -> None:
    """Numbers beyond 64 bits are written digit by digit."""
    assert SCALARS["AWSJSON"].serialize({"n": 2**70}) == '{"n":1180591620717411303424}'


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("Int", 7, 7),
        ("Int", "7", 7),
        ("Int", 7.0, 7),
        ("Int", -2_147_483_648, -2_147_483_648),
        ("Float", 7, 7.0),
        ("Float", "7.5", 7.5),
        ("String", "a", "a"),
        ("String", 7, "7"),
        ("String", True, "true"),
        ("String", {"msg": "hello"}, "{msg=hello}"),
        ("ID", "a", "a"),
        ("ID", 7, "7"),
        ("Boolean", False, False),
        ("Boolean", "TRUE", True),
        ("Boolean", "yes", False),
        ("Boolean", 0, False),
    ],
)
def test_what_graphql_java_lets_pass(name: str, value: Any, expected: Any) -> None:
    """The built-in scalars are as lax as graphql-java's."""
    for coerce in (SCALARS[name].parse, SCALARS[name].serialize):
        coerced = coerce(value)

        assert (coerced, type(coerced)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("name", "value", "java"),
    [
        ("Int", "many", "String"),
        ("Int", 1.5, "Double"),
        ("Int", True, "Boolean"),
        ("Int", 2_147_483_648, "Long"),
        ("Int", 2**70, "BigInteger"),
        ("Int", "1e999999999", "String"),
        ("Int", "NaN", "String"),
        ("Float", "many", "String"),
        ("Float", "1e400", "String"),
        ("Float", float("inf"), "Double"),
        ("Float", [], "ArrayList"),
        ("ID", True, "Boolean"),
        ("ID", 1.5, "Double"),
        ("ID", ["a"], "ArrayList"),
        ("Boolean", {"id": 1}, "LinkedHashMap"),
    ],
)
def test_what_graphql_java_does_not_let_pass(name: str, value: Any, java: str) -> None:
    """What does not pass is named by its class in Java."""
    with pytest.raises(CannotCoerce) as error:
        SCALARS[name].parse(value)

    assert str(error.value) == f"Expected type '{name}' but was '{java}'."


def test_java_names() -> None:
    """JSON's kinds of values have the names of the classes that AppSync holds them in."""
    values = ({}, [], "", True, 7, 2**40, 2**70, 1.5, None)

    assert [java_type(value) for value in values] == [
        "LinkedHashMap",
        "ArrayList",
        "String",
        "Boolean",
        "Integer",
        "Long",
        "BigInteger",
        "Double",
        "null",
    ]
