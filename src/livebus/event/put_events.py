"""
Station: what PutEvents accepts and what it refuses, in AWS's words: members, sizes, limits.

In: one entry of a PutEvents request, as parsed JSON. Out: an :class:`Event`, or a :class:`Refused` in AWS's words.
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import orjson

from livebus.event.envelope import Event

MAX_ENTRIES = 10
# AWS says "1 MB" without saying which; we refuse above the larger reading, as docs/fidelity.md tells.
MAX_REQUEST_BYTES = 1_048_576
TIME_BYTES = 14  # what the size formula of "eb-putevent-size" counts for a Time
MAX_DETAIL_DEPTH = 1000
_REQUIRED = ("Source", "DetailType", "Detail")

# Only text with so many digits in a row can hold a whole number beyond 64 bits; found fast where every digit is a 0.
_MANY_DIGITS = b"0" * 19
_DIGITS_AS_ZEROS = bytes.maketrans(b"123456789", b"0" * 9)
# Strings are taken whole, so that what is in them does not count.
_STRING = r'"[^"\\]*(?:\\.[^"\\]*)*"'
_BRACKETS = re.compile(rf"{_STRING}|[][{{}}]")
_NUMBERS = re.compile(rf"{_STRING}|-?[0-9][-+.eE0-9]*")


@dataclass(frozen=True, slots=True)
class Refused:
    """An entry that the bus does not take: answered in the entry's own place, with HTTP status 200."""

    code: str
    message: str


def accept(
    entry: Mapping[str, Any], *, bus: str, event_id: str, now: datetime, account: str, region: str
) -> Event | Refused:
    """
    Turn one PutEvents entry into an event, or refuse it with the code and message that AWS gives.

    ``now`` is the time of the call (aware, UTC); ``bus`` the bus's name, already resolved from EventBusName.
    """
    source, text = entry.get("Source"), entry.get("Detail")
    if not (source and text and entry.get("DetailType")):
        member = next(name for name in _REQUIRED if not entry.get(name))
        return Refused("InvalidArgument", f"Parameter {member} is not valid. Reason: {member} is a required argument.")
    if source.startswith("aws."):
        return Refused("NotAuthorizedForSourceException", f"Not authorized for the source {source}.")
    detail = parse_detail(text)
    if detail is None:
        return Refused("MalformedDetail", "Detail is malformed.")
    ingestion_time = _ingestion_time(now)
    time = entry.get("Time")
    return Event(
        {
            "version": "0",
            "id": event_id,
            "detail-type": entry["DetailType"],
            "source": source,
            "account": account,
            "time": ingestion_time if time is None else whole_seconds(time),
            "region": region,
            "resources": entry.get("Resources") or [],
            "detail": detail,
        },
        bus,
        ingestion_time,
        text,
    )


def parse_detail(text: str) -> dict[str, Any] | None:
    """
    The JSON object in a Detail, or None for anything else (AWS: "Detail is malformed.").

    AWS documents 1,000 levels and whole numbers of 64 bits, and not what becomes of more: we refuse it so. The same
    goes for half of a surrogate pair, which UTF-8 cannot hold.
    """
    try:
        detail = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    if not isinstance(detail, dict) or _is_deeper(text, MAX_DETAIL_DEPTH) or has_large_number(text):
        return None
    return detail


def _is_deeper(text: str, most: int) -> bool:
    """Whether valid JSON has more levels of lists and objects."""
    if len(text) < 2 * most or text.count("{") + text.count("[") <= most:
        return False
    depth = 0
    for bracket in _BRACKETS.findall(text):
        if bracket in "{[":
            depth += 1
            if depth > most:
                return True
        elif bracket in "}]":
            depth -= 1
    return False


def has_large_number(text: str) -> bool:
    """Whether valid JSON has a whole number that 64 bits cannot hold."""
    if len(text) < len(_MANY_DIGITS) or _MANY_DIGITS not in text.encode().translate(_DIGITS_AS_ZEROS):
        return False
    numbers = (number for number in _NUMBERS.findall(text) if number.lstrip("-").isdigit())
    return any(len(number) > 20 or not -(2**63) <= int(number) < 2**63 for number in numbers)


def whole_seconds(time: float | str) -> str:
    """
    A PutEvents Time (epoch seconds on the wire, ISO-8601 from some clients) as the envelope's whole seconds.

    Fractions are cut off. Raises ValueError or OverflowError where it is no time of the years 1 to 9999.
    """
    if isinstance(time, str):
        moment = datetime.fromisoformat(time)
        return _iso(moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC))
    return _iso(datetime.fromtimestamp(math.floor(time), UTC))


@lru_cache(maxsize=16)
def _ingestion_time(now: datetime) -> str:
    """The same text for all entries of a request: they have one ``now``."""
    return _iso(now)


def _iso(moment: datetime) -> str:
    """Whole seconds of a time in UTC. strftime would not write all four digits of the first thousand years."""
    return f"{moment.replace(tzinfo=None).isoformat(timespec='seconds')}Z"


def is_timestamp(time: object) -> bool:
    """Whether a PutEvents Time can be read: None, epoch seconds within the years 1 to 9999, or ISO-8601 text."""
    if time is None:
        return True
    if isinstance(time, bool) or not isinstance(time, int | float | str):
        return False
    try:
        whole_seconds(time)
    except (ValueError, OverflowError, OSError):
        return False
    return True


def entry_bytes(entry: Mapping[str, Any]) -> int:
    """The size that counts against PutEvents' limit, by the formula of AWS's page "eb-putevent-size"."""
    size = TIME_BYTES if entry.get("Time") is not None else 0
    for member in ("Source", "DetailType", "Detail"):
        size += _utf8_bytes(entry.get(member) or "")
    resources: Sequence[str] = entry.get("Resources") or ()
    return size + sum(map(_utf8_bytes, resources)) if resources else size


def _utf8_bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))
