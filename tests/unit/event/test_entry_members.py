"""The members of an entry, one by one. What a whole file makes of them is in test_event_file.py."""

from __future__ import annotations

from typing import Any

import pytest

from livebus.event.entry_members import InvalidMember, checked, detail_from_object, detail_from_text, kind


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("{ }", "{}"),
        ('{"a" : [1 , 2.50]\n}', '{"a":[1,2.50]}'),
        (r'{"a \" b" : "c \\" , "d":"  "}', r'{"a \" b":"c \\","d":"  "}'),
        ('{"a": 1, "a": 2}', '{"a":1,"a":2}'),
    ],
)
def test_white_space_between_tokens_goes_and_inside_strings_stays(written: str, sent: str) -> None:
    """A Detail object is carried as it was written, only smaller."""
    assert detail_from_object(written) == sent


def test_detail_text_stays_as_it_is() -> None:
    """Text was somebody's decision."""
    assert detail_from_text(' {"a": 1} ') == ' {"a": 1} '


@pytest.mark.parametrize("bus", ["default", "my.bus-1_x", "arn:aws-cn:events:cn-north-1:123456789012:event-bus/a"])
def test_a_bus_is_a_name_or_an_arn(bus: str) -> None:
    """Both go into EventBusName as they are."""
    assert checked("EventBusName", bus) == bus


@pytest.mark.parametrize("bus", ["a/b", "arn:aws:events:us-east-1:1:event-bus/a", "x\n", "b" * 1601])
def test_what_is_no_bus_would_fail_the_whole_request(bus: str) -> None:
    """AWS checks the name before it looks at any entry, so it is refused here."""
    with pytest.raises(InvalidMember):
        checked("EventBusName", bus)


@pytest.mark.parametrize("text", ['{"a": "\\ud800"}', '{"a": 1e999}', '{"a": Infinity}', "{", "[]", '"{}"', "1"])
def test_a_malformed_detail_is_refused(text: str) -> None:
    """What is not the text of a JSON object, or cannot be carried on, never leaves this machine."""
    with pytest.raises(InvalidMember):
        detail_from_text(text)


def test_a_fault_says_what_would_do() -> None:
    """An empty text, and a whole number of more than 64 bits."""
    with pytest.raises(InvalidMember) as empty:
        checked("Source", "")
    assert (empty.value.found, empty.value.expected) == ("is empty", "at least one character")
    with pytest.raises(InvalidMember) as large:
        detail_from_text('{"a":9223372036854775808}')
    assert (large.value.found, large.value.expected) == (
        "holds a whole number that 64 bits cannot hold",
        "whole numbers of 64 bits, from -9223372036854775808 to 9223372036854775807; larger ones as text",
    )


HALF = ("holds half of a surrogate pair ('\\ud800')", "text that UTF-8 can carry", "")
TIMES = "RFC 3339, such as '2026-01-31T12:00:00Z'"


@pytest.mark.parametrize(
    ("name", "value", "found", "expected", "advice"),
    [
        ("Source", 5, "is the number 5", "a string", ""),
        ("Source", "a\ud800", *HALF),
        (
            "Source",
            "aws.x",
            "'aws.x' begins with 'aws.'",
            "a source of your own",
            "EventBridge refuses it, it is kept for AWS.",
        ),
        ("DetailType", "", "is empty", "at least one character", ""),
        (
            "DetailType",
            "x" * 129,
            "has 129 characters",
            "at most 128",
            "EventBridge accepts a longer one and drops the event in silence.",
        ),
        ("Time", "today", "'today' is not a time", TIMES, ""),
        (
            "Time",
            "2026-01-15T08:30:00",
            "'2026-01-15T08:30:00' has no time zone",
            TIMES,
            "Put Z behind it for UTC.",
        ),
        ("Time", True, "is true", "RFC 3339 text, or a number of seconds since 1970", ""),
        (
            "Time",
            1_800_000_000_000,
            "1800000000000 is out of range",
            "seconds since 1970",
            "Is it in milliseconds? Divide it by 1000.",
        ),
        ("Resources", "arn:a", "is the string 'arn:a'", "an array of strings", ""),
        ("Resources", ["a", 7], "holds the number 7 at [1]", "strings", ""),
        ("Resources", ["a", "x" * 2049], "holds a string of 2049 characters at [1]", "at most 2048", ""),
        ("Resources", ["\ud800"], *HALF),
        ("EventBusName", "a/b", "'a/b' is not an event bus", "a bus's name or its ARN", ""),
        ("EventBusName", "b" * 1601, "has 1601 characters", "at most 1600", ""),
        ("TraceHeader", "x" * 501, "has 501 characters", "at most 500", ""),
    ],
)
def test_each_fault_of_a_member_has_its_words(name: str, value: Any, found: str, expected: str, advice: str) -> None:
    """What was found, what was expected, and what to do next where that is not said by it."""
    with pytest.raises(InvalidMember) as told:
        checked(name, value)
    assert (told.value.found, told.value.expected, told.value.advice) == (found, expected, advice)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DetailType", "x" * 128),
        ("Resources", ["x" * 2048]),
        ("EventBusName", "b" * 256),
        ("TraceHeader", "x" * 500),
        ("Time", 1.5),
    ],
)
def test_what_just_fits_is_sent(name: str, value: Any) -> None:
    """As it is."""
    assert checked(name, value) == value


OBJECT = "the text of a JSON object"


@pytest.mark.parametrize(
    ("text", "found", "expected"),
    [
        ("{", "is not JSON: expecting property name enclosed in double quotes at character 2 ('')", OBJECT),
        (
            '{"a": nope, "b": 1234567890}',
            "is not JSON: expecting value at character 7 ('nope, \"b\": 123456789')",
            OBJECT,
        ),
        ('{"a": NaN}', "is not JSON: NaN is not a JSON number", OBJECT),
        ('{"a": ' + "1" * 5_000 + "}", "holds a number of more digits than are read", OBJECT),
        ('{"a":' * 100_000, "is nested too deeply", "at most 1000 levels"),
        ('{"a": "\ud800"}', "holds half of a surrogate pair ('\\ud800')", "text that UTF-8 can carry"),
        (
            '{"a": "\\ud800"}',
            "holds half of a surrogate pair or a number out of range, or is nested too deeply",
            "UTF-8, doubles, at most 1000 levels",
        ),
        ("[]", "holds an array", OBJECT),
        ("7", "holds the number 7", OBJECT),
    ],
)
def test_each_fault_of_a_detail_has_its_words(text: str, found: str, expected: str) -> None:
    """AWS says "Detail is malformed." of all of them."""
    with pytest.raises(InvalidMember) as told:
        detail_from_text(text)
    assert (told.value.found, told.value.expected, told.value.advice) == (found, expected, "")


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (1.5, "the number 1.5"),
        ("x" * 40, f"the string '{'x' * 40}'"),
        ("x" * 41, f"the string '{'x' * 40}'…"),
        ([], "an array"),
        ({}, "an object"),
    ],
)
def test_a_value_is_told_in_words(value: Any, words: str) -> None:
    """With the value where it is short."""
    assert kind(value) == words
