"""
DynamoDB's numbers: up to 38 significant digits, from 1E-130 to 9.99…E+125, as text in and out.

In: a number's text. Out: the one text that DynamoDB gives back for it, sums, and bytes that sort as the numbers do.
https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/HowItWorks.NamingRulesDataTypes.html
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Context, Decimal, InvalidOperation

from livebus.dynamodb.errors import DynamoDBError, invalid

DIGITS = 38
_GREATEST, _LEAST = 125, -130
_BIAS = 129  # what makes a byte of an exponent that counts from the first digit
# Longer texts are no numbers that anybody means; zeros in front and behind count, so there is room for some.
_LONGEST = 1000
_SHORT = re.compile(r"0|-?[1-9][0-9]{0,17}")
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,9})?")
_EXACT = Context(prec=2 * _LONGEST, Emax=10**12, Emin=-(10**12))
# Two numbers of 38 digits are 256 places apart at most: their sum is exact here, and then has to fit again.
_SUMS = Context(prec=300, rounding=ROUND_HALF_UP, Emax=999, Emin=-999)


def canonical(text: str) -> str:
    """The text that DynamoDB gives back: no exponent, no zeros that say nothing. Raises DynamoDBError."""
    # What ends in zeros has a text that ends in zeros: whole numbers of few digits are as they should be.
    if _SHORT.fullmatch(text):
        return text
    return _text(_decimal(text))


def add(first: str, second: str) -> str:
    """Raises DynamoDBError where the sum has too many digits."""
    return _text(_SUMS.add(Decimal(first), Decimal(second)))


def subtract(first: str, second: str) -> str:
    return _text(_SUMS.subtract(Decimal(first), Decimal(second)))


def key_bytes(text: str) -> bytes:
    """
    Bytes of a canonical number whose order is that of the numbers.

    A sign byte (0 negative, 1 zero, 2 positive), the exponent, the digits; for negative numbers all of it turned round,
    with an end that is greater than any digit.
    """
    sign, digits, exponent = Decimal(text).as_tuple()
    if digits == (0,):
        return b"\x01"
    assert isinstance(exponent, int)
    magnitude = exponent + len(digits)
    digits = _significant(digits)
    body = bytes([magnitude + _BIAS, *(digit + 1 for digit in digits)])
    if not sign:
        return b"\x02" + body
    return b"\x00" + bytes(255 - each for each in body) + b"\xff"


def size(text: str) -> int:
    """The bytes that a canonical number counts: one for two digits, one for itself, one for a minus."""
    digits = text.lstrip("-").replace(".", "").strip("0")
    return (len(digits) + 1) // 2 + 1 + text.startswith("-")


def _significant(digits: tuple[int, ...]) -> tuple[int, ...]:
    end = len(digits)
    while end > 1 and digits[end - 1] == 0:
        end -= 1
    return digits[:end]


def _decimal(text: str) -> Decimal:
    if len(text) > _LONGEST or not _NUMBER.fullmatch(text):
        raise invalid(f"The parameter cannot be converted to a numeric value: {text[:_LONGEST]}")
    try:
        return _EXACT.create_decimal(text)
    except InvalidOperation:
        raise _overflow() from None


def _text(number: Decimal) -> str:
    if not number:
        return "0"
    sign, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    kept = _significant(digits)
    exponent += len(digits) - len(kept)
    magnitude = exponent + len(kept) - 1
    if magnitude > _GREATEST:
        raise _overflow()
    if magnitude < _LEAST:
        raise invalid("Number underflow. Attempting to store a number with magnitude smaller than supported range")
    if len(kept) > DIGITS:
        raise invalid("Attempting to store more than 38 significant digits in a Number")
    written = "".join(map(str, kept))
    if exponent >= 0:
        written += "0" * exponent
    elif magnitude >= 0:
        written = f"{written[: magnitude + 1]}.{written[magnitude + 1 :]}"
    else:
        written = f"0.{'0' * (-magnitude - 1)}{written}"
    return f"-{written}" if sign else written


def _overflow() -> DynamoDBError:
    return invalid("Number overflow. Attempting to store a number with magnitude larger than supported range")
