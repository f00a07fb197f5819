"""Fields of a new application's event: types, patterns, values."""

from __future__ import annotations

import pytest

from livebus.errors import Fault, Place
from livebus.new.field import EventField, read_field
from livebus.schema.scalars import SCALARS


def read(text: str) -> EventField:
    found = read_field(text, Place())
    assert isinstance(found, EventField)
    return found


@pytest.mark.parametrize("scalar", sorted(SCALARS))
def test_each_scalar_has_a_value_that_it_takes(scalar: str) -> None:
    """And that subscribers get as it was sent."""
    value = read(f"field:{scalar}!").sample
    assert SCALARS[scalar].serialize(SCALARS[scalar].parse(value)) == value
    assert read(f"field:[{scalar}!]").sample == [value]


@pytest.mark.parametrize(
    ("type_", "pattern"),
    [
        ("ID!", '[prefix: ""]'),
        ("Boolean!", "[true, false]"),
        ("Int!", '[numeric: [">=", -2147483647, "<=", 2147483647]]'),
        ("[AWSTimestamp!]!", '[numeric: [">=", -5000000000, "<=", 5000000000]]'),
        ("String", "[exists: true]"),
        ("[String]!", "[exists: true]"),
        ("[String!]", "[exists: true]"),
    ],
)
def test_the_pattern_is_that_of_the_type(type_: str, pattern: str) -> None:
    """Whatever is there, where null is allowed."""
    assert read(f"field:{type_}").pattern == pattern


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("orderId", "'orderId' has no type; expected NAME:TYPE, such as orderId:ID!"),
        ("order-id:ID", "'order-id' is not a field's name; expected letters, digits and _, such as orderId"),
        ("__id:ID", "'__id' is not a field's name; expected letters, digits and _, such as orderId"),
        ("a:[ID", "'[ID' is not a type; expected a scalar, or a list of one: ID!, Float, [String!]!"),
        ("a:ID!!", "'ID!!' is not a type; expected ID!"),
        ("a:[[ID]]", "'[[ID]]' is not a type; expected a scalar, or a list of one: ID!, Float, [String!]!"),
        ("a:Strin", "'Strin' is not a scalar of AppSync's. Did you mean 'String'?"),
    ],
)
def test_what_is_no_field_is_told(text: str, expected: str) -> None:
    assert str(read_field(text, Place())) == expected
    assert isinstance(read_field(text, Place()), Fault)
