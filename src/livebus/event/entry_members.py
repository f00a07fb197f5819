"""
What each member of a PutEvents entry may be.

In: a member's decoded JSON value. Out: the value as PutEvents wants it, or :class:`InvalidMember`. Refused is what
EventBridge refuses for the entry, what it refuses for a whole request, and what it accepts and then drops.
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsRequestEntry.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, NoReturn

from livebus.event.put_events import has_large_number, parse_detail

MAX_DETAIL_TYPE = 128

_BUS = re.compile(r"(arn:aws[\w-]*:events:[a-z]+-[a-z]+-[\w-]+:[0-9]{12}:event-bus/)?[.\-_A-Za-z0-9]+")
# A string, or other tokens up to the next one: all of a text but the white space between tokens.
_tokens = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|[^" \t\n\r]+').findall
_RFC_3339 = "RFC 3339, such as '2026-01-31T12:00:00Z'"


class InvalidMember(Exception):
    """A member that cannot be sent: what was found, what was expected, what to do."""

    def __init__(self, found: str, expected: str = "", advice: str = "") -> None:
        super().__init__(found)
        self.found = found
        self.expected = expected
        self.advice = advice


class NotANumber(ValueError):
    """NaN, Infinity or -Infinity, which Python's JSON takes and JSON does not."""


def refuse_constant(name: str) -> NoReturn:
    """The ``parse_constant`` of a JSON decoder that keeps to JSON."""
    raise NotANumber(name)


def checked(name: str, value: Any) -> Any:
    """A member other than Detail as PutEvents wants it; a Time becomes epoch seconds."""
    return _CHECKS[name](value)


def detail_from_text(value: Any) -> str:
    """A Detail that was given as JSON text: unchanged."""
    return _sound(_encodable(value))


def detail_from_object(written: str) -> str:
    """A Detail that was given as an object: as it was written, without the white space between its tokens."""
    return _sound("".join(_tokens(written)))


def _string(value: Any, longest: int = 0) -> str:
    if not isinstance(value, str):
        raise InvalidMember(f"is {kind(value)}", "a string")
    if not value:
        raise InvalidMember("is empty", "at least one character")
    if longest and len(value) > longest:
        raise InvalidMember(f"has {len(value)} characters", f"at most {longest}")
    return _encodable(value)


def _encodable(value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise InvalidMember(
            f"holds half of a surrogate pair ({value[error.start]!r})", "text that UTF-8 can carry"
        ) from None
    return value


def _source(value: Any) -> str:
    source = _string(value)
    if source.startswith("aws."):
        raise InvalidMember(
            f"{source!r} begins with 'aws.'", "a source of your own", "EventBridge refuses it, it is kept for AWS."
        )
    return source


def _detail_type(value: Any) -> str:
    detail_type = _string(value)
    if len(detail_type) > MAX_DETAIL_TYPE:
        raise InvalidMember(
            f"has {len(detail_type)} characters",
            f"at most {MAX_DETAIL_TYPE}",
            "EventBridge accepts a longer one and drops the event in silence.",
        )
    return detail_type


def _epoch_seconds(value: Any) -> float:
    """A Time as epoch seconds: RFC 3339 text with its zone, or already a number."""
    if isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            raise InvalidMember(f"{value!r} is not a time", _RFC_3339) from None
        if moment.tzinfo is None:
            raise InvalidMember(f"{value!r} has no time zone", _RFC_3339, "Put Z behind it for UTC.")
        seconds = moment.timestamp()
        return int(seconds) if seconds.is_integer() else seconds
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidMember(f"is {kind(value)}", "RFC 3339 text, or a number of seconds since 1970")
    try:
        datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        raise InvalidMember(
            f"{value!r} is out of range", "seconds since 1970", "Is it in milliseconds? Divide it by 1000."
        ) from None
    return value


def _resources(value: Any) -> list[str]:
    if not isinstance(value, list):
        raise InvalidMember(f"is {kind(value)}", "an array of strings")
    for index, resource in enumerate(value):
        if not isinstance(resource, str):
            raise InvalidMember(f"holds {kind(resource)} at [{index}]", "strings")
        if len(resource) > 2048:
            raise InvalidMember(f"holds a string of {len(resource)} characters at [{index}]", "at most 2048")
        _encodable(resource)
    return value


def _event_bus_name(value: Any) -> str:
    name = _string(value, 1600)
    if not _BUS.fullmatch(name):
        raise InvalidMember(f"{name!r} is not an event bus", "a bus's name or its ARN")
    return name


_CHECKS: dict[str, Callable[[Any], Any]] = {
    "Source": _source,
    "DetailType": _detail_type,
    "Time": _epoch_seconds,
    "Resources": _resources,
    "EventBusName": _event_bus_name,
    "TraceHeader": lambda value: _string(value, 500),
}


def _sound(text: str) -> str:
    """The text if EventBridge can read it, else InvalidMember with the reason ("Detail is malformed.", says AWS)."""
    if parse_detail(text) is not None:
        return text
    expected = "the text of a JSON object"
    try:
        value = json.loads(text, parse_constant=refuse_constant)
    except json.JSONDecodeError as error:
        found = (
            f"is not JSON: {sentence(error.msg)} at character {error.pos + 1} ({text[error.pos : error.pos + 20]!r})"
        )
        raise InvalidMember(found, expected) from None
    except NotANumber as error:
        raise InvalidMember(f"is not JSON: {error} is not a JSON number", expected) from None
    except ValueError:  # Python reads no whole number of more than 4,300 digits
        raise InvalidMember("holds a number of more digits than are read", expected) from None
    except RecursionError:
        raise InvalidMember("is nested too deeply", "at most 1000 levels") from None
    if isinstance(value, dict) and has_large_number(text):
        advice = "whole numbers of 64 bits, from -9223372036854775808 to 9223372036854775807; larger ones as text"
        raise InvalidMember("holds a whole number that 64 bits cannot hold", advice)
    if isinstance(value, dict):
        found = "holds half of a surrogate pair or a number out of range, or is nested too deeply"
        raise InvalidMember(found, "UTF-8, doubles, at most 1000 levels")
    raise InvalidMember(f"holds {kind(value)}", expected)


def kind(value: Any) -> str:
    """What a JSON value is, in words, with the value where it is short."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"the number {value!r}"
    if isinstance(value, str):
        return f"the string {value!r}" if len(value) <= 40 else f"the string {value[:40]!r}…"
    return "an array" if isinstance(value, list) else "an object"


def sentence(message: str) -> str:
    """A parser's message with a small first letter, to stand inside a sentence."""
    return message[:1].lower() + message[1:]
