"""
Attribute values (``{"S": "x"}``, ``{"M": {…}}``): read within DynamoDB's bounds, normalised, measured, compared.

In: JSON of any shape. Out: the value as DynamoDB gives it back and its size in bytes, or a DynamoDBError.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from livebus.dynamodb import number
from livebus.dynamodb.errors import DynamoDBError, invalid, invalid_values

Value = dict[str, Any]
Item = dict[str, Value]

MAX_ITEM_BYTES = 400 * 1024
_MAX_DEPTH = 32
_TYPES = ("S", "N", "B", "SS", "NS", "BS", "M", "L", "NULL", "BOOL")
SCALARS = frozenset({"S", "N", "B"})
# What DynamoDB calls them in its messages.
TYPE_NAMES = dict(
    zip(
        _TYPES,
        "STRING NUMBER BINARY STRING_SET NUMBER_SET BINARY_SET MAP LIST NULL BOOLEAN".split(),  # noqa: SIM905 - a row of words
        strict=True,
    )
)


def read_item(given: Any) -> tuple[Item, int]:
    """The attributes of an item, normalised, and their size: names and values."""
    if not isinstance(given, Mapping):
        raise wrong_shape()
    item: Item = {}
    total = 0
    for name, value in given.items():
        item[name], size = read_value(value)
        total += size + text_bytes(name)
    return item, total


def read_value(given: Any, depth: int = 0) -> tuple[Value, int]:
    """One value, normalised, and its size."""
    if not isinstance(given, Mapping):
        raise wrong_shape()
    if len(given) != 1:
        # SDKs may send the members that are not used as null.
        given = {kind: content for kind, content in given.items() if content is not None and kind in _TYPES}
        if len(given) != 1:
            raise invalid(
                "Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported"
                " datatypes"
                if given
                else "Supplied AttributeValue is empty, must contain exactly one of the supported datatypes"
            )
    ((kind, content),) = given.items()
    if kind == "S":
        if not isinstance(content, str):
            raise wrong_shape()
        return {"S": content}, text_bytes(content)
    if kind == "N":
        if not isinstance(content, str):
            raise wrong_shape()
        text = number.canonical(content)
        return {"N": text}, number.size(text)
    reader = _READERS.get(kind)
    if reader is None:
        raise invalid("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")
    return reader(content, depth)


def _binary(content: Any, depth: int) -> tuple[Value, int]:
    text, size = _base64(content)
    return {"B": text}, size


def _boolean(content: Any, depth: int) -> tuple[Value, int]:
    if not isinstance(content, bool):
        raise wrong_shape()
    return {"BOOL": content}, 1


def _null(content: Any, depth: int) -> tuple[Value, int]:
    if content is not True:
        raise invalid_values("Null attribute value types must have the value of true")
    return {"NULL": True}, 1


def _map(content: Any, depth: int) -> tuple[Value, int]:
    if not isinstance(content, Mapping):
        raise wrong_shape()
    _check_depth(depth)
    members, total = {}, 3
    for name, each in content.items():
        members[name], size = read_value(each, depth + 1)
        total += size + text_bytes(name) + 1
    return {"M": members}, total


def _list(content: Any, depth: int) -> tuple[Value, int]:
    if not isinstance(content, list):
        raise wrong_shape()
    _check_depth(depth)
    values, total = [], 3
    for each in content:
        value, size = read_value(each, depth + 1)
        values.append(value)
        total += size + 1
    return {"L": values}, total


def _check_depth(depth: int) -> None:
    if depth >= _MAX_DEPTH:
        raise invalid("Nesting Levels have exceeded supported limits")


def _set(kind: str, empty: str, read: Callable[[Any], tuple[str, int]]) -> Callable[[Any, int], tuple[Value, int]]:
    def reader(content: Any, depth: int) -> tuple[Value, int]:
        if not isinstance(content, list):
            raise wrong_shape()
        if not content:
            raise invalid_values(empty)
        texts, total = [], 0
        for each in content:
            text, size = read(each)
            texts.append(text)
            total += size
        if len(set(texts)) != len(texts):
            shown = ", ".join(str(each) for each in content)[:200]
            raise invalid_values(f"Input collection [{shown}] contains duplicates.")
        return {kind: texts}, total

    return reader


def _text(content: Any) -> tuple[str, int]:
    if not isinstance(content, str):
        raise wrong_shape()
    return content, text_bytes(content)


def _number(content: Any) -> tuple[str, int]:
    if not isinstance(content, str):
        raise wrong_shape()
    text = number.canonical(content)
    return text, number.size(text)


def _base64(content: Any) -> tuple[str, int]:
    if not isinstance(content, str):
        raise wrong_shape()
    try:
        data = base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        raise DynamoDBError("SerializationException", "The value of a binary attribute is not base64.") from None
    return base64.b64encode(data).decode(), len(data)


_READERS: dict[str, Callable[[Any, int], tuple[Value, int]]] = {
    "B": _binary,
    "BOOL": _boolean,
    "NULL": _null,
    "M": _map,
    "L": _list,
    "SS": _set("SS", "An string set  may not be empty", _text),
    "NS": _set("NS", "An number set  may not be empty", _number),
    "BS": _set("BS", "Binary sets should not be empty", _base64),
}


def text_bytes(text: Any) -> int:
    """The bytes of a text in UTF-8. Raises DynamoDBError for halves of characters."""
    if not isinstance(text, str):
        raise wrong_shape()
    if text.isascii():
        return len(text)
    try:
        return len(text.encode())
    except UnicodeEncodeError:
        raise DynamoDBError("SerializationException", "A text holds half of a character.") from None


def wrong_shape() -> DynamoDBError:
    return DynamoDBError("SerializationException", "A member of the request has another type than it should have.")


# --- the size of what is stored -------------------------------------------------------------------------------------


def item_size(item: Mapping[str, Value]) -> int:
    """The size of a normalised item."""
    return sum(text_bytes(name) + value_size(value) for name, value in item.items())


def value_size(value: Value) -> int:
    """The size of a normalised value."""
    ((kind, content),) = value.items()
    match kind:
        case "S":
            return text_bytes(content)
        case "N":
            return number.size(content)
        case "B":
            return binary_size(content)
        case "M":
            return 3 + sum(1 + text_bytes(name) + value_size(each) for name, each in content.items())
        case "L":
            return 3 + sum(1 + value_size(each) for each in content)
        case "SS":
            return sum(map(text_bytes, content))
        case "NS":
            return sum(map(number.size, content))
        case "BS":
            return sum(map(binary_size, content))
    return 1


def binary_size(text: str) -> int:
    """The bytes that a base64 text stands for."""
    return len(text) // 4 * 3 - text.count("=", -2)


# --- comparing ------------------------------------------------------------------------------------------------------


def equal(first: Value, second: Value) -> bool:
    """Whether two normalised values are alike: sets in any order."""
    ((kind, one),) = first.items()
    if kind not in second:
        return False
    other = second[kind]
    if kind in ("SS", "NS", "BS"):
        return set(one) == set(other)
    if kind == "L":
        return len(one) == len(other) and all(map(equal, one, other))
    if kind == "M":
        return one.keys() == other.keys() and all(equal(each, other[name]) for name, each in one.items())
    return bool(one == other)


def sortable(value: Value) -> tuple[str, Any] | None:
    """What values of one type are ordered by; None for types without an order."""
    ((kind, content),) = value.items()
    if kind == "N":
        return kind, Decimal(content)
    if kind == "S":
        return kind, content.encode()
    return (kind, base64.b64decode(content)) if kind == "B" else None


def shown(value: Value) -> str:
    """A value as messages have it."""
    ((kind, content),) = value.items()
    text = str(content)
    return f"AttributeValue: {{{kind}:{text if len(text) <= 100 else text[:100] + '…'}}}"
