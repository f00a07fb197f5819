"""What PutEvents accepts, what it refuses, and the envelope that comes of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from livebus.event.envelope import Event
from livebus.event.put_events import (
    MAX_DETAIL_DEPTH,
    Refused,
    accept,
    entry_bytes,
    is_timestamp,
    parse_detail,
    whole_seconds,
)

NOW = datetime(2026, 11, 23, 12, 0, 0, 999_999, tzinfo=UTC)
ENTRY = {"Source": "shop", "DetailType": "Order", "Detail": "{}"}


def put(**members: Any) -> Event | Refused:
    return accept(
        {**ENTRY, **members}, bus="orders", event_id="id-1", now=NOW, account="111111111111", region="eu-west-1"
    )


def accepted(**members: Any) -> Event:
    event = put(**members)
    assert isinstance(event, Event)
    return event


def test_the_envelope() -> None:
    """The members stand in AWS's order, resources are an empty list and the time is the call's, in whole seconds."""
    event = accepted(Detail='{"a": 1}')

    assert list(event.envelope.items()) == [
        ("version", "0"),
        ("id", "id-1"),
        ("detail-type", "Order"),
        ("source", "shop"),
        ("account", "111111111111"),
        ("time", "2026-11-23T12:00:00Z"),
        ("region", "eu-west-1"),
        ("resources", []),
        ("detail", {"a": 1}),
    ]
    assert (event.id, event.bus, event.ingestion_time) == ("id-1", "orders", "2026-11-23T12:00:00Z")


@pytest.mark.parametrize("member", ["Source", "DetailType", "Detail"])
@pytest.mark.parametrize("value", [None, ""])
def test_required_members(member: str, value: str | None) -> None:
    """A member that is missing or empty is refused with the words recorded from AWS."""
    assert put(**{member: value}) == Refused(
        "InvalidArgument", f"Parameter {member} is not valid. Reason: {member} is a required argument."
    )


def test_the_first_missing_member_is_told() -> None:
    """Of several missing members AWS tells the first."""
    refused = put(Source="", Detail="")

    assert isinstance(refused, Refused)
    assert "Source" in refused.message


@pytest.mark.parametrize(
    ("source", "code"), [("aws.s3", "NotAuthorizedForSourceException"), ("aws", None), ("AWS.x", None)]
)
def test_sources_of_aws(source: str, code: str | None) -> None:
    """Sources that begin with "aws." are AWS's own."""
    outcome = put(Source=source)

    assert (outcome.code if isinstance(outcome, Refused) else None) == code


@pytest.mark.parametrize(
    ("detail", "expected"),
    [
        ("{}", {}),
        (' \r\n\t{"a": 1} \n', {"a": 1}),
        ('{"a": "\\u00fc\\ud83d\\ude00"}', {"a": "ü😀"}),
        ('{"a": 1, "a": 2}', {"a": 2}),
        ('{"a": 9223372036854775807, "b": -9223372036854775808}', {"a": 2**63 - 1, "b": -(2**63)}),
        ('{"a": 1e400}', None),
        (
            '{"a": "99999999999999999999", "\\"99999999999999999999": 123456789012345678901234.5}',
            {"a": "99999999999999999999", '"99999999999999999999': 123456789012345678901234.5},
        ),
        ('{"a": 9223372036854775808}', None),
        ('{"a": -9223372036854775809}', None),
        ('{"a": 100000000000000000000000000000}', None),
        ('{"a": NaN}', None),
        ('{"a": Infinity}', None),
        ('{"a": 01}', None),
        ('{"a": 1,}', None),
        ('{"a": 1} x', None),
        ('{"a": ', None),
        ("[]", None),
        ('"text"', None),
        ("null", None),
        ("text", None),
        ("\ufeff{}", None),
        ('{"a": "\\ud800"}', None),
        ('{"a": "\ud800"}', None),
        ('{"a": "line\nbreak"}', None),
    ],
)
def test_details(detail: str, expected: dict[str, Any] | None) -> None:
    """A Detail is the JSON text of an object, with whole numbers of 64 bits; anything else is malformed."""
    assert parse_detail(detail) == expected
    assert isinstance(put(Detail=detail), Event if expected is not None else Refused)


