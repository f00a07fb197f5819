"""
An event that a rule matches, for who has none yet: the first value that each of a pattern's conditions takes.

In: the text of an event pattern. Out: an event as ``publish`` takes it, found to match by the engine that delivers; None where
these first values don't make one.
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import orjson

from livebus.errors import LivebusError
from livebus.event.envelope import Event
from livebus.pattern import EventPattern

_SOURCE, _DETAIL_TYPE = "my.app", "example"
_STEPS: Mapping[str, int] = {">": 1, "<": -1}
_OF_OPERATORS: Mapping[str, Callable[[Any], Any]] = {
    "prefix": lambda value: value if isinstance(value, str) else next(iter(value.values())),
    "suffix": lambda value: value if isinstance(value, str) else next(iter(value.values())),
    "equals-ignore-case": lambda value: value,
    "wildcard": lambda value: value.replace("*", ""),
    "anything-but": lambda _: "something else",
    "exists": lambda value: "there" if value else None,
    "numeric": lambda value: value[1] + _STEPS.get(value[0], 0),
    "cidr": lambda value: value.partition("/")[0],
}


def example(pattern: str, accepted: Callable[[Mapping[str, Any]], Event | object]) -> dict[str, Any] | None:
    """``accepted`` makes an event of a PutEvents entry, or refuses it as a bus does."""
    try:
        wanted = orjson.loads(pattern)
        event = {
            "source": _first(wanted.get("source", [_SOURCE])),
            "detail-type": _first(wanted.get("detail-type", [_DETAIL_TYPE])),
            "detail": _members(wanted.get("detail", {})),
        }
        entry = {
            "Source": event["source"],
            "DetailType": event["detail-type"],
            "Detail": orjson.dumps(event["detail"]).decode(),
        }
        made = accepted(entry)
        return event if isinstance(made, Event) and EventPattern(pattern).matches(made.envelope) else None
    except (
        LivebusError,
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        StopIteration,
    ):  # a pattern that asks for more than this makes
        return None


def _members(wanted: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in wanted.items():
        if name == "$or":
            found |= _members(value[0])
        elif isinstance(value, dict):
            found[name] = _members(value)
        elif not any(isinstance(each, dict) and each.get("exists") is False for each in value):
            found[name] = _first(value)
    return found


def _first(conditions: list[Any]) -> Any:
    condition = conditions[0]
    if not isinstance(condition, dict):
        return condition
    [(operator, value)] = condition.items()
    return _OF_OPERATORS[operator](value)
