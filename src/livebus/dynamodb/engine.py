"""
The engine's one seam: ``call(operation, request)`` gives DynamoDB's answer, or raises DynamoDBError.

Requests and answers are those of DynamoDB's JSON protocol: numbers as text, binaries as base64. Nothing waits: every call
is bounded by a page of 1 MB, 25 or 100 items.
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_Operations_Amazon_DynamoDB.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from livebus.dynamodb import administration, batches, partiql, reading, single_items, transactions
from livebus.dynamodb.context import Answer, Context
from livebus.dynamodb.errors import DynamoDBError, invalid
from livebus.dynamodb.store import Store

Call = Callable[[str, Mapping[str, Any]], Answer]
# As on AWS, what expired longer ago than five years is taken for a mistake and stays.
_OLDEST_EXPIRY = 5 * 365 * 86_400
_EXPIRED_AT_ONCE = 500

_OPERATIONS: dict[str, Callable[[Context, Mapping[str, Any]], Answer]] = {
    "BatchGetItem": batches.batch_get_item,
    "BatchWriteItem": batches.batch_write_item,
    "CreateTable": administration.create_table,
    "DeleteItem": single_items.delete_item,
    "DeleteTable": administration.delete_table,
    "DescribeContinuousBackups": administration.describe_continuous_backups,
    "DescribeTable": administration.describe_table,
    "DescribeTimeToLive": administration.describe_time_to_live,
    "ExecuteStatement": partiql.execute_statement,
    "GetItem": single_items.get_item,
    "ListTables": administration.list_tables,
    "ListTagsOfResource": administration.list_tags_of_resource,
    "PutItem": single_items.put_item,
    "Query": reading.query,
    "Scan": reading.scan,
    "TagResource": administration.tag_resource,
    "TransactGetItems": transactions.transact_get_items,
    "TransactWriteItems": transactions.transact_write_items,
    "UntagResource": administration.untag_resource,
    "UpdateItem": single_items.update_item,
    "UpdateTable": administration.update_table,
    "UpdateTimeToLive": administration.update_time_to_live,
}


class Engine:
    """
    Tables in a store. ``clock`` gives epoch seconds.

    Used from one thread. Where the store's file fails, calls raise StoreFault; what was answered before stays.
    """

    def __init__(
        self,
        store: Store,
        *,
        clock: Callable[[], float],
        region: str = "us-east-1",
        account: str = "123456789012",
        partition: str = "aws",
    ) -> None:
        self._context = Context(store, clock, region, account, partition)

    def call(self, operation: str, request: Mapping[str, Any]) -> Answer:
        """Raises DynamoDBError, and StoreFault where the file fails."""
        act = _OPERATIONS.get(operation)
        if act is None:
            message = f"dynamodb:{operation} is not emulated by the local runtime."
            raise DynamoDBError("UnknownOperationException", message)
        try:
            return act(self._context, request)
        except RecursionError:
            # Depth is bounded wherever we know of it; what is left is Python's own bound.
            raise invalid("Nesting Levels have exceeded supported limits") from None

    def expire(self) -> int:
        """Delete items whose time is over, a few hundred at most; how many."""
        store, now = self._context.store, int(self._context.clock())
        left = _EXPIRED_AT_ONCE
        for table in store.tables():
            if table.ttl_attribute and left > 0:
                left -= store.expire(table, now, now - _OLDEST_EXPIRY, left)
        return _EXPIRED_AT_ONCE - left

    def close(self) -> None:
        self._context.store.close()
