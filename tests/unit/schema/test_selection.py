"""The selection of everything that may be read below a field."""

from __future__ import annotations

import pytest
from graphql import build_schema

from livebus.schema import selection
from livebus.schema.selection import Selection

SCHEMA = build_schema("""
type Query { order: Order, count: Int, found: Found, thing: Thing, chain: Link, empty: Hidden }
type Order implements Thing { id: ID!, customer: Customer, note(language: String!): String, total(currency: String): Float }
type Customer implements Thing { id: ID!, name: String, orders: [Order] }
type Parcel implements Thing { id: ID!, name: Int, weight: Float }
interface Thing { id: ID! }
union Found = Customer | Parcel
type Link { id: ID, next: Link }
type Hidden { secret: String }
""")


def selected(field: str, **options: object) -> str | None:
    root = SCHEMA.query_type
    assert root is not None
    return Selection(SCHEMA, **options).of(root.fields[field])  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("count", ""),
        ("order", " { id customer { id name } total }"),
        (
            "found",
            " { ... on Customer { id name orders { id customer { id name } total } } ... on Parcel { id weight } }",
        ),
        (
            "thing",
            " { id ... on Order { customer { id name orders { id total } } total } ... on Customer { name orders { id customer { id name } total } } ... on Parcel { weight } }",
        ),
        ("chain", " { id }"),
    ],
)
def test_everything_that_needs_no_argument(field: str, expected: str) -> None:
    """
    A type is not entered again on its own way, and a name that means two things in one answer is asked for once: the
    ``name`` of a parcel is a number, and Customer came first. What an interface has is not repeated below its types.
    """
    assert selected(field) == expected


def test_what_may_not_be_read_is_left_out() -> None:
    """By the object type and the field; of an interface's field all types have to be readable."""

    def readable(kind: str, field: str) -> bool:
        return (kind, field) not in {("Order", "total"), ("Parcel", "id"), ("Hidden", "secret")}

    assert selected("order", readable=readable) == " { id customer { id name } }"
    assert selected("empty", readable=readable) is None
    found = selected("thing", readable=readable)
    assert found is not None
    assert found.startswith(" { ... on Order { customer")


def test_it_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """So many fields are written, and so many looked at."""
    monkeypatch.setattr(selection, "MAX_FIELDS", 2)
    assert selected("order") == " { id customer { id } }"
    monkeypatch.setattr(selection, "MAX_LOOKS", 2)
    assert selected("order") == " { id }"
