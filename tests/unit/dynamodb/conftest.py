"""An engine in memory with a table of each kind, and a clock that tests turn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from livebus.dynamodb.engine import Engine
from livebus.dynamodb.errors import DynamoDBError
from livebus.dynamodb.store import Store

Request = dict[str, Any]


class Database:
    """``call`` is the engine's; ``now`` is what its clock says."""

    def __init__(self, store: Store | None = None) -> None:
        self.now = 1_000_000.0
        self.engine = Engine(store or Store(), clock=lambda: self.now)

    def call(self, operation: str, **request: Any) -> dict[str, Any]:
        return self.engine.call(operation, request)

    def refused(self, operation: str, **request: Any) -> tuple[str, str]:
        """Code and message of a call that fails."""
        with pytest.raises(DynamoDBError) as raised:
            self.call(operation, **request)
        return raised.value.code, raised.value.message

    def put(self, table: str, **attributes: Any) -> None:
        self.call("PutItem", TableName=table, Item={name: typed(value) for name, value in attributes.items()})

    def get(self, table: str, **key: Any) -> Mapping[str, Any] | None:
        found = self.call("GetItem", TableName=table, Key={name: typed(value) for name, value in key.items()})
        return found.get("Item")


def typed(value: Any) -> dict[str, Any]:
    """A text or a number as an attribute value; what is typed already stays."""
    if isinstance(value, dict):
        return value
    return {"S": value} if isinstance(value, str) else {"N": str(value)}


def schema(*names: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "KeyType": kind} for name, kind in zip(names, ("HASH", "RANGE"), strict=False)]


def definitions(**types: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "AttributeType": kind} for name, kind in types.items()]


SINGLE: Request = {
    "TableName": "Single",
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": definitions(id="S"),
    "KeySchema": schema("id"),
}
PAIRS: Request = {
    "TableName": "Pairs",
    "BillingMode": "PAY_PER_REQUEST",
    "AttributeDefinitions": definitions(p="S", s="N", g="S", l="S"),
    "KeySchema": schema("p", "s"),
    "GlobalSecondaryIndexes": [
        {"IndexName": "by-g", "KeySchema": schema("g", "s"), "Projection": {"ProjectionType": "ALL"}},
        {"IndexName": "keys-only", "KeySchema": schema("g"), "Projection": {"ProjectionType": "KEYS_ONLY"}},
    ],
    "LocalSecondaryIndexes": [
        {"IndexName": "by-l", "KeySchema": schema("p", "l"), "Projection": {"ProjectionType": "KEYS_ONLY"}}
    ],
}


@pytest.fixture
def db() -> Iterator[Database]:
    database = Database()
    database.call("CreateTable", **SINGLE)
    database.call("CreateTable", **PAIRS)
    yield database
    database.engine.close()
