"""
Values as templates see them: Java's text of them, their JSON, what equals what.

Java's values are Python's here: null is None, strings are str, numbers int, float and Decimal, lists list, maps dict.
Whatever walks through a value spends steps on it, since a value can hold itself, or one part many times.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from livebus.vtl.budget import MAX_DATA_DEPTH, Budget, Exceeded

_quote: Callable[[str], str] = json.JSONEncoder(ensure_ascii=False).encode


class Namespace:
    """``$util``, ``$util.time``, ``$extensions``: what holds functions. ``name`` is without the dollar."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name


class Entry:
    """One entry of a map, as ``entrySet()`` gives it."""

    __slots__ = ("key", "value")

    def __init__(self, key: Any, value: Any) -> None:
        self.key = key
        self.value = value


class Printable:
    """A value whose text is made when it is printed: what ``#define`` defines."""

    __slots__ = ()

    def text(self) -> str:
        raise NotImplementedError


def is_number(value: object) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _deeper(depth: int) -> int:
    if depth >= MAX_DATA_DEPTH:
        raise Exceeded(f"More than {MAX_DATA_DEPTH} lists and maps in one another")
    return depth + 1


# --- taking in ------------------------------------------------------------------------------------------------------


def taken(value: Any, budget: Budget, depth: int = 0) -> Any:
    """A copy of what came from outside, of the types that templates know."""
    if value is None or isinstance(value, bool | str | int | float | Decimal):
        return value
    budget.spend()
    if isinstance(value, Mapping):
        below = _deeper(depth)
        return {str(key): taken(item, budget, below) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, bytes | bytearray):
        below = _deeper(depth)
        return [taken(item, budget, below) for item in value]
    return str(value)


# --- text -----------------------------------------------------------------------------------------------------------


def double_text(value: float) -> str:
    """A double in Java's writing: 2.0, 1.0E10, 1.0E-4, NaN."""
    if not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if value == 0:
        return "-0.0" if math.copysign(1, value) < 0 else "0.0"
    sign, digits, exponent = Decimal(repr(value)).as_tuple()
    assert isinstance(exponent, int), "the number is finite"
    written = "".join(map(str, digits)).rstrip("0") or "0"
    exponent += len(digits)  # of the number as 0.digits
    minus = "-" if sign else ""
    if -3 < exponent <= 7:
        if exponent <= 0:
            return f"{minus}0.{'0' * -exponent}{written}"
        return f"{minus}{written[:exponent].ljust(exponent, '0')}.{written[exponent:] or '0'}"
    return f"{minus}{written[0]}.{written[1:] or '0'}E{exponent - 1}"


def text_of(value: Any, budget: Budget, depth: int = 0) -> str:
    """``toString()`` of a value; null is "null", as inside lists."""
    if isinstance(value, str):
        budget.text(len(value))
        return value
    budget.spend()
    if value is None or isinstance(value, bool | int | float | Decimal):
        return _scalar_text(value)
    if isinstance(value, list):
        below = _deeper(depth)
        return _joined("[", ", ", "]", (text_of(item, budget, below) for item in value), budget)
    if isinstance(value, dict):
        below = _deeper(depth)
        entries = (f"{text_of(key, budget, below)}={text_of(item, budget, below)}" for key, item in value.items())
        return _joined("{", ", ", "}", entries, budget)
    if isinstance(value, Entry):
        return f"{text_of(value.key, budget, depth)}={text_of(value.value, budget, _deeper(depth))}"
    if isinstance(value, Printable):
        return value.text()
    if isinstance(value, Namespace):
        return value.name
    return type(value).__name__


def _scalar_text(value: float | Decimal | None) -> str:
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    if isinstance(value, float):
        return double_text(value)
    if isinstance(value, Decimal) and value.is_finite():
        return format(value, "f") if abs(value.adjusted()) < 100 else str(value)
    return str(value)


def _joined(start: str, between: str, end: str, parts: Iterable[str], budget: Budget) -> str:
    pieces: list[str] = []
    length = 0
    for part in parts:
        pieces.append(part)
        length += len(part) + len(between)
        budget.text(length)
    return start + between.join(pieces) + end


