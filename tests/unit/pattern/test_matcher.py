"""Arrays, absence and dotted names: which values may meet a pattern's fields together."""

from __future__ import annotations

import json
from typing import Any

import pytest

from livebus.errors import InvalidEvent
from livebus.pattern import EventPattern, PatternIndex, matcher
from livebus.pattern.conditions import Literal
from livebus.pattern.search import search

X1_NO_Y = {"d": {"x": [1], "y": [{"exists": False}]}}
NO_A_Z1 = {"d": {"a": [{"exists": False}], "z": [1]}}


@pytest.mark.parametrize(
    ("pattern", "event", "expected"),
    [
        # Two conditions on one array: one element.
        ({"d": {"x": [1], "y": [2]}}, {"d": [{"x": 1, "y": 2}]}, True),
        ({"d": {"x": [1], "y": [2]}}, {"d": [{"x": 1}, {"y": 2}]}, False),
        ({"d": {"x": [1], "y": [2]}}, {"d": [{"x": 1, "y": 3}, {"x": 1, "y": 2}]}, True),
        ({"d": {"e": {"x": [1]}, "y": [2]}}, {"d": [{"e": [{"x": 1}], "y": 3}, {"e": {"x": 3}, "y": 2}]}, False),
        ({"d": {"e": {"x": [1], "y": [2]}}}, {"d": [{"e": [{"x": 1}, {"y": 2}]}, {"e": [{"x": 1, "y": 2}]}]}, True),
        ({"d": {"x": [1], "y": [2]}}, {"d": [[{"x": 1}], [{"y": 2}]]}, False),
        ({"d": {"x": [1], "y": [2]}}, {"d": [[{"x": 1, "y": 2}]]}, True),
        # Plain values in an array bind nothing; separate arrays are free.
        ({"d": {"x": [1], "y": [2]}}, {"d": {"x": [0, 1], "y": [2, 3]}}, True),
        ({"d": {"x": [1]}, "e": {"x": [2]}}, {"d": [{"x": 1}, {"x": 0}], "e": [{"x": 0}, {"x": 2}]}, True),
        ({"d": [1], "d.x": [2]}, {"d": [1, {"x": 2}]}, True),
        ({"d": [1], "d.x": [2]}, {"d": [[1], {"x": 2}]}, False),
        ({"d": [1], "d.x": [2]}, {"d": [[1, {"x": 2}]]}, True),
        # Absence after an element is chosen is asked of that element.
        (X1_NO_Y, {"d": [{"x": 1, "y": 2}, {"x": 1}]}, True),
        (X1_NO_Y, {"d": [{"x": 1, "y": 2}]}, False),
        (X1_NO_Y, {"d": [{"x": 2}, {"x": 1, "y": 5}]}, False),
        # Absence before that is asked of the whole array.
        (NO_A_Z1, {"d": [{"a": 1}, {"z": 1}]}, False),
        (NO_A_Z1, {"d": [{"b": 1}, {"z": 1}]}, True),
        ({"d": {"x": [{"exists": False}], "y": [{"exists": False}]}}, {"d": [{"x": 1}]}, False),
        ({"d": {"x": [1, {"exists": False}], "y": [2]}}, {"d": [{"x": 1, "y": 3}, {"y": 2}]}, False),
        ({"d": {"x": [1, {"exists": False}], "y": [2]}}, {"d": [{"x": 1, "y": 2}, {"y": 3}]}, True),
        # Inside the chosen element, an inner array begins anew.
        (
            {"d": {"x": [1], "y": {"p": [{"exists": False}], "q": [1]}}},
            {"d": [{"x": 1, "y": [{"p": 1}, {"q": 1}]}, {"x": 1, "y": [{"q": 1}]}]},
            True,
        ),
        (
            {"d": {"x": [1], "y": {"p": [{"exists": False}], "q": [1]}}},
            {"d": [{"x": 1, "y": [{"p": 1}, {"q": 1}]}, {"x": 2, "y": [{"q": 1}]}]},
            False,
        ),
        ({"d": [{"exists": False}], "d.x": [1]}, {"d": [5, {"x": 1}]}, False),
        ({"d": [{"exists": False}], "d.x": [1]}, {"d": [{"x": 1}]}, True),
        # Alphabetical order is that of whole paths in UTF-16, where "-" stands before "." and U+FF5E last.
        ({"d": {"\U0001f600": [1], "～": [{"exists": False}]}}, {"d": [{"\U0001f600": 1}, {"～": 1}]}, True),
        ({"d": {"\U0001f600": [{"exists": False}], "～": [1]}}, {"d": [{"\U0001f600": 1}, {"～": 1}]}, False),
        # Empty arrays and objects hold no value.
        ({"d": {"x": [{"exists": False}]}}, {"d": []}, True),
        ({"d": {"x": [{"exists": False}], "y": [1]}}, {"d": [{}, [], {"y": 1}]}, True),
        ({"d": {"x": [1]}}, {"d": [[], {}, 5]}, False),
    ],
)  # fmt: skip
def test_conditions_on_arrays(pattern: dict[str, Any], event: dict[str, Any], expected: bool) -> None:
    """Fields that lead into one array are met in one element; absence is asked where earlier fields have led."""
    assert expected == EventPattern(json.dumps(pattern)).matches(event)


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"a": {"b": {"c": 1}}}, True),
        ({"a.b.c": 1}, True),
        ({"a.b": {"c": 1}}, True),
        ({"a": {"b.c": 1}}, True),
        ({"a": {"x": 1}, "a.b": {"c": 1}}, True),
        ({"a": {"b": {"x": 1}}, "a.b": {"c": 1}}, True),
        ({"a": {"b": {"x": 1}}, "a.b.c": 1}, True),
        ({"a": {"b.c": 1}, "a.b": {"x": 2}}, True),
        ({"a": {"b": {"c": 2}}, "a.b.c": 1}, True),
        ({"a": 5, "a.b.c": 1}, True),
        ({"a": [{"b": {"c": 2}}], "a.b.c": 1}, True),
        ({"a": {"b": {"c": 2}}, "a.b.c": 3}, False),
        ({"a.b.c.d": 1, "a.b.x": 1, "b.c": 1, "a..b.c": 1}, False),
    ],
)
def test_a_dot_is_a_level_in_events(event: dict[str, Any], expected: bool) -> None:
    """A dotted name in an event leads where its levels lead, beside other spellings of the same path."""
    assert expected == EventPattern('{"a":{"b":{"c":[1]}}}').matches(event)


