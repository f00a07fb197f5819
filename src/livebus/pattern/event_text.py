"""
An event's JSON text, parsed so that numbers keep what patterns compare.

In: the text. Out: Python values; a number that no double holds exactly becomes a
:class:`~livebus.pattern.number.NumberText`. Raises :class:`~livebus.errors.InvalidEvent`.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html
"""

from __future__ import annotations

import json
import re
from typing import Any

import orjson

from livebus.errors import InvalidEvent, InvalidEventPattern
from livebus.pattern.number import number_of_text
from livebus.pattern.tokens import END_ARRAY, FALSE, NAME, NULL, NUMBER, START_ARRAY, START_OBJECT, STRING, TRUE, Tokens

# Up to fifteen digits and two digits of exponent, a number is its double's shortest form.
_MANY_DIGITS = b"0" * 16
_LONG_EXPONENT = b"0e000"
_DIGITS_ALIKE = bytes.maketrans(b"123456789.E", b"0000000000e")
_LONG_NUMBER = re.compile(rb"[\s\[:,]-?(?:[0-9.]{16}|[0-9.]+[eE][+-]?[0-9]{3})")
_SURE_DIGITS = 15
# AWS allows a thousand levels in the detail; orjson reads this many in all.
MAX_DEPTH = 1024


def parse_event(text: str | bytes) -> dict[str, Any]:
    """Parse an event. Where a name stands twice in an object, the last one counts."""
    data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
    event: Any = None
    if may_hold_long_number(data):
        event = _parse_exactly(data)
    else:
        try:
            event = orjson.loads(data)
        except orjson.JSONDecodeError:
            # orjson takes neither a surrogate that stands alone nor more than 1,024 levels.
            event = _parse_exactly(data)
    if not isinstance(event, dict):
        raise InvalidEvent("Event must be a JSON object")
    return event


def may_hold_long_number(data: bytes) -> bool:
    """Whether some number may need its text kept: a quick look, then a close one. May be wrong about strings."""
    alike = data.translate(_DIGITS_ALIKE, b"+-")
    if _MANY_DIGITS not in alike and _LONG_EXPONENT not in alike:
        return False
    return _LONG_NUMBER.search(data) is not None


def _parse_exactly(data: bytes) -> Any:
    try:
        text = data.decode("utf-8", "surrogatepass")
        event = json.loads(text, parse_int=_number, parse_float=_number, parse_constant=_no_constant)
        # How deep the standard library goes differs from one Python to the next.
        if data.count(b"[") + data.count(b"{") <= MAX_DEPTH or not _is_deeper_than(MAX_DEPTH, event):
            return event
        return _parse_deep(text)
    except RecursionError:
        return _parse_deep(text)
    except ValueError as error:
        raise InvalidEvent(f"The event is not JSON: {error}") from error


def _is_deeper_than(depth: int, value: Any) -> bool:
    """Whether arrays and objects stand within one another more than so many times."""
    level = [value]
    for _ in range(depth):
        level = [
            below
            for each in level
            if isinstance(each, dict | list)
            for below in (each.values() if isinstance(each, dict) else each)
        ]
        if not level:
            return False
    return any(isinstance(each, dict | list) for each in level)


def _number(text: str) -> Any:
    return int(text) if len(text) <= _SURE_DIGITS and text.lstrip("-").isdigit() else number_of_text(text)


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON value")


_LITERALS: dict[str, bool | None] = {TRUE: True, FALSE: False, NULL: None}


def _parse_deep(text: str) -> Any:
    """Parse without a stack frame per level, as deep as orjson would."""
    tokens = Tokens(text, MAX_DEPTH)
    root: list[Any] = []
    stack: list[Any] = [root]
    try:
        while True:
            kind = tokens.next()
            name = ""
            if kind == NAME:
                name = tokens.name
                kind = tokens.next()
            if kind in ("}", END_ARRAY):
                stack.pop()
            elif kind == "":
                break
            else:
                value = _value(tokens, kind)
                if isinstance(stack[-1], dict):
                    stack[-1][name] = value
                else:
                    stack[-1].append(value)
                if kind in (START_OBJECT, START_ARRAY):
                    stack.append(value)
    except InvalidEventPattern as error:
        raise InvalidEvent(f"The event is not JSON: {error.reason}") from error
    if len(root) != 1:
        raise InvalidEvent("The event is not one JSON value")
    return root[0]


def _value(tokens: Tokens, kind: str) -> Any:
    if kind == START_OBJECT:
        return {}
    if kind == START_ARRAY:
        return []
    if kind == STRING:
        return tokens.text
    return _number(tokens.text) if kind == NUMBER else _LITERALS[kind]
