"""
An answer of DynamoDB's that is an error: its code, its message in DynamoDB's words, and what else it carries.

https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Programming.Errors.html
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

VALIDATION = "ValidationException"
CONDITION_FAILED = "ConditionalCheckFailedException"
CANCELLED = "TransactionCanceledException"
NO_TABLE = "ResourceNotFoundException"


class DynamoDBError(Exception):
    """
    ``code`` without a namespace; ``members`` stand beside the message: ``Item`` of a failed condition,
    ``CancellationReasons`` of a transaction.
    """

    def __init__(self, code: str, message: str, members: Mapping[str, Any] | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.members: Mapping[str, Any] = members or {}


def invalid(message: str) -> DynamoDBError:
    return DynamoDBError(VALIDATION, message)


def invalid_values(reason: str) -> DynamoDBError:
    """The form that most refusals of values have."""
    return invalid(f"One or more parameter values were invalid: {reason}")


def constraint(member: str, value: str, text: str) -> DynamoDBError:
    """A violation of what the service's model asks of a member; ``value`` as the message shows it."""
    return invalid(f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: {text}")


def condition_failed(item: Mapping[str, Any] | None = None) -> DynamoDBError:
    """``item`` where the caller asked for what stands there."""
    return DynamoDBError(CONDITION_FAILED, "The conditional request failed", {"Item": item} if item else None)


def no_table(detail: str = "") -> DynamoDBError:
    return DynamoDBError(NO_TABLE, f"Requested resource not found{detail}")


def not_emulated(what: str) -> DynamoDBError:
    return invalid(f"{what} is not emulated by the local runtime.")
