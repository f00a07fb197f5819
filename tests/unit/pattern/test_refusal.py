"""The message of EventBridge's refusal of a pattern."""

from __future__ import annotations

import json

import pytest

from livebus.errors import InvalidEventPattern
from livebus.pattern import EventPattern, service_message
from livebus.pattern.condition_reader import RefusedInList


def refused(text: str) -> str:
    with pytest.raises(InvalidEventPattern) as raised:
        EventPattern(text)
    return service_message(text, raised.value)


def test_the_reason_and_the_place_with_the_pattern_quoted() -> None:
    """Line and column are those after what was read last."""
    assert refused('{"a": 1}') == (
        'Event pattern is not valid. Reason: "a" must be an object or an array\n'
        ' at [Source: (String)"{"a": 1}"; line: 1, column: 8]'
    )


def test_what_stands_at_no_place_has_the_reason_alone() -> None:
    """Too many combinations are those of the whole pattern."""
    members = [{f"o{number}": ["x"]} for number in range(11)]
    text = json.dumps({key: {"$or": members} for key in "abc"})
    assert refused(text) == "Event pattern is not valid. Reason: Rule is too complex - more than 1000 $or combinations"


def test_inside_a_list_of_an_operator_the_place_is_told_twice() -> None:
    """As AWS's own message has it."""
    place = '\n at [Source: (String)"{}"; line: 1, column: 7]'
    message = service_message("{}", RefusedInList("no", line=1, column=7))
    assert message == f"Event pattern is not valid. Reason: no{place}{place}"
