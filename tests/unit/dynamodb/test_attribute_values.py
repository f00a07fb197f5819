"""Attribute values: what is taken, how large it counts, what is alike."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livebus.dynamodb.attribute_values import equal, item_size, read_item, read_value, sortable
from livebus.dynamodb.errors import DynamoDBError

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["S", "N", "B", "SS", "NS", "BS", "M", "L", "NULL", "BOOL", "x"]), inner, max_size=2
        )
    ),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": "größer"}, 8),
        ({"N": "0"}, 1),
        ({"N": "-12345"}, 5),
        ({"B": "AAECAw=="}, 4),
        ({"BOOL": False}, 1),
        ({"NULL": True}, 1),
        ({"SS": ["ab", "c"]}, 3),
        ({"NS": ["1", "22"]}, 4),
        ({"BS": ["AA==", "AAE="]}, 3),
        ({"L": []}, 3),
        ({"L": [{"S": "ab"}]}, 6),
        ({"M": {"k": {"S": "ab"}}}, 7),
    ],
)
def test_the_size_of_values(value: dict[str, Any], size: int) -> None:
    """Bytes of UTF-8, half a byte for a digit, three for a list or a map and one for each member."""
    read, measured = read_value(value)
    assert (read, measured) == (value, size)
    assert item_size({"name": value}) == size + 4


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ({}, "Supplied AttributeValue is empty"),
        ({"X": "y"}, "Supplied AttributeValue is empty"),
        ({"S": "a", "N": "1"}, "has more than one datatypes set"),
        ({"NULL": False}, "Null attribute value types must have the value of true"),
        ({"NS": ["1", "1.0"]}, r"Input collection \[1, 1.0\] contains duplicates."),
        ({"NS": []}, "An number set  may not be empty"),
        ({"BS": []}, "Binary sets should not be empty"),
        ({"B": "no base64!"}, "is not base64"),
        ({"S": 5}, "another type"),
        ({"S": "\ud800"}, "half of a character"),
        ("text", "another type"),
    ],
)
def test_values_that_are_refused(value: Any, words: str) -> None:
    """Each in DynamoDB's words where they are known."""
    with pytest.raises(DynamoDBError, match=words):
        read_value(value)


def test_32_levels_and_no_more() -> None:
    """Lists in lists, as deep as DynamoDB goes."""
    value: dict[str, Any] = {"S": "x"}
    for _ in range(32):
        value = {"L": [value]}
    assert read_value(value)[0] == value
    with pytest.raises(DynamoDBError, match="Nesting Levels have exceeded supported limits"):
        read_value({"L": [value]})


def test_what_is_alike() -> None:
    """Sets in any order, also within maps and lists; numbers by value; never two types."""
    first = {"M": {"a": {"L": [{"SS": ["x", "y"]}]}}}
    assert equal(first, {"M": {"a": {"L": [{"SS": ["y", "x"]}]}}})
    assert not equal(first, {"M": {"a": {"L": [{"SS": ["y"]}]}}})
    assert not equal({"S": "1"}, {"N": "1"})
    assert not equal({"L": []}, {"L": [{"N": "1"}]})


@given(ANYTHING)
def test_anything_is_read_or_refused(value: Any) -> None:
    """Nothing but DynamoDBError comes out, and what was read is read again the same."""
    try:
        item, size = read_item({"a": value})
    except DynamoDBError:
        return
    assert read_item(item) == (item, size)
    assert item_size(item) == size


@pytest.mark.parametrize(
    "given_value",
    [{"S": "x"}, {"S": "x", "N": None}, {"S": "x", "Unknown": 1}, {"S": "x", "NULL": None, "Unknown": None}],
)
def test_members_that_are_not_used(given_value: dict[str, Any]) -> None:
    """SDKs may send them as null; what is no type is passed over."""
    assert read_value(given_value)[0] == {"S": "x"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"S": "é"}, ("S", "é".encode())),
        ({"B": "AQI="}, ("B", b"\x01\x02")),
        ({"BOOL": True}, None),
        ({"SS": ["a"]}, None),
    ],
)
def test_what_can_be_sorted(value: dict[str, Any], expected: Any) -> None:
    """Numbers, texts and binaries, by their bytes."""
    assert sortable(value) == expected
