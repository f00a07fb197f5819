"""
GetItem, PutItem, UpdateItem, DeleteItem, and what AppSync does where a condition fails.

After a failed condition the item is read: a PutItem whose item stands there already, and a DeleteItem of nothing, count as
done; else the item is the result beside the error.
https://docs.aws.amazon.com/appsync/latest/devguide/js-aws-appsync-resolver-reference-dynamodb-condition-expressions.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from livebus.dynamodb.appsync.errors import not_emulated, of_service, refused
from livebus.dynamodb.appsync.expressions import EXPRESSION, Expressions, add_projection, add_update
from livebus.dynamodb.appsync.members import Members
from livebus.dynamodb.appsync.values import plain_item, plain_of, typed_item
from livebus.dynamodb.attribute_values import equal, read_item
from livebus.dynamodb.errors import CONDITION_FAILED, DynamoDBError

_VERSIONED = ("customPartitionKey", "populateIndexFields", "_version")
_CONDITION = (*EXPRESSION, "equalsIgnore", "consistentRead", "conditionalCheckFailedHandler")
_COMMON = ("version", "operation", "key")


@dataclass(frozen=True, slots=True)
class Source:
    """The data source: its table, and what calls DynamoDB."""

    table: str
    call: Callable[[str, Mapping[str, Any]], Mapping[str, Any]]
    request_id: str


@dataclass(frozen=True, slots=True)
class Condition:
    """What AppSync itself reads of a condition."""

    ignored: frozenset[str]
    consistent: bool


def get_item(source: Source, request: Members) -> Any:
    request.allow(*_COMMON, "consistentRead", "projection")
    expressions = Expressions()
    add_projection(expressions, request)
    answer = source.call(
        "GetItem",
        {
            "TableName": source.table,
            "Key": typed_item(request.object("key")),
            "ConsistentRead": request.flag("consistentRead"),
            **expressions.parameters(),
        },
    )
    return plain_item(answer.get("Item"))


def put_item(source: Source, request: Members) -> Any:
    request.allow(*_COMMON, "attributeValues", "condition", *_VERSIONED)
    key = typed_item(request.object("key"))
    item = {**typed_item(request.object("attributeValues")), **key}
    expressions = Expressions()
    condition = _condition(expressions, request)
    asked = {"TableName": source.table, "Item": item, **expressions.parameters()}
    try:
        source.call("PutItem", asked)
    except DynamoDBError as error:
        current = _current(source, error, key, condition)
        if condition is not None and current is not None and _is_same(item, current, condition.ignored):
            return plain_item(current)
        raise of_service(error, source.request_id, plain_item(current)) from None
    return plain_of(item)


def update_item(source: Source, request: Members) -> Any:
    request.allow(*_COMMON, "update", "condition", *_VERSIONED)
    key = typed_item(request.object("key"))
    expressions = Expressions()
    add_update(expressions, request)
    condition = _condition(expressions, request)
    asked = {"TableName": source.table, "Key": key, "ReturnValues": "ALL_NEW", **expressions.parameters()}
    try:
        answer = source.call("UpdateItem", asked)
    except DynamoDBError as error:
        current = _current(source, error, key, condition)
        raise of_service(error, source.request_id, plain_item(current)) from None
    return plain_item(answer.get("Attributes"))


def delete_item(source: Source, request: Members) -> Any:
    request.allow(*_COMMON, "condition", *_VERSIONED)
    key = typed_item(request.object("key"))
    expressions = Expressions()
    condition = _condition(expressions, request)
    asked = {"TableName": source.table, "Key": key, "ReturnValues": "ALL_OLD", **expressions.parameters()}
    try:
        answer = source.call("DeleteItem", asked)
    except DynamoDBError as error:
        current = _current(source, error, key, condition)
        if error.code == CONDITION_FAILED and current is None:
            return None
        raise of_service(error, source.request_id, plain_item(current)) from None
    return plain_item(answer.get("Attributes"))


def _condition(expressions: Expressions, request: Members) -> Condition | None:
    for name in _VERSIONED:
        if request.has(name):
            raise not_emulated(f"'{request.at(name)}', a member for versioned data sources,")
    if not request.has("condition"):
        return None
    condition = request.object_or_text("condition")
    condition.allow(*_CONDITION)
    expressions.add("ConditionExpression", condition)
    if condition.has("conditionalCheckFailedHandler"):
        handler = condition.object("conditionalCheckFailedHandler")
        handler.allow("strategy", "lambdaArn")
        strategy = handler.text("strategy")
        if strategy == "Custom":
            raise not_emulated(f"The strategy Custom of '{handler.path}'")
        if strategy != "Reject":
            raise refused(f"Unsupported value '{strategy}' for field '{handler.at('strategy')}'.")
    ignored = condition.list("equalsIgnore") if condition.has("equalsIgnore") else []
    return Condition(frozenset(map(str, ignored)), condition.flag("consistentRead", default=True))


def _current(
    source: Source, error: DynamoDBError, key: Mapping[str, Any], condition: Condition | None
) -> Mapping[str, Any] | None:
    """The item that stands there after a failed condition."""
    if error.code != CONDITION_FAILED or condition is None:
        return None
    asked = {"TableName": source.table, "Key": key, "ConsistentRead": condition.consistent}
    item: Mapping[str, Any] | None = source.call("GetItem", asked).get("Item")
    return item


def _is_same(intended: Mapping[str, Any], current: Mapping[str, Any], ignored: frozenset[str]) -> bool:
    wanted = {name: value for name, value in read_item(intended)[0].items() if name not in ignored}
    found = {name: value for name, value in current.items() if name not in ignored}
    return wanted.keys() == found.keys() and all(equal(value, found[name]) for name, value in wanted.items())
