"""A field's arguments: literals, variables and defaults, as the values that a resolver is given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from graphql import FieldNode, OperationDefinitionNode, build_schema, parse

from livebus.execution.arguments import Arguments

SCHEMA = build_schema(
    """
    input Point { x: Int! = 1  y: Int = 2  tags: [String]  next: Point }
    type Query {
      field(a: Int, b: Int = 5, c: Int = null, list: [Int], lists: [[Int]], point: Point, points: [Point], must: [Int!]!): Int
    }
    """
)


def arguments(text: str) -> Arguments:
    (operation,) = parse(
        f"query Q($v: Int, $w: Int, $p: Point) {{ field({text}) }}" if text else "{ field }"
    ).definitions
    assert isinstance(operation, OperationDefinitionNode)
    (node,) = operation.selection_set.selections
    assert isinstance(node, FieldNode)
    assert SCHEMA.query_type is not None
    return Arguments(SCHEMA.query_type.fields["field"], node)


@pytest.mark.parametrize(
    ("text", "variables", "expected"),
    [
        ("", {}, {"b": 5}),
        ("a: 1, b: 2, c: 3", {}, {"a": 1, "b": 2, "c": 3}),
        ("b: null", {}, {"b": None}),
        ("a: $v", {"v": 7}, {"a": 7, "b": 5}),
        ("a: $v", {}, {"a": None, "b": 5}),
        ("b: $v", {}, {"b": None}),
        ("list: 1", {}, {"b": 5, "list": [1]}),
        ("list: [1, $v]", {"v": 7}, {"b": 5, "list": [1, 7]}),
        ("list: [1, $v]", {}, {"b": 5, "list": [1, None]}),
        ("must: [$v, 2]", {"v": 7}, {"b": 5, "must": [7, 2]}),
        ("lists: [[$v], [2]]", {"v": 7}, {"b": 5, "lists": [[7], [2]]}),
        ("lists: [$v]", {"v": [1]}, {"b": 5, "lists": [[1]]}),
        ("point: {x: 3}", {}, {"b": 5, "point": {"x": 3, "y": 2}}),
        ("point: {x: $v}", {"v": 7}, {"b": 5, "point": {"x": 7, "y": 2}}),
        ("point: {x: $v, y: $w}", {}, {"b": 5, "point": {"x": 1, "y": 2}}),
        ("point: {x: $v, y: $w}", {"v": None, "w": None}, {"b": 5, "point": {"x": 1, "y": 2}}),
        ("point: {x: $v, y: null}", {"v": 7}, {"b": 5, "point": {"x": 7, "y": None}}),
        ("point: {tags: $v}", {}, {"b": 5, "point": {"x": 1, "y": 2}}),
        ("point: {next: {x: $v}}", {"v": 7}, {"b": 5, "point": {"x": 1, "y": 2, "next": {"x": 7, "y": 2}}}),
        ("points: {x: $v}", {"v": 7}, {"b": 5, "points": [{"x": 7, "y": 2}]}),
        ("points: [{x: $v}, $p]", {"v": 7, "p": {"x": 9}}, {"b": 5, "points": [{"x": 7, "y": 2}, {"x": 9}]}),
    ],
)
def test_values(text: str, variables: Mapping[str, Any], expected: Mapping[str, Any]) -> None:
    """
    A variable without a value is null as an argument and left out in an object; one value is a list of one where a list is asked
    for; defaults are the schema's.
    """
    assert arguments(text).values(variables) == expected


def test_what_stands_in_the_document_is_given() -> None:
    """Whatever its value is; defaults are not."""
    assert arguments("a: $v, list: [1]").given == ("a", "list")
    assert arguments("").given == ()


def test_a_request_does_not_see_anothers_values() -> None:
    """What hangs on variables is made anew, what does not is shared."""
    asked = arguments("a: $v, list: [1]")
    first = asked.values({"v": 1})
    assert (asked.values({"v": 2})["a"], first["a"]) == (2, 1)
    assert arguments("a: 1").values({}) == {"a": 1, "b": 5}
