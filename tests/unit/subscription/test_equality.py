"""When two values are equal to a filter, as keys of a dictionary."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from livebus.subscription.equality import fields_of, value_key

# Each line holds values that are equal to each other, and to none of another line.
EQUAL: list[list[Any]] = [
    [1, 1.0],
    [0, 0.0, -0.0],
    ["1"],
    ["true"],
    [True],
    [False],
    [None],
    [""],
    [[]],
    [{}],
    [[1, 2]],
    [[2, 1]],
    [{"a": 1, "b": [True]}, {"b": [True], "a": 1}],
    [{"a": 1}],
]


@pytest.mark.parametrize(("one", "other"), [*itertools.combinations(range(len(EQUAL)), 2)])
def test_values_that_are_not_equal_have_other_keys(one: int, other: int) -> None:
    """A number is no boolean, and neither is a text."""
    pairs = itertools.product(EQUAL[one], EQUAL[other])
    assert [pair for pair in pairs if value_key(pair[0]) == value_key(pair[1])] == []


@pytest.mark.parametrize("values", EQUAL)
def test_equal_values_have_one_key(values: list[Any]) -> None:
    """Whole numbers and others by their value, objects whatever the order of their members."""
    assert len({value_key(value) for value in values}) == 1


@pytest.mark.parametrize(
    ("value", "fields"), [({"a": 1}, {"a": 1}), ({}, {}), (None, {}), ("a", {}), ([{"a": 1}], {}), (7, {})]
)
def test_only_an_object_has_fields(value: Any, fields: dict[str, Any]) -> None:
    """Of any other result each field counts as null."""
    assert fields_of(value) == fields
