"""
Data: AppSync's scalars, the five of GraphQL and the nine that begin with AWS.

In: a variable's or literal's value, or a resolver's. Out: the value that resolvers see, or the one that the response
shows; :class:`CannotCoerce` with AppSync's words where the value does not fit.
https://docs.aws.amazon.com/appsync/latest/devguide/scalars.html

AppSync runs on graphql-java, which is laxer than GraphQL's specification: a number or a text that reads as one
passes for Int and Float, anything passes for String, and an object ends up as Java's text of it: ``{msg=hello}``.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from ipaddress import ip_interface
from math import isfinite
from typing import Any
from urllib.parse import urlsplit

import orjson

from livebus.beyond_orjson import json_text

INT_MAXIMUM = 2_147_483_647
LONG_MAXIMUM = 9_223_372_036_854_775_807


class CannotCoerce(Exception):
    """A value that a scalar does not take; the text is AppSync's reason, without the place where the value stood."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """
    One scalar: ``parse`` makes a resolver's value from a client's, ``serialize`` a client's from a resolver's.

    Both raise :class:`CannotCoerce`. Neither is called with None.
    """

    name: str
    parse: Callable[[Any], Any]
    serialize: Callable[[Any], Any]


def java_type(value: object) -> str:
    """The class that AppSync names for a JSON value in its messages: ``LinkedHashMap``, ``ArrayList``, ``Integer`` …"""
    match value:
        case bool():
            return "Boolean"
        case int():
            size = abs(value)
            return "Integer" if size <= INT_MAXIMUM else "Long" if size <= LONG_MAXIMUM else "BigInteger"
        case float():
            return "Double"
        case str():
            return "String"
        case list() | tuple():
            return "ArrayList"
        case None:
            return "null"
        case _:
            return "LinkedHashMap"


def java_text(value: object) -> str:
    """A JSON value as Java prints it: ``{key1=hi, key2=[1, true]}``, which is how AppSync shows it."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case dict():
            return "{" + ", ".join(f"{key}={java_text(item)}" for key, item in value.items()) + "}"
        case list() | tuple():
            return "[" + ", ".join(map(java_text, value)) + "]"
        case _:
            return str(value)


def _number(value: Any, name: str) -> Decimal:
    """The number that a value stands for; texts count, as they do for graphql-java."""
    if isinstance(value, (int, float, str)) and not isinstance(value, bool):
        try:
            number = Decimal(value if isinstance(value, int) else str(value))
        except InvalidOperation:
            number = None
        if number is not None and number.is_finite():
            return number
    raise CannotCoerce(f"Expected type '{name}' but was '{java_type(value)}'.")


def _int(value: Any) -> int:
    if type(value) is int and -INT_MAXIMUM - 1 <= value <= INT_MAXIMUM:
        return value
    number = _number(value, "Int")
    # The size first: Decimal("1e999999") is cheap to hold and dear to write out.
    if not -INT_MAXIMUM - 1 <= number <= INT_MAXIMUM or number != int(number):
        raise CannotCoerce(f"Expected type 'Int' but was '{java_type(value)}'.")
    return int(number)


def _float(value: Any) -> float:
    number = value if type(value) is float else float(_number(value, "Float"))
    if not isfinite(number):
        raise CannotCoerce(f"Expected type 'Float' but was '{java_type(value)}'.")
    return number


def _boolean(value: Any) -> bool:
    match value:
        case bool():
            return value
        case str():
            return value.lower() == "true"
        case int() | float():
            return value != 0
        case _:
            raise CannotCoerce(f"Expected type 'Boolean' but was '{java_type(value)}'.")


