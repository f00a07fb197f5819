"""
Operators of the template language: calculating, comparing, and what counts as true.

As Apache Velocity 1.7 has it: whole numbers stay whole and are divided without a rest, a text on either side of ``+`` makes
a text, and what cannot be calculated is null.
"""

from __future__ import annotations

import math
from decimal import Decimal, DecimalException
from typing import Any

from livebus.vtl.budget import MAX_BITS, Budget, Exceeded
from livebus.vtl.values import equals, is_number, text_of


def truth(value: Any) -> bool:
    """Null and false are false; everything else is true, empty texts and 0 included."""
    return value is not None and value is not False


def calculated(operator: str, left: Any, right: Any) -> Any:
    """The result of ``+ - * / %`` on numbers; None where there is none."""
    if not is_number(left) or not is_number(right):
        return None
    try:
        if isinstance(left, int) and isinstance(right, int):
            return _of_integers(operator, left, right)
        if isinstance(left, Decimal) or isinstance(right, Decimal):
            return _of_decimals(operator, _decimal(left), _decimal(right))
        return _of_doubles(operator, float(left), float(right))
    except (DecimalException, OverflowError, ValueError):
        return None


def _of_integers(operator: str, left: int, right: int) -> int | None:
    if operator in "/%":
        if right == 0:
            return None
        quotient = abs(left) // abs(right)
        quotient = quotient if (left < 0) == (right < 0) else -quotient
        return quotient if operator == "/" else left - quotient * right
    result = left + right if operator == "+" else left - right if operator == "-" else left * right
    if result.bit_length() > MAX_BITS:
        raise Exceeded(f"A whole number of more than {MAX_BITS:,} bits")
    return result


def _of_doubles(operator: str, left: float, right: float) -> float | None:
    if operator in "/%":
        if right == 0:
            return None
        return left / right if operator == "/" else math.fmod(left, right)
    return left + right if operator == "+" else left - right if operator == "-" else left * right


def _decimal(value: Any) -> Decimal:
    return value if isinstance(value, Decimal) else Decimal(repr(value))


def _of_decimals(operator: str, left: Decimal, right: Decimal) -> Decimal | None:
    if operator in "/%":
        if right == 0:
            return None
        return left / right if operator == "/" else left % right
    return left + right if operator == "+" else left - right if operator == "-" else left * right


def compared(operator: str, left: Any, right: Any) -> bool:
    """``< > <= >=``: false unless both sides are numbers."""
    if not is_number(left) or not is_number(right):
        return False
    if operator[0] == "<":
        return bool(left < right or (operator == "<=" and left == right))
    return bool(left > right or (operator == ">=" and left == right))


def same(left: Any, right: Any, budget: Budget) -> bool:
    """``==``: values of one kind by what they are worth, others by their texts."""
    if left is None or right is None:
        return left is right
    if (is_number(left) and is_number(right)) or type(left) is type(right):
        return equals(left, right, budget)
    return text_of(left, budget) == text_of(right, budget)
