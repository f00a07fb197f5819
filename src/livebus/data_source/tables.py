"""
AMAZON_DYNAMODB data sources: a request handler's value, and what the response handler sees of the table's answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from livebus.operation import Answer

DynamoDB = Callable[[str, Mapping[str, Any]], Mapping[str, Any]]
"""DynamoDB's answer to an operation. Raises DynamoDBError."""


def table_answer(request: Any, table_name: str, dynamodb: DynamoDB, request_id: str) -> Answer:
    """The answer of a table to a request handler's value."""
    from livebus.dynamodb.appsync import DataSourceError, perform

    try:
        return Answer(plain(perform(request, table_name, dynamodb, request_id=request_id)))
    except DataSourceError as error:
        return Answer(plain(error.result), {"message": error.message, "type": error.type})


def plain(value: Any) -> Any:
    """A result whose fractions are doubles, as handlers in JavaScript see them; whole numbers keep their digits."""
    if isinstance(value, dict):
        return {name: plain(each) for name, each in value.items()}
    if isinstance(value, list):
        return [plain(each) for each in value]
    return float(value) if isinstance(value, Decimal) else value