@pytest.mark.parametrize(
    ("event", "searched"),
    [
        ({"a.b.c": 1}, 0),
        ({"a": {"x": 1}, "a.b": {"c": 1}}, 0),
        ({"a": {"b": {"x": 1}}, "a.b.c": 1}, 0),
        ({"a": {"b": {"x": 1}, "y": 2}, "a.b": {"c": 1}}, 0),
        ({"a": 5, "a.b.c": 1}, 1),
        ({"a": {"b": {"c": 2}}, "a.b.c": 1}, 1),
    ],
)
def test_only_a_clash_takes_the_slow_way(event: dict[str, Any], searched: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dotted names are laid out, and the event is walked, unless a value is in the way: only then are all ways tried."""
    taken: list[Any] = []
    monkeypatch.setattr(matcher, "search", lambda tree, event: taken.append(event) or search(tree, event))
    pattern = EventPattern('{"a":{"b":{"c":[1]}}}')

    assert pattern.matches(event)
    assert len(taken) == searched


def test_two_spellings_of_an_array_are_two_arrays() -> None:
    """Fields may be met in an element of each."""
    pattern = EventPattern('{"a":{"b":{"x":[1],"y":[2]}}}')

    assert pattern.matches({"a": {"b": [{"x": 1}]}, "a.b": [{"y": 2}]})
    assert not pattern.matches({"a": {"b": [{"x": 1}, {"y": 2}]}, "a.b": [{"y": 3}]})


def test_the_event_is_not_changed() -> None:
    """Laying dotted names out happens in a copy."""
    event = {"a": {"b": {"x": 1}}, "a.b.c": 1, "a.d": {"e": 1}}
    before = json.dumps(event)
    EventPattern('{"a":{"b":{"c":[1]},"d":{"e":[1]}}}').matches(event)

    assert before == json.dumps(event)


def test_an_entangled_event_ends_the_search() -> None:
    """Many spellings of one path, each an array with a choice, are not tried without end."""
    event: dict[str, Any] = {}
    spelled = [["a"]]
    for step in "bcdefgh":
        spelled = [way for old in spelled for way in ([*old, step], [*old[:-1], f"{old[-1]}.{step}"])]
    for number, way in enumerate(spelled):
        place = event
        for step in way[:-1]:
            place = place.setdefault(step, {})
        place[way[-1]] = [{f"k{(number + turn * 7) % 60}": 1} for turn in range(3)]
    fields = {f"k{number}": [1] for number in range(61)}
    pattern = EventPattern(json.dumps({"a.b.c.d.e.f.g.h": fields}))

    assert not pattern.matches(event)
    assert pattern.explain(event)


@pytest.mark.parametrize("event", [[], "x", None, 5, [{"a": 1}]])
def test_an_event_is_an_object(event: object) -> None:
    """Anything else is refused, parsed or as text."""
    with pytest.raises(InvalidEvent):
        EventPattern('{"a":[1]}').matches(event)
    with pytest.raises(InvalidEvent):
        PatternIndex(['{"a":[1]}']).matching_json(json.dumps(event))


def test_values_that_json_has_not_are_a_fault_of_the_caller() -> None:
    """A value that no JSON parser makes is no user's mistake."""
    with pytest.raises(TypeError):
        EventPattern('{"a":[1]}').matches({"a": object()})


def test_an_index_of_no_patterns_matches_nothing() -> None:
    """A bus without rules is a bus."""
    assert PatternIndex([]).matching({"a": 1}) == []


def test_an_index_names_a_pattern_once() -> None:
    """A pattern of which several members of a $or match is one pattern."""
    text = '{"$or":[{"a":[1]},{"b":[2]},{"c":[3]}]}'

    assert PatternIndex([text, text]).matching({"a": 1, "b": 2}) == [0, 1]


def test_an_index_with_more_sub_rules_than_one_tree_holds() -> None:
    """Patterns with many combinations are spread over several trees, and keep their numbers."""
    many = json.dumps({f"k{n}": {"$or": [{f"o{m}": [m] for m in [member]} for member in range(10)]} for n in range(3)})
    index = PatternIndex([many, '{"a":[1]}', many, '{"a":[{"exists":true}]}', many])

    assert index.matching({"a": 1, **{f"k{n}": {"o4": 4} for n in range(3)}}) == [0, 1, 2, 3, 4]
    assert index.matching({"a": 2}) == [3]


def test_two_patterns_that_an_entangled_event_meets_are_both_found() -> None:
    """One path spelt in two ways is searched for, for each of the patterns."""
    index = PatternIndex(['{"a":{"b":[1],"c":[2]}}', '{"a":{"b":[1]}}', '{"a":{"b":[3]}}'])
    assert index.matching({"a.b": [1], "a": {"b": [5], "c": 2}}) == [0, 1]


def test_a_literal_is_met_by_itself_alone() -> None:
    """True is neither false, null nor one."""
    literal = Literal(True)
    assert [literal.meets_constant(each) for each in (True, False, None)] == [True, False, False]


def test_what_is_no_object_is_no_event_to_match() -> None:
    """With what to give instead."""
    with pytest.raises(InvalidEvent) as raised:
        EventPattern('{"a":[1]}').matches([])
    assert str(raised.value) == "Event must be a JSON object; expected an object. Give the whole envelope."
