"""What AppSync takes in a schema beyond GraphQL's grammar."""

from __future__ import annotations

import pytest

from livebus.errors import NOWHERE, Place
from livebus.schema import parse_schema
from livebus.schema.taken import plain_text

MUTATION = "type Mutation { a: String }\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("type T { a: Int; b: Int; }", "type T { a: Int  b: Int  }"),
        ('type T { "a;b" a: Int # c;d\n }', 'type T { "a;b" a: Int # c;d\n }'),
        ('"""x;y""" type T { a: Int;}', '"""x;y""" type T { a: Int }'),
        ("type Query { }", "type Query    "),
        ("type Query @aws_iam {\n}", "type Query @aws_iam  \n "),
        ("type Query { a: Int }", "type Query { a: Int }"),
    ],
)
def test_what_means_nothing_is_blanked_out(text: str, expected: str) -> None:
    """Everything else stays where it is, strings and comments too."""
    assert plain_text(text, NOWHERE)[0] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("type Query { a: Int; }\n", ["line 1:20: ';' is no part of GraphQL"]),
        ("type Query\n", ["line 1:6: type 'Query' has no fields"]),
        ("type Query {}\n", ["line 1:6: type 'Query' has no fields"]),
        (
            "type Query { a(i: I): Int }\ninput I @aws_iam { a: Int }\n",
            ["line 2:9: '@aws_iam' does nothing on the input type 'I'"],
        ),
        ("type Query { __a: Int }\n", ["line 1:14: the field '__a' has a name that GraphQL keeps for introspection"]),
        ("type Query { a: Int }\n", []),
    ],
)
def test_warnings(text: str, expected: list[str]) -> None:
    """The schema is taken, and each kind is told once."""
    warnings = parse_schema(text + MUTATION).warnings

    assert [f"{fault.place}: {fault.found}" for fault in warnings] == expected


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (";type T { a: Int }", "s.graphql:3:1"),
        ("\n ;type T { a: Int }", "s.graphql:4:2"),
        ("type T {\n  a: Int;\n  b: Int;\n}", "s.graphql:4:9"),
        ('"""\n;\n"""\ntype T { a: Int\n;}', "s.graphql:7:1"),
    ],
)
def test_the_first_semicolon_is_told_where_it_stands(text: str, place: str) -> None:
    """In the file that the schema stands in, with what becomes of it elsewhere."""
    _, (fault,) = plain_text(text, Place("s.graphql", 3, 5, in_text=True))
    advice = "AppSync passes over it; GraphQL does not, and other tools refuse the schema. Leave it out."
    assert (str(fault.place), fault.found, fault.advice) == (place, "';' is no part of GraphQL", advice)
