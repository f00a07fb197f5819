"""The start of subscriptions: who may, with which arguments and filters, and what is selected."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from livebus.execution import Errors
from livebus.operation import Resolution, ResolverError, Selected, SubscriptionStart

SCHEMA = """
type Query { ping: String }
type Mutation { place: Order find: Found }
type Subscription {
  onPlace(id: ID, kind: Kind, a: Int, b: Int, c: Int, d: Int): Order @aws_subscribe(mutations: ["place"])
  onFind: Found @aws_subscribe(mutations: ["find"])
  onPing(kind: Kind = FULL): String
}
enum Kind { FULL SHORT }
interface Found { id: ID }
type Order implements Found { id: ID! total: Float lines: [Line!] }
type Line implements Found { id: ID sku: String }
"""


def leaf(name: str, type_text: str, parent: str = "Order", key: str = "", **more: Any) -> Selected:
    return Selected(key or name, name, parent, type_text, type_text.strip("[]!"), **more)


def test_the_selection(make_api: Callable[..., Any]) -> None:
    """Fragments are spread out, aliases kept, fields merged, conditions decided."""
    start = make_api(SCHEMA).subscribe(
        "subscription S($no: Boolean = false) {order: onPlace {...F nr: id total @include(if: $no) lines {sku}}}"
        " fragment F on Order {id ... on Found {__typename} lines {id __typename}}"
    )

    assert start == SubscriptionStart(
        leaf(
            "onPlace",
            "Order",
            "Subscription",
            "order",
            children=(
                leaf("id", "ID!"),
                leaf("__typename", "String!"),
                leaf(
                    "lines",
                    "[Line!]",
                    children=(
                        leaf("id", "ID", "Line"),
                        leaf("__typename", "String!", "Line"),
                        leaf("sku", "String", "Line"),
                    ),
                ),
                leaf("id", "ID!", key="nr"),
            ),
        ),
        {},
    )


def test_the_selection_on_an_interface(make_api: Callable[..., Any]) -> None:
    """Fields inside a fragment count for the object types that it names."""
    start = make_api(SCHEMA).subscribe(
        "subscription {onFind {id __typename ... on Line {sku} ...F}} fragment F on Order {total}"
    )

    assert isinstance(start, SubscriptionStart)
    assert start.selection.children == (
        leaf("id", "ID", "Found"),
        leaf("__typename", "String!", "Found"),
        leaf("sku", "String", "Line", type_conditions=frozenset({"Line"})),
        leaf("total", "Float", "Order", type_conditions=frozenset({"Order"})),
    )


@pytest.mark.parametrize(
    ("query", "variables", "arguments"),
    [
        ("subscription {onPlace {id}}", {}, {}),
        ("subscription {onPing}", {}, {}),
        ("subscription {onPlace(id: null) {id}}", {}, {"id": None}),
        ("subscription ($id: ID) {onPlace(id: $id) {id}}", {}, {"id": None}),
        ("subscription ($id: ID = 3) {onPlace(id: $id, kind: FULL) {id}}", {}, {"id": "3", "kind": "FULL"}),
        ("subscription ($id: ID) {onPlace(id: $id, a: 1) {id}}", {"id": 7, "x": 1}, {"id": "7", "a": 1}),
    ],
)
def test_the_arguments(
    query: str, variables: dict[str, Any], arguments: dict[str, Any], make_api: Callable[..., Any]
) -> None:
    """Only arguments in the document count, coerced; a declared variable without a value is null."""
    start = make_api(SCHEMA).subscribe(query, variables)

    assert isinstance(start, SubscriptionStart)
    assert start.arguments == arguments


def test_more_than_five_arguments(make_api: Callable[..., Any]) -> None:
    """A subscription takes five arguments and not six."""
    api = make_api(SCHEMA)

    assert isinstance(api.subscribe("subscription {onPlace(id: 1, a: 1, b: 1, c: 1, d: 1) {id}}"), SubscriptionStart)
    assert api.subscribe("subscription {onPlace(id: 1, kind: FULL, a: 1, b: 1, c: 1, d: 1) {id}}") == Errors(
        (
            {
                "errorType": "BadRequestException",
                "message": "Subscription field onPlace takes at most 5 arguments, 6 were given.",
            },
        )
    )


def test_the_resolver_sets_the_filters(make_api: Callable[..., Any]) -> None:
    """The field's resolver runs once, on its ctx; its filters are taken, its value is not."""
    resolution = Resolution({"id": "1"}, subscription_filter={"a": 1}, invalidation_filter={"b": 2})
    api = make_api(SCHEMA, {"Subscription.onPlace": resolution})
    start = api.subscribe("subscription {onPlace(id: 1) {id total}}")

    assert isinstance(start, SubscriptionStart)
    assert start.selection == leaf(
        "onPlace", "Order", "Subscription", children=(leaf("id", "ID!"), leaf("total", "Float"))
    )
    assert (start.subscription_filter, start.invalidation_filter) == ({"a": 1}, {"b": 2})
    assert len(api.contexts) == 1
    assert api.contexts[0]["arguments"] == {"id": "1"}
    assert api.contexts[0]["info"]["selectionSetList"] == ["id", "total"]


