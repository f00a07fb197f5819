"""From a field and filters to the subscription."""

from __future__ import annotations

import pytest

from livebus.errors import InvalidOperation
from livebus.schema import parse_schema
from livebus.subscribe.document import SubscriptionDocument, subscription_fields, write_document

SCHEMA = parse_schema(
    """
    enum Status { PLACED SHIPPED }
    input Range { from: Int to: Int }
    interface Item { sku: ID! }
    type Lamp implements Item { sku: ID! watts: Int }
    type Bulb implements Item { sku: ID! base: String }
    union Gift = Lamp | Bulb
    type Money { amount: Float currency: String }
    type Order {
      id: ID!
      total: Money
      items: [Item!]
      gift: Gift
      parent: Order
      history(since: Int!): [String]
    }
    type Query { a: String }
    type Mutation { place(id: ID!): Order }
    type Subscription {
      onOrder(id: ID, status: Status, above: Float, count: Int, gift: Boolean, at: AWSTimestamp, on: AWSDate,
        tags: [String], range: Range): Order @aws_subscribe(mutations: ["place"])
      onCustomer(customerId: ID!): String
      onNothing: String
    }
    """
).graphql
ALL = (
    "{ id total { amount currency } items { sku ... on Lamp { watts } ... on Bulb { base } } "
    "gift { ... on Lamp { sku watts } ... on Bulb { sku base } } }"
)


def test_everything_that_needs_no_argument_is_selected() -> None:
    """Through objects, interfaces and unions; a type inside itself is left out."""
    expected = SubscriptionDocument(f"subscription {{ onOrder {ALL} }}", {}, "onOrder")
    assert expected == write_document(SCHEMA, "onOrder")
    assert SubscriptionDocument("subscription { onNothing }", {}, "onNothing") == write_document(SCHEMA, "onNothing")


def test_filters_are_variables() -> None:
    """What is left out is not mentioned: AppSync would compare a null with null."""
    expected = SubscriptionDocument(
        f"subscription($id: ID, $status: Status) {{ onOrder(id: $id, status: $status) {ALL} }}",
        {"id": "7", "status": "PLACED"},
        "onOrder(id=7, status=PLACED)",
    )
    assert expected == write_document(SCHEMA, "onOrder", [("id", "7"), ("status", "PLACED")])


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("id", "007", "007"),
        ("id", "", ""),
        ("id", "null", "null"),
        ("above", "1.5", 1.5),
        ("count", "-3", -3),
        ("gift", "true", True),
        ("gift", "false", False),
        ("at", "1700000000", 1700000000),
        ("on", "2026-01-15", "2026-01-15"),
        ("tags", "new", ["new"]),
        ("tags", '["a", "b"]', ["a", "b"]),
        ("range", '{"from": 1}', {"from": 1}),
    ],
)
def test_the_schema_says_what_a_value_is(name: str, text: str, expected: object) -> None:
    """A text as it is, numbers and booleans as such, lists and input types as JSON."""
    assert {name: expected} == write_document(SCHEMA, "onOrder", [(name, text)]).variables


@pytest.mark.parametrize(
    ("field", "filters", "expected"),
    [
        ("onOrders", [], [("the schema has no subscription 'onOrders'; expected onOrder, onCustomer, onNothing. "
                          "Did you mean 'onOrder'?")]),
        ("onNothing", [("a", "b")], ["onNothing has no argument 'a'; expected no filter: it takes no arguments"]),
        ("onCustomer", [], ["onCustomer needs the argument 'customerId'; expected --filter customerId=…, a ID!"]),
        ("onOrder", [("count", "x"), ("gift", "yes"), ("status", "LOST")], [
            "onOrder is filtered by count='x'; expected a whole number, as it is of type Int",
            "onOrder is filtered by gift='yes'; expected true or false, as it is of type Boolean",
            "onOrder is filtered by status='LOST'; expected one of PLACED, SHIPPED"]),
        ("onOrder", [("count", "99999999999")], ["onOrder is filtered by count='99999999999'; expected a value of type Int"]),
        ("onOrder", [("on", "soon")], ["onOrder is filtered by on='soon'; expected a value of type AWSDate"]),
        ("onOrder", [("tags", "[")], ["onOrder is filtered by tags='['; expected a JSON array, as [String] is a list"]),
        ("onOrder", [("range", "[]")], ["onOrder is filtered by range='[]'; expected a JSON object, as Range is an input type"]),
        ("onOrder", [("id", "1"), ("id", "2")], ["onOrder is filtered by 'id' twice. Subscribe twice instead."]),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told(field: str, filters: list[tuple[str, str]], expected: list[str]) -> None:
    """All of it at once."""
    with pytest.raises(InvalidOperation) as raised:
        write_document(SCHEMA, field, filters)
    assert expected == [str(fault) for fault in raised.value.faults]


def test_the_fields_are_those_of_the_subscription_type() -> None:
    """In the schema's order; none where there is no such type."""
    assert subscription_fields(SCHEMA) == ["onOrder", "onCustomer", "onNothing"]
    assert subscription_fields(parse_schema("type Query { a: String }").graphql) == []
