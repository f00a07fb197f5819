"""
``nextToken``: where a Query or a Scan goes on, as an opaque text that is good for one table and index only.

AppSync encrypts its tokens. Ours are signed with a key that is no secret: they say no more than what the answers show, and
one that was changed, or is for another table, is refused in AppSync's words.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

import orjson

from livebus.dynamodb.appsync.errors import DataSourceError

_VERSION = 3
_KEY = b"livebus nextToken"
_LONGEST = 16_384


def next_token(key: Mapping[str, Any] | None, table: str, index: str) -> str | None:
    """The token of a LastEvaluatedKey; None where nothing follows."""
    if key is None:
        return None
    place = orjson.dumps(key)
    token = {
        "version": _VERSION,
        "token": base64.b64encode(place).decode(),
        "signature": _signature(place, table, index),
    }
    return base64.b64encode(orjson.dumps(token)).decode()


def start_key(token: str, table: str, index: str) -> dict[str, Any]:
    """The ExclusiveStartKey that a token stands for. Raises DataSourceError."""
    if len(token) > _LONGEST:
        raise _invalid()
    try:
        content = orjson.loads(base64.b64decode(token, validate=True))
        place = base64.b64decode(content["token"], validate=True)
        is_ours = hmac.compare_digest(content["signature"], _signature(place, table, index))
        key = orjson.loads(place)
    except (binascii.Error, ValueError, KeyError, TypeError):
        raise _invalid() from None
    if not is_ours or content.get("version") != _VERSION or not isinstance(key, dict):
        raise _invalid()
    return key


def _signature(place: bytes, table: str, index: str) -> str:
    return hmac.new(_KEY, b"\0".join((table.encode(), index.encode(), place)), hashlib.sha256).hexdigest()


def _invalid() -> DataSourceError:
    return DataSourceError(
        "DynamoDB:UserIllegalArgumentException",
        "com.amazonaws.deepdish.common.pagination.InvalidPaginationTokenException: Invalid pagination token given.",
    )
