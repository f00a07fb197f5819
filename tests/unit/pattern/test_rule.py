"""Fields, paths and $or: which sub-rules a pattern's text makes."""

from __future__ import annotations

import json

import pytest

from livebus.errors import InvalidEventPattern
from livebus.pattern import EventPattern
from livebus.pattern.rule import TooManyCombinations, read


def sub_rules(text: str) -> list[dict[str, list[str]]]:
    return [
        {path: [str(condition) for condition in field.conditions] for path, field in sub_rule.items()}
        for sub_rule in read(text).sub_rules
    ]


def test_levels_and_dots_are_one_path() -> None:
    """A dotted name is the path of its levels, and of one path the last condition counts."""
    assert sub_rules('{"a":{"b":[1]},"a.b":[2],"a":{"c":[3]}}') == [{"a.b": ["2"], "a.c": ["3"]}]


def test_or_makes_a_sub_rule_of_each_member() -> None:
    """What stands before a $or goes into each of its members' sub-rules, what follows into all."""
    expected = [{"x": ["0"], "d.a": ["1"], "y": ["9"]}, {"x": ["0"], "d.b": ["2"], "d.c": ["3"], "y": ["9"]}]

    assert expected == sub_rules('{"x":[0],"d":{"$or":[{"a":[1]},{"b":[2],"c":[3]}]},"y":[9]}')


def test_or_multiplies() -> None:
    """Two $or in one pattern make every combination of their members."""
    expected = [[a, b] for b in "345" for a in "12"]
    text = '{"d":{"$or":[{"a":[1]},{"a":[2]}]},"e":{"$or":[{"b":[3]},{"b":[4]},{"b":[5]}]}}'

    assert expected == [[rule["d.a"][0], rule["e.b"][0]] for rule in sub_rules(text)]


def test_or_inside_or() -> None:
    """A $or in a member of another adds its own members to that one."""
    expected = [{"a": ["1"]}, {"b": ["2"], "c": ["3"]}, {"b": ["2"], "d": ["4"]}]

    assert expected == sub_rules('{"$or":[{"a":[1]},{"b":[2],"$or":[{"c":[3]},{"d":[4]}]}]}')


def test_the_last_word_on_a_path_counts() -> None:
    """A member of a $or overrides what stands before it, and is overridden by what follows."""
    assert sub_rules('{"a":[1],"$or":[{"a":[2]},{"b":[3]}]}') == [{"a": ["2"]}, {"a": ["1"], "b": ["3"]}]
    assert sub_rules('{"$or":[{"a":[2]},{"b":[3]}],"a":[1]}') == [{"a": ["1"]}, {"b": ["3"], "a": ["1"]}]


def test_conditions_know_their_member_of_or() -> None:
    """A field inside $or carries the path of its member, for explanations."""
    [first, second] = read('{"x":[0],"d":{"$or":[{"a":[1]},{"b":{"c":[2]}}]}}').sub_rules

    assert [field.branch for field in first.values()] == ["", "$.d.$or[0]"]
    assert [field.branch for field in second.values()] == ["", "$.d.$or[1]"]


@pytest.mark.parametrize(
    ("text", "reason", "column"),
    [
        ("[]", "Filter is not an object", 2),
        ("null", "Filter is not an object", 5),
        ("", "Filter is not an object", 1),
        ("{}", "Empty objects are not allowed", 3),
        ('{"a":{}}', "Empty objects are not allowed", 8),
        ('{"a":[]}', "Empty arrays are not allowed", 8),
        ('{"a":"x"}', '"a" must be an object or an array', 7),
        ('{"a":null}', '"a" must be an object or an array', 10),
        ('{"$or":"x"}', "It must be an Array followed with $or.", 9),
        ('{"$or":[]}', "There must have at least 2 Objects in $or relationship.", 10),
        ('{"$or":[{"a":["x"]}]}', "There must have at least 2 Objects in $or relationship.", 21),
        ('{"$or":[{"a":["x"]},1]}', "Only JSON object is allowed in array of $or relationship.", 22),
        ('{"$or":[{"a":["x"]},{}]}', "Empty objects are not allowed", 23),
        ('{"$or":[{"a":{"numeric":["x"]}},{"b":["y"]}]}',
         "numeric is Ruler reserved fieldName which cannot be used inside $or.", 26),
    ],
)  # fmt: skip
def test_wrong_forms_are_refused_in_awss_words(text: str, reason: str, column: int) -> None:
    """Each fault of a pattern's form has its own reason, and the column where reading stopped."""
    with pytest.raises(InvalidEventPattern) as caught:
        read(text)

    assert (reason, 1, column) == (caught.value.reason, caught.value.line, caught.value.column)


@pytest.mark.parametrize("text", ['{"$or":{"a":["x"]}}', '{"$or":[1,2]}', '{"$or":[{"prefix":"x"},{"suffix":"y"}]}'])
def test_or_that_is_no_operator_is_a_field(text: str) -> None:
    """A $or that only makes sense as a field's name is one, and the rule says so."""
    assert read(text).or_as_field


def test_or_as_a_field_matches_a_field_of_that_name() -> None:
    """Such a field is matched like any other."""
    assert EventPattern('{"$or":[1,2]}').matches({"$or": 2})


def test_names_of_operators_are_plain_names_outside_or() -> None:
    """Only inside $or are operators' names kept free."""
    assert EventPattern('{"a":{"prefix":["x"]}}').matches({"a": {"prefix": "x"}})


def test_text_behind_the_pattern_is_left_unread() -> None:
    """The engine stops at the pattern's last brace."""
    assert EventPattern('{"a":["x"]} and more').matches({"a": "x"})


def three_ors(members: int) -> str:
    def of(number: int) -> dict[str, object]:
        return {"$or": [{f"o{member}": ["x"]} for member in range(number)]}

    return json.dumps({"a": of(10), "b": of(10), "c": of(members)})


def test_a_thousand_combinations_are_allowed() -> None:
    """The documented limit is still valid."""
    assert len(read(three_ors(10)).sub_rules) == 1000


def test_more_than_a_thousand_combinations_are_refused() -> None:
    """One combination too many is refused, as is a number that would fill the memory."""
    for text in (three_ors(11), json.dumps({f"k{n}": {"$or": [{"a": [1]}, {"b": [2]}]} for n in range(200)})):
        with pytest.raises(TooManyCombinations) as caught:
            read(text)
        assert caught.value.reason == "Rule is too complex - more than 1000 $or combinations"


def test_a_fault_of_form_is_told_before_too_many_combinations() -> None:
    """Reading goes on to the end of a pattern with too many combinations."""
    with pytest.raises(InvalidEventPattern) as caught:
        read(three_ors(11)[:-1] + ',"z":5}')

    assert caught.value.reason == '"z" must be an object or an array'
