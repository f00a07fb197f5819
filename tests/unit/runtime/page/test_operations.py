"""An operation for a field, and a value of its type for each variable: what the API takes, with nothing filled in by hand."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import parse, validate

from livebus.errors import LivebusError
from livebus.runtime.page.operations import MAX_VALUES, fields, operation, values
from livebus.schema.schema import parse_schema

SCHEMA = parse_schema("""
    type Query { order(note: String, id: ID!, at: AWSDateTime!): Order count: Int nothing: Closed }
    type Mutation { place(input: OrderInput!): Order }
    type Order { id: ID total: Float secret(key: String!): String of: Customer }
    type Customer { name: String orders: [Order] }
    type Closed { secret(key: String!): String }
    enum Kind { NEW OLD }
    input OrderInput { next: OrderInput customer: String kind: Kind! lines: [Line!]! gift: Boolean = true }
    input Line { note: AWSJSON amount: Int! price: Float! order: OrderInput }
""").graphql


def test_what_is_offered_is_what_the_schema_has() -> None:
    """Queries and mutations, in their order; subscriptions are not asked for over HTTP."""
    assert fields(SCHEMA) == {"query": ["order", "count", "nothing"], "mutation": ["place"]}


def test_an_operation_asks_for_all() -> None:
    """Arguments are variables, those that must be given first; what needs an argument of its own is not selected."""
    text = operation(SCHEMA, "query", "order")
    assert text == (
        "query Order($id: ID!, $at: AWSDateTime!, $note: String) {\n"
        "  order(id: $id, at: $at, note: $note) {\n    id\n    total\n    of {\n      name\n    }\n  }\n}"
    )
    assert validate(SCHEMA, parse(text)) == []
    assert operation(SCHEMA, "query", "count") == "query Count {\n  count\n}"


@pytest.mark.parametrize(
    ("kind", "field", "words"),
    [
        ("query", "place", "the schema has no query 'place'"),
        ("subscription", "order", "the schema has no subscription 'order'"),
        ("query", "nothing", "nothing has no field that can be selected"),
    ],
)
def test_what_cannot_be_asked_is_said(kind: str, field: str, words: str) -> None:
    """By name; a subscription is none of it."""
    with pytest.raises(LivebusError, match=words):
        operation(SCHEMA, kind, field)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("query($note: String, $id: ID!) { count }", {"id": "id-1", "note": "some note"}),
        ("query($a: Int = 5, $b: [Float!]!, $c: Kind, $d: Unknown!) { count }", {"b": [129.9], "a": 5, "c": "NEW"}),
        ("query($a: OrderInput = {kind: OLD, lines: []}) { count }", {"a": {"kind": "OLD", "lines": []}}),
        ("query One($a: Boolean!) { count } query Two($b: Int!) { count }", {"a": True}),
        ("{ count }", {}),
        ("fragment F on Order { id }", {}),
    ],
)
def test_each_variable_has_a_value_of_its_type(text: str, expected: dict[str, Any]) -> None:
    """Those that must be given first; a default is as it is declared; an unknown type is left to the API to tell."""
    found = values(SCHEMA, text)
    assert (found, list(found)) == (expected, list(expected))


def test_an_input_type_is_filled_in() -> None:
    """What must be there first; what may be left out too, but for a type within itself."""
    [made] = values(SCHEMA, operation(SCHEMA, "mutation", "place")).values()
    line = {"amount": 3, "price": 129.9, "note": '{"any":"JSON"}'}
    assert made == {"kind": "NEW", "lines": [line], "customer": "some customer", "gift": True}
    assert list(made) == ["kind", "lines", "customer", "gift"]


def test_what_is_no_operation_is_told_where() -> None:
    """With its line and column, as the API has them."""
    with pytest.raises(LivebusError) as caught:
        values(SCHEMA, "query {\n  count")
    [fault] = caught.value.faults
    assert (fault.place.line, fault.place.column) == (2, 8)
    with pytest.raises(LivebusError, match="deeply"):
        values(SCHEMA, "query($a: " + "[" * 4000 + "Int" + "]" * 4000 + ") { count }")


def test_values_are_bounded() -> None:
    """A thousand ways from one input type to others end after so many values."""
    kinds = [f"input I{level} {{ {' '.join(f'f{n}: I{level + 1}' for n in range(10))} }}" for level in range(8)]
    schema = parse_schema(f"type Query {{ a(x: I0): Int }} {' '.join(kinds)} input I8 {{ x: Int }}").graphql

    def size(value: Any) -> int:
        return 1 + sum(map(size, value.values())) if isinstance(value, dict) else 1

    assert size(values(schema, operation(schema, "query", "a"))) <= MAX_VALUES + 100
