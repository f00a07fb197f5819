"""
Numbers in text that others wrote: digits are ASCII, a bound is always given, and what is anything else is no number.

``int`` and ``float`` take more than any protocol means: signs, blanks, underscores, ``0x``, the digits of other scripts,
``nan``, and so many digits that reading them takes seconds.
"""

from __future__ import annotations

import re

_DECIMAL = re.compile(r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?")
_HEX = re.compile(r"[0-9a-fA-F]+")
# No number that is read here has more: 2**63 has 19.
_MOST_DIGITS = 24
# More elements than any list of a template has.
MAX_INDEX = 10**9
# The first moment of the year 10000 in epoch seconds; datetime ends before it.
END_OF_TIME = 253_402_300_800.0


def whole(text: str, most: int, *, least: int = 0) -> int | None:
    """The whole number that decimal digits are, from ``least`` to ``most``; None for anything else."""
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        return None
    number = int(text)
    return number if least <= number <= most else None


def hexadecimal(text: str, most: int) -> int | None:
    """The whole number that hexadecimal digits are, from 0 to ``most``; None for anything else."""
    if len(text) > _MOST_DIGITS or not _HEX.fullmatch(text):
        return None
    number = int(text, 16)
    return number if number <= most else None


def decimal(text: str, most: float) -> float | None:
    """The number that digits are, with a fraction and an exponent where they have one, from 0 to ``most``; or None."""
    if len(text) > 2 * _MOST_DIGITS or not _DECIMAL.fullmatch(text):
        return None
    number = float(text)
    return number if number <= most else None


def epoch_seconds(value: object) -> float | None:
    """A JSON number as a time in seconds of the years 1970 to 9999; None for anything else, ``true`` included."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    # Compared before it is turned: a whole number may be larger than any float. NaN is in no order.
    return float(value) if 0 <= value < END_OF_TIME else None
