"""
Numbers as event patterns compare them: by value where a double holds them exactly, else by their text.

In: the text of a JSON number, or a parsed one. Out: a float (or a small int), or a :class:`NumberText`.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-patterns-content-based-filtering.html
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from math import isfinite, isinf

# Every integer below this is a double of its own; most numbers in events are.
EXACT_INTEGERS = 2**53


@dataclass(frozen=True, slots=True)
class NumberText:
    """A number whose shortest double has other digits (2^53 + 1, 1e309): it equals the same text and nothing else."""

    text: str


def comparable(text: str) -> float | None:
    """
    Read a JSON number as the double with the same digits; None where there is no such double.

    The test is the engine's: the shortest decimal that names the double must be the number itself.
    """
    value = float(text)
    if isinf(value):
        return None
    if value == 0:
        # Underflow (1e-400) is not zero. Minus zero is.
        mantissa = text.lower().partition("e")[0]
        return 0.0 if not mantissa.strip("-0.") else None
    return value if Decimal(shortest(value)) == Decimal(text) else None


def shortest(value: float) -> str:
    """Write a double as Java does: as few digits as name it, but two at least (4.9e-324, where Python has 5e-324)."""
    text = repr(value)
    return f"{value:.1e}" if "e" in text and "." not in text else text


def number_of_text(text: str) -> float | NumberText:
    """The number in a JSON text, ready to compare."""
    value = comparable(text)
    return NumberText(text) if value is None else value


def number_of(value: float) -> float | NumberText:
    """
    A parsed int or float, ready to compare. Floats stand for their shortest form: their text is gone.
    """
    if isinstance(value, int):
        if -EXACT_INTEGERS < value < EXACT_INTEGERS:
            return value
        # A double has at most 309 digits before its point; str() of a longer int may be refused by Python.
        return number_of_text(str(value)) if value.bit_length() < 1100 else NumberText(hex(value))
    return value if isfinite(value) else NumberText(repr(value))