def test_the_resolver_refuses(make_api: Callable[..., Any]) -> None:
    """An error of the resolver, or one that it appended, refuses the subscription."""
    ended = Resolution(error=ResolverError("Not yours", "Unauthorized", None, {"n": 1}))
    appended = Resolution(None, appended=(ResolverError("Careful", None, "d"),))

    assert make_api(SCHEMA, {"Subscription.onPing": ended}).subscribe("subscription {onPing}") == Errors(
        ({"errorType": "Unauthorized", "message": "Not yours", "errorInfo": {"n": 1}},)
    )
    assert make_api(SCHEMA, {"Subscription.onPing": appended}).subscribe("subscription {onPing}") == Errors(
        ({"errorType": None, "message": "Careful", "data": "d"},)
    )


@pytest.mark.parametrize(
    ("query", "denied", "message"),
    [
        ("subscription {onPing}", "Subscription.onPing", "Not Authorized to access onPing on type Subscription"),
    ],
)
def test_callers_who_may_not(query: str, denied: str, message: str, make_api: Callable[..., Any]) -> None:
    """A caller who may not see the subscription's own field is refused; the resolver does not run."""
    api = make_api(SCHEMA, {"Subscription.onPing": None}, [denied])

    assert api.subscribe(query) == Errors(({"errorType": "Unauthorized", "message": message},))
    assert api.contexts == []


@pytest.mark.parametrize(
    ("query", "denied"),
    [
        ("subscription {onPlace {lines {sku}}}", "Line.sku"),
        ("subscription {onFind {id}}", "Order.id"),
        ("subscription {onFind {... on Line {sku}}}", "Line.sku"),
    ],
)
def test_payload_types_keep_nothing_from_subscribers(query: str, denied: str, make_api: Callable[..., Any]) -> None:
    """As AWS's own sample shows, fields that a caller's mode may not query reach it by a subscription."""
    assert isinstance(make_api(SCHEMA, denied=[denied]).subscribe(query), SubscriptionStart)


def test_fields_that_cannot_be_shown_are_not_asked_for(make_api: Callable[..., Any]) -> None:
    """Inside a fragment on one type, the other types' fields do not matter; __typename never does."""
    start = make_api(SCHEMA, denied=["Order.id"]).subscribe("subscription {onFind {__typename ... on Line {id}}}")

    assert isinstance(start, SubscriptionStart)


@pytest.mark.parametrize(
    ("query", "kind"),
    [("{ping}", "query"), ("mutation {place {id}}", "mutation"), ("subscription {", "unknown"), ("", "unknown")],
)
def test_other_operations(query: str, kind: str, make_api: Callable[..., Any]) -> None:
    """Queries, mutations and what does not parse are refused by their kind."""
    assert make_api(SCHEMA).subscribe(query) == Errors(
        ({"errorType": "UnsupportedOperation", "message": f"{kind} not supported through the realtime channel"},)
    )


def test_two_root_fields(make_api: Callable[..., Any]) -> None:
    """A subscription has exactly one root field."""
    errors = make_api(SCHEMA).subscribe("subscription S {onPing onFind {id}}")

    assert isinstance(errors, Errors)
    assert [error["message"] for error in errors.errors] == [
        (
            "Validation error of type SubscriptionMultipleRootFields: "
            "Subscription operation 'S' must have exactly one root field"
        )
    ]


def test_a_variable_that_does_not_fit(make_api: Callable[..., Any]) -> None:
    """A variable's error has its message only, as AppSync's error frames show it."""
    errors = make_api(SCHEMA).subscribe("subscription ($deleted: Boolean!) {onPlace {id @skip(if: $deleted)}}")

    assert errors == Errors(({"message": "Variable 'deleted' has coerced Null value for NonNull type 'Boolean!'"},))
