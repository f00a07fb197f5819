"""
Letters as EventBridge writes them, with whatever is to be otherwise.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from livebus.redrive.letter import Letter

EVENT = {
    "version": "0",
    "id": "event-1",
    "detail-type": "message",
    "source": "sample.source",
    "account": "123456789012",
    "time": "2026-01-15T08:30:00Z",
    "region": "us-east-1",
    "resources": [],
    "detail": {"msg": "hello", "order": {"id": 17}},
}
ATTRIBUTES = {
    "RULE_ARN": "arn:aws:events:us-east-1:123456789012:rule/orders/toApp",
    "TARGET_ARN": "arn:aws:appsync:us-east-1:123456789012:endpoints/graphql-api/abc",
    "ERROR_CODE": "ERROR_FROM_TARGET",
    "ERROR_MESSAGE": "no",
    "RETRY_ATTEMPTS": "3",
}
SENT = datetime(2026, 1, 15, 9, 0, tzinfo=UTC)

MakeLetter = Callable[..., Letter]


@pytest.fixture
def letter() -> MakeLetter:
    def make(message_id: str = "m-1", body: str | None = None, sent: datetime = SENT, **attributes: str) -> Letter:
        given = {**ATTRIBUTES, **attributes}
        shaped: dict[str, Any] = {
            name: {"DataType": "String", "StringValue": value} for name, value in given.items() if value
        }
        return Letter(
            message_id, json.dumps(EVENT) if body is None else body, shaped, sent, 1, f"receipt of {message_id}"
        )

    return make
