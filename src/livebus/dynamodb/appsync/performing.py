"""
The data source's one seam: ``perform`` gives a resolver's ``ctx.result``, or raises what becomes ``ctx.error``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from livebus.dynamodb.appsync import reading, several, single
from livebus.dynamodb.appsync.errors import DataSourceError, not_emulated, of_service, refused
from livebus.dynamodb.appsync.members import Members
from livebus.dynamodb.appsync.single import Source
from livebus.dynamodb.errors import DynamoDBError
from livebus.errors import LivebusError

_OPERATIONS: Mapping[str, Callable[[Source, Members], Any]] = {
    "BatchDeleteItem": several.batch_delete_item,
    "BatchGetItem": several.batch_get_item,
    "BatchPutItem": several.batch_put_item,
    "DeleteItem": single.delete_item,
    "GetItem": single.get_item,
    "PutItem": single.put_item,
    "Query": reading.query,
    "Scan": reading.scan,
    "TransactGetItems": several.transact_get_items,
    "TransactWriteItems": several.transact_write_items,
    "UpdateItem": single.update_item,
}


def perform(
    request: Any,
    table_name: str,
    call: Callable[[str, Mapping[str, Any]], Mapping[str, Any]],
    *,
    request_id: str = "local",
) -> Any:
    """
    Perform what a request handler returned, on the data source's table.

    ``call`` is DynamoDB (an Engine's, or one that asks another endpoint) and raises DynamoDBError; ``request_id`` stands in
    the messages of its errors. Raises DataSourceError.
    """
    if not isinstance(request, Mapping):
        raise refused("Expected a JSON object as the request of a DynamoDB data source.")
    members = Members(request)
    operation = members.text("operation")
    if operation == "Sync":
        raise not_emulated("The operation Sync, which needs a versioned data source,")
    act = _OPERATIONS.get(operation)
    if act is None:
        raise refused(f"Unsupported operation '{operation}'.")
    try:
        return act(Source(table_name, call, request_id), members)
    except DynamoDBError as error:
        raise of_service(error, request_id) from None
    except LivebusError as error:
        # The tables' file fails it: a full disk, damage.
        message = f"{error} (Service: DynamoDb, Status Code: 500, Request ID: {request_id})"
        raise DataSourceError("DynamoDB:InternalServerErrorException", message) from None
