"""
Query and Scan: pages of plain items with a nextToken.

https://docs.aws.amazon.com/appsync/latest/devguide/js-aws-appsync-resolver-reference-dynamodb-query.html
"""

from __future__ import annotations

from typing import Any

from livebus.dynamodb.appsync.expressions import EXPRESSION, Expressions, add_projection
from livebus.dynamodb.appsync.members import Members
from livebus.dynamodb.appsync.pages import next_token, start_key
from livebus.dynamodb.appsync.single import Source
from livebus.dynamodb.appsync.values import plain_item

_COMMON = ("version", "operation", "index", "nextToken", "limit", "consistentRead", "select", "filter", "projection")
_NUMBERS = {"limit": "Limit", "totalSegments": "TotalSegments", "segment": "Segment"}
_FLAGS = {"consistentRead": "ConsistentRead", "scanIndexForward": "ScanIndexForward"}
_TEXTS = {"index": "IndexName", "select": "Select"}


def query(source: Source, request: Members) -> Any:
    request.allow(*_COMMON, "query", "scanIndexForward")
    condition = request.object_or_text("query")
    condition.allow(*EXPRESSION)
    expressions = Expressions()
    expressions.add("KeyConditionExpression", condition)
    return _page(source, "Query", request, expressions)


def scan(source: Source, request: Members) -> Any:
    request.allow(*_COMMON, "totalSegments", "segment")
    return _page(source, "Scan", request, Expressions())


def _page(source: Source, operation: str, request: Members, expressions: Expressions) -> dict[str, Any]:
    if request.has("filter"):
        filtered = request.object_or_text("filter")
        filtered.allow(*EXPRESSION)
        expressions.add("FilterExpression", filtered)
    add_projection(expressions, request)
    asked: dict[str, Any] = {"TableName": source.table, **expressions.parameters()}
    asked |= {parameter: request.text(name) for name, parameter in _TEXTS.items() if request.has(name)}
    asked |= {parameter: request.flag(name) for name, parameter in _FLAGS.items() if request.has(name)}
    asked |= {parameter: request.whole_or_none(name) for name, parameter in _NUMBERS.items() if request.has(name)}
    index = request.text_or_none("index") or ""
    token = request.text_or_none("nextToken")
    if token is not None:
        asked["ExclusiveStartKey"] = start_key(token, source.table, index)
    answer = source.call(operation, asked)
    return {
        "items": [plain_item(item) for item in answer.get("Items", [])],
        "nextToken": next_token(answer.get("LastEvaluatedKey"), source.table, index),
        "scannedCount": answer["ScannedCount"],
    }
