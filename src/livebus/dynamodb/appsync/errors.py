"""
What a data source's failure becomes: ``ctx.error`` with its type, and ``ctx.result`` beside it.

The words of refused requests are AppSync's where somebody saw them; the rest follows them (docs/fidelity.md).
"""

from __future__ import annotations

from typing import Any

from livebus.dynamodb.errors import DynamoDBError

_TEMPLATE = "MappingTemplate"
_NOT_EMULATED = "NotEmulated"
# Those that the AWS SDK has classes for keep their names.
_MODELLED = frozenset(
    {
        "ConditionalCheckFailedException",
        "IdempotentParameterMismatchException",
        "ItemCollectionSizeLimitExceededException",
        "LimitExceededException",
        "ProvisionedThroughputExceededException",
        "ResourceInUseException",
        "ResourceNotFoundException",
        "TransactionCanceledException",
        "TransactionConflictException",
        "TransactionInProgressException",
    }
)


class DataSourceError(Exception):
    """``type`` and ``message`` are those of ``ctx.error``; ``result`` is what ``ctx.result`` is then."""

    def __init__(self, error_type: str, message: str, result: Any = None) -> None:
        super().__init__(f"{error_type}: {message}")
        self.type = error_type
        self.message = message
        self.result = result


def of_service(error: DynamoDBError, request_id: str, result: Any = None) -> DataSourceError:
    """An error that DynamoDB answered with."""
    name = error.code if error.code in _MODELLED else "DynamoDbException"
    message = f"{error.message} (Service: DynamoDb, Status Code: 400, Request ID: {request_id})"
    return DataSourceError(f"DynamoDB:{name}", message, result)


def refused(message: str) -> DataSourceError:
    """A request that AppSync does not hand on."""
    return DataSourceError(_TEMPLATE, message)


def unsupported(path: str) -> DataSourceError:
    return refused(f"Unsupported element '{path}'.")


def not_emulated(what: str) -> DataSourceError:
    """What AppSync takes and the local runtime does not do."""
    return DataSourceError(_NOT_EMULATED, f"{what} is not emulated by the local runtime.")
