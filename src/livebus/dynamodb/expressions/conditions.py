"""
Whether a condition holds of an item.

In: a bound condition and an item, None where there is none. What an item does not have, or has of another type, makes a
comparison false; only ``<>`` is true then.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Expressions.OperatorsAndFunctions.html
"""

from __future__ import annotations

import base64
import operator
from collections.abc import Mapping

from livebus.dynamodb.attribute_values import Value, binary_size, equal, sortable
from livebus.dynamodb.expressions.syntax import (
    And,
    Between,
    Comparison,
    Condition,
    Function,
    In,
    Literal,
    Not,
    Operand,
    Or,
    Path,
    Size,
)

_ORDERS = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}
_SETS = {"S": "SS", "N": "NS", "B": "BS"}


def holds(condition: Condition, item: Mapping[str, Value]) -> bool:
    match condition:
        case Comparison(comparator, left, right):
            return _compare(comparator, _value(left, item), _value(right, item))
        case Between(operand, low, high):
            value = _value(operand, item)
            return _compare(">=", value, _value(low, item)) and _compare("<=", value, _value(high, item))
        case In(operand, options):
            value = _value(operand, item)
            return any(_compare("=", value, _value(option, item)) for option in options)
        case And(parts):
            return all(holds(part, item) for part in parts)
        case Or(parts):
            return any(holds(part, item) for part in parts)
        case Not(part):
            return not holds(part, item)
        case Function(name, arguments):
            return _function(name, [_value(argument, item) for argument in arguments])


def lookup(path: Path, item: Mapping[str, Value]) -> Value | None:
    """What a path leads to; None where it leads nowhere."""
    value: Value | None = item.get(path.steps[0]) if isinstance(path.steps[0], str) else None
    for step in path.steps[1:]:
        if value is None:
            return None
        if isinstance(step, int):
            elements = value.get("L")
            value = elements[step] if elements is not None and step < len(elements) else None
        else:
            value = value["M"].get(step) if "M" in value else None
    return value


def _value(operand: Operand, item: Mapping[str, Value]) -> Value | None:
    if isinstance(operand, Path):
        return lookup(operand, item)
    if isinstance(operand, Literal):
        return operand.value
    assert isinstance(operand, Size)
    value = _value(operand.of, item)
    size = None if value is None else _size(value)
    return None if size is None else {"N": str(size)}


def _size(value: Value) -> int | None:
    """What the function size gives. AWS does not say whether a text counts in characters or bytes: characters here."""
    ((kind, content),) = value.items()
    if kind in ("N", "BOOL", "NULL"):
        return None
    return binary_size(content) if kind == "B" else len(content)


def _compare(comparator: str, left: Value | None, right: Value | None) -> bool:
    if comparator == "<>":
        return left is None or right is None or not equal(left, right)
    if left is None or right is None:
        return False
    if comparator == "=":
        return equal(left, right)
    first, second = sortable(left), sortable(right)
    if first is None or second is None or first[0] != second[0]:
        return False
    return bool(_ORDERS[comparator](first[1], second[1]))


def _function(name: str, arguments: list[Value | None]) -> bool:
    value = arguments[0]
    if name == "attribute_exists":
        return value is not None
    if name == "attribute_not_exists":
        return value is None
    other = arguments[1]
    if value is None or other is None:
        return False
    if name == "attribute_type":
        return other["S"] in value
    if name == "begins_with":
        if "S" in value and "S" in other:
            return bool(value["S"].startswith(other["S"]))
        return "B" in value and "B" in other and _bytes(value).startswith(_bytes(other))
    return _contains(value, other)


def _contains(value: Value, other: Value) -> bool:
    ((kind, content),) = other.items()
    if "L" in value:
        return any(equal(element, other) for element in value["L"])
    if kind == "S" and "S" in value:
        return content in value["S"]
    if kind == "B" and "B" in value:
        return _bytes(other) in _bytes(value)
    return kind in _SETS and content in value.get(_SETS[kind], ())


def _bytes(value: Value) -> bytes:
    return base64.b64decode(value["B"])
