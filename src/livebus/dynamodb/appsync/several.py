"""
Batches and transactions: results in the order of the request, null for what is not there.

https://docs.aws.amazon.com/appsync/latest/devguide/js-aws-appsync-resolver-reference-dynamodb-batch-get-item.html
https://docs.aws.amazon.com/appsync/latest/devguide/js-aws-appsync-resolver-reference-dynamodb-transact-write-items.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from livebus.dynamodb.appsync.errors import DataSourceError, of_service, refused
from livebus.dynamodb.appsync.expressions import EXPRESSION, Expressions, add_projection, add_update
from livebus.dynamodb.appsync.members import Members
from livebus.dynamodb.appsync.single import Source
from livebus.dynamodb.appsync.values import plain_item, plain_of, typed_item
from livebus.dynamodb.attribute_values import read_item
from livebus.dynamodb.errors import CANCELLED, DynamoDBError
from livebus.dynamodb.expressions.placeholders import Placeholders
from livebus.dynamodb.expressions.projections import project

_TABLES = ("version", "operation", "tables")
_TRANSACTION = ("version", "operation", "transactItems")
_FAILED = "ConditionalCheckFailed"
# The page's example has these words; DynamoDB itself says ConditionalCheckFailed.
_FAILED_REASON = {"type": "ConditionCheckFailed", "message": "The condition check failed."}
_NO_REASON = {"type": "None", "message": "None"}


# --- batches --------------------------------------------------------------------------------------------------------


def batch_get_item(source: Source, request: Members) -> Any:
    request.allow(*_TABLES)
    asked: dict[str, Any] = {}
    projections = {}
    for table, wanted in request.object("tables").each():
        wanted.allow("keys", "consistentRead", "projection")
        keys = [typed_item(key) for key in wanted.objects("keys")]
        asked[table] = {"Keys": keys, "ConsistentRead": wanted.flag("consistentRead")}
        # Items are told apart by their keys, which a projection may leave out: it is applied here.
        expressions = Expressions()
        add_projection(expressions, wanted)
        placeholders = Placeholders(expressions.parameters(), "ProjectionExpression")
        projections[table] = placeholders.projection(expressions.parameters())
        placeholders.check_all_used()
    answer = source.call("BatchGetItem", {"RequestItems": asked})
    left = {table: wanted["Keys"] for table, wanted in answer.get("UnprocessedKeys", {}).items()}
    data: dict[str, list[Any]] = {}
    for table, wanted in asked.items():
        names = sorted({name for key in wanted["Keys"] for name in key})
        found = {_identity(item, names): item for item in answer["Responses"].get(table, [])}
        items = [found.get(_identity(read_item(key)[0], names)) for key in wanted["Keys"]]
        paths = projections[table]
        data[table] = [plain_item(project(item, paths) if paths and item is not None else item) for item in items]
    result = {
        "data": data,
        "unprocessedKeys": {table: [plain_of(key) for key in left.get(table, [])] for table in asked},
    }
    if left:
        raise _unprocessed("keys", result)
    return result


def _identity(item: Mapping[str, Any], names: list[str]) -> bytes:
    return orjson.dumps([item.get(name) for name in names])


def batch_put_item(source: Source, request: Members) -> Any:
    return _batch_write(source, request, "PutRequest", "Item", "unprocessedItems")


def batch_delete_item(source: Source, request: Members) -> Any:
    return _batch_write(source, request, "DeleteRequest", "Key", "unprocessedKeys")


def _batch_write(source: Source, request: Members, kind: str, member: str, left_over: str) -> Any:
    request.allow(*_TABLES)
    tables = request.object("tables")
    given = {table: [typed_item(each) for each in tables.objects(table)] for table in tables.values}
    asked = {table: [{kind: {member: item}} for item in items] for table, items in given.items()}
    answer = source.call("BatchWriteItem", {"RequestItems": asked})
    left = {
        table: [each[kind][member] for each in requests]
        for table, requests in answer.get("UnprocessedItems", {}).items()
    }
    result = {
        "data": {
            table: [None if item in left.get(table, []) else plain_of(item) for item in items]
            for table, items in given.items()
        },
        left_over: {table: [plain_of(item) for item in left.get(table, [])] for table in given},
    }
    if left:
        raise _unprocessed("items", result)
    return result


def _unprocessed(what: str, result: Any) -> DataSourceError:
    return DataSourceError(
        "DynamoDB:DynamoDbException", f"DynamoDB did not process all {what}: see the result.", result
    )


# --- transactions ---------------------------------------------------------------------------------------------------


def transact_get_items(source: Source, request: Members) -> Any:
    request.allow(*_TRANSACTION)
    asked = []
    for wanted in request.objects("transactItems"):
        wanted.allow("table", "key", "projection")
        expressions = Expressions()
        add_projection(expressions, wanted)
        key = typed_item(wanted.object("key"))
        asked.append({"Get": {"TableName": wanted.text("table"), "Key": key, **expressions.parameters()}})
    try:
        answer = source.call("TransactGetItems", {"TransactItems": asked})
    except DynamoDBError as error:
        raise _cancelled(source, error, "items") from None
    return {"items": [plain_item(each.get("Item")) for each in answer["Responses"]], "cancellationReasons": None}


def transact_write_items(source: Source, request: Members) -> Any:
    request.allow(*_TRANSACTION)
    given = request.objects("transactItems")
    asked = [_write(each) for each in given]
    try:
        source.call("TransactWriteItems", {"TransactItems": asked})
    except DynamoDBError as error:
        raise _cancelled(source, error, "keys") from None
    return {"keys": [plain_of(typed_item(each.object("key"))) for each in given], "cancellationReasons": None}


def _write(given: Members) -> dict[str, Any]:
    operation = given.text("operation")
    common = ("table", "operation", "key", "condition")
    key, expressions = typed_item(given.object("key")), Expressions()
    asked: dict[str, Any] = {"TableName": given.text("table")}
    if operation == "PutItem":
        given.allow(*common, "attributeValues")
        kind, asked["Item"] = "Put", {**typed_item(given.object("attributeValues")), **key}
    elif operation == "UpdateItem":
        given.allow(*common, "update")
        add_update(expressions, given)
        kind, asked["Key"] = "Update", key
    elif operation in ("DeleteItem", "ConditionCheck"):
        given.allow(*common)
        kind, asked["Key"] = operation.removesuffix("Item"), key
    else:
        raise refused(f"Unsupported operation '{operation}' for field '{given.at('operation')}'.")
    if given.has("condition") or kind == "ConditionCheck":
        condition = given.object_or_text("condition")
        condition.allow(*EXPRESSION, "returnValuesOnConditionCheckFailure")
        expressions.add("ConditionExpression", condition)
        if condition.flag("returnValuesOnConditionCheckFailure", default=True):
            asked["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    return {kind: {**asked, **expressions.parameters()}}


def _cancelled(source: Source, error: DynamoDBError, member: str) -> DataSourceError:
    """A cancelled transaction has its reasons in the result, one for each item of the request."""
    if error.code != CANCELLED:
        return of_service(error, source.request_id)
    reasons = [_reason(each) for each in error.members.get("CancellationReasons", [])]
    return of_service(error, source.request_id, {member: None, "cancellationReasons": reasons})


def _reason(given: Mapping[str, Any]) -> dict[str, Any]:
    code = str(given.get("Code"))
    if code == "None":
        return dict(_NO_REASON)
    told = _FAILED_REASON if code == _FAILED else {"type": code, "message": given.get("Message")}
    return {**told, **({"item": plain_item(given["Item"])} if given.get("Item") else {})}
