"""
Station: what PutEvents accepts, and the envelope that rules and targets see.

In: one entry of a PutEvents request, as parsed JSON. Out: an :class:`Event`, or a :class:`Refused` in AWS's words.
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

MAX_ENTRIES = 10
# AWS says "1 MB" without saying which; we refuse above the larger reading, as docs/fidelity.md tells.
MAX_REQUEST_BYTES = 1_048_576
TIME_BYTES = 14  # what the size formula of "eb-putevent-size" counts for a Time


@dataclass(slots=True)
class Event:
    """
    An accepted event: ``envelope`` is the JSON object that patterns, transformers and targets see.

    Its members stand in AWS's order: version, id, detail-type, source, account, time, region, resources, detail.
    ``bus`` is the name of the event bus, ``ingestion_time`` the ISO-8601 time at which the bus received it.
    """

    envelope: dict[str, Any]
    bus: str
    ingestion_time: str
    _text: bytes | None = field(default=None, repr=False)

    @property
    def id(self) -> str:
        return str(self.envelope["id"])

    @property
    def text(self) -> bytes:
        """The envelope as JSON in UTF-8; made once, when first asked for."""
        if self._text is None:
            self._text = orjson.dumps(self.envelope)
        return self._text


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
    for member in ("Source", "DetailType", "Detail"):
        if not entry.get(member):
            return Refused("InvalidArgument", f"Parameter {member} is not valid. Reason: {member} is a required argument.")
    source = entry["Source"]
    if source.startswith("aws."):
        return Refused("NotAuthorizedForSourceException", f"Not authorized for the source {source}.")
    detail = parse_detail(entry["Detail"])
    if detail is None:
        return Refused("MalformedDetail", "Detail is malformed.")
    ingestion_time = now.strftime("%Y-%m-%dT%H:%M:%SZ")
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
    )


def parse_detail(text: str) -> dict[str, Any] | None:
    """The JSON object in a Detail, or None for anything else (AWS: "Detail is malformed.")."""
    try:
        detail = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return detail if isinstance(detail, dict) else None


def whole_seconds(time: float | str) -> str:
    """A PutEvents Time (epoch seconds on the wire, ISO-8601 from some clients) as the envelope's whole seconds."""
    if isinstance(time, str):
        moment = datetime.fromisoformat(time)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    else:
        moment = datetime.fromtimestamp(time, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


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
        size += len((entry.get(member) or "").encode())
    resources: Sequence[str] = entry.get("Resources") or ()
    return size + sum(len(resource.encode()) for resource in resources)
