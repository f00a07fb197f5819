"""
Attribute values of requests (``{"N": 10}``, ``{"NULL": null}``) as DynamoDB takes them, and items as ``ctx.result`` has them.

In results whole numbers are ints of any size, others Decimals with all their digits; binaries are base64 text, sets lists.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from livebus.dynamodb.appsync.errors import refused
from livebus.dynamodb.appsync.members import Members, kind_of
from livebus.dynamodb.attribute_values import read_item

_MAX_DEPTH = 64


def typed_item(members: Members) -> dict[str, Any]:
    """Attributes with typed values: a key, attributeValues, expressionValues."""
    return {name: _typed(value, members.at(name), 0) for name, value in members.values.items()}


def _typed(value: Any, path: str, depth: int) -> Any:
    if not isinstance(value, Mapping):
        raise refused(f"Expected JSON object for attribute value '{path}' but got a '{kind_of(value)}' instead.")
    if depth > _MAX_DEPTH:
        raise refused(f"The attribute value '{path[:80]}…' is nested too deeply.")
    return {kind: _content(kind, content, f"{path}[{kind}]", depth) for kind, content in value.items()}


def _content(kind: str, content: Any, path: str, depth: int) -> Any:
    if kind == "N":
        return _number(content)
    if kind == "NULL":
        return True if content is None else content
    if kind == "NS" and isinstance(content, list):
        return [_number(each) for each in content]
    if kind == "L" and isinstance(content, list):
        return [_typed(each, f"{path}[{place}]", depth + 1) for place, each in enumerate(content)]
    if kind == "M" and isinstance(content, Mapping):
        return {name: _typed(each, f"{path}[{name}]", depth + 1) for name, each in content.items()}
    return content


def _number(content: Any) -> Any:
    """A number's text: JavaScript's 10.0 is 10, as JSON.stringify has it."""
    if isinstance(content, bool):
        return content
    if isinstance(content, float):
        return repr(int(content)) if content.is_integer() and abs(content) < 1e21 else repr(content)
    return str(content) if isinstance(content, int | Decimal) else content


def plain_item(item: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """An item as results have it; None where there is none."""
    return None if item is None else {name: plain(value) for name, value in item.items()}


def plain_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """The same of typed values that came with a request and were taken: normalised as they are stored."""
    return {name: plain(value) for name, value in read_item(given)[0].items()}


def plain(value: Mapping[str, Any]) -> Any:
    ((kind, content),) = value.items()
    match kind:
        case "N":
            return _plain_number(content)
        case "NS":
            return [_plain_number(each) for each in content]
        case "L":
            return [plain(each) for each in content]
        case "M":
            return {name: plain(each) for name, each in content.items()}
        case "NULL":
            return None
    return content


def _plain_number(text: str) -> int | Decimal:
    return Decimal(text) if "." in text else int(text)
