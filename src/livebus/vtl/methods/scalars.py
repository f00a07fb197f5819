"""
Methods of numbers (java.lang.Integer, Double and their kin) and of truth values.

https://docs.oracle.com/en/java/javase/17/docs/api/java.base/java/lang/Integer.html
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from livebus.vtl.budget import Budget
from livebus.vtl.methods.registry import JavaError, Method, Row, add_all, method, pure
from livebus.vtl.values import text_of


def _wrapped(value: Any, bits: int) -> int:
    """``intValue`` and ``longValue``: without the fraction; whole numbers lose what is beyond their bits."""
    limit = 1 << (bits - 1)
    if isinstance(value, float):
        return 0 if value != value else int(max(-limit, min(limit - 1, value)))  # noqa: PLR0124 - NaN is not itself
    return (int(value) + limit) % (2 * limit) - limit


def _parsed(convert: Callable[[str], Any]) -> Method:
    def parse(budget: Budget, value: Any, text: str) -> Any:
        try:
            return convert(text)
        except (ValueError, OverflowError, ArithmeticError):
            raise JavaError("java.lang.NumberFormatException", f'For input string: "{text[:80]}"') from None

    return parse


def _integer(text: str) -> int:
    if len(text) > 20 or not text.lstrip("+-").isdigit() or not text.isascii():
        raise ValueError(text)
    return int(text)


def _double(text: str) -> float:
    if "_" in text:
        raise ValueError(text)
    return float(text)


_of_numbers: list[Row] = [
    ("compareTo", ("number",), pure(lambda value, other: (value > other) - (value < other))),
    ("doubleValue", (), pure(float)),
    ("floatValue", (), pure(float)),
    ("intValue", (), pure(lambda value: _wrapped(value, 32))),
    ("longValue", (), pure(lambda value: _wrapped(value, 64))),
    ("max", ("number", "number"), pure(lambda _, one, other: max(one, other))),
    ("min", ("number", "number"), pure(lambda _, one, other: min(one, other))),
    ("parseDouble", ("text",), _parsed(_double)),
    ("parseInt", ("text",), _parsed(_integer)),
    ("parseLong", ("text",), _parsed(_integer)),
    ("toString", ("number",), lambda budget, _, other: text_of(other, budget)),
    ("valueOf", ("number",), pure(lambda _, other: other)),
]
add_all("number", _of_numbers)


@method("number", "valueOf", "text")
def _value_of(budget: Budget, value: Any, text: str) -> Any:
    return _parsed(_double if isinstance(value, float) else _integer)(budget, value, text)


@method("number", "isNaN")
def _is_nan(budget: Budget, value: Any) -> bool:
    return isinstance(value, float | Decimal) and value != value  # noqa: PLR0124 - NaN is not itself


method("bool", "booleanValue")(pure(lambda value: value))
method("bool", "parseBoolean", "text")(pure(lambda _, text: text.lower() == "true"))
method("bool", "valueOf", "text")(pure(lambda _, text: text.lower() == "true"))