def json_of(value: Any, budget: Budget, depth: int = 0) -> str:
    """The JSON text that ``$util.toJson`` gives: no spaces, members in their order."""
    if isinstance(value, str):
        budget.text(len(value))
        return _quote(value)
    budget.spend()
    if value is None or isinstance(value, bool):
        return "null" if value is None else str(value).lower()
    if isinstance(value, float) and not math.isfinite(value):
        return f'"{double_text(value)}"'
    if is_number(value):
        return text_of(value, budget)
    if isinstance(value, list):
        below = _deeper(depth)
        return _joined("[", ",", "]", (json_of(item, budget, below) for item in value), budget)
    if isinstance(value, dict):
        below = _deeper(depth)
        members = (
            f"{_quote(text_of(key, budget, below))}:{json_of(item, budget, below)}" for key, item in value.items()
        )
        return _joined("{", ",", "}", members, budget)
    if isinstance(value, Entry):
        return json_of({text_of(value.key, budget): value.value}, budget, _deeper(depth))
    return _quote(text_of(value, budget, depth))


def plain(value: Any, budget: Budget, depth: int = 0) -> Any:
    """A value as it leaves the template: JSON's types, maps with texts as keys, no part shared with the template."""
    if value is None or isinstance(value, bool | str | int | float | Decimal):
        if isinstance(value, str):
            budget.text(len(value))
        return value
    budget.spend()
    if isinstance(value, list):
        below = _deeper(depth)
        return [plain(item, budget, below) for item in value]
    if isinstance(value, dict):
        below = _deeper(depth)
        return {text_of(key, budget, below): plain(item, budget, below) for key, item in value.items()}
    if isinstance(value, Entry):
        return {text_of(value.key, budget): plain(value.value, budget, _deeper(depth))}
    return text_of(value, budget, depth)


# --- kinds and equality ---------------------------------------------------------------------------------------------


def type_name(value: Any) -> str:
    """What ``$util.typeOf`` says of a value."""
    if value is None:
        return "Null"
    if isinstance(value, bool):
        return "Boolean"
    if isinstance(value, str):
        return "String"
    if is_number(value):
        return "Number"
    if isinstance(value, list):
        return "List"
    return "Map" if isinstance(value, dict) else "Object"


_JAVA_CLASSES: dict[type, str] = {
    str: "java.lang.String",
    bool: "java.lang.Boolean",
    int: "java.lang.Integer",
    float: "java.lang.Double",
    list: "java.util.ArrayList",
    dict: "java.util.LinkedHashMap",
}


def java_class(value: Any) -> str:
    """The class that Apache Velocity names when one of its methods fails."""
    return _JAVA_CLASSES.get(type(value), type(value).__name__)


def equals(one: Any, other: Any, budget: Budget, depth: int = 0) -> bool:
    """``one.equals(other)``: kinds count, but whole numbers and others are compared by what they are worth."""
    budget.spend()
    if one is other:
        return True
    if isinstance(one, list) and isinstance(other, list):
        below = _deeper(depth)
        return len(one) == len(other) and all(equals(a, b, budget, below) for a, b in zip(one, other, strict=True))
    if isinstance(one, dict) and isinstance(other, dict):
        below = _deeper(depth)
        return len(one) == len(other) and all(
            key in other and equals(item, other[key], budget, below) for key, item in one.items()
        )
    if isinstance(one, Entry) and isinstance(other, Entry):
        return equals(one.key, other.key, budget) and equals(one.value, other.value, budget, _deeper(depth))
    if is_number(one) and is_number(other):
        return bool(one == other)
    if isinstance(one, str) and isinstance(other, str):
        budget.text(min(len(one), len(other)))
        return one == other
    return type(one) is type(other) and isinstance(one, bool) and one == other


def position_of(items: Sequence[Any], value: Any, budget: Budget) -> int:
    """The index of the first item that equals a value; -1 where none does."""
    return next((index for index, item in enumerate(items) if equals(item, value, budget)), -1)
