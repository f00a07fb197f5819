"""The members of an entry, one by one. What a whole file makes of them is in test_event_file.py."""

from __future__ import annotations

import pytest

from livebus.event.entry_members import InvalidMember, checked, detail_from_object, detail_from_text


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
