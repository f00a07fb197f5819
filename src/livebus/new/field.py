"""
A field of an event's detail: its GraphQL type, what an event pattern demands of it, and a value to try it with.

In: ``orderId:ID!`` as it is typed. Out: a :class:`Field`. Types are AppSync's scalars, as they are or in a list, each with ``!`` where
null is not allowed.
https://docs.aws.amazon.com/appsync/latest/devguide/scalars.html
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from livebus.errors import Fault, Place, did_you_mean
from livebus.schema.scalars import INT_MAXIMUM, SCALARS

_NAME = re.compile(r"[_A-Za-z][_0-9A-Za-z]{0,127}")
_TYPE = re.compile(r"(?P<list>\[)?(?P<scalar>\w+)(?P<inner>!)?(?(list)\])(?P<outer>!)?")
# What EventBridge's numeric patterns compare with.
_LARGEST = 5_000_000_000
_RANGES = {"Int": INT_MAXIMUM, "Float": _LARGEST, "AWSTimestamp": _LARGEST}
_SAMPLES: dict[str, Any] = {
    "Int": 3,
    "Float": 129.9,
    "Boolean": True,
    "AWSDate": "2026-01-15",
    "AWSTime": "08:30:00Z",
    "AWSDateTime": "2026-01-15T08:30:00Z",
    "AWSTimestamp": 1_768_465_800,
    "AWSEmail": "ada@example.com",
    "AWSJSON": '{"any":"JSON"}',
    "AWSURL": "https://example.com/",
    "AWSPhone": "+1 206 555 0100",
    "AWSIPAddress": "192.0.2.1",
}


@dataclass(frozen=True, slots=True)
class EventField:
    """One field: ``type`` is as GraphQL writes it, ``scalar`` the type without list and ``!``."""

    name: str
    type: str
    scalar: str

    @property
    def is_list(self) -> bool:
        return self.type.startswith("[")

    @property
    def is_required(self) -> bool:
        return self.type.endswith("!")

    @property
    def pattern(self) -> str:
        """
        The condition of an event pattern, in YAML's flow style: a value of this type and no other.

        A value that is missing, or of another type, would be refused by GraphQL inside an HTTP 200, which neither retries nor
        the dead-letter queue see. Where null is allowed, whatever is there is: a template can hold no null to compare with.
        """
        if not self.is_required or (self.is_list and not self.type.endswith("!]!")):
            return "[exists: true]"
        if self.scalar in _RANGES:
            most = _RANGES[self.scalar]
            return f'[numeric: [">=", -{most}, "<=", {most}]]'
        return "[true, false]" if self.scalar == "Boolean" else '[prefix: ""]'

    @property
    def sample(self) -> Any:
        """A value of this type."""
        value = _SAMPLES.get(self.scalar, f"{self.name}-1" if self.scalar == "ID" else f"some {self.name}")
        return [value] if self.is_list else value


def read_field(text: str, place: Place) -> EventField | Fault:
    """A field as it is typed, or what is wrong with it."""
    name, colon, given = (part.strip() for part in text.partition(":"))
    if not colon:
        return Fault(f"{text!r} has no type", place, "NAME:TYPE, such as orderId:ID!")
    if not _NAME.fullmatch(name) or name.startswith("__"):
        return Fault(f"{name!r} is not a field's name", place, "letters, digits and _, such as orderId")
    found = _TYPE.fullmatch(given)
    if found is None:
        return Fault(f"{given!r} is not a type", place, "a scalar, or a list of one: ID!, Float, [String!]!")
    scalar = found["scalar"]
    if scalar not in SCALARS:
        advice = did_you_mean(scalar, SCALARS) or f"There are {', '.join(SCALARS)}."
        return Fault(f"{scalar!r} is not a scalar of AppSync's", place, advice=advice)
    if found["inner"] and not found["list"] and found["outer"]:
        return Fault(f"{given!r} is not a type", place, f"{scalar}!")
    return EventField(name, given, scalar)


def sample_detail(fields: tuple[EventField, ...]) -> dict[str, Any]:
    """The detail of an event that has all of them."""
    return {field.name: field.sample for field in fields}


def as_json(value: Any) -> str:
    """JSON as the sample events have it."""
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
