"""Validation beyond the single errors of the vectors: several at once, literals inside literals, limits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

SCHEMA = """
type Query { order(id: ID!, lines: [LineInput!]): Order  found: Found  ping: String }
input LineInput { sku: String! amount: Int = 1 parts: [LineInput!] }
union Found = Order | Line
type Order { id: ID! size: Int }
type Line { sku: String! size: String }
type Subscription { onOrder: Order onPing: String }
"""


def messages(response: Any) -> list[str]:
    return [error["message"].removeprefix("Validation error of type ") for error in response.errors]


def test_several_errors_stand_in_the_order_of_the_document(make_api: Callable[..., Any]) -> None:
    """All errors of a document are told, in its order, not only the first."""
    response = make_api(SCHEMA).run("query ($o: Order) {nothing order(id: 1, lines: $o, x: 2) {id}}")

    assert messages(response) == [
        "NonInputTypeOnVariable: Wrong type for a variable",
        "FieldUndefined: Field 'nothing' in type 'Query' is undefined @ 'nothing'",
        "UnknownArgument: Unknown field argument x @ 'order'",
        "VariableTypeMismatch: Variable type 'Order' doesn't match expected type '[LineInput!]' @ 'order'",
    ]


def test_at_most_a_hundred_errors(make_api: Callable[..., Any]) -> None:
    """A document full of errors is given up after a hundred of them."""
    response = make_api(SCHEMA).run("{" + " ".join(f"nothing{n}" for n in range(200)) + "}")

    assert len(response.errors) == 101
    assert messages(response)[-1] == "Too many validation errors, error limit reached. Validation aborted."


@pytest.mark.parametrize(
    ("literal", "reason"),
    [
        ('[{sku: "a"}, {sku: 7}]', "'lines[1].sku' with value 'IntValue{value=7}' is not a valid 'String'"),
        (
            '{sku: "a", parts: [{amount: 1}]}',
            (
                "'lines.parts[0]' with value 'ObjectValue{objectFields=[ObjectField{name='sku', value=StringValue{value='a'}}, "
                "ObjectField{name='parts', value=ArrayValue{values=[ObjectValue{objectFields=[ObjectField{name='amount', "
                "value=IntValue{value=1}}]}]}}]}' is missing required fields '[sku]'"
            ),
        ),
        ("[null]", "'lines[0]' with value 'NullValue{}' must not be null"),
        ("[FULL]", "'lines[0]' with value 'ArrayValue{values=[EnumValue{name='FULL'}]}' must be an object type"),
        (
            "[{sku: $s, x: true, y: 1.5}]",
            (
                "'lines[0]' with value 'ArrayValue{values=[ObjectValue{objectFields=[ObjectField{name='sku', "
                "value=VariableReference{name='s'}}, ObjectField{name='x', value=BooleanValue{value=true}}, "
                "ObjectField{name='y', value=FloatValue{value=1.5}}]}]}' contains a field not in 'LineInput': 'x'"
            ),
        ),
    ],
)
def test_literals_inside_literals(literal: str, reason: str, make_api: Callable[..., Any]) -> None:
    """A fault inside a list or an object is found by its way, one for each argument."""
    response = make_api(SCHEMA).run(f'query ($s: String! = "") {{order(id: $s, lines: {literal}) {{id}}}}')

    assert f"WrongType: argument {reason} @ 'order'" in messages(response)


def test_two_types_behind_one_name(make_api: Callable[..., Any]) -> None:
    """Fields of two types that cannot be told apart in the response conflict."""
    response = make_api(SCHEMA).run("{found {... on Order {size} ... on Line {size}}}")

    assert messages(response) == ["FieldsConflict: size: they return differing types @ 'found'"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("query A {ping} query A {ping}", "DuplicateOperationName: There can be only one operation named 'A'"),
        (
            "{found {...F}} fragment F on Order {id} fragment F on Order {id}",
            "DuplicateFragmentName: There can be only one fragment named 'F' @ 'F'",
        ),
        ("query A($a: Int, $a: Int) {ping}", "DuplicateVariableName: There can be only one variable named 'a'"),
        ("{order(id: 1, id: 2) {id}}", "DuplicateArgumentNames: There can be only one argument named 'id' @ 'order'"),
        ("query A {ping} type X {a: Int}", "NonExecutableDefinition: The X definition is not executable."),
        ("query A {ping} {ping}", "LoneAnonymousOperationViolation: Anonymous operation with other operations."),
    ],
)
def test_names_given_twice(query: str, expected: str, make_api: Callable[..., Any]) -> None:
    """What may be there only once is told by its name."""
    response = make_api(SCHEMA).run(query, name="A" if query.startswith("query A") else None)

    assert expected in messages(response)


def test_introspection_disabled(make_api: Callable[..., Any]) -> None:
    """With introspection disabled the schema's own fields do not exist; __typename does."""
    api = make_api(SCHEMA, introspection=False)

    assert messages(api.run('{__schema {queryType {name}} t: __type(name: "Order") {name}}')) == [
        "FieldUndefined: Field '__schema' in type 'Query' is undefined @ '__schema'",
        "FieldUndefined: Field '__type' in type 'Query' is undefined @ '__type'",
    ]
    assert api.run("{__typename}").data == {"__typename": "Query"}
