"""
``@aws-appsync/utils/dynamodb``, ``util.dynamodb`` and the expressions of ``util.transform``: the requests that they make.

The texts of expressions are those that AppSync's own helpers write, as recorded with EvaluateCode and read in
@aws-appsync/utils 2.1.1; the examples are ours.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from livebus.operation import Resolution, Services
from livebus.resolver import compile_resolver
from livebus.template.application import DataSource, ResolverConfig


def value(expression: str) -> Any:
    """What an expression is inside a request handler."""
    code = (
        "import * as ddb from '@aws-appsync/utils/dynamodb';\n"
        "import { util } from '@aws-appsync/utils';\n"
        f"export const request = (ctx) => ({{ payload: {expression} }});\n"
        "export const response = (ctx) => ctx.result;"
    )
    config = ResolverConfig("Query", "get", code, "get.js", DataSource("None", "NONE"))
    resolution = compile_resolver(config).run({}, Services(0.0, str))
    assert isinstance(resolution, Resolution)
    if resolution.error is not None:
        raise AssertionError(resolution.error.message)
    return resolution.value


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("ddb.get({ key: { id: 'a' } })", {"operation": "GetItem", "key": {"id": {"S": "a"}}}),
        (
            "ddb.get({ key: { id: 'a' }, consistentRead: true, projection: ['id', 'a.b', 'a.c'] })",
            {
                "operation": "GetItem",
                "key": {"id": {"S": "a"}},
                "projection": {
                    "expression": "#expName_1, #expName_2.#expName_3, #expName_2.#expName_4",
                    "expressionNames": {"#expName_1": "id", "#expName_2": "a", "#expName_3": "b", "#expName_4": "c"},
                },
                "consistentRead": True,
            },
        ),
        (
            "ddb.put({ key: { id: 'a' }, item: { n: 1, tags: ddb.toStringSet(['x']) } })",
            {
                "operation": "PutItem",
                "key": {"id": {"S": "a"}},
                "attributeValues": {"n": {"N": 1}, "tags": {"SS": ["x"]}},
            },
        ),
        ("ddb.remove({ key: { id: 'a' } })", {"operation": "DeleteItem", "key": {"id": {"S": "a"}}}),
        ("ddb.scan({ limit: 5, nextToken: null })", {"operation": "Scan", "limit": 5}),
        (
            "ddb.query({ query: { pk: { eq: 'a' } }, index: 'byDate', limit: 2, scanIndexForward: false })",
            {
                "operation": "Query",
                "query": {
                    "expression": "(#pk = :pk_eq)",
                    "expressionNames": {"#pk": "pk"},
                    "expressionValues": {":pk_eq": {"S": "a"}},
                },
                "index": "byDate",
                "limit": 2,
                "scanIndexForward": False,
            },
        ),
        (
            "ddb.put({ key: { id: 'a' }, item: {}, condition: { id: { attributeExists: false } } })",
            {
                "operation": "PutItem",
                "key": {"id": {"S": "a"}},
                "attributeValues": {},
                "condition": {"expression": "(attribute_not_exists(#id))", "expressionNames": {"#id": "id"}},
            },
        ),
        (
            "ddb.batchGet({ tables: { T: { keys: [{ id: 'a' }, { id: 'b' }] } } })",
            {"operation": "BatchGetItem", "tables": {"T": {"keys": [{"id": {"S": "a"}}, {"id": {"S": "b"}}]}}},
        ),
        (
            "ddb.batchPut({ tables: { T: [{ id: 'a' }] } })",
            {"operation": "BatchPutItem", "tables": {"T": [{"id": {"S": "a"}}]}},
        ),
        (
            (
                "ddb.transactWrite({ items: [{ putItem: { table: 'T', key: { id: 'a' }, item: { n: 1 } } },"
                " { conditionCheck: { table: 'U', key: { id: 'b' }, condition: { n: { gt: 1 } } } }] })"
            ),
            {
                "operation": "TransactWriteItems",
                "transactItems": [
                    {
                        "table": "T",
                        "operation": "PutItem",
                        "key": {"id": {"S": "a"}},
                        "attributeValues": {"n": {"N": 1}},
                    },
                    {
                        "table": "U",
                        "operation": "ConditionCheck",
                        "key": {"id": {"S": "b"}},
                        "condition": {
                            "expression": "(#n > :n_gt)",
                            "expressionNames": {"#n": "n"},
                            "expressionValues": {":n_gt": {"N": 1}},
                        },
                    },
                ],
            },
        ),
    ],
)
def test_requests(expression: str, expected: Any) -> None:
    """Members are typed, what is null or absent is left out."""
    assert value(expression) == expected


@pytest.mark.parametrize(
    ("update", "text", "values"),
    [
        ("{ age: ddb.operations.add(10) }", "SET #expName_1 = :expValue_1", [{"N": 10}]),
        ("{ o: ddb.operations.replace({ a: 1 }) }", "SET #expName_1 = :expValue_1", [{"M": {"a": {"N": 1}}}]),
        (
            "{ l: ddb.operations.append(['x']) }",
            "SET #expName_1 = list_append(#expName_1, :expValue_1)",
            [{"L": [{"S": "x"}]}],
        ),
        (
            "{ l: ddb.operations.prepend(['x']) }",
            "SET #expName_1 = list_append(:expValue_1, #expName_1)",
            [{"L": [{"S": "x"}]}],
        ),
        ("{ n: ddb.operations.increment() }", "SET #expName_1 = #expName_1 + :expValue_1", [{"N": 1}]),
        ("{ n: ddb.operations.decrement(2) }", "SET #expName_1 = #expName_1 - :expValue_1", [{"N": 2}]),
        ("{ l: ddb.operations.updateListItem('v', 2) }", "SET #expName_1[2] = :expValue_1", [{"S": "v"}]),
        (
            "{ gone: ddb.operations.remove(), a: 1, b: 'x' }",
            "SET #expName_1 = :expValue_1, #expName_2 = :expValue_2 REMOVE #expName_3",
            [{"N": 1}, {"S": "x"}],
        ),
        ("{ gone: ddb.operations.remove() }", "REMOVE #expName_1", []),
        ("{ m: { a: ddb.operations.replace(null) } }", "SET #expName_1.#expName_2 = :expValue_1", [{"NULL": None}]),
    ],
)
def test_updates(update: str, text: str, values: list[Any]) -> None:
    """Plain values are set, operations are what they say, names are numbered in the order of the text."""
    made = value(f"ddb.update({{ key: {{ id: 'a' }}, update: {update} }})")["update"]

    assert made["expression"] == text
    assert list(made.get("expressionValues", {}).values()) == values


@pytest.mark.parametrize(
    ("filter_", "text"),
    [
        ("{ v: { eq: 1 } }", "(#v = :v_eq)"),
        ("{ v: { ge: 1, le: 5 } }", "((#v >= :v_ge) AND (#v <= :v_le))"),
        ("{ a: { eq: 1 }, b: { ne: 2 } }", "(#a = :a_eq) AND (#b <> :b_ne)"),
        ("{ v: { contains: 'x' } }", "(contains(#v,:v_contains))"),
        ("{ v: { notContains: 'x' } }", "(NOT contains(#v,:v_notContains))"),
        ("{ v: { beginsWith: 'x' } }", "(begins_with(#v,:v_beginsWith))"),
        ("{ v: { between: [1, 2, 3] } }", "(#v BETWEEN :v_between_start AND :v_between_end)"),
        ("{ v: { in: [1, 2] } }", "(#v IN (:v_in_0, :v_in_1))"),
        ("{ v: { in: [] } }", "(null)"),
        ("{ v: { attributeExists: true } }", "(attribute_exists(#v))"),
        ("{ a: { attributeType: 'string' } }", "(attribute_type(#a,:a_attributeType))"),
        ("{ v: { size: { gt: 2 } } }", "(size(#v) > :v_size_gt)"),
        ("{ and: [{ a: { eq: 1 } }] }", "(#a = :and_0_a_eq)"),
        ("{ and: [{ a: { eq: 1 } }, { b: { eq: 2 } }] }", "((#a = :and_0_a_eq) AND (#b = :and_1_b_eq))"),
        ("{ or: [{ a: { eq: 1 } }, { b: { eq: 2 } }] }", "((#a = :or_0_a_eq) OR (#b = :or_1_b_eq))"),
        ("{ not: { a: { eq: 1 } } }", "(NOT (#a = :not_a_eq))"),
        ("{}", ""),
        ("{ and: [] }", ""),
        ("{ v: {} }", ""),
    ],
)
def test_filter_expressions(filter_: str, text: str) -> None:
    """Text with the expression, its names and its values; a condition is the same."""
    made = json.loads(value(f"util.transform.toDynamoDBFilterExpression({filter_})"))

    assert made["expression"] == text
    assert made == json.loads(value(f"util.transform.toDynamoDBConditionExpression({filter_})"))


@pytest.mark.parametrize(
    "filter_",
    [
        "null",
        "'x'",
        "[]",
        "{ v: 1 }",
        "{ v: null }",
        "{ v: { like: 1 } }",
        "{ and: { a: { eq: 1 } } }",
        "{ and: [null] }",
        "{ not: [] }",
        "{ v: { between: [1] } }",
        "{ v: { in: 1 } }",
        "{ v: { attributeExists: 'yes' } }",
        "{ v: { attributeType: 'text' } }",
        "{ v: { size: 3 } }",
    ],
)
def test_what_has_no_expression_is_null(filter_: str) -> None:
    """Without an error, as AppSync has it."""
    assert value(f"util.transform.toDynamoDBFilterExpression({filter_})") is None


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (
            "toDynamoDB(['a', 1, true, null, { b: [] }])",
            {"L": [{"S": "a"}, {"N": 1}, {"BOOL": True}, {"NULL": None}, {"M": {"b": {"L": []}}}]},
        ),
        ("toString('a')", {"S": "a"}),
        ("toString(null)", None),
        ("toNumberSet([1, 4.5])", {"NS": [1, 4.5]}),
        ("toMap({ a: 1 })", {"M": {"a": {"N": 1}}}),
        ("toMapValues({ a: 1, b: undefined })", {"a": {"N": 1}}),
        ("toS3Object('k', 'b', 'r')", {"S": '{"s3":{"key":"k","bucket":"b","region":"r"}}'}),
        ('fromS3ObjectJson(\'{"s3": {"key": "k"}}\')', {"key": "k"}),
        ("fromS3ObjectJson('x')", None),
    ],
)
def test_typed_values(call: str, expected: Any) -> None:
    """``util.dynamodb``: the types that DynamoDB has for JavaScript's values."""
    assert value(f"util.dynamodb.{call}") == expected


def test_a_condition_that_cannot_be_written_is_an_error() -> None:
    """The module's own requests do not go on without it."""
    with pytest.raises(AssertionError, match="is no condition"):
        value("ddb.remove({ key: { id: 'a' }, condition: { v: 1 } })")