def test_a_malformed_detail_is_refused_in_awss_words() -> None:
    """The answer for a Detail that cannot be read has no more to say."""
    assert put(Detail="[1]") == Refused("MalformedDetail", "Detail is malformed.")


def nested(levels: int, opening: str, closing: str) -> str:
    return '{"a":' + opening * (levels - 1) + "1" + closing * (levels - 1) + "}"


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"b":', "}")])
def test_deep_details(opening: str, closing: str) -> None:
    """A Detail may have 1,000 levels and not one more, and keeps its text however deep it is."""
    deepest = nested(MAX_DETAIL_DEPTH, opening, closing)

    assert isinstance(put(Detail=nested(MAX_DETAIL_DEPTH + 1, opening, closing)), Refused)
    assert accepted(Detail=deepest).text.decode().endswith(f'"detail":{deepest}}}')


def test_brackets_in_strings_are_no_levels() -> None:
    """Only lists and objects count, wherever brackets stand in texts."""
    detail = json.dumps({"a": "[" * 2000 + '"{' * 2000, '\\"[': "\\"})

    assert accepted(Detail=detail).envelope["detail"] == json.loads(detail)


@pytest.mark.parametrize(
    ("time", "expected"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1.999, "1970-01-01T00:00:01Z"),
        (-0.5, "1969-12-31T23:59:59Z"),
        (1704067199.9999998, "2023-12-31T23:59:59Z"),
        (-62135596800, "0001-01-01T00:00:00Z"),
        (253402300799, "9999-12-31T23:59:59Z"),
        ("2026-11-23T12:00:00Z", "2026-11-23T12:00:00Z"),
        ("2026-11-23T12:00:00.999+02:00", "2026-11-23T10:00:00Z"),
        ("2026-11-23T12:00:00", "2026-11-23T12:00:00Z"),
        ("0042-01-01T00:00:00Z", "0042-01-01T00:00:00Z"),
    ],
)
def test_times(time: float | str, expected: str) -> None:
    """Epoch seconds and ISO-8601 texts become whole seconds in UTC; fractions are cut off, not rounded."""
    assert is_timestamp(time)
    assert accepted(Time=time).envelope["time"] == whole_seconds(time) == expected


@pytest.mark.parametrize(
    "time",
    [
        1e18,
        -1e18,
        float("nan"),
        float("inf"),
        253402300800,
        -62135596801,
        "yesterday",
        "",
        "2026-13-01",
        True,
        [],
        {},
        "0001-01-01T00:00:00+01:00",
        "9999-12-31T23:59:59-01:00",
    ],
)
def test_what_is_no_time(time: object) -> None:
    """What is no time of the years 1 to 9999 is told before an event is made of it."""
    assert is_timestamp(time) is False


def test_no_time_is_the_calls() -> None:
    """Without a Time, and with one that is null, an event has the time of the call."""
    assert is_timestamp(None)
    assert accepted(Time=None).envelope["time"] == "2026-11-23T12:00:00Z"


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (ENTRY, len("shop") + len("Order") + len("{}")),
        ({**ENTRY, "Time": 0}, 11 + 14),
        ({**ENTRY, "Resources": ["ü", "ab"]}, 11 + 4),
        ({"Detail": "😀"}, 4),
        ({**ENTRY, "EventBusName": "x" * 99, "TraceHeader": "y"}, 11),
        ({"Source": None, "Resources": None}, 0),
        ({"Source": "\ud800"}, 3),
    ],
)
def test_sizes(entry: dict[str, Any], expected: int) -> None:
    """The size is that of AWS's formula: 14 bytes for a Time, the rest in UTF-8, and neither bus nor trace header."""
    assert entry_bytes(entry) == expected


def test_resources() -> None:
    """Resources are handed on as they are."""
    assert accepted(Resources=["arn:a", ""]).envelope["resources"] == ["arn:a", ""]
    assert accepted(Resources=None).envelope["resources"] == []
