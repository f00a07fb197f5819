"""What the service may refuse for its size."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from itertools import product

import pytest

from livebus.pattern import limits
from livebus.pattern.quota import complexity
from livebus.pattern.rule import read


def found(text: str) -> list[str]:
    return [fault.found for fault in limits(text)]


def test_an_ordinary_pattern_has_no_findings() -> None:
    """Nothing is said of a pattern within all limits."""
    assert limits('{"source":["x"],"detail":{"a":[{"wildcard":"a*b*c"}]}}') == []


def test_a_pattern_of_2048_characters_is_within_the_limit() -> None:
    """The limit counts characters, and the last one is allowed."""
    text = '{"a":["' + "é" * 2038 + '"]}'

    assert (len(text), found(text)) == (2048, [])
    assert found(text + " ") == ["The pattern has 2,049 characters"]


def test_length_is_told_of_an_invalid_pattern_too() -> None:
    """A pattern can be too long and wrong, and only the first is a limit."""
    assert found("x" * 3000) == ["The pattern has 3,000 characters"]
    assert found("x") == []


def test_too_many_combinations_are_found() -> None:
    """The limit on $or is told here, too, although such a pattern is refused."""
    members = [{f"o{number}": ["x"]} for number in range(11)]
    text = json.dumps({key: {"$or": members} for key in "abc"}, separators=(",", ":"))

    assert found(text) == ["Event pattern is not valid. Reason: Rule is too complex - more than 1000 $or combinations"]


def test_more_than_256_fields_are_found() -> None:
    """The engine's limit on the fields of one sub-rule."""
    fields = {f"f{number}": [1] for number in range(257)}
    texts = [json.dumps(fields, separators=(",", ":")), json.dumps(dict(list(fields.items())[:256]))]

    assert ["The pattern asks for 257 fields at once" in found(text) for text in texts] == [True, False]


def test_or_as_a_field_is_found() -> None:
    """A $or that is taken for a field's name is hardly meant so."""
    assert found('{"$or":{"a":[1]}}') == [
        "$or is not used as an operator here, so EventBridge takes it for a field of that name"
    ]


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ('"x"', 0),
        ('{"wildcard":"x"}', 1),
        ('{"wildcard":"*"}', 2),
        # Recorded: AWS refuses this one.
        ('{"wildcard":"*:*:*:*:*:event-bus/*"}', 11),
        # Wildcards that begin alike share their beginning; separate conditions count for each that goes on from it.
        ('{"anything-but":{"wildcard":["*/dir1/*","*/dir2/*"]}}', 5),
        ('{"wildcard":"*/dir1/*"},{"wildcard":"*/dir2/*"}', 7),
        ('{"wildcard":"a*b"},{"wildcard":"a*b"}', 2),
        # After "ba" the engine is at five places, two of them stars that it has yet to enter.
        ('{"wildcard":"ba*y"},{"wildcard":"*a*x"}', 5),
        (json.dumps({"wildcard": "*a" * 200}), 400),
    ],
)
def test_complexity_is_the_engines_measure(conditions: str, expected: int) -> None:
    """Complexity counts the places in which the engine can be at once."""
    [sub_rule] = read(f'{{"a":[{conditions}]}}').sub_rules

    assert expected == complexity(sub_rule["a"].conditions)


def by_regular_expressions(wildcards: Sequence[str]) -> int:
    """
    The same measure from its definition: after some text a place is a beginning of a wildcard that matches all of it, and
    counts once for each wildcard that begins so. All texts of up to seven characters are tried.
    """
    quoted = sorted({f'"{wildcard}"' for wildcard in wildcards})
    beginnings = {each[:end] for each in quoted for end in range(1, len(each) + 1)}
    weights = [
        (re.compile(beginning.replace("*", ".*")), sum(each.startswith(beginning) for each in quoted))
        for beginning in beginnings
    ]
    texts = (
        f'"{"".join(inner)}{end}' for size in range(7) for inner in product("abz", repeat=size) for end in ("", '"')
    )
    return max(sum(weight for match, weight in weights if match.fullmatch(text)) for text in texts)


@pytest.mark.parametrize(
    "wildcards",
    [
        ["*a*a", "baa*b"],
        ["baba*", "b*aba"],
        ["abaa*", "*a*ab"],
        ["*b*ab", "baab*"],
        ["*ab*", "*ba*", "ab*"],
        ["a*a*a*", "*aa"],
        ["*", "a*", "*b"],
        ["a", "ab*b", "ab*a"],
    ],
    ids=" ".join,
)
def test_complexity_counts_the_beginnings_that_match(wildcards: list[str]) -> None:
    """After the worst text, each beginning of a wildcard that matches it is a place."""
    [sub_rule] = read(json.dumps({"a": [{"wildcard": each} for each in wildcards]})).sub_rules

    assert complexity(sub_rule["a"].conditions) == by_regular_expressions(wildcards)


def test_complex_wildcards_are_found() -> None:
    """A pattern that AWS is recorded to refuse for its wildcards is told, one that it accepts is not."""
    assert found('{"a":[{"wildcard":"*:*:*:*:*:event-bus/*"}]}') == ["The wildcards of a have a complexity of 11"]
    assert found('{"a":[{"wildcard":"*:*:*:event-bus/*"}]}') == []


def test_a_field_of_several_alternatives_is_told_once() -> None:
    """$or makes a sub-rule of each alternative; what stands beside it is in all of them, and is one field."""
    field = '"a":[{"wildcard":"*:*:*:*:*:event-bus/*"}]'

    assert found(f'{{{field},"$or":[{{"b":[1]}},{{"c":[2]}}]}}') == ["The wildcards of a have a complexity of 11"]


def test_a_pattern_of_4096_characters_is_looked_at() -> None:
    """Beyond that length only the length is told: no quota that can be raised takes it."""
    text = '{"$or":{"a":[1]}}'
    as_field = "$or is not used as an operator here, so EventBridge takes it for a field of that name"

    assert found(text.ljust(4096)) == ["The pattern has 4,096 characters", as_field]
    assert found(text.ljust(4097)) == ["The pattern has 4,097 characters"]


def test_each_finding_says_what_is_taken() -> None:
    """The default and the raised quota; what $or would have to be."""
    (length,) = limits(json.dumps({"a": ["x"]}) + " " * 2048)
    assert length.expected == "2,048 at most, or 4,096 where the account's quota was raised"
    assert length.advice == "Leave out white space, or split the rule."
    (as_field,) = limits('{"$or":["x"]}')
    assert as_field.expected == "an array of two or more objects with fields in them"
