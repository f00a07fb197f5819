"""
What a subscriber gets: messages, and the gaps between them.

Data only. A gap is the time in which a connection was lost: AppSync keeps no messages for a client that is away.
https://docs.aws.amazon.com/appsync/latest/devguide/real-time-websocket-client.html
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Message:
    """
    One message: when it came (UTC), the ``data`` and ``errors`` of its payload.

    ``subscription`` is the name of the subscription that it belongs to, ``field`` the key of its data, ``size`` the
    bytes of the frame that brought it.
    """

    received_at: datetime
    data: Mapping[str, Any] | None
    errors: Sequence[Any] = ()
    subscription: str = ""
    field: str = ""
    size: int = 0

    @property
    def value(self) -> Any:
        """What the data has under the subscription's field; None where there is no data."""
        return (self.data or {}).get(self.field)


@dataclass(frozen=True, slots=True)
class Gap:
    """A time without a connection: from when, until when (UTC), and why. Messages in between are lost."""

    lost_at: datetime
    back_at: datetime
    reason: str

    @property
    def seconds(self) -> float:
        return max(0.0, (self.back_at - self.lost_at).total_seconds())


def iso(time: datetime) -> str:
    """A UTC time as text, with milliseconds: ``2026-01-15T08:30:00.250Z``."""
    return time.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def message_record(message: Message) -> dict[str, Any]:
    """The record of a message, as --jsonl prints it and --exec hands it over; ``errors`` only where there are some."""
    record = {
        "type": "message",
        "receivedAt": iso(message.received_at),
        "subscription": message.subscription,
        "data": message.data,
    }
    return {**record, "errors": list(message.errors)} if message.errors else record


def gap_record(gap: Gap) -> dict[str, Any]:
    """The record of a gap, as --jsonl prints it: ``from``, ``to``, ``seconds`` and ``reason``."""
    return {
        "type": "gap",
        "from": iso(gap.lost_at),
        "to": iso(gap.back_at),
        "seconds": round(gap.seconds, 3),
        "reason": gap.reason,
    }