def _id(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise CannotCoerce(f"Expected type 'ID' but was '{java_type(value)}'.")


def _string(value: Any) -> str:
    return value if isinstance(value, str) else java_text(value)


# An offset is Z or ±hh:mm, with seconds if need be; a fraction goes down to nanoseconds. Seconds may be left out:
# AppSync takes and shows 2022-01-19T09:24Z.
_OFFSET = r"(?:Z|[+-](?:0\d|1[0-7]):[0-5]\d(?::[0-5]\d)?|[+-]18:00(?::00)?)"
_CLOCK = r"(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?"
# AppSync's own description of AWSDateTime has -2017-01-01T00:00Z as an example: years before 0000 have a sign.
_DAY = r"(-?\d{4})-(\d\d)-(\d\d)"
_match_date = re.compile(rf"{_DAY}{_OFFSET}?", re.ASCII).fullmatch
_match_time = re.compile(rf"{_CLOCK}{_OFFSET}?", re.ASCII).fullmatch
_match_date_time = re.compile(rf"{_DAY}T{_CLOCK}{_OFFSET}", re.ASCII).fullmatch
_match_email = re.compile(
    r"""(?:[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+|"(?:[^"\\\r\n]|\\[^\r\n])+")"""
    r"@(?:[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?)*",
    re.ASCII,
).fullmatch
_match_phone = re.compile(r"\+?\d+(?:[ -]+\d+)*", re.ASCII).fullmatch
_match_north_american = re.compile(r"1?[2-9]\d{9}", re.ASCII).fullmatch
_match_scheme = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*", re.ASCII).fullmatch
_match_prefix_length = re.compile(r"[^/%]+(?:/\d{1,3})?", re.ASCII).fullmatch


def _is_day(match: re.Match[str] | None) -> bool:
    if match is None:
        return False
    year = int(match[1])
    try:
        # The calendar repeats itself after 400 years.
        date(year % 400 + 2000 if year < 0 else year, int(match[2]), int(match[3]))
    except ValueError:
        return False
    return True


def _is_date(text: str) -> bool:
    return _is_day(_match_date(text))


def _is_time(text: str) -> bool:
    return _match_time(text) is not None


def _is_date_time(text: str) -> bool:
    return _is_day(_match_date_time(text))


def _is_email(text: str) -> bool:
    return _match_email(text) is not None


def _is_phone(text: str) -> bool:
    """
    Whether a text can be a telephone number, North American where it begins without a country code.

    AppSync knows every country's numbering plan; we know the length of their numbers, and that no North American
    area code begins with 0 or 1.
    """
    if _match_phone(text) is None:
        return False
    digits = text.replace(" ", "").replace("-", "")
    if digits.startswith("+") and not digits.startswith("+1"):
        return 8 <= len(digits) <= 16 and digits[1] != "0"
    return _match_north_american(digits.removeprefix("+")) is not None


def _is_url(text: str) -> bool:
    """Whether a text is a URL of RFC 1738: with a scheme, without spaces, without ``//`` in its path."""
    if any(character.isspace() for character in text):
        return False
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018  the property raises for a port that is no number
    except ValueError:
        return False
    if _match_scheme(parts.scheme) is None or "//" in parts.path:
        return False
    return bool(parts.netloc or (parts.path and "://" not in text))


def _is_ip_address(text: str) -> bool:
    if _match_prefix_length(text) is None:
        return False
    try:
        ip_interface(text)
    except ValueError:
        return False
    return True


def _text_scalar(name: str, noun: str, fits: Callable[[str], bool]) -> Scalar:
    """A scalar whose values are texts on both sides."""

    def parse(value: Any) -> str:
        if isinstance(value, str) and fits(value):
            return value
        raise CannotCoerce(f"Unable to parse `{java_text(value)}` as a valid {noun}.")

    def serialize(value: Any) -> str:
        if isinstance(value, str) and fits(value):
            return value
        raise CannotCoerce(f"Unable to serialize `{java_text(value)}` as a valid {noun}.")

    return Scalar(name, parse, serialize)


def _seconds(value: Any) -> int | None:
    """A whole number of 64 bits, or None. Numbers from JavaScript may come as 1700000000.0."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LONG_MAXIMUM:
        return value
    return None


def _parse_timestamp(value: Any) -> int:
    seconds = _seconds(value)
    if seconds is None:
        raise CannotCoerce(f"Unable to parse `{java_text(value)}` as a valid timestamp.")
    return seconds


def _serialize_timestamp(value: Any) -> int:
    seconds = _seconds(value)
    if seconds is None:
        raise CannotCoerce(f"Unable to serialize `{java_text(value)}` as a valid timestamp.")
    return seconds


def _parse_json(value: Any) -> Any:
    """A document from its text: resolvers see maps and lists, not the text."""
    if isinstance(value, str):
        try:
            return orjson.loads(value)
        except ValueError:
            pass
    raise CannotCoerce(f"Unable to parse {java_text(value)} as valid JSON.")


def _serialize_json(value: Any) -> str:
    """Any value as JSON text. A text becomes a quoted text: that is why AWSJSON so often arrives encoded twice."""
    try:
        return orjson.dumps(value).decode()
    except TypeError:
        # Whole numbers beyond 64 bits.
        return json_text(value, ensure_ascii=False)


BUILT_IN_SCALARS: tuple[Scalar, ...] = (
    Scalar("Int", _int, _int),
    Scalar("Float", _float, _float),
    Scalar("String", _string, _string),
    Scalar("Boolean", _boolean, _boolean),
    Scalar("ID", _id, _id),
)
AWS_SCALARS: tuple[Scalar, ...] = (
    _text_scalar("AWSDate", "Date Object", _is_date),
    _text_scalar("AWSTime", "Time Object", _is_time),
    _text_scalar("AWSDateTime", "DateTime Object", _is_date_time),
    Scalar("AWSTimestamp", _parse_timestamp, _serialize_timestamp),
    _text_scalar("AWSEmail", "email address", _is_email),
    Scalar("AWSJSON", _parse_json, _serialize_json),
    _text_scalar("AWSURL", "URL", _is_url),
    _text_scalar("AWSPhone", "phone number", _is_phone),
    _text_scalar("AWSIPAddress", "IP address", _is_ip_address),
)
SCALARS: dict[str, Scalar] = {scalar.name: scalar for scalar in (*BUILT_IN_SCALARS, *AWS_SCALARS)}
