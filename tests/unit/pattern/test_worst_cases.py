"""
Inputs made to be slow. None of these tests looks at a clock: with backtracking, recursion or a try of every
combination, they would not end within a day.
"""

from __future__ import annotations

import json

import pytest

from livebus.pattern import EventPattern

MEGABYTE = 1_000_000


@pytest.mark.parametrize(
    ("condition", "value"),
    [
        ({"wildcard": "*a" * 100 + "b"}, "a" * MEGABYTE),
        ({"wildcard": "*" + "aab*" * 100}, "a" * MEGABYTE),
        ({"wildcard": "*" + "a" * 1000 + "b" + "a" * 900 + "*"}, "a" * MEGABYTE),
        ({"suffix": {"equals-ignore-case": "b" + "a" * 1900}}, "a" * MEGABYTE),
        ({"equals-ignore-case": "ß" * 1900}, "S" * MEGABYTE),
        ({"prefix": {"equals-ignore-case": "ß" * 1000 + "x"}}, "S" * MEGABYTE),
    ],
)
def test_long_texts(condition: dict[str, object], value: str) -> None:
    """Texts of a megabyte that nearly fit are gone through once."""
    assert not EventPattern(json.dumps({"a": [condition]})).matches({"a": value})


def test_many_elements_with_absence() -> None:
    """A large array is gone through once, though each element could be the one."""
    event = {"d": [{"x": 1, "y": number} for number in range(50_000)]}
    pattern = EventPattern('{"d":{"x":[1],"y":[{"exists":false}]}}')

    assert not pattern.matches(event)
    event["d"].append({"x": 1})
    assert pattern.matches(event)


def test_many_arrays_side_by_side() -> None:
    """Choices in separate arrays are made separately, not in every combination."""
    names = [f"k{number}" for number in range(40)]
    pattern = EventPattern(json.dumps({name: {"x": [1], "y": [2], "z": [{"exists": False}]} for name in names}))
    event = {name: [{"x": 1, "y": 2, "z": 3}] * 40 for name in names}

    assert not pattern.matches(event)
    assert pattern.matches({name: [*rows, {"x": 1, "y": 2}] for name, rows in event.items()})


def test_a_thousand_sub_rules_over_a_large_array() -> None:
    """All combinations of a $or are asked of an element at once."""
    members = [{f"o{number}": ["x", {"exists": False}], "m": [number]} for number in range(10)]
    pattern = EventPattern(json.dumps({"d": {"$or": members}, "d.e": {"$or": members}, "d.f": {"$or": members}}))
    row = {**{f"o{number}": "y" for number in range(10)}, "m": 3}
    event = {"d": [{**row, "e": row, "f": [row, row]}] * 3_000}

    assert not pattern.matches(event)


@pytest.mark.parametrize("width", [0, 1])
def test_arrays_in_arrays(width: int) -> None:
    """A thousand levels of arrays are neither a crash nor a doubling at each level."""
    value: object = [{"x": 1}]
    for _ in range(999):
        value = [*["s", {"x": 2}] * width, value, *[["s"]] * width]
    event = {"k": value}

    assert EventPattern('{"k":{"x":[1]}}').matches(event)
    assert not EventPattern('{"k":["v"],"k.x":[1],"k.y":[{"exists":false}]}').matches(event)
    assert not EventPattern('{"k":[{"exists":false},"v"],"k.x":[3,{"exists":false}]}').matches(event)


def test_objects_in_objects() -> None:
    """A pattern and an event of hundreds of levels match."""
    levels = 999
    pattern = EventPattern('{"k":' * levels + "[1]" + "}" * levels)

    assert pattern.matches_json('{"k":' * levels + "1" + "}" * levels)
    assert not pattern.matches_json('{"k":' * levels + "2" + "}" * levels)
    assert pattern.matches({".".join(["k"] * levels): 1})
